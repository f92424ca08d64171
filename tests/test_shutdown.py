"""A daemon that is told to end does so in time, and well."""

import subprocess
import sys

from tests.support.patience import DEADLINE_S


def run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", f"import time\nfrom kioskd.shutdown import within\n{program}"]
    return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S)


def test_what_ends_in_time_is_not_ended_by_the_alarm_afterwards() -> None:
    """Python gives SIGALRM its default back while it ends, and that is death."""
    ended = run("with within(0.3):\n    pass\ntime.sleep(0.6)\n")
    assert (ended.returncode, ended.stderr) == (0, "")


def test_an_alarm_that_comes_too_late_finds_nobody() -> None:
    program = "import os, signal\nwith within(60):\n    pass\nos.kill(os.getpid(), signal.SIGALRM)"
    assert run(program).returncode == 0


def test_what_takes_too_long_is_left_and_said() -> None:
    ended = run("with within(0.05):\n    time.sleep(600)\n")
    assert ended.returncode == 1
    assert "stopping took longer than 0.05 s" in ended.stderr


def test_what_takes_too_long_is_left_although_nobody_reads_that_it_is() -> None:
    program = (
        "import os, time\nfrom kioskd.shutdown import within\n"
        "os.set_blocking(2, False)\n"
        "try:\n    while True: os.write(2, b'x' * 4096)\nexcept BlockingIOError: pass\n"
        "os.set_blocking(2, True)\n"
        "with within(0.05):\n    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) as process:
        assert process.wait(DEADLINE_S) == 1
