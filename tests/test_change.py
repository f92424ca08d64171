"""A face that does not change is no evidence, and a cut to another face ends the track."""

from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from feeds.frame import ColorImage, Frame
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Measure, Observation
from models.perceive import Perceiver, needs
from models.picture_measures import ChangeMeter
from models.session import Networks
from tests.support.clips import still_video
from tests.support.daemon import LIVE
from tests.support.eyes import shown_to

PORTRAIT = Path(__file__).parent / "data" / "astronaut.png"
GATE = GateSettings(hybrid_margin_below=0.2)


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks.load(needs([Measure.POSE], [RgbSettings().detection_scheme]))


def pictures(file: Path, first: int = 0, most: int = 60) -> list[ColorImage]:
    video = cv2.VideoCapture(str(file))
    found: list[ColorImage] = []
    while len(found) < first + most:
        given, picture = video.read()
        if not given:
            break
        found.append(np.asarray(picture, np.uint8))
    video.release()
    return found[first:]


def observed(networks: Networks, shown: Iterable[ColorImage]) -> Iterator[Observation]:
    perceiver = Perceiver(networks)
    for number, picture in enumerate(shown):
        yield perceiver.look(Frame("clip", number, 0, number / 30, 1e9, picture))


def decided(networks: Networks, shown: Iterable[ColorImage]) -> tuple[set[str], set[str]]:
    """What the RGB mode says of these frames: end states, and reasons."""
    perceiver, mode = Perceiver(networks), RgbMode(RgbSettings(), GATE)
    states: set[str] = set()
    reasons: set[str] = set()
    for number, picture in enumerate(shown):
        frame = Frame("clip", number, 0, number / 30, 1e9, picture)
        step = shown_to(mode, perceiver, frame)
        reasons.update(step.reasons)
        if step.result is not None:
            states.add(str(step.phase))
    return states, reasons


def test_a_living_person_changes_enough_to_be_confirmed(networks: Networks) -> None:
    states, reasons = decided(networks, pictures(LIVE))
    assert "LIVENESS_CONFIRMED" in states
    assert Reason.STILL_PICTURE not in reasons


@pytest.mark.parametrize("bit_rate", ["500k", "2M", "8M"])
def test_a_still_picture_encoded_again_and_again_confirms_nobody(
    networks: Networks, tmp_path: Path, bit_rate: str
) -> None:
    cv2.imwrite(str(tmp_path / "still.png"), pictures(LIVE, 20, 1)[0])
    video = still_video(tmp_path / "still.png", tmp_path / "still.mp4", bit_rate)
    states, reasons = decided(networks, pictures(video, most=150))
    assert "LIVENESS_CONFIRMED" not in states
    assert Reason.STILL_PICTURE in reasons


@pytest.mark.parametrize("ring", [1, 2, 5, 8])
def test_a_ring_of_old_buffers_shown_again_and_again_confirms_nobody(
    networks: Networks, ring: int
) -> None:
    old = pictures(LIVE, 20, ring)
    states, reasons = decided(networks, islice(cycle(old), 120))
    assert "LIVENESS_CONFIRMED" not in states
    assert Reason.STILL_PICTURE in reasons


def test_another_session_begins_with_nothing_known_of_change() -> None:
    meter, box = ChangeMeter(), (10.0, 10.0, 90.0, 90.0)
    rng = np.random.default_rng(1)
    noisy = [rng.integers(0, 255, (100, 100, 3), dtype=np.uint8) for _ in range(12)]
    first = [meter.measure(image, 1.0, box, 1, session=0) for image in noisy]
    again = [meter.measure(image, 1.0, box, 1, session=1) for image in noisy]
    assert first[:5] == again[:5] == [None] * 5
    assert all(change is not None and change > 10 for change in first[5:])


def test_another_face_in_the_same_place_is_another_track(networks: Networks) -> None:
    live = pictures(LIVE, 20, 10)
    mine = list(observed(networks, live))[-1].faces[0].box
    other = placed(PORTRAIT, mine, live[0].shape)
    tracks = [
        [face.track_id for face in seen.faces]
        for seen in observed(networks, [*live[:6], *[other] * 4])
    ]
    before, after = tracks[5], tracks[-1]
    assert len(before) == len(after) == 1
    assert before != after


def test_one_person_keeps_one_track_through_the_clip(networks: Networks) -> None:
    tracks = {face.track_id for seen in observed(networks, pictures(LIVE)) for face in seen.faces}
    assert len(tracks) == 1


def placed(portrait: Path, box: tuple[float, ...], shape: tuple[int, ...]) -> ColorImage:
    """The portrait's face brought to a box of an empty frame."""
    picture = cv2.imread(str(portrait))
    assert picture is not None
    face = picture[75:205, 175:270]  # the face as the detector frames it
    x1, y1, x2, y2 = (round(side) for side in box)
    grown = cv2.resize(face, (x2 - x1, y2 - y1))
    frame = np.full(shape, 120, np.uint8)
    frame[y1:y2, x1:x2] = grown
    return np.asarray(frame, np.uint8)
