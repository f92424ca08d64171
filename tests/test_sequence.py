"""Sequences: several actions, in an order that nobody knows beforehand."""

import itertools
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kioskd.event import Result
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import Order, SequenceSettings, Unified
from kioskd.modes.challenges.draw import drawn
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate_settings import GateSettings
from models.observation import Face, Observation
from tests.support.acting import REST, Look, Scene, Stage, face, moving, still
from tests.support.stage import step_of
from tests.test_challenge import DONE, acted

EASY = (Challenge.SMILE, Challenge.MOUTH_OPENING, Challenge.LEFT_TURN, Challenge.NOD)
PAIRS = tuple(itertools.permutations(EASY, 2))
UNWATCHED = Unified(watch=False)


def fixed(*actions: Challenge, **more: object) -> ChallengeMode:
    settings = SequenceSettings(actions, "fixed", len(actions), joined_with="none", **more)  # type: ignore[arg-type]
    return ChallengeMode(settings, GateSettings(), lambda _: 0)


def doing(*actions: Challenge) -> list[Scene]:
    return [still(0.7), *itertools.chain.from_iterable(acted(kind) for kind in actions)]


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
@pytest.mark.parametrize("drop", [0, 3])
@pytest.mark.parametrize("actions", PAIRS)
def test_who_does_all_in_the_order_asked_passes_once(
    actions: tuple[Challenge, ...], fps: float, drop: int
) -> None:
    stage = Stage(fixed(*actions), fps, drop)
    results = stage.play(*doing(*actions))
    assert [(r.verdict, r.action, r.emits) for r in results] == [
        ("passed", "sequenceChallenge", True)
    ]
    assert results[0].attributes == {"challengeConfirmed": "true"}
    assert results[0].challenges == tuple(kind.value for kind in actions)
    assert stage.prompts == [
        "look_straight",
        actions[0],
        "good_look_straight",
        actions[1],
        "done",
    ]


def test_all_nine_can_stand_in_one_sequence() -> None:
    stage = Stage(fixed(*Challenge))
    assert [r.verdict for r in stage.play(*doing(*Challenge))] == ["passed"]


@pytest.mark.parametrize("actions", PAIRS)
def test_the_wrong_order_fails_as_fraud(actions: tuple[Challenge, ...]) -> None:
    stage = Stage(fixed(*actions))
    result = stage.play(*doing(*reversed(actions)))[0]
    assert result.verdict == "failed"
    assert result.reasons[0].startswith("fraud_")


@pytest.mark.parametrize("actions", PAIRS)
def test_the_wrong_order_fails_without_watching_too(actions: tuple[Challenge, ...]) -> None:
    stage = Stage(fixed(*actions, unified=UNWATCHED))
    results = stage.play(*doing(*reversed(actions)), still(5.0))
    assert "passed" not in {result.verdict for result in results}


def test_a_recording_of_every_action_in_another_order_fails() -> None:
    """The replayed video that a drawn order is there against."""
    video = doing(*EASY, *EASY)
    for asked in itertools.permutations(EASY, 3):
        if asked == EASY[:3]:
            continue
        first = Stage(fixed(*asked)).play(*video)[0]
        assert first.verdict == "failed"


def test_between_two_actions_the_person_comes_to_rest() -> None:
    """What is still going on from the first action cannot be the second one, nor its start."""
    smiling, both = Look(smile=0.9), Look(smile=0.9, yaw=24.0)
    scenes = (moving(0.4, REST, smiling), still(0.4, smiling), moving(0.5, smiling, both))
    stage = Stage(fixed(Challenge.SMILE, Challenge.LEFT_TURN, unified=UNWATCHED))
    results = stage.play(still(0.7), *scenes, still(6.0, both))
    assert [(r.verdict, r.reasons) for r in results] == [("failed", ("time_over",))]
    said = [step.reasons for step in stage.steps if step.phase == "NEXT"]
    assert ("precondition_failed", "not_neutral") in said


def test_each_action_and_the_way_back_has_its_own_time() -> None:
    left, back, nod = DONE[Challenge.LEFT_TURN], Look(yaw=5.0), Look(yaw=5.0, pitch=-18.0)
    slow = [
        *(still(4.3), moving(0.5, REST, left), still(4.0, left), moving(0.6, left, back)),
        *(still(4.5, back), moving(0.5, back, nod), still(0.5, nod)),
    ]
    stage = Stage(fixed(Challenge.LEFT_TURN, Challenge.NOD))
    assert [r.verdict for r in stage.play(*slow)] == ["passed"]
    late = Stage(fixed(Challenge.SMILE, Challenge.NOD))
    results = late.play(*doing(Challenge.SMILE), still(5.5), *acted(Challenge.NOD))
    assert (results[0].verdict, results[0].reasons) == ("failed", ("time_over",))
    aside = Stage(fixed(Challenge.LEFT_TURN, Challenge.NOD))
    results = aside.play(still(0.7), moving(0.5, REST, left), still(6.0, left))
    assert [(r.verdict, r.reasons) for r in results] == [("failed", ("time_over",))]


@pytest.mark.parametrize("elsewhere", [(9.0, 0.0), (-9.0, 0.0), (0.0, 8.0), (6.0, -7.0)])
@pytest.mark.parametrize("actions", PAIRS)
def test_who_comes_back_to_look_somewhere_else_goes_on_from_there(
    actions: tuple[Challenge, ...], elsewhere: tuple[float, float]
) -> None:
    """Nobody comes back to where they looked before to within a few degrees."""
    first, second = (DONE[kind] for kind in actions)
    yaw, pitch = elsewhere
    back = Look(yaw=yaw, pitch=pitch)
    there = replace(second, yaw=yaw + second.yaw, pitch=pitch + second.pitch)
    stage = Stage(fixed(*actions))
    results = stage.play(
        *(still(0.7), moving(0.5, REST, first), still(0.4, first), moving(0.5, first, back)),
        *(still(1.2, back), moving(0.5, back, there), still(0.5, there)),
    )
    assert [r.verdict for r in results] == ["passed"]


@pytest.mark.parametrize("further", [-17.0, 0.0])
def test_a_head_that_swings_back_too_far_is_no_fraud(further: float) -> None:
    left, beyond, mouth = DONE[Challenge.LEFT_TURN], Look(yaw=further), Look(mouth=0.7)
    stage = Stage(fixed(Challenge.LEFT_TURN, Challenge.MOUTH_OPENING))
    results = stage.play(
        *(still(0.7), moving(0.4, REST, left), still(0.3, left), moving(0.5, left, beyond)),
        *(moving(0.3, beyond, REST), still(0.6), moving(0.3, REST, mouth), still(0.4, mouth)),
    )
    assert [r.verdict for r in results] == ["passed"]


def test_the_way_back_is_not_the_next_action() -> None:
    """A head that rests half turned for a moment, and then goes on back to where it was."""
    left, half = DONE[Challenge.LEFT_TURN], Look(yaw=17.0)
    stage = Stage(fixed(Challenge.LEFT_TURN, Challenge.RIGHT_TURN))
    stage.play(
        *(still(0.7), moving(0.4, REST, left), still(0.3, left), moving(0.2, left, half)),
        *(still(0.7, half), moving(0.4, half, REST), still(0.2)),
    )
    assert "right_turn" not in stage.prompts[:-1]
    assert {step.reasons for step in stage.steps if step.phase == "NEXT"} >= {
        ("precondition_failed", "head_turned")
    }
    assert [r.verdict for r in stage.play(still(6.0))] == ["failed"]


def test_nothing_is_asked_of_a_head_that_does_not_stand_still() -> None:
    left = DONE[Challenge.LEFT_TURN]
    here, there = Look(yaw=7.0), Look(yaw=-7.0)
    swaying = [moving(0.3, here, there), moving(0.3, there, here)] * 5
    stage = Stage(fixed(Challenge.LEFT_TURN, Challenge.NOD), fps=30.0)
    stage.play(still(0.7), moving(0.4, REST, left), still(0.3, left), moving(0.4, left, here))
    stage.play(*swaying)
    assert "nod" not in stage.prompts
    assert ("precondition_failed", "moving") in {step.reasons for step in stage.steps}


def test_another_person_cannot_do_the_second_action() -> None:
    stage = Stage(fixed(Challenge.SMILE, Challenge.NOD))
    there = DONE[Challenge.NOD]
    second = [moving(0.5, REST, there, track=2), still(1.0, there, track=2)]
    results = stage.play(*doing(Challenge.SMILE), still(0.5, track=2), *second)
    assert [(r.verdict, r.reasons[0]) for r in results][:1] == [("undecided", "subject_changed")]
    assert "passed" not in {result.verdict for result in results}


def test_every_attempt_draws_anew() -> None:
    numbers = iter([0] * 2 + [2, 1] + [3, 2] + [0] * 20)
    settings = SequenceSettings(EASY, length=2, joined_with="none")
    mode = ChallengeMode(settings, GateSettings(), lambda _: next(numbers))
    stage = Stage(mode)
    results = stage.play(still(16.0))
    orders = [result.challenges for result in results]
    assert orders[:2] == [("left_turn", "mouth_opening"), ("nod", "left_turn")]


@given(st.permutations(list(Challenge)), st.data())
def test_a_draw_has_as_many_different_actions_as_asked(
    pool: list[Challenge], data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, len(pool)))
    settings = SequenceSettings(tuple(pool), length=length, joined_with="none")
    actions = drawn(settings, lambda n: data.draw(st.integers(0, n - 1)))
    assert len(set(actions)) == len(actions) == length
    assert set(actions) <= set(pool)


def test_every_order_can_be_drawn() -> None:
    settings = SequenceSettings(EASY, length=2, joined_with="none")
    orders = set()
    for numbers in itertools.product(range(4), range(3)):
        orders.add(drawn(settings, chances(numbers)))
    assert orders == set(PAIRS)


def chances(numbers: Sequence[int]) -> Callable[[int], int]:
    left = list(numbers)
    return lambda _: left.pop(0)


def test_the_cryptographic_source_draws_every_order_sooner_or_later() -> None:
    settings = SequenceSettings(EASY[:2], length=2, joined_with="none")
    orders = {drawn(settings, secrets.randbelow) for _ in range(200)}
    assert len(orders) == 2


@pytest.mark.parametrize(
    ("actions", "order", "length"),
    [
        ((), "drawn", 1),
        ((Challenge.NOD,), "drawn", 0),
        ((Challenge.NOD,), "drawn", 2),
        ((Challenge.NOD, Challenge.NOD), "drawn", 2),
    ],
)
def test_a_sequence_of_nothing_or_of_twice_the_same_is_refused(
    actions: tuple[Challenge, ...], order: Order, length: int
) -> None:
    with pytest.raises(ValueError, match="sequence"):
        SequenceSettings(actions, order, length)


def test_a_fixed_sequence_asks_for_all_of_its_actions_whatever_its_length_says() -> None:
    assert SequenceSettings((Challenge.NOD, Challenge.SMILE), "fixed", 1).length == 2


# No order of observations passes without each action, in its order, on one track.

LOOKS = [REST, REST, REST, *DONE.values(), *(REST.towards(look, 0.5) for look in DONE.values())]
AFTER_S = [0.1, 0.1, 0.1, 0.1, 1 / 30, 0.3, 0.6, 2.0, 0.0, -0.1]
ASKED = (Challenge.SMILE, Challenge.LEFT_TURN, Challenge.BLINK)


@dataclass(frozen=True)
class Moment:
    after_s: float
    restart: bool
    faces: tuple[Face, ...]


def moment(look: Look, track: int, after_s: float, restart: bool, more: int) -> Moment:
    first = face(look, track)
    return Moment(after_s, restart, ((), (first,), (first, face(track=9)))[more])


moments = st.builds(
    moment,
    st.sampled_from(LOOKS),
    st.sampled_from([1, 1, 1, 1, 2]),
    st.sampled_from(AFTER_S),
    st.sampled_from([False] * 15 + [True]),
    st.sampled_from([1] * 10 + [0, 2]),
)
# Runs of one look, as people stand, so that the machine gets somewhere.
runs = st.lists(st.tuples(moments, st.integers(1, 5)), min_size=1, max_size=40)
TENTH = [Moment(0.1, False, (face(look),)) for look in LOOKS]
TURN = REST.towards(DONE[Challenge.LEFT_TURN], 0.5)
GRIN = REST.towards(DONE[Challenge.SMILE], 0.5)


def steps(look: Look, frames: int) -> tuple[Moment, int]:
    return Moment(0.1, False, (face(look),)), frames


ALL_DONE = [
    *(steps(REST, 5), steps(GRIN, 1), steps(DONE[Challenge.SMILE], 4), steps(REST, 5)),
    *(steps(TURN, 2), steps(DONE[Challenge.LEFT_TURN], 4), steps(TURN, 1), steps(REST, 5)),
    *(steps(DONE[Challenge.BLINK], 2), steps(REST, 5)),
]


def observed(script: Sequence[tuple[Moment, int]]) -> list[Observation]:
    seen: list[Observation] = []
    at, session = 100.0, 0
    for one, times in script:
        for n in range(times):
            at, session = at + one.after_s, session + (one.restart and n == 0)
            number = len(seen)
            seen.append(Observation("door", number, session, at, 1e9 + at, 1280, 720, one.faces))
    return seen


def passes(seen: Sequence[Observation], unified: Unified) -> list[tuple[int, Result]]:
    mode = fixed(*ASKED, unified=unified)
    told = [step_of(mode, one).result for one in seen]
    return [(i, r) for i, r in enumerate(told) if r is not None and r.verdict == "passed"]


def test_the_script_that_does_all_passes() -> None:
    assert len(passes(observed(ALL_DONE), Unified(watch=True))) == 1


@given(runs, st.booleans())
@example(ALL_DONE, True)
@example([*ALL_DONE[4:], *ALL_DONE[:4]], False)
@example(ALL_DONE[:4] + ALL_DONE[-2:] + ALL_DONE[4:8], False)
def test_no_order_of_observations_passes_without_each_action_in_turn_on_one_track(
    script: list[tuple[Moment, int]], watch: bool
) -> None:
    seen = observed(script)
    for index, result in passes(seen, Unified(watch=watch)):
        presence = unbroken(seen, index, result.track_id)
        assert shown_in_order(presence)


def unbroken(seen: Sequence[Observation], last: int, track: int) -> list[Face]:
    """The faces of one person alone in view, without a break, up to the frame that decided."""
    run: list[Observation] = []
    for one in reversed(seen[: last + 1]):
        if run and not one.at < run[-1].at:
            continue  # out of order: as if it had not come
        alone = [f.track_id for f in one.faces] == [track]
        joined = not run or (run[-1].session == one.session and run[-1].at - one.at <= 0.5 + 1e-9)
        if not (alone and joined):
            break
        run.append(one)
    return [one.faces[0] for one in reversed(run)]


def shown_in_order(faces: Sequence[Face]) -> bool:
    """Rest, then each action far enough in more than one frame, rest between them."""
    shown = iter(faces)
    return all(
        any(is_rest(one) for one in shown) and any(shows(kind, one) for one in shown)
        for kind in ASKED
    ) and any(is_rest(one) for one in shown)


def is_rest(one: Face) -> bool:
    return not any(shows(kind, one) for kind in ASKED)


def shows(kind: Challenge, one: Face) -> bool:
    """By what was put into the face, and not by what the modes make of it."""
    assert one.pose is not None
    assert one.blendshapes is not None
    assert one.mesh is not None
    match kind:
        case Challenge.SMILE:
            return one.blendshapes["mouthSmileLeft"] >= 0.5
        case Challenge.LEFT_TURN:
            return one.pose.yaw >= 10.0
        case _:
            return float(one.mesh[145, 1] - one.mesh[159, 1]) < 5.0
