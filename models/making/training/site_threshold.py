"""A threshold from a site's own living people, tried on sources that are held out.

Each source with living frames stands for a site that records its people and has no attacks. What
is chosen on one half of its living frames is judged on the other half, and on all its attacks;
then the halves change places. A half is every second frame, in the data set's order: so the same
people may stand in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # it asks for torch, which nothing here needs
    from models.making.training.chosen import Floats, Mask, Scores

HALVES = (0, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """The strictest threshold by which at most a share of the living is refused.

    refused             that share, 0..1
    loosest, strictest  logits between which it may lie
    least               living frames of a site, below which it keeps `usual`
    """

    refused: float
    loosest: float
    strictest: float
    usual: float
    least: int

    def of(self, living: Floats) -> float:
        """The threshold, a logit, from these living frames' logits (n,)."""
        allowed = int(self.refused * len(living))
        return float(np.clip(np.sort(living)[allowed], self.loosest, self.strictest))


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A source's two thresholds, logits, and the living frames that each of them judges."""

    thresholds: tuple[float, float]
    judges: tuple[Mask, Mask]


def sites(scores: Scores, logits: Floats, rule: Rule) -> dict[str, Site]:
    """By source, of full frames; of (n,) logits. The masks are (n,)."""
    found = {}
    for source in np.unique(scores.source[~scores.tight]):
        own = np.flatnonzero((scores.source == source) & ~scores.tight & scores.live)
        enough = len(own) >= rule.least
        first, second = (rule.of(logits[own[half::2]]) if enough else rule.usual for half in HALVES)
        judges = tuple(np.isin(np.arange(len(logits)), own[1 - half :: 2]) for half in HALVES)
        found[str(source)] = Site((first, second), (judges[0], judges[1]))
    return found


def passed(scores: Scores, logits: Floats, found: dict[str, Site]) -> Floats:
    """(n,): by how large a share of the thresholds that judge it a full frame passes, 0, 0.5 or 1.

    A living frame is judged by the one that it had no part in, an attack by both. Tight crops: 0.
    """
    share = np.zeros(len(logits))
    for source, site in found.items():
        attacks = (scores.source == source) & ~scores.tight & ~scores.live
        for threshold, judges in zip(site.thresholds, site.judges, strict=True):
            share[judges] = logits[judges] >= threshold
            share[attacks] += (logits[attacks] >= threshold) / len(HALVES)
    return share
