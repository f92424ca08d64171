"""The images of the container's road, where no registry of images can be reached.

Debian's own images are made of Debian's archive by debootstrap, as ours here are, so that what is
built on these is what is built on those. Takes root.
"""

import subprocess
import tempfile
from pathlib import Path

from tests.roads.engine import Engine
from tests.roads.machine import RoadError, mirror

BASE, BUILDER = "localhost/road-base", "localhost/road-builder"
BROKER = "docker.io/library/eclipse-mosquitto:2"  # compose.yaml's, with Debian's mosquitto in it
LENT = "python3,ca-certificates,libusb-1.0-0"  # which the Containerfile finds there then
HOLD = {BASE: LENT, BUILDER: f"{LENT},python3-venv", BROKER: f"{LENT},mosquitto"}


def bases(engine: Engine, folder: Path, suite: str = "bookworm") -> None:
    """Makes the engine know the images that others are built on. Raises RoadError.

    folder  keeps their archives, and those that are there already are not made again
    """
    for number, (name, packages) in enumerate(HOLD.items()):
        archive = folder / f"{suite}-{number}.tar"
        if not archive.exists():
            _make(archive, suite, packages)
        engine.run("podman", "import", "-q", archive, name)


def _make(archive: Path, suite: str, packages: str) -> None:
    with tempfile.TemporaryDirectory(prefix="kioskd-base-") as folder:
        root = Path(folder) / "root"
        words = ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(root)]
        _done([*words, *mirror()])
        for place in ("var/cache/apt", "var/lib/apt/lists", "var/log"):
            subprocess.run(["find", root / place, "-type", "f", "-delete"], check=True)
        made = archive.with_suffix(".part")
        _done(["tar", "-C", str(root), "-cf", str(made), "."])
        made.rename(archive)


def built(engine: Engine, checkout: Path, version: str, *more: str) -> Path:
    """The image of the checkout's HEAD under a version, as scripts/build_image makes it.

    more  options of it, such as --cached
    """
    with tempfile.NamedTemporaryFile(suffix=".bundle") as bundle:  # another user's git is refused
        _done(["git", "-C", str(checkout), "bundle", "create", "-q", bundle.name, "HEAD"])
        Path(bundle.name).chmod(0o644)
        here = Path(engine.run("mktemp", "-d").strip())
        engine.run("git", "clone", "-q", bundle.name, here / "checkout")
    on = ("--base", BASE, "--builder", BUILDER, "--version", version)
    script = here / "checkout/scripts/build_image"
    engine.run(script, *on, *more, here)
    return here / f"kioskd-{version}-image.tar"


def _done(command: list[str]) -> None:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RoadError(f"'{' '.join(command)}' failed:\n{done.stdout[-2000:]}")
