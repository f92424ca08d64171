"""The detector against OpenCV's own reading of the same network."""

import cv2
import numpy as np
import pytest

from feeds.frame import ColorImage
from feeds.imaging import resize
from models.face.faces import Detection, Detector, small_copy
from models.observation import overlap
from tests.support.eyes import ROOT, astronaut, live_clip, networks

YUNET = ROOT / "models/face/face_detection_yunet_2023mar.onnx"


def found(image: ColorImage, long_side: int = 320) -> list[Detection]:
    small = small_copy(image, long_side)
    return Detector(networks("face")["face"]).detect(small, image.shape[1] / small.shape[1])


def opencv(small: ColorImage) -> list[Detection]:
    """The same by cv2.FaceDetectorYN, in pixels of the small copy."""
    reader = cv2.FaceDetectorYN.create(str(YUNET), "", small.shape[1::-1], 0.6)
    rows = reader.detect(small)[1]
    return [
        Detection((x, y, x + w, y + h), row[14], np.array(row[4:14]).reshape(5, 2))
        for row in (rows if rows is not None else [])
        for x, y, w, h in [row[:4]]
    ]


def two_people() -> ColorImage:
    portrait = astronaut()[:360]
    return np.hstack((portrait, resize(portrait[:, ::-1].copy(), (512, 360), "area")))


@pytest.mark.parametrize(
    "image",
    [astronaut(), live_clip(1)[0], resize(astronaut(), (640, 360), "area"), two_people()],
    ids=["square", "16:9", "squeezed", "two people"],
)
def test_finds_what_opencv_finds(image: ColorImage) -> None:
    small = small_copy(image, 320)
    ours, theirs = Detector(networks("face")["face"]).detect(small, 1.0), opencv(small)
    assert len(ours) == len(theirs) > 0
    for one, other in zip(ours, theirs, strict=True):
        assert one.box == pytest.approx(other.box, abs=0.1)
        assert one.score == pytest.approx(other.score, abs=1e-3)
        assert np.allclose(one.landmarks, other.landmarks, atol=0.1)


def test_two_people_are_two_faces() -> None:
    assert len(found(two_people())) == 2


def test_the_box_is_in_pixels_of_the_frame_whatever_the_detector_size() -> None:
    boxes = [found(live_clip(1)[0], side)[0].box for side in (224, 320, 480, 960)]
    assert all(overlap(boxes[1], box) > 0.85 for box in boxes)


def test_a_frame_smaller_than_the_detector_size_is_not_enlarged() -> None:
    tiny = resize(astronaut(), (160, 160), "area")
    assert small_copy(tiny, 320) is tiny
    x1, y1, x2, y2 = found(tiny)[0].box
    assert 50 < x1 < x2 < 90
    assert 15 < y1 < y2 < 60


def test_landmarks_are_named_from_the_subjects_side() -> None:
    right_eye, left_eye, nose, right_mouth, left_mouth = found(astronaut())[0].landmarks
    assert right_eye[0] < nose[0] < left_eye[0]
    assert right_mouth[0] < nose[0] < left_mouth[0]
    assert right_eye[1] < nose[1] < left_mouth[1]


def test_an_empty_picture_shows_no_face() -> None:
    assert found(np.full((480, 640, 3), 90, np.uint8)) == []
