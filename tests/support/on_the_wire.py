"""All that a kiosk says to a broker about a fixed list of things, byte by byte.

`python -m tests.support.on_the_wire` prints it, for tests/data/on_the_wire.json.
"""

import json
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import get_args

from feeds.state import FeedState
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.clock import Reading
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_context import nobody
from kioskd.delivery.delivery_settings import Form, Protocol
from kioskd.event import Result
from kioskd.happenings import Stepped
from kioskd.problems import Problems
from tests.support.broker import eventually
from tests.support.results import LIVE
from tests.support.scripted_broker import ScriptedBroker, scripted_broker

WALL, MONOTONIC = 1730000002.5, 1000.0
RECENT = replace(LIVE, started_at=998.0, decided_at=999.5, captured_at=1730000002.0)
RESULTS = (
    RECENT,
    replace(
        RECENT,
        action="smileToActivate",
        mode="secure_access_smile",
        verdict="failed",
        state=None,
        attributes={"smile": "false"},
        reasons=("no_smile",),
        scores={},
    ),
    replace(
        RECENT,
        action="sequenceChallenge",
        mode="challenge_sequence",
        state=None,
        attributes={"challengeConfirmed": "true"},
        challenges=("nod", "left_turn"),
    ),
    replace(
        RECENT,
        verdict="undecided",
        state="LIVENESS_UNKNOWN",
        emits=False,
        attributes={},
        reasons=("time_over", "blurry"),
        scores={"hybrid": 0.61, "texture": 0.5},
    ),
    replace(RECENT, started_at=980.0, decided_at=990.0, captured_at=1729999992.5),  # too late
)
STATES = (
    FeedState("door-3", "starting", "opening", "", 1730000000.0),
    FeedState("door-3", "online", "", "", 1730000001.0),
    FeedState("door-3", "stalled", "no_frames", "no frame for 2 s: Kamera prüfen", 1730000002.0),
)
PROBLEMS: tuple[dict[str, str], ...] = (
    {"clock": "no time service keeps the clock"},
    {"clock": "no time service keeps the clock", "audit": "the disk is full"},
    {},
)
PROMPTS = ("look_straight", "nod", "done", None)
PHASES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("WAITING", ("no_face",)),
    ("LIVE_WINDOW", ()),
)
Message = tuple[int, bool, str, str]  # QoS, retained, properties in hexadecimal digits, payload


@dataclass(frozen=True)
class StillClock:
    """Always the same moment, so that whatever is sent is always the same."""

    def monotonic(self) -> float:
        return MONOTONIC

    def wall(self) -> float:
        return WALL

    def reading(self) -> Reading:
        return Reading(WALL, 1.0e9, "this boot", True)


def said(folder: Path, protocol: Protocol, form: Form) -> dict[str, list[Message] | str]:
    """By topic, in order; and under "connect" the body of the first packet, a character a byte.

    Ids, which are drawn anew each time, are numbers here.
    """
    ids: list[str] = []
    with scripted_broker() as broker, closing(AuditLog(folder / "audit.db")) as log:
        settings = replace(
            broker.settings(),
            protocol=protocol,
            payload=form,
            diagnostics=True,
            version="0.1.0",
            model_version="hybrid:1f2e3d4c",
            config_digest="9b1c22d0",
            doors={"door-3": "side-entrance"},
        )
        courier = Courier(settings, log, Problems(nobody), nobody, StillClock())
        ids += [courier.boot_id, log.epoch]
        courier.start()
        eventually(lambda: broker.of("status"))
        _say(courier, broker)
        for result in RESULTS:
            ids.append(_deliver(courier, broker, result))
        courier.stop("judging door-3 failed (ZeroDivisionError): report what the log says")
        courier.join()
    return _as_record(broker, ids)


def _say(courier: Courier, broker: ScriptedBroker) -> None:
    for state in STATES:
        _one_more(broker, "state", partial(courier.feed_state, state))
    for problems in PROBLEMS:
        _one_more(broker, "status", partial(courier.status, problems))
    for code in PROMPTS:
        _one_more(broker, "prompt", partial(courier.prompt, "door-3", code))
    for phase, reasons in PHASES:
        _one_more(
            broker,
            "diag",
            partial(courier.diagnostic, Stepped("", "door-3", "", phase, reasons)),
        )


def _deliver(courier: Courier, broker: ScriptedBroker, result: Result) -> str:
    """The event's id, once all that is to be said of it has been."""
    rows = len(broker.of("audit")) + (2 if result.emits else 1)
    event_ids: list[str] = []
    _one_more(broker, "diag", lambda: event_ids.append(courier.deliver(result).event_id))
    eventually(lambda: len(broker.of("audit")) == rows)
    return event_ids[0]


def _one_more(broker: ScriptedBroker, kind: str, say: Callable[[], object]) -> None:
    before = len(broker.of(kind))
    say()
    eventually(lambda: len(broker.of(kind)) == before + 1)


def _as_record(broker: ScriptedBroker, ids: list[str]) -> dict[str, list[Message] | str]:
    def plain(text: str) -> str:
        for number, drawn in enumerate(ids):
            text = text.replace(drawn, f"{number:08}-0000-0000-0000-000000000000")
            text = text.replace(f'"{drawn[:8]}"', f'"{number:08}"')  # as the compact form has it
        return text

    port = str(broker.port)
    record: dict[str, list[Message] | str] = {
        "connect": plain(broker.connects[0].decode("latin-1")).replace(port, "PORT")
    }
    for sent in broker.published:
        message = (sent.qos, sent.retain, sent.properties.hex(), plain(sent.body.decode()))
        kept = record.setdefault(sent.topic, [])
        assert isinstance(kept, list)
        kept.append(message)
    return dict(sorted(record.items()))


def everything() -> dict[str, dict[str, list[Message] | str]]:
    """In both forms, and both versions of MQTT."""
    found = {}
    for protocol in get_args(Protocol):
        for form in get_args(Form):
            with tempfile.TemporaryDirectory() as folder:
                found[f"{protocol} {form}"] = said(Path(folder), protocol, form)
    return found


if __name__ == "__main__":
    print(json.dumps(everything(), indent=0, ensure_ascii=False))
