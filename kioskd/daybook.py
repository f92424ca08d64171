"""What stands in the log of an attempt and of its event, as the words of each line. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime

from kioskd.delivery.news import ClockSet, Met, News, Pruned, Rescued
from kioskd.delivery.outcome import Delivery
from kioskd.event import Result
from kioskd.modes.reasons import sentence

WHY_MOST = 2  # what ended an attempt, and what stood in its way most
ENDED = {
    "published": "the broker took the event",
    "expired": "the event expired",
    "refused": "the broker refused the event",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the log. `bad`: somebody should look."""

    event: str
    fields: dict[str, object]
    bad: bool = False


def attempt(result: Result, delivery: Delivery) -> dict[str, object]:
    """How an attempt ended, under the event id that the audit log has it under."""
    why = "; ".join(map(sentence, result.reasons[:WHY_MOST]))
    return {
        "feed": result.feed,
        "verdict": result.verdict,
        "track": result.track_id,
        "attempt": result.attempt,
        "frames": result.frames,
        "reasons": list(result.reasons),
        **({"detail": why} if why else {}),
        **result.attributes,
        "event_id": delivery.event_id,
    }


def not_sent(result: Result, delivery: Delivery) -> Line | None:
    """Of an event that did not leave at once. One that expired is told as news."""
    fields: dict[str, object] = {
        "feed": result.feed,
        "outcome": delivery.outcome,
        "detail": delivery.sentence,
        "event_id": delivery.event_id,
    }
    if delivery.outcome == "unrecorded":
        return Line("the door was not told", fields, bad=True)
    if delivery.until is not None:
        fields["until"] = _utc(delivery.until)
        return Line("the event waits for the broker", fields, bad=True)
    return None


def _utc(unix_s: float) -> str:
    """For people; a time that no calendar has stays a number."""
    try:
        return datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError, OSError):
        return f"{unix_s:.0f} s since 1970"


def news(news: News) -> Line:
    match news:
        case Met(place):
            return Line("connected to the broker", {"at": place})
        case Pruned(count, first, last, before):
            told = {"count": count, "first": first, "last": last, "recorded_before": _utc(before)}
            return Line("audit records deleted", told)
        case Rescued(path, saved, lost):
            told = {"log": str(path), "saved": saved, "numbers_lost": lost}
            return Line("records of a damaged audit log saved", told, bad=lost > 0)
        case ClockSet(by_s):
            return Line("the clock was set", {"by_seconds": round(by_s, 1)}, bad=True)
    fields: dict[str, object] = {"feed": news.feed, "detail": news.detail}
    if not news.detail:
        del fields["detail"]
    bad = news.outcome != "published"
    return Line(ENDED[news.outcome], {**fields, "event_id": news.event_id}, bad)
