"""A minimal Debian in a folder, booted: systemd is its process 1, as on a kiosk.

Made by debootstrap, entered by systemd-nspawn, so it takes root. It has the network, the package
registries and the processor of this machine, and files, users, services and processes of its own.
"""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.roads.machine import RoadError, mirror

_INCLUDED = "systemd,systemd-sysv,dbus,ca-certificates"
_BOOT_S = 120.0
_CARRIED = (  # what the registries need of this machine, to the same place in the root
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pip.conf",
    "/etc/apt/auth.conf.d",
)
_PASSED_ON = re.compile(
    r"PIP_(?!FIND_LINKS|EXTRA_INDEX_URL)|SSL_CERT_|REQUESTS_CA_BUNDLE|.*_(proxy|PROXY)$"
)


@dataclass(frozen=True)
class Root:
    """A booted system.

    folder  its files
    init    number of its process 1, outside
    """

    folder: Path
    init: int

    def run(self, command: str, *, may_fail: bool = False) -> str:
        """What a shell inside says, standard error too. Raises RoadError where it fails."""
        enter = ("nsenter", "-t", str(self.init), "-m", "-u", "-i", "-p", "-C")
        inside = ("env", "-i", *_environment(), "bash", "-c", command)
        done = subprocess.run(
            [*enter, *inside],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode and not may_fail:
            raise RoadError(f"'{command}' ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def holds(self, command: str, why: str) -> None:
        """Raises RoadError unless the command succeeds inside."""
        said = self.run(f"({command}) && echo it-holds", may_fail=True)
        if "it-holds" not in said:
            raise RoadError(f"{why}: '{command}' said:\n{said[-2000:]}")

    def eventually(self, command: str, why: str, within_s: float = 60.0) -> str:
        """What the command says once it succeeds. Raises RoadError where it never does."""
        until = time.monotonic() + within_s
        while True:
            said = self.run(f"({command}) && echo it-holds", may_fail=True)
            if "it-holds" in said:
                return said.removesuffix("it-holds\n")
            if time.monotonic() > until:
                raise RoadError(f"{why}: '{command}' said at last:\n{said[-2000:]}")
            time.sleep(0.5)


def _environment() -> list[str]:
    kept = [f"{name}={value}" for name, value in os.environ.items() if _PASSED_ON.match(name)]
    fixed = ("HOME=/root", "TERM=dumb", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
    return [*kept, *fixed, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]


@contextmanager
def booted(suite: str = "bookworm", kept: Path | None = None) -> Iterator[Root]:
    """A system as Debian makes it, started; stopped and deleted at the end.

    kept  an archive of the system as it was made, which is made where it is not there
    """
    place = Path(tempfile.mkdtemp(prefix="kioskd-root-"))
    try:
        _make(place, suite, kept)
        with _started(place) as init:
            yield Root(place, init)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _make(place: Path, suite: str, kept: Path | None) -> None:
    if kept is not None and kept.exists():
        subprocess.run(["tar", "-xpf", kept, "-C", place], check=True)
    else:
        made = subprocess.run(
            [
                "debootstrap",
                "--variant=minbase",
                f"--include={_INCLUDED}",
                suite,
                place,
                *mirror(),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if made.returncode:
            raise RoadError(f"debootstrap failed:\n{made.stdout[-2000:]}")
        if kept is not None:
            subprocess.run(["tar", "-cpf", kept, "-C", place, "."], check=True)
    place.chmod(0o755)  # its users, who are not root, live below it
    for name in (*_CARRIED, *_apt_settings()):
        _carry(Path(name), place)


def _apt_settings() -> list[str]:
    """Files that say how apt reaches its archive from here."""
    files = Path("/etc/apt/apt.conf.d").glob("*")
    return [str(each) for each in files if "Acquire::" in each.read_text(errors="replace")]


def _carry(what: Path, place: Path) -> None:
    target = place / what.relative_to("/")
    if what.is_dir():
        shutil.copytree(what, target, dirs_exist_ok=True)
    elif what.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        shutil.copy(what, target)


@contextmanager
def _started(place: Path) -> Iterator[int]:
    command = ["systemd-nspawn", "-D", str(place), "-b", "--register=no", "--keep-unit", "--quiet"]
    with (place / "boot.log").open("wb") as log:
        machine = subprocess.Popen(
            [*command, "--resolv-conf=off", "--timezone=off"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _init(machine, place)
    finally:
        machine.send_signal(signal.SIGTERM)  # to nspawn: its process 1 shuts down
        try:
            machine.wait(60.0)
        except subprocess.TimeoutExpired:
            machine.kill()
            machine.wait()


def _init(machine: "subprocess.Popen[bytes]", place: Path) -> int:
    """The number of process 1 once it has started what it starts."""
    until = time.monotonic() + _BOOT_S
    while time.monotonic() < until and machine.poll() is None:
        children = Path(f"/proc/{machine.pid}/task/{machine.pid}/children")
        for child in (int(each) for each in children.read_text().split()):
            root = Root(place, child)
            said = root.run("systemctl is-system-running", may_fail=True).strip()
            if said in ("running", "degraded"):
                return child
        time.sleep(0.5)
    told = (place / "boot.log").read_text(errors="replace")[-2000:]
    raise RoadError(f"The system in {place} did not boot:\n{told}")
