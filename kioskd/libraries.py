"""The libraries this kioskd runs on: which OpenCV, which ONNX Runtime, which extras, and why.

Read from what pip wrote into the environment; nothing is loaded.
"""

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from feeds.installation import RUNTIMES, is_installed, to_add
from models import gpu

HEADLESS = "opencv-python-headless"
OPENCVS = (HEADLESS, "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
EXTRAS = {  # a library that comes with it alone stands for the extra; sessions need what page has
    "page": "starlette",
    "metrics": "prometheus_client",
    "evaluation": "sklearn",
    "realsense": "pyrealsense2",
    "demo": "amqtt",
}


def there(packages: Iterable[str]) -> dict[str, str]:
    """Those that are installed, with their versions."""
    return {package: version(package) for package in packages if is_installed(package)}


def clashes() -> Iterator[str]:
    """Of packages that write over each other's files and are here together: what mends it."""
    opencvs, runtimes = there(OPENCVS), there(RUNTIMES.values())
    if len(opencvs) > 1:
        yield _clash(opencvs, HEADLESS, opencvs.get(HEADLESS, max(opencvs.values())))
    if len(runtimes) > 1:
        wanted = RUNTIMES["gpu" if gpu.has_driver() else "cpu"]
        yield _clash(runtimes, wanted, runtimes[wanted])


def _clash(packages: dict[str, str], wanted: str, release: str) -> str:
    pip = Path(sys.prefix) / "bin" / "pip"
    return (
        f"{' and '.join(packages)} are both installed and write over each other's files: "
        f"{pip} uninstall -y {' '.join(packages)} && {pip} install --no-deps {wanted}=={release}"
    )


def opencv() -> str:
    """Which OpenCV is here, and what that means."""
    name, release = next(iter(there(OPENCVS).items()), ("OpenCV", "not installed by pip"))
    if "headless" in name:
        return f"{name} {release}, without windows, which nothing here opens"
    return f"{name} {release}: it works, and {HEADLESS} would do with less of the system"


def runtime() -> tuple[bool, str]:
    """Whether the ONNX Runtime fits the machine, and why it is the one, or what is to be done."""
    packages = there(RUNTIMES.values())
    name, release = next(iter(packages.items()), ("ONNX Runtime", "not installed by pip"))
    if not gpu.has_gpu():
        lean = f": without an NVIDIA GPU {RUNTIMES['cpu']} does the same with less on the disk"
        fitting = ", for a machine without an NVIDIA GPU"
        return True, f"{name} {release}{lean if name == RUNTIMES['gpu'] else fitting}"
    if not gpu.has_driver():
        return False, f"{name} {release}; {NO_DRIVER}"
    if name == RUNTIMES["cpu"]:
        return False, f"{name} {release} leaves this machine's NVIDIA GPU idle: {to_add('gpu')}"
    return True, f"{name} {release}, for this machine's NVIDIA GPU"


NO_DRIVER = (
    "this machine has an NVIDIA GPU and no driver for it, so the networks run on the CPU: install "
    "its driver (Debian's nvidia-driver), or leave it and set perception.provider: cpu"
)


def extras() -> str:
    """Which extras are here, and how one is added."""
    present = [name for name, library in EXTRAS.items() if find_spec(library) is not None]
    absent = [name for name in EXTRAS if name not in present]
    told = f"with {', '.join(present)}" if present else "without any"
    if not absent:
        return told
    return f"{told}; without {', '.join(absent)}, such as: {to_add(absent[0])}"
