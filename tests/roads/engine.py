"""podman and buildah without root, on a machine where that takes some help."""

import os
import pwd
import shlex
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.roads.machine import RoadError

NEEDED = {
    "buildah": "buildah",
    "podman": "podman",
    "crun": "crun",
    "fuse-overlayfs": "fuse-overlayfs",
    "newuidmap": "uidmap",
    "catatonit": "catatonit",
}
_HYBRID = Path("/sys/fs/cgroup/unified")  # which crun refuses to run beside
_STORAGE = '[storage]\ndriver="overlay"\n[storage.options.overlay]\nmount_program="{}"\n'
_CONTAINERS = '[containers]\ncgroups="disabled"\n[engine]\ncgroup_manager="cgroupfs"\n'


@dataclass(frozen=True)
class Engine:
    """What an ordinary user runs.

    user  whose home holds the images; its own, for all that is there is its to delete
    """

    user: str

    @property
    def home(self) -> Path:
        return Path(pwd.getpwnam(self.user).pw_dir)

    def run(self, *command: str | Path) -> str:
        """What it says, standard error too. Raises RoadError where it fails."""
        status, said = self.status(*command)
        if status:
            told = " ".join(map(str, command))
            raise RoadError(f"'{told}' ended with {status}:\n{said[-4000:]}")
        return said

    def status(self, *command: str | Path) -> tuple[int, str]:
        """Its exit status, and what it said."""
        done = subprocess.run(
            self.words(*command),
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def words(self, *command: str | Path) -> list[str]:
        """The command, as this user in a namespace that its container may live in."""
        env = [f"HOME={self.home}", f"XDG_RUNTIME_DIR={self.home}/run", "BUILDAH_ISOLATION=chroot"]
        plain = ["env", *env, *map(str, command)]
        if os.geteuid() != 0:
            return plain
        inner = shlex.join(["runuser", "-u", self.user, "--", *plain])
        shared = "mount --make-rshared / && "
        hidden = f"umount {_HYBRID} && " if _HYBRID.is_mount() else ""
        return ["unshare", "--mount", "sh", "-c", f"{hidden}{shared}exec {inner}"]


def engine(user: str) -> Engine:
    """Ready to be used: its layers share their files, and a container needs no cgroup."""
    made = Engine(user)
    made.run("mkdir", "-p", "-m", "700", made.home / "run", made.home / ".config/containers")
    mounts = made.run("which", "fuse-overlayfs").strip()
    for name, text in (
        ("storage.conf", _STORAGE.format(mounts)),
        ("containers.conf", _CONTAINERS),
    ):
        place = made.home / ".config/containers" / name
        made.run("sh", "-c", f"printf %s {shlex.quote(text)} >{place}")
    made.run("podman", "system", "migrate")  # one that is left would keep the old namespace
    return made


def eventually(
    holds: Callable[[], bool], why: str, within_s: float = 60.0, every_s: float = 0.5
) -> float:
    """Seconds until it held. Raises RoadError where it never does."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > within_s:
            raise RoadError(f"not within {within_s:.0f} s: {why}")
        time.sleep(every_s)
    return time.monotonic() - began


def ensure(holds: bool, sentence: str) -> None:
    """Raises RoadError with the sentence unless it holds."""
    if not holds:
        raise RoadError(sentence)
