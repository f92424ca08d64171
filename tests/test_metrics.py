"""Measures of error: against hand-worked cases, scikit-learn and SciPy."""

from math import asin, pi, sqrt

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import betainc
from scipy.stats import beta
from sklearn.metrics import brier_score_loss, roc_auc_score, roc_curve

from kioskd.evaluation import metrics
from kioskd.evaluation.intervals import beta_share, clopper_pearson

SCORE = st.integers(0, 20).map(lambda n: n / 20)  # coarse, so that ties are common
SCORES = st.lists(SCORE, min_size=1, max_size=30)


def both(live: list[float], fake: list[float]) -> tuple[list[int], list[float]]:
    return [1] * len(live) + [0] * len(fake), live + fake


def test_a_tie_counts_half_in_auc() -> None:
    # pairs: 0.9 beats both; 0.5 beats 0.1 and ties with 0.5: (2 + 1 + 0.5) / 4
    assert metrics.auc([0.9, 0.5], [0.5, 0.1]) == 0.875


def test_eer_is_where_the_two_errors_meet() -> None:
    # at 0.6: one attack of four accepted (0.7), one bona fide of four refused (0.5)
    assert metrics.eer([0.5, 0.8, 0.9, 0.9], [0.1, 0.2, 0.3, 0.7]) == 0.25


def test_perfect_scores_have_no_error_and_reversed_ones_nothing_else() -> None:
    assert metrics.eer([0.9, 0.8], [0.1, 0.2]) == 0.0
    assert metrics.eer([0.1, 0.2], [0.9, 0.8]) == 1.0


def test_a_curve_counts_a_score_at_the_threshold_as_accepted() -> None:
    curve = metrics.curve([0.6], [0.6, 0.4])
    assert curve is not None
    assert curve.thresholds.tolist() == [0.4, 0.6, np.inf]
    assert curve.apcer.tolist() == [1.0, 0.5, 0.0]
    assert curve.bpcer.tolist() == [0.0, 0.0, 1.0]


def test_apcer_is_told_at_the_highest_threshold_that_the_wanted_bpcer_allows() -> None:
    live, fake = [0.2, 0.6, 0.7, 0.8], [0.1, 0.3, 0.65, 0.9]
    assert metrics.apcer_at(live, fake, 0.0) == 0.75
    assert metrics.apcer_at(live, fake, 0.25) == 0.5
    assert metrics.apcer_at(live, fake, 1.0) == 0.0


@pytest.mark.parametrize("measure", [metrics.auc, metrics.eer, metrics.brier, metrics.curve])
def test_a_missing_class_gives_no_measure(measure: object) -> None:
    assert callable(measure)
    assert measure([], [0.5]) is None
    assert measure([0.5], []) is None


def test_a_score_that_is_no_number_is_refused_loudly() -> None:
    with pytest.raises(ValueError, match="no number"):
        metrics.auc([0.5, float("nan")], [0.1])


@given(SCORES, SCORES)
def test_auc_is_scikit_learns(live: list[float], fake: list[float]) -> None:
    assert metrics.auc(live, fake) == pytest.approx(roc_auc_score(*both(live, fake)))


@given(SCORES, SCORES)
def test_the_curve_is_scikit_learns(live: list[float], fake: list[float]) -> None:
    false_positive, true_positive, thresholds = roc_curve(
        *both(live, fake), drop_intermediate=False
    )
    curve = metrics.curve(live, fake)
    assert curve is not None
    assert curve.thresholds[::-1] == pytest.approx(thresholds)
    assert curve.apcer[::-1] == pytest.approx(false_positive)
    assert curve.bpcer[::-1] == pytest.approx(1 - true_positive)


@given(SCORES, SCORES)
def test_brier_is_scikit_learns_with_the_classes_weighed_alike(
    live: list[float], fake: list[float]
) -> None:
    weights = [0.5 / len(live)] * len(live) + [0.5 / len(fake)] * len(fake)
    wanted = brier_score_loss(*both(live, fake), sample_weight=weights)
    assert metrics.brier(live, fake) == pytest.approx(wanted)


def test_reliability_weighs_the_classes_alike() -> None:
    # in 0.8..0.9: one of one bona fide (weight 1/2) beside one of four attacks (weight 1/8)
    (low, high) = metrics.reliability([0.85], [0.85, 0.15, 0.15, 0.15])
    assert (low.count, low.bona_fide) == (3, 0.0)
    assert low.mean_score == pytest.approx(0.15)
    assert high.count == 2
    assert high.bona_fide == pytest.approx(0.5 / 0.625)


def test_a_histogram_gives_shares_and_holds_a_score_of_one() -> None:
    assert metrics.histogram([0.0, 0.4, 1.0, 1.0], bins=2) == (0.5, 0.5)
    assert metrics.histogram([], bins=2) == (0.0, 0.0)


def test_no_error_in_thirty_may_still_be_one_in_nine() -> None:
    # the "rule of three" and its exact form: 1 - 0.025 ** (1 / 30) = 0.1157
    low, high = clopper_pearson(0, 30)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 30))


def test_nothing_tried_tells_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_are_scipys(counts: tuple[int, int]) -> None:
    hits, trials = counts
    low, high = clopper_pearson(hits, trials)
    assert low == pytest.approx(beta.ppf(0.025, hits, trials - hits + 1) if hits else 0.0)
    assert high == pytest.approx(beta.ppf(0.975, hits + 1, trials - hits) if hits < trials else 1.0)


@given(st.floats(0, 1), st.floats(0.5, 500), st.floats(0.5, 500))
@example(0.9999999999999999, 0.5, 0.5)
def test_the_incomplete_beta_function_is_scipys(x: float, a: float, b: float) -> None:
    # Close to 1 scipy loses what 1 - x holds, which is exact there; from the other end it does not.
    theirs = betainc(a, b, x) if x <= 0.5 else 1.0 - betainc(b, a, 1.0 - x)
    assert beta_share(x, a, b) == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def test_the_incomplete_beta_function_has_arcsines_closed_form_next_to_1() -> None:
    x = 0.9999999999999999
    assert beta_share(x, 0.5, 0.5) == pytest.approx(1 - 2 / pi * asin(sqrt(1 - x)), rel=1e-12)
