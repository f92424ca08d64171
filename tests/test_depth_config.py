"""Doors that ask for depth, in config.yaml."""

from pathlib import Path

import pytest

from kioskd.config.load import check, load
from kioskd.modes.depth.depth_settings import (
    DepthLivenessSettings,
    DepthSettings,
    InfraredSettings,
    ReliefSettings,
    Rgb3dSettings,
)

HEAD = "site: hq\ndevice: k\nmqtt: {broker: localhost}\n"
DEPTH = 'feeds: {front: {kind: realsense, serial: "821212060000"}}\n'
MODES = {
    "secure_access_3d_liveness": DepthSettings(),
    "depth_liveness": DepthLivenessSettings(),
    "infrared_liveness": InfraredSettings(),
    "secure_access_rgb_3d_liveness": Rgb3dSettings(),
}


def written(tmp_path: Path, mode: str, feeds: str = DEPTH, more: str = "") -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(f"{HEAD}{feeds}doors: {{main: {{mode: {mode}, feed: front{more}}}}}\n")
    return path


@pytest.mark.parametrize("mode", MODES)
def test_a_door_without_a_depth_camera_is_refused(tmp_path: Path, mode: str) -> None:
    path = written(tmp_path, mode, "feeds: {front: {kind: usb, device: 0}}\n")
    (problem,) = check(path, {})
    assert problem.weight == "error"
    assert f"{mode} needs a feed of kind realsense (front is of kind usb)" in problem.text


@pytest.mark.parametrize("mode", MODES)
def test_a_door_with_one_has_the_modes_own_defaults(tmp_path: Path, mode: str) -> None:
    (door,) = load(written(tmp_path, mode), {}).doors
    assert door.mode == MODES[mode]


def test_limits_out_of_their_order_are_named(tmp_path: Path) -> None:
    keys = "{minimum_distance_m: 2.0, maximum_distance_m: 1.0, fake_detection_threshold: 0.7}"
    path = written(tmp_path, "depth_liveness", more=f", liveness_3d: {keys}")
    said = sorted(problem.text for problem in check(path, {}))
    assert len(said) == 2
    assert "must not be above liveness_detection_threshold, which is 0.6" in said[0]
    assert "must not be above maximum_distance_m, which is 1" in said[1]


def test_every_limit_reaches_the_mode(tmp_path: Path) -> None:
    keys = "{minimum_distance_m: 0.4, minimum_valid_ratio: 0.7, maximum_depth_gap_s: 0.02}"
    path = written(tmp_path, "secure_access_rgb_3d_liveness", more=f", liveness_3d: {keys}")
    (door,) = load(path, {}).doors
    assert isinstance(door.mode, Rgb3dSettings)
    wanted = ReliefSettings(
        minimum_distance_m=0.4, minimum_valid_ratio=0.7, maximum_depth_gap_s=0.02
    )
    assert door.mode.relief == wanted
