"""What is done to pixels, each against a result that can be worked out by hand."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from feeds import imaging
from feeds.imaging import Image


def scene(seed: int = 5) -> Image:
    """A smooth random picture, 160x120."""
    noise = np.random.default_rng(seed).integers(0, 256, (15, 20, 3), np.uint8)
    return imaging.resize(noise, (160, 120), "linear")


def test_an_image_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    imaging.write_image(str(tmp_path / "a.png"), scene())
    assert np.array_equal(imaging.read_image(str(tmp_path / "a.png")), scene())


def test_a_file_that_cannot_be_read_or_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(imaging.ImageFileError, match=r"a\.png: is not an image"):
        imaging.read_image(str(tmp_path / "a.png"))
    with pytest.raises(imaging.ImageFileError, match=r"b\.png: does not exist"):
        imaging.read_image(str(tmp_path / "b.png"))
    for name in ("no/c.png", "c.unknown"):
        with pytest.raises(imaging.ImageFileError, match="cannot be written"):
            imaging.write_image(str(tmp_path / name), scene())


def test_a_lossless_video_comes_back_image_by_image_with_its_times(tmp_path: Path) -> None:
    images = [scene(seed) for seed in range(4)]
    imaging.write_video(str(tmp_path / "a.mkv"), images, fps=20, codec="FFV1")
    capture = imaging.open_file(str(tmp_path / "a.mkv"))
    assert capture is not None
    assert capture.fps == 20
    assert capture.codec == "FFV1"
    times = []
    for image in images:
        read = capture.read()
        assert read is not None
        assert np.abs(read.astype(int) - image).max() <= 12  # it is kept with half the colour
        times.append(round(capture.position_s(), 3))
    assert capture.read() is None
    assert times == [0.0, 0.05, 0.1, 0.15]
    capture.release()


def test_shrinking_by_area_averages() -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    image[:, ::2] = 200
    assert (imaging.resize(image, (2, 2), "area") == 100).all()


def test_colours_change_places_and_grey_weighs_them() -> None:
    blue = np.zeros((2, 2, 3), np.uint8)
    blue[..., 0] = 255
    assert imaging.to_rgb(blue)[0, 0].tolist() == [0, 0, 255]
    assert imaging.to_grey(blue)[0, 0] == 29  # 0.114 of 255, ITU-R BT.601


def test_a_shift_moves_pixels_and_fills_as_asked() -> None:
    image = np.arange(1, 10, dtype=np.uint8).reshape(3, 3)
    right = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    assert imaging.warp_affine(image, right, (3, 3))[0].tolist() == [0, 1, 2]
    assert imaging.warp_affine(image, right, (3, 3), "reflect")[0].tolist() == [2, 1, 2]


def test_a_reflected_border_mirrors_without_repeating_the_edge() -> None:
    image = np.arange(1, 10, dtype=np.uint8).reshape(3, 3)
    assert imaging.reflect_border(image, 1)[1].tolist() == [2, 1, 2, 3, 2]


def test_a_flat_image_has_no_focus_and_a_sharp_one_more_than_a_soft_one() -> None:
    sharp = imaging.to_grey(scene())
    soft = imaging.resize(imaging.resize(sharp, (20, 15), "area"), (160, 120), "linear")
    assert imaging.laplacian_variance(np.full((9, 9), 77, np.uint8)) == 0
    assert imaging.laplacian_variance(sharp) > imaging.laplacian_variance(soft)


def test_flow_finds_where_points_went_and_says_which_it_lost() -> None:
    before = imaging.to_grey(scene())
    after = np.roll(before, (1, 3), (0, 1))
    after[60:, :] = 0
    points = np.array([[60, 30], [100, 40], [80, 119]], np.float32)
    moved, found, _ = imaging.pyramid_flow(before, after, points)
    assert moved[:2] == pytest.approx(points[:2] + np.array([3, 1]), abs=0.1)
    assert found[:2].all()
    nothing, none_found, _ = imaging.pyramid_flow(before, after, points[:0])
    assert len(nothing) == len(none_found) == 0


def test_opencv_and_ffmpeg_say_nothing_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    program = (
        "from feeds import imaging; assert imaging.open_capture('rtsp://127.0.0.1:9/a') is None;"
        f"assert imaging.open_file({str(tmp_path / 'a.mp4')!r}) is None;"
        "assert imaging.open_device('/dev/null') is None"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (said.stdout, said.stderr) == (b"", b"")


def test_points_go_where_a_matrix_takes_them() -> None:
    points = np.random.default_rng(4).normal(500, 200, (478, 3)).astype(np.float32)
    matrix = np.random.default_rng(5).normal(size=(3, 4))
    expected = points @ matrix[:, :3].T + matrix[:, 3]
    assert np.allclose(imaging.moved(points, matrix), expected, atol=1e-3)
    assert imaging.moved(points, matrix).shape == (478, 3)


@pytest.mark.parametrize("shape", [(3, 3), (5, 3)])
def test_a_matrix_is_the_product_of_its_singular_values(shape: tuple[int, int]) -> None:
    matrix = np.random.default_rng(3).normal(size=shape)
    u, strengths, v = imaging.singular_values(matrix)
    assert np.allclose(u @ np.diag(strengths) @ v, matrix)
    assert strengths == sorted(strengths, reverse=True)
    assert strengths == pytest.approx(np.linalg.svd(matrix)[1].tolist())


def test_of_boxes_that_overlap_the_surest_is_kept() -> None:
    near = [[0, 0, 10, 10], [1, 0, 11, 10], [0, 6, 10, 16]]  # 9/11 and 4/16 of the first
    boxes = np.array([*near, [50, 50, 60, 60]], np.float32)
    scores = np.array([0.7, 0.9, 0.6, 0.8], np.float32)
    assert imaging.distinct(boxes, scores, 0.3) == [1, 3, 2]
    assert imaging.distinct(boxes, scores, 0.1) == [1, 3]
    assert imaging.distinct(boxes[:1], scores[:1], 0.3) == [0]


def test_a_box_that_is_no_number_hides_no_other() -> None:
    boxes = np.array([[np.nan] * 4, [0, 0, 10, 10], [0, 0, np.inf, 10]], np.float32)
    scores = np.array([0.9, 0.8, 0.95], np.float32)
    assert 1 in imaging.distinct(boxes, scores, 0.3)
