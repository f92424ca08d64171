"""Paths that lead nowhere, round in a circle, or where the service may not look: sentences."""

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kioskd.commands.check import checked
from kioskd.config.as_user import SERVICE_GROUPS
from kioskd.config.load import check
from kioskd.config.strict_yaml import read

ROOT = Path(__file__).resolve().parent.parent
GOOD = """\
site: hq
device: k
mqtt: {broker: localhost}
feeds:
  front: {kind: file, path: clip.mov}
doors:
  main: {mode: secure_access_rgb_liveness, feed: front}
"""
PLACES = {  # a key, and the file in which it holds a PATH
    "state_dir": GOOD + "state_dir: PATH\n",
    "feeds.front.path": GOOD.replace("clip.mov", "PATH"),
    "feeds.front.recording": GOOD.replace("file, path: clip.mov", "realsense, recording: PATH"),
    "mqtt.password_file": GOOD.replace("localhost", "localhost, username: u, password_file: PATH"),
    "mqtt.tls.ca_file": GOOD.replace("localhost", "localhost, tls: {ca_file: PATH}"),
    "mqtt.tls.cert_file": GOOD.replace(
        "localhost", "localhost, tls: {cert_file: PATH, key_file: clip.mov}"
    ),
    "page.token_file": GOOD + "page: {token_file: PATH}\n",
    "page.tls.cert_file": GOOD + "page: {tls: {cert_file: PATH, key_file: clip.mov}}\n",
    "page.tls.key_file": GOOD + "page: {tls: {key_file: PATH, cert_file: clip.mov}}\n",
    "mqtt.tls.key_file": GOOD.replace(
        "localhost", "localhost, tls: {key_file: PATH, cert_file: clip.mov}"
    ),
}


def config(folder: Path, key: str, path: str) -> Path:
    """A configuration with this path at that key, and the clip that the others name."""
    (folder / "clip.mov").touch()
    text = PLACES[key].replace("PATH", json.dumps(path))
    (folder / "config.yaml").write_text(text)
    return folder / "config.yaml"


def said(folder: Path, key: str, path: str) -> list[str]:
    """What is said against the key."""
    found = check(config(folder, key, path), {})
    return [problem.text for problem in found if problem.path == key and problem.weight == "error"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize("path", ["~/clip.db3", "~kiosk/clip.db3", "$HOME/clip.db3", "${PW}.db3"])
def test_a_path_that_only_a_shell_would_unfold_is_refused(
    tmp_path: Path, key: str, path: str
) -> None:
    (text,) = said(tmp_path, key, path)
    assert "write the path in full" in text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["clip.mov", "config.yaml"]


@pytest.mark.parametrize("key", PLACES)
@pytest.mark.parametrize("path", ["a\0b.db3", "a\nb.db3", "a\x7fb.db3"])
def test_a_path_with_a_character_that_is_no_text_is_refused(
    tmp_path: Path, key: str, path: str
) -> None:
    (text,) = said(tmp_path, key, path)
    assert "holds a line break or another character that" in text


@pytest.mark.parametrize("key", PLACES)
def test_what_is_not_a_file_is_named_and_never_waited_for(tmp_path: Path, key: str) -> None:
    (tmp_path / "round.db3").symlink_to("round.db3")
    (tmp_path / "lost.db3").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.db3")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "socket.db3"))
        for name in ("round", "lost", "pipe", "socket", "clip.mov/under", 300 * "n"):
            (text,) = said(tmp_path, key, f"{name}.db3")
            assert "\n" not in text


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(PLACES)), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_path_ends_in_sentences(key: str, path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        status, lines = checked(config(Path(folder), key, path + ".db3"))
        assert status in (0, 2)
        assert all("Traceback" not in line for line in lines)


@pytest.mark.parametrize("name", ["~/config.yaml", "no/such.yaml", 300 * "n", "a\0b"])
def test_a_configuration_that_is_not_there_is_a_sentence(name: str) -> None:
    status, (line,) = checked(Path(name))
    assert status == 2
    assert "cannot be read" in line


def test_a_configuration_that_is_a_pipe_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "config.yaml")
    status, (line,) = checked(tmp_path / "config.yaml")
    assert (status, line.partition(": ")[2]) == (
        2,
        "cannot be read (Is a pipe, a socket or a device)",
    )


def test_what_the_locale_cannot_say_is_said_all_the_same(tmp_path: Path) -> None:
    config(tmp_path, "feeds.front.path", "no.mov").rename(tmp_path / "kr\u00f6te.yaml")
    checked = subprocess.run(
        [sys.executable, "-m", "kioskd", "doctor", "-c", str(tmp_path / "kr\u00f6te.yaml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert (checked.returncode, checked.stderr) == (2, "")
    assert "kr\\xf6te.yaml:5:29: feeds.front.path: no such video" in checked.stdout


# -- as another user


def as_nobody(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`kioskd check`, looking as one who may not look; we are such a one unless we are root."""
    user = ("--as", "nobody") if os.geteuid() == 0 else ()
    command = [sys.executable, "-m", "kioskd", "check", *user, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


EVERYWHERE = """\
site: hq
device: k
state_dir: locked/state
mqtt:
  broker: localhost
  username: u
  password_file: locked/password
  tls: {ca_file: locked/ca.pem, cert_file: locked/k.pem, key_file: locked/k.key}
page: {token_file: locked/token, tls: {cert_file: locked/p.pem, key_file: locked/p.key}}
feeds:
  front: {kind: file, path: locked/clip.mov}
  depth: {kind: realsense, recording: locked/clip.db3}
doors:
  main: {mode: secure_access_rgb_liveness, feed: front}
  side: {mode: depth_liveness, feed: depth}
"""


def test_a_folder_that_the_service_may_not_look_into_is_named(open_folder: Path) -> None:
    locked = open_folder / "locked"
    locked.mkdir(mode=0)
    (open_folder / "config.yaml").write_text(EVERYWHERE)
    looked = as_nobody("-c", open_folder / "config.yaml")
    locked.chmod(0o700)
    assert looked.returncode == 2
    assert "Traceback" not in looked.stderr
    lines = looked.stderr.splitlines()
    for key in (*PLACES, "feeds.depth.recording"):
        if key != "feeds.front.recording":
            (line,) = [line for line in lines if f" {key}: " in line]
            assert f"may not look into {locked}" in line


def test_a_file_that_the_service_may_not_read_is_named(open_folder: Path) -> None:
    file = config(open_folder, "mqtt.tls.ca_file", "ca.pem")
    (open_folder / "ca.pem").touch()
    (open_folder / "ca.pem").chmod(0)
    looked = as_nobody("-c", file)
    assert looked.returncode == 2
    assert "may not read it (found ca.pem)" in looked.stderr


def test_a_daemon_that_may_not_look_ends_with_2_so_that_it_is_not_started_for_ever(
    open_folder: Path,
) -> None:
    locked = open_folder / "locked"
    locked.mkdir()
    (locked / "clip.mov").touch()
    file = config(open_folder, "feeds.front.path", "locked/clip.mov")
    locked.chmod(0)
    user = "become('nobody'); " if os.geteuid() == 0 else ""
    code = (
        "import sys; from pathlib import Path; from kioskd.config.as_user import become;"
        f" from kioskd.commands.run import run; {user}sys.exit(run(Path(sys.argv[1])))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    locked.chmod(0o700)
    assert ran.returncode == 2, ran.stderr
    assert f"feeds.front.path: user nobody may not look into {locked}" in ran.stderr or (
        os.geteuid() != 0 and "may not look into" in ran.stderr
    )
    assert "Traceback" not in ran.stderr


def test_a_state_folder_that_the_service_may_not_write_to_is_noted(open_folder: Path) -> None:
    (open_folder / "state").mkdir(mode=0o555)
    looked = as_nobody("-c", config(open_folder, "state_dir", "state"))
    assert looked.returncode == 0, looked.stderr
    assert f"may not write to {open_folder / 'state'}" in looked.stdout


def test_the_services_own_user_may_be_looked_as_before_there_is_one(open_folder: Path) -> None:
    file = config(open_folder, "feeds.front.path", "clip.mov")
    command = [sys.executable, "-m", "kioskd", "check", "--as", "kioskd", "-c", str(file)]
    looked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if os.geteuid() == 0:
        assert "looked as" in looked.stdout
        assert looked.returncode == 0
    else:
        assert "run it as root" in looked.stderr
        assert looked.returncode == 2


def test_an_unknown_user_is_named(tmp_path: Path) -> None:
    file = config(tmp_path, "feeds.front.path", "clip.mov")
    assert checked(file, "hugo-of-nowhere") == (
        2,
        ["--as: there is no user 'hugo-of-nowhere' on this machine"],
    )


def test_the_groups_of_the_service_are_those_of_its_unit() -> None:
    unit = (ROOT / "systemd" / "kioskd.service").read_text()
    assert f"SupplementaryGroups={' '.join(SERVICE_GROUPS)}" in unit


def test_for_a_program_check_prints_one_object(tmp_path: Path) -> None:
    file = config(tmp_path, "feeds.front.path", "no.mov")
    status, (line,) = checked(file, as_json=True)
    told = json.loads(line)
    assert (status, told["ok"], told["file"]) == (2, False, str(file))
    (problem,) = [each for each in told["problems"] if each["weight"] == "error"]
    assert problem["key"] == "feeds.front.path"
    document = read(file.read_bytes(), str(file))
    place = document.mark(("feeds", "front", "path"))
    assert (problem["line"], problem["column"]) == (place.line, place.column)
    assert problem["text"] == "no such video or folder (found no.mov)"
