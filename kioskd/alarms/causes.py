"""What of the kiosk's state is a cause of alarm, at this moment. Pure."""

from collections.abc import Iterator, Mapping

from feeds.state import FeedState
from kioskd.alarms.alarm import OF_PROBLEMS, AlarmCode

Cause = tuple[AlarmCode, str]  # and the door, or "" for the whole kiosk
MISSING = ("no_camera", "unplugged", "no_depth", "depth_stopped")  # reasons of a feed's state
MEANT = ("stopped", "finished")  # as somebody wanted it


def causes(problems: Mapping[str, str], feeds: Mapping[str, FeedState]) -> dict[Cause, str]:
    """Each cause with its sentence; `problems` by code, `feeds` by door."""
    return {**dict(_of_problems(problems)), **dict(_of_feeds(feeds))}


def _of_problems(problems: Mapping[str, str]) -> Iterator[tuple[Cause, str]]:
    for code, made_by in OF_PROBLEMS.items():
        if told := [problems[each] for each in made_by if each in problems]:
            yield (code, ""), "; ".join(told)


def _of_feeds(feeds: Mapping[str, FeedState]) -> Iterator[tuple[Cause, str]]:
    for door, state in feeds.items():
        if state.phase in ("stalled", "offline") and state.reason not in MEANT:
            code: AlarmCode = "sensor_missing" if state.reason in MISSING else "feed_error"
            yield (code, door), f"{state.feed} is {state.phase}: {state.detail}"
