"""Whether this machine has an NVIDIA GPU, and a driver for it, as Linux tells without either."""

from pathlib import Path

NVIDIA = "0x10de"  # as a maker of PCI devices
DISPLAYS = ("0x0300", "0x0302")  # PCI classes: of those with a screen's plug, and without


def has_gpu(root: Path = Path("/")) -> bool:
    """Whether there is one, with or without a driver: on PCI, or in a Jetson."""
    return _on_pci(root) or "nvidia,tegra" in _text(root / "proc/device-tree/compatible")


def has_driver(root: Path = Path("/")) -> bool:
    """Whether its driver is at work."""
    return (root / "proc/driver/nvidia/version").exists() or (root / "dev/nvhost-ctrl").exists()


def _on_pci(root: Path) -> bool:
    return any(
        _text(device / "vendor").strip() == NVIDIA and _text(device / "class").startswith(DISPLAYS)
        for device in (root / "sys/bus/pci/devices").glob("*")
    )


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii", errors="replace")
    except OSError:
        return ""
