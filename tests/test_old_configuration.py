"""A file that a door was set up with is accepted by whatever comes after.

tests/data/first_config.yaml is the first example of this repository, with every key that there was.
In its history no key of the example has ever gone, so whoever copied a later one is served too.
"""

import re
import shutil
from pathlib import Path

from kioskd.config.load import check, load

ROOT = Path(__file__).resolve().parent.parent
FIRST = ROOT / "tests" / "data" / "first_config.yaml"
SECRETS = dict.fromkeys(("MQTT_PASSWORD", "SIDE_DOOR_PASSWORD"), "x")


def test_the_first_example_is_accepted_as_it_stood(tmp_path: Path) -> None:
    path = placed(tmp_path, FIRST.read_text("utf-8"))
    assert [each for each in check(path, SECRETS) if each.weight == "error"] == []
    (door,) = load(path, SECRETS).doors
    assert (door.name, door.arm) == ("main", "always")


def test_every_key_of_the_first_example_is_still_known(tmp_path: Path) -> None:
    """With what stands behind a # in force: what may be wrong is what files it names."""
    text = re.sub(r"^( *)#(?=[a-z])", r"\1", FIRST.read_text("utf-8"), flags=re.M)
    text = text.replace("broker: embedded", "broker: mqtt.example.org")
    problems = check(placed(tmp_path, text), SECRETS)
    errors = [each for each in problems if each.weight == "error"]
    assert [each for each in errors if "not a known key" in each.text] == []
    assert {each.path for each in errors} <= FILES, errors


FILES = {
    "mqtt.tls.ca_file",
    "mqtt.tls.cert_file",
    "mqtt.tls.key_file",
    "mqtt.password_file",
    # a recording at a real broker opens doors; since then it must be accepted for a trial by name
    "feeds.front-door.path",
}


def placed(folder: Path, text: str) -> Path:
    clip = folder / "kioskd/demo/clips/live.mov"
    clip.parent.mkdir(parents=True)
    shutil.copy(ROOT / "kioskd/demo/clips/live.mov", clip)
    path = folder / "config.yaml"
    path.write_text(text, "utf-8")
    return path
