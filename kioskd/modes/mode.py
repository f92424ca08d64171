"""What every operator mode is to the rest of the daemon."""

from typing import Protocol

from kioskd.event import Step
from models.observation import Observation, Wanted


class Mode(Protocol):
    """A pure state machine over observations of one feed.

    For each frame the daemon asks `wants` until it answers None, measuring what was
    asked in between (cheap measures come first, so a frame the gate refuses costs no
    network), and then calls `step` once. Neither reads a clock nor does I/O.
    """

    def wants(self, seen: Observation) -> Wanted | None: ...

    def step(self, seen: Observation) -> Step: ...
