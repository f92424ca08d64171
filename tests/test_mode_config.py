"""What `kioskd check` says of the keys of the profile pose and smile modes."""

import json
from pathlib import Path

import pytest

from kioskd.config.load import check, load
from kioskd.modes.pose.pose_settings import GATE, PoseSettings
from kioskd.modes.smile.smile_settings import SmileSettings

HEAD = """\
site: hq
device: kiosk-1
mqtt: {broker: localhost}
feeds: {front: {kind: usb, device: 0}}
doors:
  main:
    feed: front
"""
POSE = "    mode: secure_access_profile_pose\n"
SMILE = "    mode: secure_access_smile\n"


def said(folder: Path, door: str) -> list[str]:
    path = folder / "config.yaml"
    path.write_text(HEAD + door)
    return [
        str(problem).removeprefix(f"{path}:")
        for problem in check(path, {})
        if problem.weight == "error"
    ]


MISTAKES = {
    "a side that is none": (
        POSE + "    profile_pose: {direction: lef}\n",
        "9:31: doors.main.profile_pose.direction: must be left, right or either (found lef),"
        " did you mean 'left'?",
    ),
    "profile as frontal as the look at the camera": (
        POSE + "    profile_pose: {profile_pose_quality: 0.5, centre_pose_quality: 0.4}\n",
        "9:42: doors.main.profile_pose.profile_pose_quality: must not be above"
        " centre_pose_quality, which is 0.4 (found 0.5)",
    ),
    "profile and look the same": (
        POSE + "    profile_pose: {profile_pose_quality: 0.5, centre_pose_quality: 0.5}\n",
        "9:42: doors.main.profile_pose.profile_pose_quality: must be below centre_pose_quality,"
        " which is 0.5 (found 0.5)",
    ),
    "parallax that a photograph has": (
        POSE + "    profile_pose: {minimum_parallax: 0.05}\n",
        "9:38: doors.main.profile_pose.minimum_parallax: must be a number from 0.08 to 1"
        " (found 0.05)",
    ),
    "stillness of people who walk": (
        POSE + "    gate: {maximum_drift: 0.1}\n",
        "9:12: doors.main.gate.maximum_drift: is not a known key",
    ),
    "a delay that asks for nothing": (
        SMILE + "    smile: {pre_smile_delay_s: 0}\n",
        "9:32: doors.main.smile.pre_smile_delay_s: must be a number from 0.1 to 10 (found 0)",
    ),
    "a smile that is hardly one": (
        SMILE + "    smile: {smile_threshold: 0.2}\n",
        "9:30: doors.main.smile.smile_threshold: must not be below neutral_threshold, which is"
        " 0.3 (found 0.2)",
    ),
}


@pytest.mark.parametrize(("door", "line"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_at_its_line(tmp_path: Path, door: str, line: str) -> None:
    (told,) = said(tmp_path, door)
    assert told.startswith(line)


def test_limits_that_let_more_pass_are_noted(tmp_path: Path) -> None:
    looser = {
        POSE: {"profile_pose": {"minimum_transit_s": 0.1, "profile_pose_quality": 0.4}},
        SMILE: {"smile": {"smile_duration_s": 0.2, "neutral_threshold": 0.5}},
    }
    for door, sections in looser.items():
        ((section, keys),) = sections.items()
        assert said(tmp_path, f"{door}    {section}: {json.dumps(keys)}\n") == []
        notes = {problem.path.rpartition(".")[2] for problem in check(tmp_path / "config.yaml", {})}
        assert notes >= keys.keys()


def test_without_keys_a_door_has_the_modes_own_defaults(tmp_path: Path) -> None:
    for door, settings in ((POSE, PoseSettings()), (SMILE, SmileSettings())):
        assert said(tmp_path, door) == []
        (loaded,) = load(tmp_path / "config.yaml", {}).doors
        assert loaded.mode == settings
        assert door != POSE or loaded.gate == GATE


@pytest.mark.parametrize("section", ["profile_pose", "gate"])
def test_a_section_with_every_line_behind_a_sharp_sign_is_all_defaults(
    tmp_path: Path, section: str
) -> None:
    assert said(tmp_path, f"{POSE}    {section}:\n") == []
