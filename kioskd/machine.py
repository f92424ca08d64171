"""What the machine has left, and what to say where it is little. Only Linux says the first."""

import shutil
from pathlib import Path

LITTLE = 0.5e9  # bytes, of memory as of disk; the first is the first source's own limit
ENOUGH = 0.6e9  # until there is so much again, for it must not come and go


def available_bytes() -> int | None:
    """Memory that this machine could still give; None where it does not say."""
    try:
        text = Path("/proc/meminfo").read_text("ascii")
    except OSError:
        return None
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    found = lines.get("MemAvailable", "").split()
    return int(found[0]) * 1024 if found else None


def free_bytes(folder: Path) -> int | None:
    """Room on the disk of a folder; None where it cannot be asked."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


class Scarce:
    """Whether something has become scarce, and is not plenty again."""

    def __init__(self) -> None:
        self._scarce = False

    def look(self, left: int | None) -> bool:
        """With so many bytes left; what is not known is not scarce."""
        self._scarce = left is not None and left < (ENOUGH if self._scarce else LITTLE)
        return self._scarce


def memory_sentence(left: int) -> str:
    return (
        f"this machine has {left / 1e9:.1f} GB of memory left: the system may end any program,"
        " this one too. See what has grown (top), stop it or give the machine fewer doors"
    )


def disk_sentence(left: int, folder: Path) -> str:
    return (
        f"the disk of {folder} has {left / 1e9:.1f} GB left: when it is full no event leaves. See "
        "what fills it (du -x), and that the broker takes the records"
    )
