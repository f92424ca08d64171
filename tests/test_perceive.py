"""One feed's eye on the shipped clip, with the shipped networks."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from feeds.imaging import resize
from models.network_file import NetworkError
from models.observation import Face, Measure, Observation, Wanted
from models.perceive import Perceiver, PerceptionSettings, needs, warm_up
from models.schemes import LivenessPlan
from models.session import Networks
from tests.support.eyes import astronaut, frame, live_clip, networks

HYBRID = LivenessPlan("hybrid_unimodal", live=0.6, preliminary=0.3)
STRICT = LivenessPlan("strict_multimodal", live=0.6, preliminary=0.3)
EVERYTHING = networks("face", "mesh", "blendshapes", "texture", "context", "hybrid")
LAST_FACE = 71  # the number of the live clip's last image with a face


def looked(eye: Perceiver, count: int, first: int = 0) -> tuple[Frame, Observation]:
    """The last of so many images of the live clip, all looked at, and what was seen in it."""
    for number, image in enumerate(live_clip(first + count)[first:], first):
        shown = frame(image, number)
        seen = eye.look(shown)
    return shown, seen


def measured(eye: Perceiver, wanted: set[Measure], plan: LivenessPlan | None = None) -> Face:
    """The face of the live clip's fifth image, with this measured on it and nothing else."""
    shown, seen = looked(eye, 5)
    asked = Wanted(seen.faces[0].track_id, frozenset(wanted), plan)
    return eye.measure(shown, seen, asked).faces[0]


def ran(wanted: set[Measure], plan: LivenessPlan | None = None) -> Mapping[str, int]:
    """How often each network ran for measuring this, the detector left out."""
    before = EVERYTHING.uses()
    measured(Perceiver(EVERYTHING), wanted, plan)
    after = EVERYTHING.uses()
    counts = {name: after[name].calls - before[name].calls for name in after}
    return {name: count for name, count in counts.items() if count and name != "yunet"}


def test_a_face_is_seen_followed_and_gone() -> None:
    eye = Perceiver(EVERYTHING)
    seen = [eye.look(frame(image, n)) for n, image in enumerate(live_clip(100))]
    assert [len(s.faces) for s in seen[:3]] == [0, 1, 1]  # confirmed by the second detection
    assert {s.faces[0].track_id for s in seen[1 : LAST_FACE + 1]} == {1}
    assert all(s.faces[0].detected for s in seen[1 : LAST_FACE + 1])
    assert all(s.faces[0].missed for s in seen[LAST_FACE + 1 :] if s.faces)
    assert seen[LAST_FACE + 1].faces  # waited for
    assert not seen[LAST_FACE + 14].faces  # half a second later: gone


def test_an_observation_tells_which_frame_it_is_of() -> None:
    shown, seen = looked(Perceiver(EVERYTHING), 4)
    assert (seen.feed, seen.number, seen.session) == ("front", 3, 0)
    assert (seen.at, seen.wall_time) == (shown.captured_at, shown.wall_time)
    assert (seen.width, seen.height) == (960, 720)


def test_a_live_person_scores_as_bona_fide_under_every_model() -> None:
    for scheme in ("texture_unimodal", "context_unimodal", "hybrid_unimodal"):
        plan = LivenessPlan(scheme, live=0.6, preliminary=0.3)
        liveness = measured(Perceiver(EVERYTHING), {Measure.LIVENESS}, plan).liveness
        assert liveness is not None
        assert liveness.score is not None
        assert liveness.score > 0.9


@pytest.mark.parametrize(
    ("wanted", "plan", "expected"),
    [
        (set(), None, {}),
        ({Measure.QUALITY}, None, {}),
        ({Measure.POSE}, None, {"face_landmarks": 1}),
        ({Measure.BLENDSHAPES}, None, {"face_landmarks": 1, "face_blendshapes": 1}),
        (
            {Measure.POSE, Measure.BLENDSHAPES},
            None,
            {"face_landmarks": 1, "face_blendshapes": 1},
        ),
        ({Measure.LIVENESS}, HYBRID, {"hybrid": 1}),
        ({Measure.LIVENESS}, STRICT, {"texture": 1, "context": 1}),
        (
            {Measure.LIVENESS},
            LivenessPlan("strict_multimodal", live=1.0, preliminary=1.0),
            {"texture": 1},
        ),
    ],
    ids=["nothing", "quality", "pose", "smile", "both", "hybrid", "strict", "cascade"],
)
def test_no_network_runs_that_was_not_asked_for(
    wanted: set[Measure], plan: LivenessPlan | None, expected: Mapping[str, int]
) -> None:
    assert ran(wanted, plan) == expected


def test_only_what_was_asked_for_is_filled_in() -> None:
    eye = Perceiver(EVERYTHING)
    bare = measured(eye, {Measure.QUALITY})
    assert bare.quality is not None
    assert (bare.pose, bare.centre_pose_quality, bare.mesh) == (None, None, None)
    assert (bare.blendshapes, bare.liveness) == (None, None)
    posed = measured(eye, {Measure.POSE})
    assert posed.pose is not None
    assert posed.centre_pose_quality is not None
    assert posed.quality is None
    assert posed.liveness is None
    assert posed.blendshapes is None


def test_the_mesh_is_read_once_for_pose_and_then_expressions() -> None:
    eye = Perceiver(EVERYTHING)
    shown, seen = looked(eye, 5)
    before = EVERYTHING["mesh"].use.calls
    for measure in (Measure.POSE, Measure.BLENDSHAPES):
        asked = Wanted(seen.faces[0].track_id, frozenset({measure}))
        seen = eye.measure(shown, seen, asked)
    assert EVERYTHING["mesh"].use.calls == before + 1
    assert seen.faces[0].blendshapes is not None


def test_a_smile_is_seen_as_one() -> None:
    def smile(images: tuple[ColorImage, ...]) -> float:
        eye = Perceiver(EVERYTHING)
        for number, image in enumerate(images):
            shown = frame(image, number)
            seen = eye.look(shown)
        asked = Wanted(seen.faces[0].track_id, frozenset({Measure.BLENDSHAPES}))
        scores = eye.measure(shown, seen, asked).faces[0].blendshapes
        assert scores is not None
        return min(scores["mouthSmileLeft"], scores["mouthSmileRight"])

    assert smile((astronaut(), astronaut())) > 0.7
    assert smile(live_clip(2)) < 0.2


def test_a_face_that_was_just_missed_is_not_measured() -> None:
    eye = Perceiver(EVERYTHING)
    shown, seen = looked(eye, LAST_FACE + 2)
    assert seen.faces[0].missed
    before = EVERYTHING.uses()
    asked = Wanted(seen.faces[0].track_id, frozenset(Measure), HYBRID)
    face = eye.measure(shown, seen, asked).faces[0]
    assert (face.quality, face.pose, face.mesh, face.liveness) == (None, None, None, None)
    assert EVERYTHING.uses() == before


def test_measures_of_a_face_that_is_not_there_change_nothing() -> None:
    eye = Perceiver(EVERYTHING)
    shown, seen = looked(eye, 5)
    asked = Wanted(999, frozenset(Measure), HYBRID)
    assert eye.measure(shown, seen, asked).faces == seen.faces


def test_a_network_that_was_not_loaded_leaves_its_measures_empty() -> None:
    face = measured(Perceiver(networks("face")), set(Measure), HYBRID)
    assert face.quality is not None
    assert (face.mesh, face.pose, face.centre_pose_quality, face.blendshapes) == (None,) * 4
    assert face.liveness is not None
    assert face.liveness.score is None


def test_liveness_without_a_plan_has_no_score() -> None:
    liveness = measured(Perceiver(EVERYTHING), {Measure.LIVENESS}, None).liveness
    assert liveness is not None
    assert liveness.score is None


def test_one_frame_is_never_measured_for_another() -> None:
    eye = Perceiver(EVERYTHING)
    shown, seen = looked(eye, 5)
    asked = Wanted(seen.faces[0].track_id, frozenset({Measure.QUALITY}))
    with pytest.raises(ValueError, match="frame 5 was given for what was seen in 4"):
        eye.measure(replace(shown, number=5), seen, asked)


def test_without_the_detector_there_is_no_eye() -> None:
    with pytest.raises(NetworkError, match="face model was not loaded"):
        Perceiver(networks("hybrid"))


def test_faces_stand_largest_first() -> None:
    small = resize(astronaut(), (256, 256), "area")
    image = np.zeros((512, 768, 3), np.uint8)
    image[:256, :256] = small
    image[:, 256:] = astronaut()
    eye = Perceiver(EVERYTHING)
    eye.look(frame(image, 0))
    first, second = eye.look(frame(image, 1)).faces
    assert first.box[0] > 256 > second.box[0]


def test_after_a_reset_or_a_new_session_the_same_face_is_another_track() -> None:
    eye = Perceiver(EVERYTHING)
    image, ids = live_clip(1)[0], []
    for session in (0, 1, 1):
        eye.look(frame(image, 0, session))
        ids += [face.track_id for face in eye.look(frame(image, 1, session)).faces]
        eye.reset()
    assert len(ids) == len(set(ids)) == 3


@pytest.mark.parametrize("every", [2, 3, 5])
def test_with_detection_every_so_manieth_frame_a_face_keeps_its_track(every: int) -> None:
    eye = Perceiver(EVERYTHING, PerceptionSettings(detect_every=every))
    before = EVERYTHING["face"].use.calls
    seen = [eye.look(frame(image, n)) for n, image in enumerate(live_clip(60))]
    detections = EVERYTHING["face"].use.calls - before
    assert 60 / every <= detections <= 60 / every + 3
    assert {face.track_id for s in seen[every + 1 :] for face in s.faces} == {1}
    assert all(len(s.faces) == 1 for s in seen[every + 1 :])
    assert not all(s.faces[0].detected for s in seen[every + 1 :])


def test_between_detections_a_face_that_is_gone_is_noticed_at_once() -> None:
    eye = Perceiver(EVERYTHING, PerceptionSettings(detect_every=5))
    image = live_clip(1)[0]
    for number in range(3):
        seen = eye.look(frame(image, number))
    assert not seen.faces[0].missed
    noise = np.random.default_rng(5).integers(0, 255, image.shape, np.uint8)
    assert eye.look(frame(noise, 3)).faces[0].missed


def test_what_must_be_loaded_follows_from_what_is_measured() -> None:
    assert needs({Measure.QUALITY}) == {"face"}
    assert needs({Measure.POSE}) == {"face", "mesh"}
    assert needs({Measure.BLENDSHAPES}) == {"face", "mesh", "blendshapes"}
    strict = needs({Measure.QUALITY, Measure.LIVENESS}, ["strict_multimodal"])
    assert strict == {"face", "texture", "context"}


def test_warming_up_runs_every_loaded_network_once() -> None:
    fresh = Networks.load(needs({Measure.BLENDSHAPES}, ["hybrid_unimodal"]), "cpu")
    warm_up(fresh)
    assert {use.calls for use in fresh.uses().values()} == {1}


def test_every_stage_says_how_long_it_took() -> None:
    eye = Perceiver(EVERYTHING)
    measured(eye, set(Measure), HYBRID)
    stages = {
        "shrink",
        "detect",
        "track",
        "quality",
        "picture",
        "mesh",
        "pose",
        "blendshapes",
        "cover",
        "infrared",
        "motion",
        "passage",
        "passive",
        "liveness",
    }
    assert set(eye.stages.seconds) == stages
    assert all(seconds > 0 for seconds in eye.stages.seconds.values())
    assert eye.stages.calls["detect"] == 5
    assert eye.stages.calls["liveness"] == 1


def test_frames_between_detections_are_passed_over_while_nobody_is_there() -> None:
    eye = Perceiver(EVERYTHING, PerceptionSettings(detect_every=4))
    for number in range(12):
        assert eye.look(frame(np.zeros((540, 960, 3), np.uint8), number)).faces == ()
    assert eye.stages.calls["detect"] == eye.stages.calls["shrink"] == 3
