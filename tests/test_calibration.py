"""A score made a probability: the line on the logit, and its place in a scheme."""

from math import exp, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.schemes import SCHEMES, Calibration, LivenessPlan, calibrated, evaluate, logit, sigmoid

unit = st.floats(0, 1)
lines = st.builds(Calibration, st.floats(0.01, 10), st.floats(-20, 20))


def test_a_line_moves_the_odds() -> None:
    # odds of 0.8 are 4; squared and times e they are 16 e
    assert calibrated(0.8, Calibration(2.0, 1.0)) == pytest.approx(16 * exp(1) / (1 + 16 * exp(1)))


@given(unit)
def test_without_a_fit_a_score_stays_exactly_what_it_was(score: float) -> None:
    assert calibrated(score, Calibration()) == score


@given(unit, unit, lines)
def test_the_order_of_frames_stays(one: float, other: float, line: Calibration) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= calibrated(low, line) <= calibrated(high, line) <= 1.0


@given(st.floats(1e-5, 1 - 1e-5))
def test_sigmoid_undoes_logit(score: float) -> None:
    assert sigmoid(logit(score)) == pytest.approx(score)


@pytest.mark.parametrize(
    ("slope", "intercept"),
    [(0.0, 0.0), (-1.0, 0.0), (nan, 0.0), (inf, 0.0), (1.0, nan), (1.0, inf)],
)
def test_a_line_that_does_not_rise_is_refused(slope: float, intercept: float) -> None:
    with pytest.raises(ValueError, match="calibration needs"):
        Calibration(slope, intercept)
    with pytest.raises(ValueError, match="calibration needs"):
        RgbSettings(calibration_slope=slope, calibration_intercept=intercept)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_schemes_score_is_calibrated_and_its_models_scores_are_not(scheme: str) -> None:
    line = Calibration(0.5, -1.0)
    plan = LivenessPlan(scheme, live=0.6, preliminary=0.3, calibration=line)
    liveness = evaluate(plan, lambda model: 0.9)
    together = SCHEMES[scheme].combine([0.9] * len(SCHEMES[scheme].models))
    assert liveness.score == pytest.approx(calibrated(together, line))
    assert set(liveness.by_model.values()) == {0.9}


def test_a_cascade_that_stopped_early_stays_under_the_threshold_however_it_is_calibrated() -> None:
    generous = Calibration(1.0, 20.0)  # nearly certain of everything
    plan = LivenessPlan("tolerant_multimodal", live=0.6, preliminary=0.3, calibration=generous)
    assert evaluate(plan, lambda model: 0.2).score == pytest.approx(0.59)


def test_a_doors_settings_reach_the_plan() -> None:
    plan = RgbSettings(calibration_slope=0.5, calibration_intercept=2.0).plan
    assert plan.calibration == Calibration(0.5, 2.0)
