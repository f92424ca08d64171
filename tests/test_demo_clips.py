"""The shipped clips are what docs/measure/demo-clips.md says, seen by the shipped networks."""

import subprocess
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import ColorImage
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.liveness.bona_fide import LivenessReader
from models.observation import Face
from models.perceive import Perceiver
from models.schemes import FUSED, SCHEMES, LivenessModel, evaluate
from tests.support.clips import images_of
from tests.support.eyes import LIVE, ROOT, frame, networks

ATTACK = LIVE.with_name("attack.mp4")
NO_FACE = ROOT / "tests/data/no_face.mp4"
SCRIPT = ROOT / "scripts/make_attack_clip"
MODELS = SCHEMES[FUSED].models


@cache
def faces(clip: Path) -> tuple[tuple[ColorImage, Face], ...]:
    """Each frame in which one face is followed, with it."""
    perceiver = Perceiver(networks("face"))
    found = []
    for number, image in enumerate(images_of(clip)):
        seen = perceiver.look(frame(image, number)).faces
        assert len(seen) <= 1
        found += [(image, face) for face in seen if not face.missed]
    return tuple(found)


@cache
def scores(clip: Path, model: LivenessModel) -> tuple[float, ...]:
    """Of every frame in which the face is followed."""
    reader = LivenessReader(networks(model))
    found = [reader.score(model, image, face.box) for image, face in faces(clip)]
    return tuple(each for each in found if each is not None)


@pytest.mark.parametrize("model", ["hybrid", "context", "texture"])
def test_every_network_that_is_asked_alone_calls_every_frame_of_the_attack_one(
    model: LivenessModel,
) -> None:
    """Not so Detail (its card says why), which is only ever asked beside the others."""
    given = scores(ATTACK, model)
    assert len(given) >= 100
    assert max(given) < RgbSettings().fake_detection_threshold


@pytest.mark.parametrize("model", MODELS)
def test_every_network_accepts_the_live_person_clearly(model: LivenessModel) -> None:
    given = scores(LIVE, model)
    assert len(given) >= 60
    assert min(given) > 0.85


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_tells_the_person_from_the_attack(scheme: str) -> None:
    settings = RgbSettings(detection_scheme=scheme)
    asked = SCHEMES[scheme].models

    def judged(clip: Path) -> list[float]:
        by_model = {model: scores(clip, model) for model in asked}
        rows = zip(*by_model.values(), strict=True)
        found = [evaluate(settings.plan, dict(zip(asked, row, strict=True)).get) for row in rows]
        return [each.score for each in found if each.score is not None]

    live, attack = judged(LIVE), judged(ATTACK)
    assert len(live) >= 60
    assert len(attack) >= 100
    assert min(live) >= settings.liveness_detection_threshold
    assert max(attack) < settings.fake_detection_threshold


def test_the_attack_is_a_new_image_in_every_frame_and_always_shows_a_face() -> None:
    """Or the frozen-image watch and not liveness would refuse it."""
    clip = images_of(ATTACK)
    assert len(clip) == 105
    assert all((a != b).any() for a, b in pairwise(clip))
    assert len(faces(ATTACK)) >= len(clip) - 2  # the tracker confirms a face by its second frame


def test_the_faces_are_large_and_free_enough_for_the_gate_but_for_the_margin_below() -> None:
    for clip in (LIVE, ATTACK):
        for image, face in faces(clip):
            left, top, right, bottom = face.box
            height, width = image.shape[:2]
            assert min(right - left, bottom - top) >= 150
            assert min(left, width - right) >= 0.35 * (right - left)
            assert min(top, height - bottom) >= 0.20 * (bottom - top)


def test_the_clip_without_a_face_has_none() -> None:
    assert images_of(NO_FACE)
    assert faces(NO_FACE) == ()


def test_the_attack_says_of_itself_that_it_is_synthetic() -> None:
    assert b"SYNTHETIC presentation attack" in ATTACK.read_bytes()


def test_the_script_makes_the_attack_again(tmp_path: Path) -> None:
    """Frame by frame but for the encoder, which may be another version."""
    made = tmp_path / "attack.mp4"
    command = [sys.executable, str(SCRIPT), "--frames", "4", str(made)]
    subprocess.run(command, check=True, timeout=120, stdin=subprocess.DEVNULL)
    again = images_of(made)
    assert len(again) == 4
    for ours, shipped in zip(again, images_of(ATTACK), strict=False):
        assert np.abs(ours.astype(int) - shipped.astype(int)).mean() < 3
