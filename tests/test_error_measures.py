"""Measures of error and their intervals, against cases worked by hand and against counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.evaluation import error_measures as measures
from kioskd.evaluation.estimates import clopper_pearson, wilson

SCORE = st.integers(0, 20).map(lambda n: n / 20)  # coarse, so that ties are common
SCORES = st.lists(SCORE, min_size=1, max_size=30)


def test_a_tie_counts_half_in_auc() -> None:
    # pairs: 0.9 beats both; 0.5 beats 0.1 and ties with 0.5: (2 + 1 + 0.5) / 4
    assert measures.auc([0.9, 0.5], [0.5, 0.1]) == 0.875


def test_eer_is_where_the_two_errors_meet() -> None:
    # at 0.6: one attack of four accepted (0.7), one bona fide of four refused (0.5)
    assert measures.eer([0.5, 0.8, 0.9, 0.9], [0.1, 0.2, 0.3, 0.7]) == 0.25


def test_perfect_scores_have_no_error_and_reversed_ones_nothing_else() -> None:
    assert measures.eer([0.9, 0.8], [0.1, 0.2]) == 0.0
    assert measures.eer([0.1, 0.2], [0.9, 0.8]) == 1.0


def test_a_curve_counts_a_score_at_the_threshold_as_accepted() -> None:
    curve = measures.curve([0.6], [0.6, 0.4])
    assert curve is not None
    assert curve.thresholds.tolist() == [0.4, 0.6, np.inf]
    assert curve.apcer.tolist() == [1.0, 0.5, 0.0]
    assert curve.bpcer.tolist() == [0.0, 0.0, 1.0]


def test_apcer_is_told_at_the_highest_threshold_that_the_wanted_bpcer_allows() -> None:
    live, fake = [0.2, 0.6, 0.7, 0.8], [0.1, 0.3, 0.65, 0.9]
    assert measures.apcer_at(live, fake, 0.0) == 0.75
    assert measures.apcer_at(live, fake, 0.25) == 0.5
    assert measures.apcer_at(live, fake, 1.0) == 0.0


@pytest.mark.parametrize("measure", [measures.auc, measures.eer, measures.brier, measures.curve])
def test_a_missing_class_gives_no_measure(measure: object) -> None:
    assert callable(measure)
    assert measure([], [0.5]) is None
    assert measure([0.5], []) is None


def test_a_score_that_is_no_number_is_refused_loudly() -> None:
    with pytest.raises(ValueError, match="no number"):
        measures.auc([0.5, float("nan")], [0.1])


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_in_order(live: list[float], fake: list[float]) -> None:
    won = sum((one > other) + (one == other) / 2 for one in live for other in fake)
    assert measures.auc(live, fake) == pytest.approx(won / len(live) / len(fake))


@given(SCORES, SCORES)
def test_the_curve_counts_what_lies_on_each_side(live: list[float], fake: list[float]) -> None:
    curve = measures.curve(live, fake)
    assert curve is not None
    assert curve.thresholds.tolist() == [*sorted({*live, *fake}), np.inf]
    for threshold, apcer, bpcer in zip(curve.thresholds, curve.apcer, curve.bpcer, strict=True):
        assert apcer == pytest.approx(sum(score >= threshold for score in fake) / len(fake))
        assert bpcer == pytest.approx(sum(score < threshold for score in live) / len(live))


def test_brier_weighs_the_classes_alike() -> None:
    # bona fide: 0.1 squared; attacks: the mean of 0, 0 and 0.3 squared; half of each
    assert measures.brier([0.9], [0.0, 0.0, 0.3]) == pytest.approx((0.01 + 0.03) / 2)


def test_reliability_weighs_the_classes_alike() -> None:
    # in 0.8..0.9: one of one bona fide (weight 1/2) beside one of four attacks (weight 1/8)
    (low, high) = measures.reliability([0.85], [0.85, 0.15, 0.15, 0.15])
    assert (low.count, low.bona_fide) == (3, 0.0)
    assert low.mean_score == pytest.approx(0.15)
    assert high.count == 2
    assert high.bona_fide == pytest.approx(0.5 / 0.625)


def test_no_error_in_thirty_may_still_be_one_in_nine() -> None:
    # the "rule of three" and its exact form: 1 - 0.025 ** (1 / 30) = 0.1157
    low, high = clopper_pearson(0, 30)
    assert low == 0.0
    assert high == pytest.approx(1 - 0.025 ** (1 / 30))


def test_nothing_tried_tells_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),  # worked by hand from binomial tails of 2.5 %
    [(1, 1, 0.025, 1.0), (1, 2, 1 - 0.975**0.5, 0.975**0.5), (30, 30, 0.025 ** (1 / 30), 1.0)],
)
def test_each_end_leaves_a_tail_of_2_5_percent(
    hits: int, trials: int, low: float, high: float
) -> None:
    assert clopper_pearson(hits, trials) == pytest.approx((low, high))


def test_more_hits_than_trials_are_no_rate() -> None:
    for interval in (clopper_pearson, wilson):
        with pytest.raises(ValueError, match="3 of 2 is no rate"):
            interval(3, 2)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),  # Newcombe, Statistics in Medicine 17, 1998, his method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)],
)
def test_the_score_interval_is_the_published_one(
    hits: int, trials: int, low: float, high: float
) -> None:
    assert wilson(hits, trials) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson(trials - hits, trials)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
