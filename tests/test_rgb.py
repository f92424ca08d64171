"""RGB liveness told as stories: what stands before the camera, and what the mode concludes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from kioskd.event import Result, Step
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.confirm import FORGETFUL
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face, HeadPose, ImageQuality, Measure, Observation, Wanted
from models.schemes import SCHEMES, Liveness, LivenessPlan
from tests.support.stage import PICTURE, revealed, step_of

SHARP = ImageQuality(sharpness=0.8, contrast=0.5, brightness=0.5)
FACING = HeadPose(yaw=0.0, pitch=0.0, roll=0.0)


def person(score: float | None = 0.9, track: int = 1) -> Face:
    """Somebody in the middle of the picture, with everything that can be measured on them."""
    return Face(
        track,
        (540.0, 200.0, 740.0, 440.0),
        0.9,
        True,
        quality=SHARP,
        change=1.0,
        picture=PICTURE,
        pose=FACING,
        centre_pose_quality=0.9,
        liveness=Liveness(score, {} if score is None else {"hybrid": score}),
    )


Scene = tuple[Face, ...]
LIVE: Scene = (person(),)
FAKE: Scene = (person(0.1),)
UNSURE: Scene = (person(0.5),)
UNSCORED: Scene = (person(None),)
TURNED: Scene = (replace(person(), pose=HeadPose(35.0, 0.0, 0.0)),)
SMALL: Scene = (replace(person(), box=(600.0, 270.0, 680.0, 370.0)),)
MISSED: Scene = (replace(person(), missed=True),)
OTHER: Scene = (person(track=2),)
BIGGER: Scene = (person(0.9, track=2), person(0.9, track=1))
BYSTANDER: Scene = (person(), replace(SMALL[0], track_id=2))
TWO: Scene = (person(), replace(person(track=2), box=(800.0, 250.0, 960.0, 430.0)))
NOBODY: Scene = ()


@dataclass(frozen=True)
class Part:
    """So long, or so many frames, of one scene. One frame in `every` gets through; 0: none."""

    scene: Scene
    frames: int = 0
    seconds: float = 0.0
    session: int = 0
    every: int = 1


@dataclass
class Site:
    """A mode and its perceiver, driven as the daemon drives them."""

    mode: Mode
    fps: float = 15.0
    asked: list[Wanted] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def show(self, *parts: Part) -> list[Result]:
        for truth in self._observations(parts):
            asked, step = revealed(self.mode, truth)
            self.asked += asked
            self.steps.append(step)
        return [step.result for step in self.steps if step.result is not None]

    def _observations(self, parts: Iterable[Part]) -> Iterator[Observation]:
        number = 0
        for part in parts:
            for n in range(part.frames or round(part.seconds * self.fps)):
                if part.every and n % part.every == 0:
                    at = 100.0 + number / self.fps
                    yield Observation(
                        "door", number, part.session, at, 1e9 + at, 1280, 720, part.scene
                    )
                number += 1


def site(fps: float = 15.0, policy: str = "one", **settings: object) -> Site:
    gate = GateSettings(face_policy="largest" if policy == "largest" else "one")
    return Site(RgbMode(replace(RgbSettings(), **settings), gate), fps)  # type: ignore[arg-type]


def told(results: Iterable[Result]) -> list[str]:
    return [f"{r.state} {r.track_id}.{r.attempt} {' '.join(r.reasons)}".strip() for r in results]


CONFIRMED, NOTLIVE, UNKNOWN = "LIVENESS_CONFIRMED", "NOTLIVE_CONFIRMED", "LIVENESS_UNKNOWN"

STORIES: Mapping[str, tuple[tuple[Part, ...], list[str]]] = {
    "a live person is confirmed, once": (
        (Part(LIVE, seconds=10),),
        [f"{CONFIRMED} 1.1"],
    ),
    "an attack is called not live": (
        (Part(FAKE, seconds=2),),
        [f"{NOTLIVE} 1.1"],
    ),
    "a person neither live nor fake is not known": (
        (Part(UNSURE, seconds=2.5),),
        [f"{UNKNOWN} 1.1 undecided"],
    ),
    "nobody gives nothing": (
        (Part(NOBODY, seconds=10),),
        [],
    ),
    "an attack has no other chance while it stays in view": (
        (Part(FAKE, seconds=5), Part(LIVE, seconds=30)),
        [f"{NOTLIVE} 1.1"],
    ),
    "who was taken for an attack may leave and come again": (
        (Part(FAKE, seconds=1.5), Part(NOBODY, seconds=3), Part(OTHER, seconds=3)),
        [f"{NOTLIVE} 1.1", f"{CONFIRMED} 2.1"],
    ),
    "a swap cannot ride on a confirmation": (
        (Part(LIVE, seconds=2), Part(FAKE, seconds=6), Part(LIVE, seconds=6)),
        [f"{CONFIRMED} 1.1"],
    ),
    "five live frames of one person do not help another": (
        (Part(LIVE, frames=5), Part(OTHER, frames=6)),
        [f"{UNKNOWN} 1.1 subject_changed"],
    ),
    "the next person is judged on their own frames": (
        (Part(LIVE, frames=5), Part(OTHER, seconds=2)),
        [f"{UNKNOWN} 1.1 subject_changed", f"{CONFIRMED} 2.1"],
    ),
    "who comes after a confirmed person is judged anew": (
        (Part(LIVE, seconds=2), Part(NOBODY, seconds=1), Part((person(0.1, 2),), seconds=2)),
        [f"{CONFIRMED} 1.1", f"{NOTLIVE} 2.1"],
    ),
    "a second face breaks the attempt off": (
        (Part(LIVE, frames=5), Part(TWO, frames=1), Part(LIVE, frames=5)),
        [f"{UNKNOWN} 1.1 several_faces"],
    ),
    "two people are never judged": (
        (Part(TWO, seconds=20),),
        [],
    ),
    "who leaves before the decision is not known": (
        (Part(LIVE, frames=5), Part(NOBODY, seconds=2)),
        [f"{UNKNOWN} 1.1 track_lost"],
    ),
    "who only passes by leaves no record": (
        (Part(SMALL, seconds=3), Part(NOBODY, seconds=1)),
        [],
    ),
    "walking up counts for nothing and against nobody": (
        (Part(SMALL, seconds=4.5), Part(LIVE, seconds=2)),
        [f"{CONFIRMED} 1.1"],
    ),
    "who never looks at the camera is reported once": (
        (Part(TURNED, seconds=30),),
        [f"{UNKNOWN} 1.1 time_over head_turned"],
    ),
    "who looks up from the phone at last is confirmed": (
        (Part(TURNED, seconds=30), Part(LIVE, seconds=2)),
        [f"{UNKNOWN} 1.1 time_over head_turned", f"{CONFIRMED} 1.2"],
    ),
    "a glance aside costs only the frames it lasts": (
        (Part(LIVE, frames=3), Part(TURNED, seconds=1), Part(LIVE, frames=3)),
        [f"{CONFIRMED} 1.1 head_turned"],
    ),
    "the deadline bounds the attempt": (
        (Part(LIVE, frames=5), Part(TURNED, seconds=5.5), Part(LIVE, frames=5)),
        [f"{UNKNOWN} 1.1 time_over head_turned"],
    ),
    "frames without a score count for nothing": (
        (Part(UNSCORED, seconds=7),),
        [f"{UNKNOWN} 1.1 time_over score_invalid"],
    ),
    "a face the detector just missed is no evidence": (
        (Part(MISSED, seconds=7),),
        [f"{UNKNOWN} 1.1 time_over face_missed"],
    ),
    "half of the frames dropped, and still confirmed": (
        (Part(LIVE, seconds=4, every=2),),
        [f"{CONFIRMED} 1.1"],
    ),
    "a gap breaks the attempt off": (
        (Part(LIVE, frames=5), Part(LIVE, seconds=0.8, every=0), Part(LIVE, frames=1)),
        [f"{UNKNOWN} 1.1 frames_missing"],
    ),
    "nothing is joined over a reopened camera": (
        (Part(LIVE, frames=5), Part(LIVE, frames=6, session=1)),
        [f"{UNKNOWN} 1.1 feed_restarted"],
    ),
}


@pytest.mark.parametrize("fps", [10, 15, 30])
@pytest.mark.parametrize(("parts", "expected"), STORIES.values(), ids=STORIES)
def test_story(parts: tuple[Part, ...], expected: list[str], fps: float) -> None:
    results = site(fps).show(*parts)
    assert told(results) == expected
    assert all(result.emits == (result.state != UNKNOWN) for result in results)


def test_a_confirmation_says_what_it_rests_on() -> None:
    (result,) = site(10).show(Part(SMALL, frames=3), Part(UNSURE, frames=2), Part(LIVE, frames=6))
    (liveness,) = result.measured  # the face that was too small stood there before the attempt
    assert (liveness.finding.key, liveness.finding.limit, liveness.frames) == ("liveness", 0.6, 8)
    assert (liveness.low, liveness.high) == (0.5, 0.9)
    assert replace(result, measured=()) == Result(
        action="rgbLiveness",
        feed="door",
        mode="secure_access_rgb_liveness",
        track_id=1,
        attempt=1,
        verdict="passed",
        state="LIVENESS_CONFIRMED",
        emits=True,
        attributes={"liveness": 0.8, "livenessConfirmed": "true"},
        started_at=100.3,
        decided_at=101.0,
        captured_at=1e9 + 101.0,
        frames=8,
        reasons=(),
        scores={"hybrid": 0.8},
    )


def test_not_live_tells_the_fake_windows_mean_and_false() -> None:
    (result,) = site().show(Part(UNSURE, frames=5), Part(FAKE, frames=6))
    assert result.attributes == {"liveness": 0.1, "livenessConfirmed": "false"}
    assert result.frames == 11


def test_not_known_says_neither_true_nor_false_with_or_without_a_counted_frame() -> None:
    (result,) = site().show(Part(TURNED, seconds=6))
    assert (result.attributes, result.frames) == ({}, 0)
    counted = site().show(Part(UNSURE, frames=40))[0]
    assert (counted.state, counted.attributes) == ("LIVENESS_UNKNOWN", {})
    assert counted.frames


@pytest.mark.parametrize("score", [None, float("nan"), -0.01, 1.01, float("inf")])
def test_a_score_that_is_none_never_counts(score: float | None) -> None:
    scene = site()
    assert scene.show(Part((person(score),), frames=30)) == []
    assert {step.reasons for step in scene.steps} == {("score_invalid",)}


def test_phases_follow_the_person() -> None:
    scene = site(10)
    scene.show(
        Part(NOBODY, frames=1),
        Part(SMALL, frames=1),
        Part(FAKE, frames=12),
        Part(NOBODY, frames=1),
    )
    phases = list(dict.fromkeys(step.phase for step in scene.steps[:-1]))
    assert phases == ["IDLE", "QUALITY", "LIVE_WINDOW", "FAKE_WINDOW", "NOTLIVE_CONFIRMED"]
    assert scene.steps[-1].phase == "IDLE"


def test_every_frame_is_evidence_or_has_a_reason() -> None:
    scene = site()
    scene.show(Part(NOBODY, frames=2), Part(TURNED, frames=3), Part(LIVE, frames=8))
    assert [step.reasons for step in scene.steps] == [
        *[("no_face",)] * 2,
        *[("head_turned",)] * 3,
        *[()] * 6,
        *[("already_decided",)] * 2,
    ]


def before_the_other(front: Face, behind: Face) -> Scene:
    """Two people, one nearer than the other."""
    return (front, replace(behind, box=(800.0, 250.0, 960.0, 430.0)))


def test_who_changes_places_with_an_attack_lends_it_nothing() -> None:
    alive, attack = person(), person(0.1, track=2)
    places = [before_the_other(alive, attack), before_the_other(attack, alive)]
    results = site(policy="largest").show(*(Part(places[n % 2], frames=4) for n in range(40)))
    assert {result.state for result in results} <= {UNKNOWN}
    there = Part(places[0], frames=4), Part(places[1], frames=40)
    results = site(policy="largest").show(*there)
    assert [(r.track_id, r.state) for r in results] == [(1, UNKNOWN), (2, NOTLIVE)]


def test_who_takes_the_place_of_an_attack_is_judged_by_himself() -> None:
    alive, attack = person(), person(0.1, track=2)
    results = site(policy="largest").show(
        Part(before_the_other(attack, alive), seconds=2),
        Part(before_the_other(alive, attack), seconds=6),
    )
    assert [(r.track_id, r.state) for r in results] == [(2, NOTLIVE), (1, CONFIRMED)]


class TestAsking:
    """Nothing is measured that nobody needs."""

    def asked(self, *parts: Part, **settings: object) -> list[Wanted]:
        scene = site(**settings)  # type: ignore[arg-type]
        scene.show(*parts)
        return scene.asked

    def measures(self, *parts: Part, **settings: object) -> list[str]:
        """Of a face; the picture as a whole is asked for besides."""
        of_a_face = (each for each in self.asked(*parts, **settings) if each.track_id is not None)
        return [measure.value for wanted in of_a_face for measure in wanted.measures]

    def test_the_picture_is_looked_at_whoever_is_there_where_passive_evidence_counts(self) -> None:
        story = [Part(scene, frames=2) for scene in (NOBODY, TWO, SMALL)]
        story.append(Part(LIVE, frames=20))
        whole = [each for each in self.asked(*story) if each.track_id is None]
        assert [each.measures for each in whole] == [{Measure.PASSIVE}] * 26
        other = ({"passive_evidence": False}, {"detection_scheme": "hybrid_unimodal"})
        for settings in other:
            assert all(each.track_id is not None for each in self.asked(*story, **settings))

    def test_cheap_measures_come_first(self) -> None:
        assert self.measures(Part(LIVE, frames=1)) == [
            "quality",
            "picture",
            "pose",
            "liveness",
        ]

    def test_a_refused_frame_costs_no_network_after_the_refusal(self) -> None:
        assert self.measures(Part(SMALL, frames=5)) == []
        assert self.measures(Part(TURNED, frames=1)) == ["quality", "picture", "pose"]

    def test_what_cannot_be_measured_is_asked_for_once(self) -> None:
        blank = (replace(person(), pose=None, centre_pose_quality=None),)
        assert self.measures(Part(blank, frames=2)) == ["quality", "picture", "pose"] * 2

    def test_a_confirmed_person_costs_nothing(self) -> None:
        assert self.measures(Part(LIVE, frames=60)).count("liveness") == 6

    def test_a_cool_down_costs_nothing(self) -> None:
        assert self.measures(Part(FAKE, frames=30)).count("liveness") == 11

    def test_a_second_face_costs_nothing(self) -> None:
        assert self.measures(Part(TWO, frames=30)) == []

    def test_a_frame_after_the_deadline_costs_nothing(self) -> None:
        scene = site(10)
        scene.show(Part(LIVE, frames=1), Part(TURNED, frames=50), Part(LIVE, frames=1))
        assert scene.steps[-1].reasons == ("time_over",)
        assert [m.value for w in scene.asked for m in w.measures].count("liveness") == 1

    def test_liveness_is_asked_for_with_the_configured_plan(self) -> None:
        scene = site(
            detection_scheme="strict_multimodal",
            liveness_detection_threshold=0.7,
            minimum_preliminary_liveness_threshold=0.2,
        )
        scene.show(Part(LIVE, frames=1))
        assert scene.asked[-1].plan == LivenessPlan("strict_multimodal", 0.7, 0.2, passive=True)


class TestLargest:
    """Under the policy "largest" others may be in view."""

    def test_a_bystander_is_left_out(self) -> None:
        assert told(site(policy="largest").show(Part(BYSTANDER, seconds=2))) == [f"{CONFIRMED} 1.1"]

    def test_a_larger_face_breaks_the_attempt_off(self) -> None:
        results = site(policy="largest").show(Part(LIVE, frames=5), Part(BIGGER, frames=7))
        assert told(results) == [f"{UNKNOWN} 1.1 subject_changed", f"{CONFIRMED} 2.1"]

    def test_the_person_behind_is_judged_when_the_first_has_gone(self) -> None:
        results = site(policy="largest").show(
            Part(BIGGER, seconds=2), Part(LIVE, seconds=2), Part(BIGGER, seconds=2)
        )
        assert told(results) == [f"{CONFIRMED} 2.1", f"{CONFIRMED} 1.1"]


class TestOrder:
    """Only a newer frame is a frame."""

    def observation(self, number: int, at: float, session: int = 0) -> Observation:
        return Observation("door", number, session, at, 1e9, 1280, 720, LIVE)

    def test_the_same_frame_again_counts_once(self) -> None:
        mode = RgbMode(RgbSettings(), GateSettings())
        steps = [step_of(mode, self.observation(7, 1.0)) for _ in range(20)]
        assert {step.reasons for step in steps[1:]} == {("frame_out_of_order",)}
        assert all(step.result is None for step in steps)

    @pytest.mark.parametrize(("number", "at"), [(8, 0.9), (6, 1.1), (8, 1.0), (8, float("nan"))])
    def test_an_older_frame_is_as_if_it_had_not_come(self, number: int, at: float) -> None:
        mode = RgbMode(RgbSettings(), GateSettings())
        step_of(mode, self.observation(7, 1.0))
        late = self.observation(number, at)
        assert revealed(mode, late)[0] == []
        assert step_of(mode, late).reasons == ("frame_out_of_order",)

    def test_a_time_that_is_no_number_blocks_nothing_after_it(self) -> None:
        mode = RgbMode(RgbSettings(), GateSettings())
        step_of(mode, self.observation(0, float("nan")))
        assert step_of(mode, self.observation(1, 1.0)).reasons == ()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_only_schemes_with_the_hybrid_model_ask_for_its_margins(scheme: str) -> None:
    tight = (replace(person(), box=(540.0, 460.0, 740.0, 700.0)),)  # 20 px below the face
    scene = site(detection_scheme=scheme)
    results = scene.show(Part(tight, frames=6))
    if scheme in ("hybrid_unimodal", "context_multimodal"):
        assert {step.reasons for step in scene.steps} == {("margin_below",)}
    else:
        assert told(results) == [f"{CONFIRMED} 1.1"]


def test_the_fused_scheme_asks_for_safrs_numbers_where_the_site_wants_them() -> None:
    tight = (replace(person(), box=(540.0, 460.0, 740.0, 700.0)),)
    small = (replace(person(), box=(600.0, 270.0, 720.0, 400.0)),)
    safr = GateSettings(numbers="safr")
    for gate, face, why in (
        (safr, tight, ("margin_below",)),
        (safr, small, ("face_too_small",)),
        (GateSettings(), tight, ()),
        (GateSettings(), small, ()),
        (GateSettings(minimum_face_size_px=125.0), small, ("face_too_small",)),
    ):
        scene = Site(RgbMode(RgbSettings(), gate))
        scene.show(Part(face, frames=3))
        assert {step.reasons for step in scene.steps} == {why}


def test_who_stands_far_behind_is_no_second_person() -> None:
    assert told(site().show(Part(BYSTANDER, seconds=2))) == [f"{CONFIRMED} 1.1"]
    strict = Site(RgbMode(RgbSettings(), GateSettings(bystander_share=0.0)))
    assert told(strict.show(Part(BYSTANDER, seconds=2))) == []


def test_a_narrow_face_as_high_as_the_subject_is_a_second_person() -> None:
    aside = replace(person(track=2), box=(900.0, 240.0, 960.0, 480.0))
    assert told(site().show(Part((person(), aside), seconds=3))) == []


@pytest.mark.parametrize("fps", [10.0, 15.0, 30.0])
def test_a_door_that_forgets_gives_an_attack_a_chance_after_each_cool_down(fps: float) -> None:
    again = site(fps, caution=FORGETFUL).show(Part(FAKE, seconds=40))
    assert told(again) == [f"{NOTLIVE} 1.{n}" for n in (1, 2, 3, 4, 5)]
    results = site(fps, caution=FORGETFUL).show(Part(FAKE, seconds=1.3), Part(LIVE, seconds=4))
    assert told(results) == [f"{NOTLIVE} 1.1", f"{CONFIRMED} 1.2"]


def test_attempt_limits_are_the_installers_choice() -> None:
    attempt = AttemptSettings(attempts_per_track=1, cool_down_s=0.0)
    scene = site(attempt=attempt, caution=FORGETFUL)
    assert told(scene.show(Part(FAKE, seconds=5))) == [f"{NOTLIVE} 1.1"]
    assert scene.steps[-1].reasons == ("attempts_used_up",)


@pytest.mark.parametrize(
    "settings",
    [
        {"minimum_confirmations_required": 0.0},
        {"minimum_confirmations_required": 1.1},
        {"minimum_confirmations_required": float("nan")},
        {"evaluate_liveness_over_n_frames": 0},
        {"evaluate_fake_over_n_frames": 0},
        {"fake_detection_threshold": 0.7},
        {"liveness_detection_threshold": 0.0, "fake_detection_threshold": 0.0},
        {"liveness_detection_threshold": float("nan")},
        {"minimum_preliminary_liveness_threshold": 0.7},
    ],
)
def test_settings_that_could_confirm_without_evidence_are_refused(
    settings: dict[str, float],
) -> None:
    with pytest.raises(ValueError, match=r"must|needs"):
        replace(RgbSettings(), **settings)  # type: ignore[arg-type]
