"""The log says of which door it speaks, and whether somebody should look."""

import pytest

from feeds.state import FeedState
from kioskd.delivery.outcome import Delivery
from kioskd.happenings import (
    ActionEnded,
    AttemptEnded,
    FeedChanged,
    Happening,
    Replied,
    ReplyRefused,
    Stepped,
)
from kioskd.log_lines import lines
from kioskd.problems import ProblemChanged
from tests.support.results import LIVE

SENT = Delivery("sent", "an-id")
WAITS = Delivery("waiting", "an-id", "there is no broker", until=1730000000.0)
UNRECORDED = Delivery("unrecorded", "an-id", "the disk is full")
STALLED = FeedState("door-3", "stalled", "no_frames", "no frame for 1 s", 1730000000.0)


@pytest.mark.parametrize(
    ("happening", "said"),
    [
        (Stepped("side", "door-3", "IDLE", "LIVE_WINDOW", ()), [("phase", "debug")]),
        (AttemptEnded("side", LIVE, SENT), [("attempt ended", "info")]),
        (
            AttemptEnded("side", LIVE, WAITS),
            [("attempt ended", "info"), ("the event waits for the broker", "warning")],
        ),
        (
            AttemptEnded("side", LIVE, UNRECORDED),
            [("attempt ended", "info"), ("the door was not told", "warning")],
        ),
        (
            ActionEnded("an-id", "door-3", "side", "published", ""),
            [("the broker took the event", "info")],
        ),
        (
            ActionEnded("an-id", "door-3", "side", "expired", "it was never sent"),
            [("the event expired", "warning")],
        ),
        (
            Replied("side", "door-3", "an-id", False, "Badge?", 1.0),
            [("the controller answered", "info")],
        ),
        (
            ReplyRefused("side", "door-3", "it was retained", 3),
            [("a reply was not taken", "warning")],
        ),
        (FeedChanged("side", STALLED), [("feed stalled", "warning")]),
    ],
)
def test_a_line_about_a_door_names_it_and_its_feed(
    happening: Happening, said: list[tuple[str, str]]
) -> None:
    found = list(lines(happening))
    assert [(line.event, line.level) for line in found] == said
    for line in found:
        assert (line.fields["door"], line.fields["feed"]) == ("side", "door-3")


def test_other_reasons_in_the_same_phase_are_no_line() -> None:
    assert list(lines(Stepped("side", "door-3", "IDLE", "IDLE", ("no_face",)))) == []


def test_a_problem_is_said_when_it_comes_and_when_it_is_over() -> None:
    (came,) = lines(ProblemChanged("clock", "wrong"))
    (over,) = lines(ProblemChanged("clock", None))
    assert (came.event, came.level, came.fields["detail"]) == ("problem", "warning", "wrong")
    assert (over.event, over.level) == ("problem over", "info")
