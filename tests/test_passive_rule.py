"""What passive evidence weighs, by cases worked by hand and by rules over all values."""

from math import exp, inf, log, nan
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kioskd.demo
from feeds.frame import Frame
from feeds.imaging import open_file
from kioskd.judge import judged
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.replay import FILLS
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Measure
from models.passive.passive import MOST, MOST_OF_ONE, SCALES, weighed
from models.perceive import Perceiver, needs
from models.schemes import LivenessPlan, Passive, evaluate
from models.session import Networks

CLIPS = Path(kioskd.demo.__file__).parent / "clips"
values = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))
measured = st.dictionaries(st.sampled_from(sorted(SCALES)), values)


def logit(score: float) -> float:
    return log(score / (1 - score))


def scored(score: float, passive: Passive | None, plan: LivenessPlan) -> float:
    said = evaluate(plan, lambda _: score, passive=passive).score
    assert said is not None
    return said


FUSED = LivenessPlan("fused_multimodal", 0.6, 0.3, passive=True)


def test_half_way_between_limit_and_clear_is_half_the_weight() -> None:
    (name, (limit, clear)) = next(iter(SCALES.items()))
    found = weighed({name: (limit + clear) / 2})
    assert found.shares == {name: pytest.approx(0.5)}
    assert found.against == pytest.approx(MOST_OF_ONE / 2)
    plain = scored(0.7, None, FUSED)
    assert scored(0.7, found, FUSED) == pytest.approx(
        1 / (1 + exp(-(logit(plain) - MOST_OF_ONE / 2)))
    )


@pytest.mark.parametrize("nothing", [None, nan, -inf, 0.0])
def test_what_cannot_be_told_or_is_small_weighs_nothing(nothing: float | None) -> None:
    found = weighed(dict.fromkeys(SCALES, nothing))
    assert found.against == 0.0
    assert scored(0.7, found, FUSED) == scored(0.7, None, FUSED)


@given(measured, st.floats(0.0, 1.0))
def test_no_value_ever_speaks_for_life(found: dict[str, float | None], score: float) -> None:
    passive = weighed(found)
    assert 0.0 <= passive.against <= MOST
    assert all(0.0 <= share <= 1.0 for share in passive.shares.values())
    assert scored(score, passive, FUSED) <= scored(score, None, FUSED)


@given(st.sampled_from(sorted(SCALES)), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_more_of_a_measure_never_weighs_less(name: str, one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert weighed({name: less}).against <= weighed({name: more}).against


@pytest.mark.parametrize(
    "plan",
    [
        LivenessPlan("fused_multimodal", 0.6, 0.3),
        LivenessPlan("hybrid_unimodal", 0.6, 0.3, passive=True),
        LivenessPlan("strict_multimodal", 0.6, 0.3, passive=True),
    ],
)
def test_it_counts_in_the_fused_scheme_alone_and_where_it_is_asked_for(plan: LivenessPlan) -> None:
    loud = weighed(dict.fromkeys(SCALES, inf))
    assert loud.against > 0.0
    assert scored(0.7, loud, plan) == scored(0.7, None, plan)


@pytest.mark.parametrize("asked", [True, False])
def test_the_door_measures_it_where_it_is_asked_for_and_records_it(asked: bool) -> None:
    settings = RgbSettings(passive_evidence=asked)
    networks = Networks.load(needs([Measure.POSE], [settings.detection_scheme]), "cpu")
    mode, eye = RgbMode(settings, GateSettings()), Perceiver(networks)
    clip, result = open_file(str(CLIPS / "live.mov")), None
    assert clip is not None
    number = 0
    while result is None and (picture := clip.read()) is not None:
        result = judged(mode, eye, Frame("f", number, 0, number / 30, 0.0, picture))[1].result
        number += 1
    assert result is not None
    assert result.verdict == "passed"
    recorded = {name for name in result.scores if name.endswith("_against")}
    assert recorded == ({f"{name}_against" for name in SCALES} if asked else set())
    assert (eye.stages.calls["passive"] > 0) == asked


def test_a_replay_knows_what_every_measure_fills() -> None:
    assert set(FILLS) == set(Measure)
