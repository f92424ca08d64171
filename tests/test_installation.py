"""A part that is missing is named with the command that adds it, for how kioskd was installed."""

import json
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from feeds.installation import to_add
from models import gpu

PREFIX = Path("/opt/kioskd")
PIP = "/opt/kioskd/bin/pip"


def installed(folder: Path, record: Mapping[str, object] | None) -> Distribution:
    """kioskd as an installer leaves it, with its own record of where it came from."""
    info = folder / "kioskd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: kioskd\nVersion: 1.0\n"
        "Requires-Dist: click<9,>=8\n"
        'Requires-Dist: starlette<2,>=0.46; extra == "page"\n'
        'Requires-Dist: uvicorn<1,>=0.34; extra == "page"\n'
        'Requires-Dist: prometheus-client<1; extra == "metrics"\n'
    )
    if record is not None:
        (info / "direct_url.json").write_text(json.dumps(record))
    return Distribution.at(info)


@pytest.mark.parametrize(
    ("record", "command"),
    [
        (
            {"url": "file:///srv/a%20b/kioskd-1.0-py3-none-any.whl", "archive_info": {}},
            f"{PIP} install '/srv/a b/kioskd-1.0-py3-none-any.whl[page]'",
        ),
        (
            {"url": "https://example.org/kioskd-1.0-py3-none-any.whl", "archive_info": {}},
            f"{PIP} install 'kioskd[page] @ https://example.org/kioskd-1.0-py3-none-any.whl'",
        ),
        (
            {"url": "https://example.org/kioskd.git", "vcs_info": {"vcs": "git"}},
            f"{PIP} install 'kioskd[page] @ git+https://example.org/kioskd.git'",
        ),
        (
            {"url": "file:///srv/kioskd", "dir_info": {}},
            f"{PIP} install '/srv/kioskd[page]'",
        ),
        (
            {"url": "file:///srv/kioskd", "dir_info": {"editable": True}},
            f"{PIP} install --editable '/srv/kioskd[page]'",
        ),
        (None, f"{PIP} install 'starlette<2,>=0.46' 'uvicorn<1,>=0.34'"),
    ],
)
def test_pip_is_told_where_it_took_kioskd_from(
    record: Mapping[str, object] | None, command: str, tmp_path: Path
) -> None:
    assert to_add("page", PREFIX, installed(tmp_path, record)) == command


def test_a_checkout_has_a_script_for_it(tmp_path: Path) -> None:
    record = {"url": tmp_path.as_uri(), "dir_info": {"editable": True}}
    ours = installed(tmp_path, record)
    environment = tmp_path / ".venv"
    script = f"{tmp_path}/scripts/bootstrap"
    assert to_add("page", environment, ours) == f"{script} page"
    assert to_add("gpu", environment, ours) == f"KIOSKD_RUNTIME=gpu {script} run"


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("deb\n", "{prefix}/bin/pip install 'starlette<2,>=0.46' 'uvicorn<1,>=0.34'"),
        ("deb\napt-get install kioskd-{extra}\n", "apt-get install kioskd-page"),
        ("container\n", "run an image that was built with kioskd's extra page"),
    ],
)
def test_whoever_packs_kioskd_says_what_adds_a_part(said: str, advice: str, tmp_path: Path) -> None:
    (tmp_path / "INSTALLED_BY").write_text(said)
    ours = installed(tmp_path, None)
    assert to_add("page", tmp_path, ours) == advice.replace("{prefix}", str(tmp_path))


def machine(root: Path, *, vendor: str = "", kind: str = "0x030000", driver: bool = False) -> Path:
    """What Linux shows of a machine with one PCI device."""
    device = root / "sys/bus/pci/devices/0000:01:00.0"
    device.mkdir(parents=True)
    (device / "vendor").write_text(f"{vendor}\n")
    (device / "class").write_text(f"{kind}\n")
    if driver:
        (root / "proc/driver/nvidia").mkdir(parents=True)
        (root / "proc/driver/nvidia/version").write_text("NVRM version: NVIDIA\n")
    return root


def test_a_gpu_is_seen_with_a_driver_or_without(tmp_path: Path) -> None:
    bare = machine(tmp_path / "bare", vendor="0x10de")
    ready = machine(tmp_path / "ready", vendor="0x10de", kind="0x030200", driver=True)
    assert (gpu.has_gpu(bare), gpu.has_driver(bare)) == (True, False)
    assert (gpu.has_gpu(ready), gpu.has_driver(ready)) == (True, True)


def test_what_is_no_nvidia_gpu_is_none(tmp_path: Path) -> None:
    intel = machine(tmp_path / "intel", vendor="0x8086")
    sound = machine(tmp_path / "sound", vendor="0x10de", kind="0x040300")
    assert not gpu.has_gpu(intel)
    assert not gpu.has_gpu(sound)
    assert not gpu.has_gpu(tmp_path / "nothing")


def test_a_jetson_has_one_that_is_on_no_bus(tmp_path: Path) -> None:
    tree = tmp_path / "proc/device-tree"
    tree.mkdir(parents=True)
    (tree / "compatible").write_bytes(b"nvidia,p3768-0000\0nvidia,tegra234\0")
    assert gpu.has_gpu(tmp_path)
