"""How much processor and memory a process has used, as Linux counts it."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """User and system seconds of a process and all its threads, 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()  # the name before may hold spaces
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident and peak resident megabytes (VmRSS, VmHWM), 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    kilobytes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return _mb(kilobytes.get("VmRSS", "0")), _mb(kilobytes.get("VmHWM", "0"))


def _mb(text: str) -> float:
    return int(text.split()[0]) / 1024
