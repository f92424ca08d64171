"""Puts the alarms together: who looks for them, and where they are told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from feeds.state import FeedState
from kioskd.alarms.alarm import Alarm
from kioskd.alarms.alarm_post import AlarmPost
from kioskd.alarms.alarm_teller import AlarmTeller
from kioskd.alarms.alarms_settings import AlarmsSettings
from kioskd.stream import Stream


@dataclass(frozen=True, slots=True)
class Alarms:
    """The parts of the daemon that tell them; `post` is None where there is no address."""

    teller: AlarmTeller
    post: AlarmPost | None

    @property
    def parts(self) -> tuple[AlarmTeller | AlarmPost, ...]:
        return (self.teller,) if self.post is None else (self.post, self.teller)


def alarms(
    settings: AlarmsSettings,
    problems: Callable[[], Mapping[str, str]],
    feeds: Callable[[], Mapping[str, FeedState]],
    stream: Stream,
    publish: Callable[[Sequence[Alarm]], bytes],
    trouble: Callable[[str | None], object],
) -> Alarms:
    """Ready to be started.

    problems  what is wrong, sentence by code; feeds: the state of each door's feed
    publish   publishes all alarms, and gives what it published
    trouble   told in a sentence why alarms are not taken at the address, and None when they are
    """
    post = None if settings.post is None else AlarmPost(settings.post, trouble)

    def tell(told: Sequence[Alarm], loud: bool) -> None:
        body = publish(told)
        if loud and post is not None:
            post.put(body)

    return Alarms(AlarmTeller(problems, feeds, stream, tell), post)
