"""A picture that the liveness networks cannot judge is unknown, with a reason: not live, no attack.

The distortions are synthetic, done to the clips that ship with the project.
"""

from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from kioskd.event import Result, Step
from kioskd.happenings import FrameJudged
from kioskd.modes.depth.depth_mode import depth_mode, infrared_mode, rgb_3d_mode
from kioskd.modes.depth.depth_settings import (
    DepthLivenessSettings,
    DepthSettings,
    InfraredSettings,
    Rgb3dSettings,
)
from kioskd.modes.gate import Gate, picture_fault
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.pose.pose_mode import PoseMode
from kioskd.modes.pose.pose_settings import PoseSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_mode import SmileRgbMode
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings
from kioskd.picture_watch import PERSISTS_S, PictureWatch
from models.observation import Measure, Observation, Picture, Wanted
from models.perceive import Perceiver
from models.picture_measures import EVERY as MEASURED_EVERY
from models.picture_measures import colourless, picture
from models.schemes import SCHEMES
from tests.support import distortions
from tests.support.clips import images_of
from tests.support.distortions import AS_IT_IS, Distortion
from tests.support.eyes import LIVE, RGB_DOOR, networks, shown_to
from tests.support.stage import PICTURE, person, refusal, step_of

ATTACK = LIVE.with_name("attack.mp4")
FPS = 26.0
FRAMES = 20  # so many decide: 6 to know change, 6 for life or 11 for an attack
BOX = (430.0, 342.0, 606.0, 580.0)
FOR_THE_CLIPS = GateSettings(hybrid_margin_below=0.2)  # as in the demo's own configuration
NAN = float("nan")


@cache
def clip(path: Path) -> tuple[ColorImage, ...]:
    return images_of(path, 10 + FRAMES)[10:]


def shown(path: Path, distortion: Distortion, scheme: str = "hybrid_unimodal") -> list[Step]:
    """What RGB liveness says of each frame, with the gate and the networks that ship."""
    perceiver = Perceiver(networks("face", "mesh", *SCHEMES[scheme].models))
    mode = RgbMode(RgbSettings(detection_scheme=scheme), FOR_THE_CLIPS)
    steps = []
    for number, image in enumerate(clip(path)):
        frame = Frame("front", number, 0, number / FPS, 1e9, distortion(image))
        steps.append(shown_to(mode, perceiver, frame))
    return steps


def told(steps: list[Step]) -> list[Result]:
    """What the door would have been told."""
    return [step.result for step in steps if step.result is not None and step.result.emits]


def said(steps: list[Step]) -> set[str]:
    return {reason for step in steps for reason in step.reasons}


@pytest.mark.parametrize("name", distortions.MILD)
def test_what_a_camera_may_do_to_a_living_person_is_borne(name: str) -> None:
    (result,) = told(shown(LIVE, distortions.MILD[name]))
    assert result.verdict == "passed"


EXPECTED = (
    dict.fromkeys(distortions.GREY, "no_colour")
    | dict.fromkeys(distortions.FALSE, "false_colours")
    | dict.fromkeys(distortions.COARSE, "few_tones")
    | dict.fromkeys(distortions.COMPRESSED, "compressed")
    | dict.fromkeys(distortions.BLURRED, "blurry")
)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_living_person_in_a_picture_beyond_the_networks_is_unknown_with_its_reason(
    name: str,
) -> None:
    steps = shown(LIVE, distortions.EVERY[name])
    assert told(steps) == []
    assert EXPECTED[name] in said(steps)


@pytest.mark.parametrize("name", distortions.SOLARISED)
def test_a_solarised_picture_of_a_living_person_is_no_evidence(name: str) -> None:
    """In good light: of his dim room little is bright enough to be turned over."""

    def lit(image: ColorImage) -> ColorImage:
        return distortions.EVERY[name](np.clip(image * 1.5, 0, 255).astype(np.uint8))

    assert told(shown(LIVE, lit)) == []


@pytest.mark.parametrize("name", distortions.EVERY)
def test_no_distortion_makes_the_attack_live(name: str) -> None:
    assert all(
        result.verdict != "passed" for result in told(shown(ATTACK, distortions.EVERY[name]))
    )


@pytest.mark.parametrize("scheme", ["context_unimodal", "fused_multimodal"])
def test_no_scheme_is_asked_about_a_grey_picture(scheme: str) -> None:
    steps = shown(LIVE, distortions.cast(1, 1, 1), scheme)
    assert told(steps) == []
    assert "no_colour" in said(steps)


def test_an_attempt_before_a_camera_in_night_mode_ends_with_that_reason() -> None:
    perceiver = Perceiver(networks(*RGB_DOOR))
    mode = RgbMode(RgbSettings(), FOR_THE_CLIPS)
    grey = distortions.cast(1, 1, 1)
    results = []
    for number in range(6 * 15):
        image = clip(LIVE)[number % FRAMES]
        frame = Frame("front", number, 0, number / 15, 1e9, grey(image))
        if (result := shown_to(mode, perceiver, frame).result) is not None:
            results.append(result)
    assert results
    assert all((each.verdict, each.emits) == ("undecided", False) for each in results)
    assert all("no_colour" in each.reasons for each in results)
    assert all("livenessConfirmed" not in each.attributes for each in results)


MODES: list[tuple[Mode, bool]] = [
    (RgbMode(RgbSettings(), GateSettings()), True),
    (SmileRgbMode(SmileRgbSettings(), GateSettings()), True),
    (rgb_3d_mode(Rgb3dSettings(), GateSettings()), True),
    (depth_mode(DepthLivenessSettings(), GateSettings()), False),
    (depth_mode(DepthSettings(), GateSettings()), False),
    (infrared_mode(InfraredSettings(), GateSettings()), False),
    (PoseMode(PoseSettings(), GateSettings()), False),
    (SmileMode(SmileSettings(), GateSettings(), lambda _: 0), False),
]


@pytest.mark.parametrize(("mode", "colours"), MODES, ids=lambda case: type(case).__name__)
def test_colour_is_asked_for_by_the_modes_that_judge_by_it_and_by_no_other(
    mode: Mode, colours: bool
) -> None:
    grey = replace(person(), picture=replace(PICTURE, colour=0.0))
    seen = Observation("front", 0, 0, 0.0, 1e9, 1280, 720, (grey,))
    unmeasured = replace(seen, faces=(replace(grey, picture=None),))
    conversation, asked = mode.step(unmeasured), set[Measure]()
    with suppress(StopIteration):
        wanted = next(conversation)
        if wanted.track_id is None:  # of the picture as a whole, first
            wanted = conversation.send(unmeasured)
        asked |= wanted.measures
    assert (Measure.PICTURE in asked) is colours
    assert ("no_colour" in step_of(mode, seen).reasons) is colours


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (PICTURE, None),
        (replace(PICTURE, colour=0.14), Reason.NO_COLOUR),
        (replace(PICTURE, redness=-0.07), Reason.FALSE_COLOURS),
        (replace(PICTURE, discord=0.06), Reason.FALSE_COLOURS),
        (replace(PICTURE, clumping=1.5), Reason.FEW_TONES),
        (replace(PICTURE, flatness=0.61), Reason.COMPRESSED),
        (replace(PICTURE, blocks=1.8), Reason.COMPRESSED),
        (replace(PICTURE, colour=0.0, redness=-1.0), Reason.NO_COLOUR),
        (replace(PICTURE, colour=NAN), Reason.NOT_MEASURED),
        (replace(PICTURE, blocks=NAN), Reason.NOT_MEASURED),
    ],
)
def test_each_fault_of_a_picture_has_its_reason(found: Picture, reason: Reason | None) -> None:
    assert picture_fault(found) is reason
    face = replace(person(), picture=found)
    seen = Observation("front", 0, 0, 0.0, 1e9, 1280, 720, (face,))
    gate = Gate(GateSettings(), margins=True, colours=True)
    assert refusal(gate, seen, face) == (() if reason is None else (reason,))
    assert refusal(Gate(GateSettings(), margins=True), seen, face) == ()


def test_a_picture_that_was_not_measured_never_passes() -> None:
    face = replace(person(), picture=None)
    seen = Observation("front", 0, 0, 0.0, 1e9, 1280, 720, (face,))
    gate = Gate(GateSettings(), margins=True, colours=True)
    assert refusal(gate, seen, face) == (Reason.NOT_MEASURED,)


PAINTED = (300.0, 120.0, 525.0, 420.0)  # where it stands


def painted(skin: tuple[int, int, int], room: tuple[int, int, int]) -> ColorImage:
    """An oval of one colour in a room of another, both with shading and noise; blue, green, red."""
    height, width = 540, 960
    rows, columns = np.mgrid[0:height, 0:width]
    x1, y1, x2, y2 = PAINTED
    inside = ((columns - (x1 + x2) / 2) / (x2 - x1)) ** 2 + (
        (rows - (y1 + y2) / 2) / (y2 - y1)
    ) ** 2 < 0.25
    shade = 0.5 + 0.9 * columns / width + 0.1 * np.sin(rows / 9.0)
    flat = np.where(inside[..., None], np.array(skin), np.array(room)) * shade[..., None]
    noise = np.random.default_rng(5).normal(0.0, 2.0, (height, width, 1))
    return np.asarray(np.clip(flat + noise, 0, 255), np.uint8)


SKINS = {"light": (150, 175, 215), "brown": (70, 100, 150), "dark": (40, 52, 75)}


@pytest.mark.parametrize("skin", SKINS)
def test_grey_clothes_before_a_grey_wall_are_no_night_mode(skin: str) -> None:
    image = painted(SKINS[skin], (120, 120, 120))
    found = picture(image, image[::3, ::3], PAINTED)
    assert found is not None
    assert picture_fault(found) is None


def test_a_grey_photograph_in_a_coloured_room_is_for_the_networks() -> None:
    grey = painted((120, 120, 120), (90, 130, 170))
    grey[150:390, 320:505] = grey[150:390, 320:505].mean(axis=2, keepdims=True).astype(np.uint8)
    found = picture(grey, grey[::3, ::3], PAINTED)
    assert found is not None
    assert picture_fault(found) is not Reason.NO_COLOUR


def test_a_whole_image_without_colour_is_known_without_a_face() -> None:
    coloured = clip(LIVE)[0]
    assert colourless(distortions.cast(1, 1, 1)(coloured))
    assert colourless(distortions.cast(1.0, 0.85, 1.1)(coloured))
    assert not colourless(coloured)
    assert not colourless(distortions.coloured(0.3)(coloured))
    assert not colourless(np.full((540, 960, 3), (30, 30, 32), np.uint8))


def test_a_face_outside_the_frame_has_no_picture() -> None:
    image = clip(LIVE)[0]
    assert picture(image, image[::3, ::3], (-300.0, 10.0, -100.0, 200.0)) is None
    assert picture(image, image[::3, ::3], (2000.0, 10.0, 2100.0, 200.0)) is None


def test_a_camera_that_turns_grey_is_known_within_a_few_frames() -> None:
    grey = distortions.cast(1, 1, 1)
    perceiver = Perceiver(networks("face"))
    found = []
    for number, image in enumerate(clip(LIVE)[: 4 + 2 * MEASURED_EVERY]):
        changed = grey(image) if number >= 4 else image
        frame = Frame("front", number, 0, number / FPS, 1e9, changed)
        seen = perceiver.look(frame)
        if seen.faces:
            asked = Wanted(seen.faces[0].track_id, frozenset({Measure.PICTURE}))
            (face,) = perceiver.measure(frame, seen, asked).faces
            assert face.picture is not None
            found.append(picture_fault(face.picture))
    assert found[0] is None
    assert found[-MEASURED_EVERY:] == [Reason.NO_COLOUR] * MEASURED_EVERY


def watched(*pictures: tuple[float, Picture | None]) -> list[tuple[str, Reason | None]]:
    """What is said when these pictures come at these seconds."""
    spoken: list[tuple[str, Reason | None]] = []
    watch = PictureWatch(lambda feed, reason: spoken.append((feed, reason)))
    for number, (at, found) in enumerate(pictures):
        face = replace(person(), picture=found)
        seen = Observation("front", number, 0, at, 1e9, 1280, 720, (face,))
        frame = Frame("front", number, 0, at, 1e9, np.zeros((2, 2, 3), np.uint8))
        watch(FrameJudged("door", frame, seen, Step("QUALITY", (), None), at, at, at))
    return spoken


def test_a_fault_is_a_problem_when_it_persists_and_until_a_picture_is_well() -> None:
    grey = replace(PICTURE, colour=0.0)
    assert watched((0.0, grey), (PERSISTS_S - 1, grey)) == []
    assert watched((0.0, grey), (PERSISTS_S, grey), (PERSISTS_S + 1, grey)) == [
        ("front", Reason.NO_COLOUR)
    ]
    assert watched((0.0, grey), (5.0, PICTURE), (PERSISTS_S, grey)) == []
    assert watched((0.0, grey), (PERSISTS_S, grey), (60.0, None), (61.0, PICTURE)) == [
        ("front", Reason.NO_COLOUR),
        ("front", None),
    ]


def test_undistorted_nothing_is_found() -> None:
    image = AS_IT_IS(clip(LIVE)[0])
    found = picture(image, image[::3, ::3], BOX)
    assert found is not None
    assert picture_fault(found) is None
