"""What a check found: the value, its limit, and how far the one is from the other. Pure.

The gate refuses a frame by these and by nothing else, so the log, diagnostics, the record and
whoever looks on say the very numbers that decided. Evidence that refuses no frame, such as a
liveness score, is told in the same form.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from kioskd.modes.reasons import Reason
from models.observation import Face

Bound = Literal["least", "most"]


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one frame.

    key     the limit's name: as in config.yaml, or a measure's whose limit is no setting
            (docs/understand/gate.md)
    reason  what is said where it fails; None of evidence, which refuses nothing by itself
    value   as it was measured, in the limit's unit; None where it was not
    bound   whether the limit is the least that passes, or the most
    """

    key: str
    reason: Reason | None
    value: float | None
    limit: float
    bound: Bound = "least"
    unit: str = ""

    @property
    def passed(self) -> bool:
        """What was not measured passes nothing, and neither does what is no number."""
        if self.value is None:
            return False
        least, most = (
            (self.limit, self.value) if self.bound == "least" else (self.value, self.limit)
        )
        return least <= most

    @property
    def margin(self) -> float | None:
        """How much better than the limit it is; less than 0: how much is missing."""
        if self.value is None or not math.isfinite(self.value):
            return None
        return self.value - self.limit if self.bound == "least" else self.limit - self.value


def failed(findings: Iterable[Finding]) -> tuple[Reason, ...]:
    """Why these refuse the frame; empty: they do not."""
    return tuple(one.reason for one in findings if one.reason is not None and not one.passed)


def liveness_found(face: Face, live: float) -> tuple[Finding, ...]:
    """A face's liveness score beside the threshold for life; nothing where it was not measured."""
    if face.liveness is None:
        return ()
    return (Finding("liveness", None, face.liveness.score, live),)


@dataclass(frozen=True, slots=True)
class Spread:
    """The findings of one kind over an attempt's frames: of a check, those that failed.

    low, high  the lowest and the highest value; None where nothing was measured
    """

    finding: Finding
    frames: int = 0
    low: float | None = None
    high: float | None = None

    def seen(self, finding: Finding) -> "Spread":
        """With one more frame's."""
        value = finding.value
        if value is None or not math.isfinite(value):
            return replace(self, finding=finding, frames=self.frames + 1)
        low = value if self.low is None else min(self.low, value)
        high = value if self.high is None else max(self.high, value)
        return Spread(finding, self.frames + 1, low, high)

    @property
    def margin(self) -> float | None:
        """As of a finding, in the frame that was worst off; None where nothing was measured."""
        worst = self.low if self.finding.bound == "least" else self.high
        return replace(self.finding, value=worst).margin

    @property
    def words(self) -> str:
        """As an operator reads it, such as "0.05 to 0.11, at least 0.15, in 12 frames"."""
        one, unit = self.finding, f" {self.finding.unit}" if self.finding.unit else ""
        limit = f"at {one.bound} {figure(one.limit)}{unit}"
        in_frames = f"in {self.frames} frame{'s' if self.frames != 1 else ''}"
        if self.low is None or self.high is None:
            return f"not measured, {limit}, {in_frames}"
        low, high = figure(self.low), figure(self.high)
        span = low if low == high else f"{low} to {high}"
        return f"{span}{unit}, {limit}, {in_frames}"


def figure(value: float) -> str:
    """Without powers of ten: nobody reads them on a ladder."""
    places = 3 if abs(value) < 10.0 else 1
    text = f"{round(value, places) + 0.0:.{places}f}"  # a rounded -0 is 0
    return text.rstrip("0").rstrip(".")


Spreads = Mapping[str, Spread]  # by the limit's key


def spread(before: Spreads, findings: Iterable[Finding]) -> Spreads:
    """With one more frame's findings."""
    after = dict(before)
    for one in findings:
        after[one.key] = after.get(one.key, Spread(one)).seen(one)
    return after
