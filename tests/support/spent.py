"""Processor time that groups of processes took, for what is measured beside much else."""

import os
from pathlib import Path


class Spent:
    """Of each group and its children since this was made.

    A process that ended counts until somebody waits for it.
    """

    def __init__(self, processes: dict[str, list[int]]) -> None:
        self._processes = processes
        self._before = self._now()

    def so_far(self) -> dict[str, float]:
        """Seconds."""
        now = self._now()
        return {name: now[name] - self._before[name] for name in now}

    def _now(self) -> dict[str, float]:
        return {name: sum(map(_processor_s, each)) for name, each in self._processes.items()}


def _processor_s(process: int) -> float:
    """Its own and its children's, those that ended too."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    ticks = sum(int(each) for each in numbers[11:15])
    return ticks / os.sysconf("SC_CLK_TCK") + sum(_processor_s(int(child)) for child in children)
