"""Puts the page together: what it is told, what it may ask for, and who serves it."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kioskd.config.config import Config
from kioskd.happenings import (
    ActionEnded,
    AttemptEnded,
    BrokerMet,
    DoorSwitched,
    FeedChanged,
    FrameJudged,
    Replied,
    RulesChanged,
    WatchChanged,
)
from kioskd.page.answerer import Answerer
from kioskd.page.door_view import DoorView, Json
from kioskd.page.kept import Kept
from kioskd.page.looking import Ask, Looking
from kioskd.page.page_settings import PageSettings
from kioskd.page.pictures import Pictures
from kioskd.page.server import PageServer
from kioskd.page.site import Site
from kioskd.stream import Stream
from models.schemes import Added


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page says of the kiosk, each asked for when somebody looks.

    networks_on    where the networks run
    model_version  which network files decide
    config         digest of the configuration
    connected      whether there is a broker
    problems       what is wrong at the moment, sentence by code
    keeps_up       of a door by its name, which share of the camera's frames is judged, 0 to 1;
                   None while that is not known
    added          networks that this site added to the fused scheme, and their weights
    """

    version: str
    networks_on: str
    model_version: Callable[[], str]
    config: Callable[[], str]
    connected: Callable[[], bool]
    problems: Callable[[], Mapping[str, str]]
    keeps_up: Callable[[str], float | None]
    added: Added


def page_part(
    config: Config,
    settings: PageSettings,
    facts: Facts,
    stream: Stream,
    ask: Ask,
    trouble: Callable[[str | None], object],
    others: Sequence[Answerer] = (),
) -> PageServer:
    """The part of the daemon that serves the page.

    ask      tells a door's judge what to measure for those who look on
    trouble  called with a sentence where the page cannot be served
    others   parts that answer at addresses of their own, such as sessions
    """
    kept = Kept({door.name: door.feed.name for door in config.doors}, facts.added)
    stream.listen("page", FrameJudged, kept.frame_judged)
    stream.listen("page", AttemptEnded, kept.attempt_ended)
    stream.listen("page", ActionEnded, kept.action_ended)
    stream.listen("page", FeedChanged, kept.feed_changed)
    stream.listen("page", BrokerMet, kept.broker_met)
    stream.listen("page", Replied, kept.replied)
    stream.listen("page", WatchChanged, kept.watch_changed)
    stream.listen("page", DoorSwitched, kept.door_switched)
    views, pictures = {door.name: DoorView(door) for door in config.doors}, Pictures()
    looking = Looking(views, settings.viewers, pictures, ask)

    def rules_changed(changed: RulesChanged) -> None:
        views[changed.door] = DoorView(changed.rules)
        looking.look_again(changed.door)

    stream.listen("page", RulesChanged, rules_changed)

    def overview() -> Json:
        told = _overview(config, facts, kept)
        return told | {
            "needsToken": settings.token is not None,
            "enrols": config.people is not None and config.people.token is not None,
        }

    site = Site(settings, kept, views, looking, pictures, overview, facts.keeps_up, others)
    return PageServer(site.app(), settings, trouble)


def _overview(config: Config, facts: Facts, kept: Kept) -> Json:
    return {
        "site": config.site,
        "device": config.device,
        "version": facts.version,
        "config": facts.config(),
        "models": facts.model_version(),
        "networksOn": facts.networks_on,
        "connected": facts.connected(),
        "broker": kept.broker,
        "problems": [{"code": code, "detail": told} for code, told in facts.problems().items()],
        "events": dict(kept.events),
        "clock": round(1000 * time.time()),
    }
