"""What training is worth on sources that took no part, and what is chosen by it.

    python -m models.making.training.chosen hybrid=SCORES.npz context=SCORES.npz ...

SCORES are what `models.making.training.train --hold-out` wrote. Printed, each under one threshold
for all cameras, full frames and tight crops apart:

  every network at every part of the way from its makers' numbers, for each seed;
  the same with the part chosen inside the fold: for each source, on the others, the largest apart;
  their sum, and what a regression fitted without the source makes of them.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from models.making.training.data import BONA_FIDE
from models.making.training.judgement import HEAD, judged, row
from models.making.training.train import EVERY, WAYS
from models.schemes import MOST_EVIDENCE

NEARLY = 0.002
Floats = NDArray[np.floating]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """(seeds, ways, n) logits by networks that never saw the source, and whose faces they are."""

    logits: Floats
    source: NDArray[np.str_]
    species: NDArray[np.str_]
    tight: Mask
    held: NDArray[np.str_]

    @property
    def live(self) -> Mask:
        return self.species == BONA_FIDE


def read(path: Path) -> Scores:
    with np.load(path) as file:
        names = ("scores", "source", "species", "tight", "held")
        return Scores(*(file[name] for name in names))


def read_all(given: Sequence[str]) -> dict[str, Scores]:
    """By network, of arguments NAME=SCORES.npz in their order."""
    return {name: read(Path(path)) for name, path in (each.split("=", 1) for each in given)}


def summed(columns: Iterable[Floats]) -> NDArray[np.float64]:
    """(n,): the plain sum of networks' logits (n,), each held to what one may say."""
    held = (np.clip(each, -MOST_EVIDENCE, MOST_EVIDENCE) for each in columns)
    return np.asarray(sum(held), np.float64)


def inside_the_fold(
    scores: Scores, candidates: Floats, choose: Callable[[Floats, Mask], int]
) -> Floats:
    """(n,): of (candidates, n), for each source the one that is chosen on all other sources."""
    found = np.empty(candidates.shape[1])
    for source in np.unique(scores.source):
        rows = scores.source == source
        found[rows] = candidates[choose(candidates, ~rows), rows]
    return found


def best_way(scores: Scores) -> Callable[[Floats, Mask], int]:
    """Chooses the shortest way whose area under the curve is within NEARLY of the best one's.

    Of all full frames under one threshold, the largest source's apart: what was trained without
    it has seen next to nothing of its kinds, and says nothing of what is trained with them.
    """

    def choose(candidates: Floats, rows: Mask) -> int:
        rows = rows & ~scores.tight & (scores.source != largest(scores))
        areas = np.array([roc_auc_score(scores.live[rows], each[rows]) for each in candidates])
        return int(np.flatnonzero(areas >= areas.max() - NEARLY)[0])

    return choose


def largest(scores: Scores) -> str:
    names, counts = np.unique(scores.source, return_counts=True)
    return str(names[np.argmax(counts)])


def fitted(scores: Scores, columns: Floats) -> Floats:
    """(n,): of (n, networks), a logistic regression fitted without the source that it judges."""
    found = np.empty(len(columns))
    for source in np.unique(scores.source):
        rows = (scores.source != source) & ~scores.tight
        model = LogisticRegression(class_weight="balanced").fit(columns[rows], scores.live[rows])
        found[scores.source == source] = model.decision_function(columns[scores.source == source])
    return found


def tell(title: str, scores: Scores, logits: Floats) -> None:
    most = scores.source == largest(scores)
    parts = {
        "full frames": ~scores.tight,
        f"but {largest(scores)}": ~scores.tight & ~most,
        f"{largest(scores)} alone": ~scores.tight & most,
        "tight crops": scores.tight,
    }
    for part, rows in parts.items():
        found = judged(
            logits[rows], scores.source[rows], scores.species[rows], scores.species[rows]
        )
        print(row(f"{title}, {part}", found))


def tell_held(title: str, scores: Scores, logits: Floats) -> None:
    """Attacks whose hold is known: on a stand or by hand."""
    known = scores.live | (scores.held != "")
    rows = known & ~scores.tight
    by = np.where(scores.live, BONA_FIDE, scores.held)
    found = judged(logits[rows], scores.source[rows], scores.species[rows], by[rows])
    print(row(title, found))


def before(scores: Scores) -> Floats:
    """(n,): what the network as its makers published it says."""
    return scores.logits[0, 0]


def chosen(scores: Scores) -> Floats:
    """(n,): what the trained network says, its way chosen inside the fold."""
    return inside_the_fold(scores, scores.logits.mean(0), best_way(scores))


def at_its_way(name: str, scores: Scores) -> Floats:
    """(n,): what the network says at the part of the way that stands in its recipe."""
    return np.asarray(scores.logits.mean(0)[WAYS.index(EVERY[name].way)])


def network(name: str, scores: Scores) -> None:
    """Tells of one network, and what is to be written into its recipe."""
    mean = scores.logits.mean(0)
    for at, way in enumerate(WAYS):
        for seed, logits in enumerate(scores.logits[:, at] if way > 0 else scores.logits[:1, 0]):
            tell(f"{name} {way:g} of the way, seed {seed + 1}", scores, logits)
        tell(f"{name} {way:g} of the way, mean of the seeds", scores, mean[at])
    tell(f"{name}, chosen inside", scores, chosen(scores))
    at = best_way(scores)(mean, np.ones(len(scores.source), np.bool_))
    print(f"{name}: on all sources together the way is {WAYS[at]:g}")


def together(names: Sequence[str], scores: Scores, columns: Sequence[Floats]) -> None:
    """Tells what the networks are worth as one."""
    held = np.clip(np.stack(columns, 1), -MOST_EVIDENCE, MOST_EVIDENCE)
    tell("sum of " + ", ".join(names), scores, summed(columns))
    tell_held("  by how they were held", scores, summed(columns))
    tell("  fitted without the source", scores, fitted(scores, held))


def main() -> None:
    parser = argparse.ArgumentParser(description="What training is worth on sources held out.")
    parser.add_argument("scores", nargs="+", metavar="NAME=SCORES.npz")
    given = parser.parse_args()
    found = read_all(given.scores)
    print(HEAD)
    for name, scores in found.items():
        network(name, scores)
    for title, of in (("as their makers published them", before), ("as they ship", chosen)):
        print(f"\nThe networks {title}")
        together(list(found), next(iter(found.values())), [of(each) for each in found.values()])
    print("\nThe networks at the parts of the way in their recipes")
    made = [at_its_way(name, scores) for name, scores in found.items()]
    tell("sum of " + ", ".join(found), next(iter(found.values())), summed(made))


if __name__ == "__main__":
    main()
