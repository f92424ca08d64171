"""What scores are worth at a door: one threshold for every camera, species by species.

A door has one threshold, so all sources are pooled under one; and because a mean hides the camera
that fails, the worst source stands beside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score, roc_curve

from models.making.training.data import BONA_FIDE

Floats = NDArray[np.floating]
THRESHOLD = 0.6  # T_live as it ships


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one score is worth on sources that took no part; shares are 0..1."""

    frames: int
    auc: float  # all frames under one threshold
    eer: float
    mean: float  # AUC source by source: on average, and at worst
    worst: float
    worst_source: str
    worst_eer: float
    refused: float  # bona fide frames under the shipped threshold
    worst_refused: float  # of a source
    accepted: dict[str, float]  # of each PAI species, over it


def judged(
    logits: Floats, source: NDArray[np.str_], species: NDArray[np.str_], by: NDArray[np.str_]
) -> Judgement:
    """(n,) logits of bona fide judged; `by` is what attacks are told apart by, such as species."""
    live = species == BONA_FIDE
    over = logits >= np.log(THRESHOLD / (1 - THRESHOLD))
    sources = [name for name in np.unique(source) if 0 < live[source == name].mean() < 1]
    aucs = [roc_auc_score(live[source == name], logits[source == name]) for name in sources]
    eers = [equal_error(live[source == name], logits[source == name]) for name in sources]
    refused = [1 - over[live & (source == name)].mean() for name in np.unique(source[live])]
    return Judgement(
        frames=len(logits),
        auc=float(roc_auc_score(live, logits)),
        eer=equal_error(live, logits),
        mean=float(np.mean(aucs)),
        worst=min(aucs),
        worst_source=str(sources[int(np.argmin(aucs))]),
        worst_eer=max(eers),
        refused=float(1 - over[live].mean()),
        worst_refused=float(max(refused)),
        accepted={
            str(name): float(over[~live & (by == name)].mean()) for name in np.unique(by[~live])
        },
    )


def equal_error(live: NDArray[np.bool_], logits: Floats) -> float:
    """The error where as many attacks are accepted as bona fide faces are refused."""
    accepted, confirmed, _ = roc_curve(live, logits, drop_intermediate=False)
    nearest = int(np.argmin(np.abs(accepted - (1 - confirmed))))
    return float((accepted[nearest] + 1 - confirmed[nearest]) / 2)


HEAD = (
    f"{'':34} {'AUC':>6} {'EER':>6}  {'mean':>6} {'worst':>6} {'w.EER':>6}"
    f"  {'refused':>7} {'worst':>6}  accepted"
)


def row(title: str, found: Judgement) -> str:
    """One line of the table under HEAD; errors in per cent."""
    accepted = ", ".join(f"{name} {100 * share:.0f}" for name, share in found.accepted.items())
    return (
        f"{title:34} {found.auc:6.3f} {100 * found.eer:6.1f}  {found.mean:6.3f} {found.worst:6.3f}"
        f" {100 * found.worst_eer:6.1f}"
        f"  {100 * found.refused:7.1f} {100 * found.worst_refused:6.1f}"
        f"  {accepted} (worst {found.worst_source})"
    )
