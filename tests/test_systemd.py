"""The systemd unit: well-formed, hardened, and with the promises that operations rely on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import DEADLINE_S

OPERATIONS = Path(__file__).parent.parent / "docs" / "install" / "operations.md"
UNIT = Path(__file__).parent.parent / "systemd" / "kioskd.service"
COLLECTOR = UNIT.with_name("kioskd-collect.service")
MOST_EXPOSURE = 19  # tenths: under 2.0


def settings() -> dict[str, list[str]]:
    """Every key of the unit, with its values in order."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


@pytest.mark.parametrize("unit", [UNIT, COLLECTOR], ids=lambda unit: unit.stem)
def test_the_exposure_that_systemd_computes_is_under_two(unit: Path) -> None:
    threshold = f"--threshold={MOST_EXPOSURE}"
    analysis = analyze("security", "--offline=true", "--no-pager", threshold, str(unit))
    assert analysis.returncode == 0, analysis.stdout + analysis.stderr
    assert f"Overall exposure level for {unit.name}" in analysis.stdout


@pytest.mark.parametrize("unit", [UNIT, COLLECTOR], ids=lambda unit: unit.stem)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    """With a program that exists in the daemon's place: systemd complains of nothing else."""
    text = unit.read_text().replace("/opt/kioskd/bin/kioskd", sys.executable)
    copy = tmp_path / unit.name
    copy.write_text(text)
    analysis = analyze("verify", "--man=no", "--recursive-errors=no", str(copy))
    complaints = [line for line in analysis.stderr.splitlines() if "kioskd" in line]
    assert complaints == []


def test_a_line_that_systemd_does_not_understand_would_be_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "kioskd.service"
    copy.write_text(UNIT.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    analysis = analyze("verify", "--man=no", "--recursive-errors=no", str(copy))
    assert "WatchdogSecs" in analysis.stderr


def test_it_is_started_when_ready_and_watched_for_progress() -> None:
    unit = settings()
    assert unit["Type"] == ["notify"]
    assert unit["NotifyAccess"] == ["main"]
    assert 0 < int(unit["WatchdogSec"][0]) <= 60


def test_it_comes_back_after_anything_but_a_wrong_configuration() -> None:
    unit = settings()
    assert unit["Restart"] == ["always"]
    assert unit["RestartPreventExitStatus"] == ["2"]
    assert unit["StartLimitIntervalSec"] == ["0"]


def test_it_is_given_longer_to_stop_than_the_daemon_takes() -> None:
    assert settings()["TimeoutStopSec"] == ["10"]


def test_cameras_and_graphics_processors_can_be_reached_and_no_other_device() -> None:
    unit = settings()
    assert unit["DevicePolicy"] == ["closed"]
    assert {allowed.split()[0] for allowed in unit["DeviceAllow"]} == {
        "char-video4linux",
        "char-usb_device",
        "char-drm",
        "char-nvidia*",
    }
    assert "PrivateDevices" not in unit


def test_nothing_that_hides_cameras_or_breaks_cuda_or_the_clock_question_is_set() -> None:
    unit = settings()
    for breaking in ("PrivateUsers", "MemoryDenyWriteExecute", "ProtectClock", "ProcSubset"):
        assert breaking not in unit
    assert unit["SystemCallFilter"][-1] == "adjtimex clock_adjtime"  # after the refusals


def test_the_password_comes_as_a_credential_and_stands_nowhere() -> None:
    unit = settings()
    assert unit["LoadCredential"] == ["MQTT_PASSWORD:/etc/kioskd/credentials/MQTT_PASSWORD"]
    assert "Environment" not in unit


PLAIN = {  # what the heading of its part says is reason enough
    "Description",
    "Documentation",
    "Wants",
    "NoNewPrivileges",
    "CapabilityBoundingSet",
    "AmbientCapabilities",
    "LockPersonality",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "MemoryMax",
    "TasksMax",
    "WantedBy",
}


@pytest.mark.parametrize("unit", [UNIT, COLLECTOR], ids=lambda unit: unit.stem)
def test_every_run_of_settings_that_are_not_plain_is_led_by_a_reason(unit: Path) -> None:
    reasoned = False
    for line in unit.read_text().splitlines():
        if line.startswith("#"):
            reasoned = not line.startswith("# ---")
        elif "=" in line:
            assert reasoned or line.partition("=")[0] in PLAIN, line
        else:
            reasoned = False


def test_the_doctor_is_shown_run_as_the_unit_would_run_it() -> None:
    (command,) = re.findall(r"systemd-run (.*?)\n\n", OPERATIONS.read_text(), re.S)
    given = re.findall(r"-p (\w+)=(?:'([^']*)'|(\S+))", command)
    assert {key for key, _, _ in given} >= {"DynamicUser", "StateDirectory", "LoadCredential"}
    assert UNIT.stem in [plain for key, _, plain in given if key == "User"]
    unit = settings()
    for key, quoted, plain in given:
        if key != "User":  # systemd's own choice for the unit is its name
            assert (quoted or plain) in unit[key], key
    (start,) = unit["ExecStart"]
    assert start.split()[0] in command.split()
