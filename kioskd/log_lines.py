"""What stands in the log of all that happens, as the words of each line. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from feeds.state import FeedState
from kioskd import happenings
from kioskd.alarms.alarm import Alarm
from kioskd.commanded import Commanded
from kioskd.delivery.outcome import Delivery
from kioskd.event import Result
from kioskd.happenings import FrameJudged, Happening, Missed
from kioskd.modes.attempt import Spread, spread
from kioskd.modes.reasons import sentence
from kioskd.problems import ProblemChanged
from kioskd.reload.reloaded import Reloaded

KINDS = tuple(kind for kind in get_args(Happening) if kind not in (FrameJudged, Missed))
WHY_MOST = 2  # what ended an attempt, and what stood in its way most
USUAL = ("", "opening", "finished")  # reasons of a feed's state that nobody need look at
ENDED = {
    "published": "the broker took the event",
    "expired": "the event expired",
    "refused": "the broker refused the event",
}
Level = Literal["debug", "info", "warning"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. At "warning" somebody should look."""

    event: str
    fields: dict[str, object]
    level: Level = "info"


def lines(happening: Happening) -> Iterator[Line]:
    """Those of one happening; of a frame there is none."""
    match happening:
        case happenings.Stepped(door, feed, before, phase, reasons) if phase != before:
            told = {"phase": phase, "before": before, "reasons": reasons}
            yield Line("phase", {"door": door, "feed": feed, **told}, "debug")
        case happenings.RulesChanged(door, _, digest):
            yield Line("another rule decides", {"door": door, "config": digest})
        case happenings.ConfigurationRead(answer):
            yield from _configuration(answer)
        case happenings.ModeChanged(door, _, None):
            yield Line("another mode decides", {"door": door})
        case happenings.WatchChanged(door, measures, None):
            yield Line("watched", {"door": door, "measures": sorted(measures)}, "debug")
        case happenings.WatchChanged(door, _, why):
            yield Line("cannot be watched", {"door": door, "detail": why}, "warning")
        case happenings.AttemptEnded(door, result, delivery):
            yield Line("attempt ended", _attempt(door, result, delivery))
            yield from _not_sent(door, result, delivery)
        case happenings.ActionEnded():
            yield _action(happening)
        case happenings.Replied() | happenings.ReplyRefused():
            yield _reply(happening)
        case happenings.FeedChanged(door, state):
            yield _feed(door, state)
        case happenings.DoorSwitched() | Commanded():
            yield _command(happening)
        case ProblemChanged(code, None):
            yield Line("problem over", {"problem": code})
        case ProblemChanged(code, told):
            yield Line("problem", {"problem": code, "detail": told}, "warning")
        case happenings.AlarmChanged(alarm):
            yield _alarm(alarm)
        case happenings.ListenerFailed(name, error):
            yield Line("a listener failed", {"listener": name, "exc_info": error}, "warning")
        case Missed(count):
            yield Line("lines were lost, the log was too slow for them", {"of": count}, "warning")
        case _:
            yield from _of_the_record(happening)


def closer(happening: Happening) -> Iterator[Line]:
    """More of a door that somebody looks at closely: what stands in the way, as it changes."""
    match happening:
        case happenings.Stepped(door, feed, before, phase, reasons, found) if phase == before:
            failed = spread({}, [one for one in found if not one.passed])
            words = {key: one.words for key, one in failed.items()}
            told = {"phase": phase, "reasons": reasons, **({"found": words} if words else {})}
            yield Line("reasons", {"door": door, "feed": feed, **told}, "debug")
        case _:
            pass


def _configuration(answer: Reloaded) -> Iterator[Line]:
    for problem in answer.refused:
        yield Line("configuration refused", {"detail": str(problem)}, "warning")
    if answer.refused:
        return
    keys = {"applied": list(answer.applied), "waiting_for_a_restart": list(answer.waiting)}
    yield Line("configuration read again", {"config": answer.after, **keys})
    for note in answer.notes:
        yield Line(note, {}, "warning")


def _of_the_record(happening: Happening) -> Iterator[Line]:
    """Of the broker, the audit log and the clock."""
    match happening:
        case happenings.BrokerMet(place):
            yield Line("connected to the broker", {"at": place})
        case happenings.FleetMet(place):
            yield Line("connected to the fleet", {"at": place})
        case happenings.RecordsPruned(count, first, last, before):
            told = {"count": count, "first": first, "last": last, "recorded_before": _utc(before)}
            yield Line("audit records deleted", told)
        case happenings.RecordsRescued(path, saved, lost):
            fields = {"log": str(path), "saved": saved, "numbers_lost": lost}
            level: Level = "warning" if lost else "info"
            yield Line("records of a damaged audit log saved", fields, level)
        case happenings.ClockSet(by_s):
            yield Line("the clock was set", {"by_seconds": round(by_s, 1)}, "warning")
        case _:
            pass


def _attempt(door: str, result: Result, delivery: Delivery) -> dict[str, object]:
    """How an attempt ended, under the event id that the audit log has it under."""
    why = "; ".join(_why(code, result.measured) for code in result.reasons[:WHY_MOST])
    evidence = {one.finding.key: one.words for one in result.measured if one.finding.reason is None}
    return {
        "door": door,
        "feed": result.feed,
        "verdict": result.verdict,
        "track": result.track_id,
        "attempt": result.attempt,
        "frames": result.frames,
        "reasons": list(result.reasons),
        **({"detail": why} if why else {}),
        **({"evidence": evidence} if evidence else {}),
        **result.attributes,
        "event_id": delivery.event_id,
    }


def _why(code: str, measured: Sequence[Spread]) -> str:
    """In a sentence, with the figures where it is one of what was measured."""
    found = (one.words for one in measured if one.finding.reason == code)
    figures = next(found, "")
    return f"{sentence(code)} ({figures})" if figures else sentence(code)


def _not_sent(door: str, result: Result, delivery: Delivery) -> Iterator[Line]:
    """Of an event that did not leave at once. One that expired has a happening of its own."""
    fields: dict[str, object] = {
        "door": door,
        "feed": result.feed,
        "outcome": delivery.outcome,
        "detail": delivery.sentence,
        "event_id": delivery.event_id,
    }
    if delivery.outcome == "unrecorded":
        yield Line("the door was not told", fields, "warning")
    elif delivery.until is not None:
        fields["until"] = _utc(delivery.until)
        yield Line("the event waits for the broker", fields, "warning")


def _action(ended: happenings.ActionEnded) -> Line:
    fields: dict[str, object] = {"door": ended.door, "feed": ended.feed, "detail": ended.detail}
    told = {name: value for name, value in fields.items() if value}
    level: Level = "info" if ended.outcome == "published" else "warning"
    return Line(ENDED[ended.outcome], {**told, "event_id": ended.event_id}, level)


def _reply(told: happenings.Replied | happenings.ReplyRefused) -> Line:
    about: dict[str, object] = {"door": told.door, "feed": told.feed}
    match told:
        case happenings.Replied(_, _, event_id, granted, text):
            said = {"granted": granted, **({"text": text} if text else {}), "event_id": event_id}
            return Line("the controller answered", {**about, **said})
        case happenings.ReplyRefused(_, _, why, times):
            fields = {**about, "detail": why, "times": times}
            return Line("a reply was not taken", fields, "warning")


def _command(told: happenings.DoorSwitched | Commanded) -> Line:
    """What an operator had done, or asked for in vain."""
    match told:
        case happenings.DoorSwitched(door, enabled):
            return Line("a door is enabled" if enabled else "a door is disabled", {"door": door})
        case Commanded(code=""):
            return Line("a command was done", _asked(told))
        case Commanded():
            fields = {**_asked(told), "code": told.code, "detail": told.detail}
            more = {"left_out": told.left_out} if told.left_out else {}
            return Line("a command was refused", {**fields, **more}, "warning")


def _asked(told: Commanded) -> dict[str, object]:
    names = ("command", "door", "way", "who", "request")
    return {name: value for name in names if (value := getattr(told, name))}


def _feed(door: str, state: FeedState) -> Line:
    fields: dict[str, object] = {"feed": state.feed, "reason": state.reason, "detail": state.detail}
    level: Level = "info" if state.reason in USUAL else "warning"
    return Line(f"feed {state.phase}", {"door": door, **fields}, level)


def _alarm(alarm: Alarm) -> Line:
    fields: dict[str, object] = {
        "alarm": alarm.code,
        **({"door": alarm.door} if alarm.door else {}),
        "detail": alarm.sentence,
        "began": _utc(alarm.began),
    }
    if alarm.ended is None:
        return Line("alarm", fields, "warning")
    return Line("alarm over", {**fields, "ended": _utc(alarm.ended)})


def _utc(unix_s: float) -> str:
    """For people; a time that no calendar has stays a number."""
    try:
        return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{unix_s:.0f} s since 1970"
