"""The seven detection schemes against cases worked by hand, and rules over all of them."""

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.observation import Liveness, LivenessModel, LivenessPlan
from models.schemes import SCHEMES, evaluate

LIVE, PRELIMINARY = 0.6, 0.3
Scores = dict[LivenessModel, float | None]


def judged(scheme: str, scores: Scores, live: float = LIVE) -> tuple[Liveness, list[LivenessModel]]:
    """The liveness, and which models were asked, in order."""
    asked: list[LivenessModel] = []

    def score(model: LivenessModel) -> float | None:
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


def test_the_seven_schemes_have_the_seeds_names() -> None:
    assert set(SCHEMES) == {
        "texture_unimodal",
        "context_unimodal",
        "hybrid_unimodal",
        "context_multimodal",
        "strict_multimodal",
        "normal_multimodal",
        "tolerant_multimodal",
    }


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("broken", [None, nan, inf, -inf, -0.001, 1.001])
def test_a_model_that_gives_no_score_leaves_the_frame_without_one(
    scheme: str, broken: float | None
) -> None:
    for model in SCHEMES[scheme].models:
        scores: Scores = {"texture": 0.9, "context": 0.9, "hybrid": 0.9}
        scores[model] = broken
        assert judged(scheme, scores)[0].score is None


unit = st.floats(0, 1)


@given(st.sampled_from(sorted(SCHEMES)), unit, unit, unit, unit)
def test_any_scores_give_one_between_0_and_1(
    scheme: str, texture: float, context: float, hybrid: float, live: float
) -> None:
    scores: Scores = {"texture": texture, "context": context, "hybrid": hybrid}
    liveness, _ = judged(scheme, scores, live)
    assert liveness.score is not None
    assert 0 <= liveness.score <= 1


@given(st.sampled_from(sorted(SCHEMES)), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5))
def test_no_scheme_calls_a_frame_live_that_every_model_calls_an_attack(
    scheme: str, texture: float, context: float, hybrid: float
) -> None:
    scores: Scores = {"texture": texture, "context": context, "hybrid": hybrid}
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
