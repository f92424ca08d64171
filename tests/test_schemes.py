"""The eight detection schemes against cases worked by hand, and rules over all of them."""

from math import exp, inf, log, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.schemes import SCHEMES, Liveness, LivenessPlan, evaluate, evidence, fused

LIVE, PRELIMINARY = 0.6, 0.3
Scores = dict[str, float | None]


def judged(scheme: str, scores: Scores, live: float = LIVE) -> tuple[Liveness, list[str]]:
    """The liveness, and which models were asked, in order."""
    asked: list[str] = []

    def score(model: str) -> float | None:
        asked.append(model)
        return scores[model]

    return evaluate(LivenessPlan(scheme, live, min(PRELIMINARY, live)), score), asked


@pytest.mark.parametrize(
    ("scheme", "texture", "context", "hybrid", "expected", "asked"),
    [
        ("texture_unimodal", 0.7, 0.1, 0.2, 0.7, "texture"),
        ("context_unimodal", 0.7, 0.1, 0.2, 0.1, "context"),
        ("hybrid_unimodal", 0.7, 0.1, 0.2, 0.2, "hybrid"),
        ("context_multimodal", 0.7, 0.1, 0.8, 0.8, "context hybrid"),
        ("context_multimodal", 0.7, 0.9, 0.2, 0.9, "context hybrid"),
        ("strict_multimodal", 0.7, 0.9, 0.2, 0.7, "texture context"),
        ("strict_multimodal", 0.9, 0.4, 0.2, 0.4, "texture context"),
        ("normal_multimodal", 0.5, 0.9, 0.2, 0.7, "texture context"),
        ("tolerant_multimodal", 0.4, 0.9, 0.2, 0.9, "texture context"),
        ("tolerant_multimodal", 0.3, 0.2, 0.2, 0.3, "texture context"),
        # The cascade stops under the preliminary threshold, however live the context looks.
        ("strict_multimodal", 0.29, 1.0, 1.0, 0.29, "texture"),
        ("normal_multimodal", 0.29, 1.0, 1.0, 0.29, "texture"),
        ("tolerant_multimodal", 0.29, 1.0, 1.0, 0.29, "texture"),
    ],
)
def test_a_scheme_scores_as_worked_by_hand(
    scheme: str, texture: float, context: float, hybrid: float, expected: float, asked: str
) -> None:
    scores: Scores = {"texture": texture, "context": context, "hybrid": hybrid}
    liveness, models = judged(scheme, scores)
    assert liveness.score == pytest.approx(expected)
    assert " ".join(models) == asked
    assert liveness.by_model == {model: scores[model] for model in models}


def test_a_cascade_that_stops_early_stays_under_the_liveness_threshold() -> None:
    plan = LivenessPlan("tolerant_multimodal", live=0.3, preliminary=0.3)
    assert evaluate(plan, lambda model: 0.2999).score == pytest.approx(0.29)
    low = LivenessPlan("tolerant_multimodal", live=0.005, preliminary=0.005)
    assert evaluate(low, lambda model: 0.004).score == 0.0


def test_the_schemes_are_the_seeds_seven_and_one_of_our_own() -> None:
    assert set(SCHEMES) == {
        "texture_unimodal",
        "context_unimodal",
        "hybrid_unimodal",
        "context_multimodal",
        "strict_multimodal",
        "normal_multimodal",
        "tolerant_multimodal",
        "fused_multimodal",
    }


def test_fused_sums_the_logits_of_all_four_as_worked_by_hand() -> None:
    # logit(0.8) = ln 4, logit(0.5) = 0, logit(0.1) = -ln 9, logit(2 / 3) = ln 2
    expected = 1 / (1 + exp(-(log(4) - log(9) + log(2))))
    scores: Scores = {"texture": 0.8, "context": 0.5, "hybrid": 0.1, "detail": 2 / 3}
    liveness, asked = judged("fused_multimodal", scores)
    assert liveness.score == pytest.approx(expected)
    assert asked == ["texture", "context", "hybrid", "detail"]
    assert liveness.by_model == scores


@pytest.mark.parametrize(("score", "expected"), [(1.0, 6.0), (0.0, -6.0), (0.5, 0.0), (0.8, 1.386)])
def test_no_networks_evidence_counts_beyond_six(score: float, expected: float) -> None:
    assert evidence(score) == pytest.approx(expected, abs=1e-3)


def test_one_network_sure_of_life_cannot_outvote_those_sure_of_an_attack() -> None:
    for sure in SCHEMES["fused_multimodal"].models:
        scores: Scores = {
            model: float(model == sure) for model in SCHEMES["fused_multimodal"].models
        }
        assert (judged("fused_multimodal", scores)[0].score or 1.0) < 0.4


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("broken", [None, nan, inf, -inf, -0.001, 1.001])
def test_a_model_that_gives_no_score_leaves_the_frame_without_one(
    scheme: str, broken: float | None
) -> None:
    for model in SCHEMES[scheme].models:
        scores: Scores = dict.fromkeys(SCHEMES["fused_multimodal"].models, 0.9)
        scores[model] = broken
        assert judged(scheme, scores)[0].score is None


unit = st.floats(0, 1)


@given(st.lists(unit, min_size=4, max_size=4), st.integers(0, 3), unit)
def test_fused_never_falls_when_one_network_sees_more_life(
    before: list[float], which: int, more: float
) -> None:
    after = before.copy()
    after[which] = max(before[which], more)
    assert 0.0 <= fused(before) <= fused(after) <= 1.0


@given(st.sampled_from(sorted(SCHEMES)), unit, unit, unit, unit, unit)
def test_any_scores_give_one_between_0_and_1(
    scheme: str, texture: float, context: float, hybrid: float, detail: float, live: float
) -> None:
    scores: Scores = {"texture": texture, "context": context, "hybrid": hybrid, "detail": detail}
    liveness, _ = judged(scheme, scores, live)
    assert liveness.score is not None
    assert 0 <= liveness.score <= 1


@given(st.sampled_from(sorted(SCHEMES)), st.lists(st.floats(0, 0.5), min_size=4, max_size=4))
def test_no_scheme_calls_a_frame_live_that_every_model_calls_an_attack(
    scheme: str, said: list[float]
) -> None:
    scores: Scores = dict(zip(("texture", "context", "hybrid", "detail"), said, strict=True))
    liveness, _ = judged(scheme, scores)
    assert liveness.score is not None
    assert liveness.score < LIVE


@given(unit, unit)
def test_strict_is_never_more_lenient_than_normal_nor_normal_than_tolerant(
    texture: float, context: float
) -> None:
    scores: Scores = {"texture": texture, "context": context, "hybrid": None}
    strict, normal, tolerant = (
        judged(f"{name}_multimodal", scores)[0].score or 0.0
        for name in ("strict", "normal", "tolerant")
    )
    assert strict <= normal + 1e-9 <= tolerant + 2e-9
