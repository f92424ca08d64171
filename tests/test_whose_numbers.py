"""`kioskd check` says whose numbers the gates of doors go by."""

import json
from pathlib import Path

import pytest

from kioskd.commands.check import checked

FILE = """\
site: hq
device: kiosk-07
state_dir: state
mqtt: {{broker: embedded}}
feeds: {{front: {{kind: rtsp, url: "rtsp://camera/1"}}}}
doors:
  main:
    mode: {mode}
    feed: front
    {more}
"""
RGB, POSE = "secure_access_rgb_liveness", "secure_access_profile_pose"


@pytest.mark.parametrize(
    ("mode", "more", "asked", "whose"),
    [
        (RGB, "", "a face of 100 px and no room around it", "were measured to need"),
        (RGB, "gate: {numbers: safr}", "a face of 150 px, and of its size 35 %", "SAFR's, as this"),
        (
            RGB,
            "rgb_liveness: {detection_scheme: hybrid_unimodal}",
            "on the right, 20 % above and 50 % below",
            ": SAFR's",
        ),
        (
            RGB,
            "rgb_liveness: {detection_scheme: texture_unimodal}",
            "150 px and no room around it",
            ": SAFR's",
        ),
        (RGB, "gate: {minimum_face_size_px: 80}", "a face of 80 px", "the size is this file's"),
        (RGB, "gate: {minimum_sharpness: 0.1}", "100 px", "; this file sets minimum_sharpness"),
        (POSE, "", "a face of 60 px", "the mode's own number"),
        ("secure_access_smile", "", "a face of 150 px", ": SAFR's"),
    ],
)
def test_each_door_says_what_it_asks_for(
    tmp_path: Path, mode: str, more: str, asked: str, whose: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(FILE.format(mode=mode, more=more), "utf-8")
    status, lines = checked(file)
    assert status == 0, lines
    (said,) = [line for line in lines if " door main asks for " in line]
    assert asked.replace(" %", "%") in said
    assert whose in said
    told = json.loads(checked(file, as_json=True)[1][0])
    assert told["gates"] == {"main": said.partition(" asks for ")[2]}


def test_a_file_with_a_mistake_says_nothing_of_gates(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(FILE.format(mode=RGB, more="gate: {numbers: ours}"), "utf-8")
    status, lines = checked(file)
    assert status == 2
    assert not any("asks for" in line for line in lines)
    assert json.loads(checked(file, as_json=True)[1][0])["gates"] == {}
