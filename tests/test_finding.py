"""What a check found: the gate decides by nothing else, and what is told is what decided."""

import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kioskd.modes.attempt import spread
from kioskd.modes.gate import Finding, Gate, failed
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.setting import Number, settings_in
from models.observation import Face, HeadPose, ImageQuality, Observation
from tests.support.stage import person, refusal

DARK = Finding("minimum_brightness", Reason.TOO_DARK, 0.11, 0.15)
SIDE = Finding("maximum_yaw_deg", Reason.HEAD_TURNED, 26.0, 20.0, "most", "degrees")
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(numbers, numbers)
def test_a_value_at_its_limit_passes_and_the_margin_is_good_where_it_passes(
    value: float, limit: float
) -> None:
    for bound in ("least", "most"):
        found = Finding("a_key", Reason.TOO_DARK, value, limit, bound)
        assert found.margin is not None
        assert found.passed == (found.margin >= 0)
        assert replace(found, value=limit).passed


@pytest.mark.parametrize("value", [None, math.nan])
@pytest.mark.parametrize("bound", ["least", "most"])
def test_what_was_not_measured_passes_nothing(value: float | None, bound: str) -> None:
    found = Finding("a_key", Reason.TOO_DARK, value, 0.0, bound)  # type: ignore[arg-type]
    assert not found.passed
    assert found.margin is None
    assert failed([found]) == (Reason.TOO_DARK,)


def test_evidence_refuses_nothing() -> None:
    assert failed([Finding("liveness", None, 0.1, 0.6)]) == ()


def test_a_spread_says_from_where_to_where_in_how_many_frames() -> None:
    found = spread({}, [DARK, SIDE, replace(DARK, value=0.05), replace(DARK, value=None)])
    assert found["minimum_brightness"].words == "0.05 to 0.11, at least 0.15, in 3 frames"
    assert found["maximum_yaw_deg"].words == "26 degrees, at most 20 degrees, in 1 frame"
    size = Finding("minimum_face_size_px", Reason.FACE_TOO_SMALL, 1280.04, 1.5e3, "least", "px")
    assert spread({}, [size])["minimum_face_size_px"].words == (
        "1280 px, at least 1500 px, in 1 frame"
    )
    score = [Finding("liveness", None, value, 0.6) for value in (-3.56e-7, 0.0125)]
    assert spread({}, score)["liveness"].words == "0 to 0.013, at least 0.6, in 2 frames"
    nothing = spread({}, [replace(DARK, value=math.inf)])["minimum_brightness"]
    assert nothing.words == "not measured, at least 0.15, in 1 frame"


SHARES = st.floats(0, 1)
FACES = st.builds(
    lambda face, quality, pose, change: replace(face, quality=quality, pose=pose, change=change),
    st.builds(person, height=st.floats(60, 700)),
    st.none() | st.builds(ImageQuality, SHARES, SHARES, SHARES),
    st.none() | st.builds(HeadPose, st.floats(-40, 40), st.floats(-40, 40), st.floats(-90, 90)),
    st.none() | SHARES,
)
ROOM = {"hybrid_margin_left", "hybrid_margin_right", "hybrid_margin_above", "hybrid_margin_below"}
ASKED = {
    each.name
    for each in settings_in(GateSettings())
    if isinstance(each.note, Number) and each.name not in ROOM | {"bystander_share"}
}


@example(person())
@given(FACES)
def test_the_gate_refuses_for_what_it_found_and_says_all_of_it(face: Face) -> None:
    """But for what could not be measured, which has no value to tell."""
    gate = Gate(GateSettings(), margins=False, colours=True)
    seen = Observation("door", 1, 0, 100.0, 1e9, 1280, 720, (face,))
    refused = refusal(gate, seen, face)
    assert set(failed(gate.findings)) == set(refused) - {Reason.JUST_SEEN, Reason.NOT_MEASURED}
    keys = [found.key for found in gate.findings]
    assert len(keys) == len(set(keys))
    if not refused:
        assert set(keys) >= ASKED


@example(person())
@given(FACES)
def test_margins_are_told_where_they_are_asked_for(face: Face) -> None:
    gate = Gate(GateSettings(), margins=True)
    refusal(gate, Observation("door", 1, 0, 100.0, 1e9, 1280, 720, (face,)), face)
    assert {found.key for found in gate.findings} >= ROOM
