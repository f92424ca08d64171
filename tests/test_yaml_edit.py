"""Keys set in config.yaml itself: nothing else changes, and no comment is lost."""

import difflib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.commands import calibrate
from kioskd.config.change_file import change
from kioskd.config.load import ConfigError, load
from kioskd.config.strict_yaml import read
from kioskd.config.yaml_edit import EditError, with_keys
from kioskd.evaluation import proposal_text
from kioskd.evaluation.threshold_choice import Wish, propose
from tests.test_calibrate import BY, site

ROOT = Path(__file__).parent.parent
TOP = "site: hq\ndevice: k\nmqtt: {broker: localhost}\nfeeds:\n  a: {kind: usb, device: 0}\n"
SECTION = ("doors", "main", "rgb_liveness")
KEY = "liveness_detection_threshold"
DOOR = "doors:\n  main:  # ours\n    mode: secure_access_rgb_liveness\n    feed: a\n"

SHAPES = {
    "a key that is there": (
        f"{DOOR}    rgb_liveness:\n      {KEY}: 0.6   # as measured\n      cool_down_s: 1.0\n",
        f"{DOOR}    rgb_liveness:\n      {KEY}: 0.7   # as measured\n      cool_down_s: 1.0\n",
    ),
    "a section without it": (
        f"{DOOR}    rgb_liveness:\n      # why\n      cool_down_s: 1.0\n"
        "    # more\nlogging: {}\n",
        f"{DOOR}    rgb_liveness:\n      # why\n      cool_down_s: 1.0\n      {KEY}: 0.7\n"
        "    # more\nlogging: {}\n",
    ),
    "a section whose every line is commented out": (
        f"{DOOR}    rgb_liveness:\n      #cool_down_s: 1.0\n",
        f"{DOOR}    rgb_liveness:\n      {KEY}: 0.7\n      #cool_down_s: 1.0\n",
    ),
    "no section": (
        f"{DOOR}    gate: {{minimum_change: 0.2}}\n",
        f"{DOOR}    gate: {{minimum_change: 0.2}}\n    rgb_liveness:\n      {KEY}: 0.7\n",
    ),
    "no section, and no end of the last line": (
        DOOR.rstrip("\n"),
        f"{DOOR}    rgb_liveness:\n      {KEY}: 0.7\n",
    ),
    "a section in brackets": (
        f"{DOOR}    rgb_liveness: {{cool_down_s: 1.0}}  # x\n",
        f"{DOOR}    rgb_liveness: {{{KEY}: 0.7, cool_down_s: 1.0}}  # x\n",
    ),
    "a section in empty brackets": (
        f"{DOOR}    rgb_liveness: {{}}\n",
        f"{DOOR}    rgb_liveness: {{{KEY}: 0.7}}\n",
    ),
    "a door in brackets": (
        "doors: {main: {mode: secure_access_rgb_liveness, feed: a}}\n",
        f"doors: {{main: {{rgb_liveness: {{{KEY}: 0.7}},"
        " mode: secure_access_rgb_liveness, feed: a}}\n",
    ),
    "Windows": (
        DOOR.replace("\n", "\r\n"),
        f"{DOOR}    rgb_liveness:\n      {KEY}: 0.7\n".replace("\n", "\r\n"),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_one_key_is_set_and_every_other_character_stays(tmp_path: Path, shape: str) -> None:
    before, after = SHAPES[shape]
    file = tmp_path / "config.yaml"
    file.write_bytes((TOP + before).encode())
    file.chmod(0o640)
    kept = change(file, SECTION, {KEY: 0.7})
    assert file.read_bytes().decode() == TOP + after
    assert kept.read_bytes().decode() == TOP + before
    assert file.stat().st_mode & 0o777 == 0o640
    assert load(file).doors[0].mode.liveness_detection_threshold == 0.7
    assert change(file, SECTION, {KEY: 0.7}) == kept  # again, and nothing comes of it
    assert file.read_bytes().decode() == TOP + after
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.yaml", kept.name]


REFUSED = {
    "a section that another door has too, by an alias": (
        "doors:\n  other:\n    mode: secure_access_rgb_liveness\n    feed: b\n"
        "    rgb_liveness: &it {cool_down_s: 1.0}\n"
        "  main:\n    mode: secure_access_rgb_liveness\n    feed: a\n    rgb_liveness: *it\n",
        EditError,
    ),
    "a value that the key cannot have": (DOOR, ConfigError),
    "a door that is not there": (DOOR.replace("main", "side"), EditError),
    "a file with a mistake": (DOOR + "    fed: a\n", ConfigError),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_changed_by_itself_is_left_alone(tmp_path: Path, why: str) -> None:
    text, error = REFUSED[why]
    file = tmp_path / "config.yaml"
    file.write_text(TOP.replace("device: 0}", "device: 0}\n  b: {kind: usb, device: 1}") + text)
    standing = file.read_bytes()
    with pytest.raises(error):
        change(file, SECTION, {KEY: 7.0 if "value" in why else 0.7})
    assert file.read_bytes() == standing
    assert os.listdir(tmp_path) == ["config.yaml"]


def test_a_link_to_the_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "kiosk.yaml", tmp_path / "config.yaml"
    real.write_text(TOP + DOOR)
    link.symlink_to(real)
    change(link, SECTION, {KEY: 0.7})
    assert link.is_symlink()
    assert KEY in real.read_text()


@given(
    st.sampled_from([before for before, _ in SHAPES.values()]),
    st.dictionaries(
        st.sampled_from([KEY, "cool_down_s", "rest_s", "attempts_per_track"]),
        st.integers(0, 1000) | st.floats(0, 1, allow_nan=False) | st.booleans(),
        min_size=1,
    ),
)
def test_whatever_is_set_is_read_back_and_nothing_else_is_another(
    text: str, keys: dict[str, bool | int | float]
) -> None:
    before = read(TOP + text, "").value
    after = read(with_keys(TOP + text, SECTION, keys), "").value
    door = after["doors"]["main"]  # type: ignore[index, call-overload]
    section = door["rgb_liveness"]  # type: ignore[index, call-overload]
    assert {name: section[name] for name in keys} == keys  # type: ignore[index, call-overload]
    for whole in (before, after):
        found = whole["doors"]["main"].setdefault("rgb_liveness", {}) or {}  # type: ignore[index, call-overload, union-attr]
        for name in keys:
            found.pop(name, None)  # type: ignore[union-attr, arg-type, call-arg]
        whole["doors"]["main"]["rgb_liveness"] = found  # type: ignore[index, call-overload]
    assert before == after


def test_a_proposal_goes_into_the_example_and_all_of_its_comments_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proposal = propose(site(0.95, people=10), BY, Wish("bpcer", 0.05))
    file = tmp_path / "config.yaml"
    example = (
        (ROOT / "config.yaml")
        .read_text(encoding="utf-8")
        .replace("kioskd/demo", f"{ROOT}/kioskd/demo")
    )
    file.write_text(example, encoding="utf-8")
    door = load(file).doors[0].name
    assert calibrate.applied(file, tmp_path / "nobody", door, proposal) == 0
    told = capsys.readouterr().out
    assert "config.yaml.before is the file of before" in told
    assert "no kioskd runs with it" in told
    keys = proposal_text.keys(proposal)
    changed = difflib.ndiff(example.splitlines(), file.read_text("utf-8").splitlines())
    for line in changed:
        if line[:1] in "+-":
            name, _, rest = line[2:].strip().partition(":")
            assert name in keys, line
            assert line[:1] == "-" or str(keys[name]) in rest
    assert example.count("#") == file.read_text("utf-8").count("#")
