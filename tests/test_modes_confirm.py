"""The two windows: so many frames of N for life, then so many of N for an attack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.modes.confirm import (
    Confirmation,
    Decided,
    FakeWindow,
    LiveWindow,
    Rule,
    after,
    need,
)

RULE = Rule(10, 10, 0.6, live_threshold=0.6, fake_threshold=0.4)
REUSE = Rule(10, 10, 0.6, live_threshold=0.6, fake_threshold=0.4, reuse_frames=True)
LIVE, UNSURE, FAKE = 0.6, 0.59, 0.39


def told(scores: list[float], rule: Rule = RULE) -> Confirmation:
    state: Confirmation = LiveWindow()
    for score in scores:
        state = after(state, score, rule)
    return state


@pytest.mark.parametrize(
    ("ratio", "frames", "expected"),
    [(0.6, 10, 6), (0.7, 10, 7), (0.61, 10, 7), (1.0, 7, 7), (0.3, 10, 3), (0.05, 1, 1)],
)
def test_minimum_confirmations_is_a_ratio_rounded_up(
    ratio: float, frames: int, expected: int
) -> None:
    assert need(ratio, frames) == expected


def test_enough_frames_at_the_threshold_confirm() -> None:
    assert told([LIVE] * 6) == Decided("LIVENESS_CONFIRMED", (LIVE,) * 6)


def test_one_frame_short_confirms_nothing() -> None:
    assert told([LIVE] * 5 + [UNSURE] * 4) == LiveWindow((LIVE,) * 5 + (UNSURE,) * 4)


def test_the_last_frame_of_the_window_may_confirm() -> None:
    scores = [UNSURE] * 4 + [LIVE] * 6
    assert told(scores) == Decided("LIVENESS_CONFIRMED", tuple(scores))


def test_a_window_that_can_no_longer_confirm_gives_way_at_once() -> None:
    assert told([FAKE] * 5) == FakeWindow(live=(FAKE,) * 5)


def test_the_fake_window_looks_at_fresh_frames() -> None:
    assert told([FAKE] * 10) == FakeWindow((FAKE,) * 5, (FAKE,) * 5)
    assert told([FAKE] * 11) == Decided("NOTLIVE_CONFIRMED", (FAKE,) * 6)


def test_the_fake_threshold_itself_is_not_fake() -> None:
    assert told([FAKE] * 5 + [0.4] * 5) == Decided("LIVENESS_UNKNOWN", (FAKE,) * 5 + (0.4,) * 5)


def test_life_in_the_fake_window_comes_too_late() -> None:
    verdict = told([FAKE] * 5 + [LIVE] * 10)
    assert isinstance(verdict, Decided)
    assert verdict.state == "LIVENESS_UNKNOWN"


def test_reusing_frames_saves_the_attack_five_frames() -> None:
    assert told([FAKE] * 6, REUSE) == Decided("NOTLIVE_CONFIRMED", (FAKE,) * 6)


def test_reusing_frames_goes_on_with_fresh_ones_where_they_do_not_suffice() -> None:
    assert told([UNSURE, *[FAKE] * 4], REUSE) == FakeWindow((), (UNSURE, *[FAKE] * 4))
    assert told([UNSURE, *[FAKE] * 6], REUSE) == Decided("NOTLIVE_CONFIRMED", (UNSURE, *[FAKE] * 6))


def test_a_short_fake_window_reuses_the_newest_frames() -> None:
    rule = Rule(10, 2, 1.0, 0.6, 0.4, reuse_frames=True)
    assert told([LIVE] * 9 + [FAKE], rule) == Decided("LIVENESS_UNKNOWN", (LIVE,))


def test_a_verdict_stands() -> None:
    assert told([LIVE] * 6 + [FAKE] * 20) == told([LIVE] * 6)


@given(
    st.lists(st.floats(0, 1), min_size=20, max_size=20),
    st.integers(1, 10),
    st.integers(1, 10),
    st.floats(0.05, 1),
)
def test_leaving_a_window_early_changes_no_windows_outcome(
    scores: list[float], live_frames: int, fake_frames: int, ratio: float
) -> None:
    """Against the seed's own words, which count each window to its end."""
    rule = Rule(live_frames, fake_frames, ratio, live_threshold=0.6, fake_threshold=0.4)
    states = [told(scores[: n + 1], rule) for n in range(len(scores))]
    alive = sum(score >= 0.6 for score in scores[:live_frames]) >= need(ratio, live_frames)
    left = next((n for n, state in enumerate(states) if not isinstance(state, LiveWindow)), 0)
    fresh = scores[left + 1 : left + 1 + fake_frames]
    fake = sum(score < 0.4 for score in fresh) >= need(ratio, fake_frames)
    last = states[-1]
    assert isinstance(last, Decided)
    assert (last.state == "LIVENESS_CONFIRMED") == alive
    assert (last.state == "NOTLIVE_CONFIRMED") == (fake and not alive)
