"""SYNTHETIC attacks on modes that ask for an action, through the real networks: they open nothing.

A photograph that is exchanged for somebody who acts (tests/support/swaps.py), and a print with
holes (models/making/scenes/cut_outs.py). The people, and what they do, are real.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from kioskd.event import Result
from kioskd.modes.challenges.challenge_mode import ChallengeMode
from kioskd.modes.challenges.challenge_settings import ChallengeSettings
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.smile.smile_mode import SmileMode
from kioskd.modes.smile.smile_settings import SmileSettings
from models.making.scenes.cut_outs import CutOut, Holes, shown
from models.observation import Measure, Observation, Wanted, settled
from models.perceive import Perceiver, needs
from tests.support.clips import DATA, images_of
from tests.support.eyes import astronaut, networks
from tests.support.swaps import Between, Swap, points, swapped

FPS = 15.0
GATE = GateSettings(minimum_face_size_px=60.0, minimum_sharpness=0.1, minimum_change=0.0)
LESS = 0.4  # his smile is one of 0.55, and a door asks for 0.6
ALONE = SmileSettings(joined_with="none", smile_threshold=LESS)
JOINED = SmileSettings(smile_threshold=LESS)
LOOKS = frozenset(
    {
        Measure.QUALITY,
        Measure.POSE,
        Measure.BLENDSHAPES,
        Measure.IDENTITY,
        Measure.PASSAGE,
        Measure.COVER,
    }
)
ALL = LOOKS | {Measure.PICTURE, Measure.LIVENESS}


@cache
def smiles() -> tuple[ColorImage, ...]:
    """Somebody who looks neutral, then smiles: 18 images a second, and shown as 15."""
    return images_of(DATA / "smiling.mp4")[8:46]


def observed(images: Sequence[ColorImage], measures: frozenset[Measure]) -> list[Observation]:
    """Every frame, with these measured on its largest face."""
    eye = Perceiver(networks(*sorted(needs(measures, [JOINED.rgb.detection_scheme]))))
    found = []
    for number, image in enumerate(images):
        frame = Frame("door", number, 0, 100.0 + number / FPS, number / FPS, image)
        seen = eye.look(frame)
        if seen.faces:
            wanted = Wanted(seen.faces[0].track_id, measures, JOINED.rgb.plan)
            seen = eye.measure(frame, seen, wanted)
        found.append(seen)
    return found


def results(mode: Mode, seen: Sequence[Observation]) -> list[Result]:
    said = (settled(mode.step(one), one).result for one in seen)
    return [result for result in said if result is not None]


def smile(settings: SmileSettings) -> SmileMode:
    return SmileMode(settings, GATE, lambda _: 0)


def test_the_one_who_smiles_passes_alone() -> None:
    """So it is the exchange that is refused below."""
    found = results(smile(ALONE), observed([smiles()[0]] * 6 + list(smiles()), LOOKS))
    assert [result.verdict for result in found] == ["passed"]


SWAPS = [("cut", 0), ("cross-fade", 4), ("cross-fade", 8), ("blank", 2), ("blank", 6)]


@pytest.mark.parametrize(("between", "lasts"), SWAPS)
def test_a_photograph_of_another_before_it_opens_nothing(between: Between, lasts: int) -> None:
    images = swapped(astronaut(), smiles(), 18, Swap(between, lasts, 90), seed=1)
    assert images is not None
    seen = observed(images, LOOKS)
    assert sum(bool(one.faces) for one in seen[:18]) > 12  # the photograph was seen
    began_with_it = [one for one in results(smile(ALONE), seen) if one.started_at < seen[18].at]
    assert "passed" not in {result.verdict for result in began_with_it}


def cut_out(holes: Holes) -> list[ColorImage]:
    """The one who smiles, and blinks, behind a print with holes."""
    behind = [points(image) for image in smiles()]
    acts = [(image, face) for image, face in zip(smiles(), behind, strict=True) if face is not None]
    its = points(astronaut())
    assert its is not None
    cut = CutOut(holes, wide=1.2, edge=1.0, shadow=0.3, sway=1.0, reach=2.0)
    images, faces = zip(*acts, strict=True)
    return shown(astronaut(), its, images, faces, cut, np.random.default_rng(1))


def test_a_mouth_that_smiles_behind_a_print_opens_nothing() -> None:
    seen = observed(cut_out("mouth"), ALL)
    assert sum(bool(one.faces) for one in seen) > 20
    assert "passed" not in {result.verdict for result in results(smile(JOINED), seen)}


@pytest.mark.parametrize("kind", [Challenge.BLINK, Challenge.EYEBROW_RAISE])
def test_eyes_behind_a_print_open_nothing(kind: Challenge) -> None:
    seen = observed(cut_out("eyes"), ALL)
    assert sum(bool(one.faces) for one in seen) > 20
    door = ChallengeMode(ChallengeSettings(kind), GATE, lambda _: 0)
    assert "passed" not in {result.verdict for result in results(door, seen)}
