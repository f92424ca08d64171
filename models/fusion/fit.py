"""Fits the weights of the scheme Fused Multimodal, with sources held out.

    python -m models.fusion.fit DATA --clips CLIP... [--texture NETWORK.onnx]

DATA as for models/texture/train.py; only its collections of full frames serve, since Hybrid and
Context need the surroundings. Beside the attacks of the data stand composites of its bona fide
frames (models/context/composites.py), else it would be prints alone. `--texture` names a texture
network that never saw this data: what it says of its own training pictures is no measure.

A logistic regression of three numbers and a bias on the three networks' logits, every source and
class of the same weight, drawn towards equal weights, since the data is small and the networks'
errors elsewhere are not those here. Weights are never below 0: more liveness never means less.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from models.boxes import area
from models.context.composites import MEDIA, attack_frame
from models.detect import Detector
from models.liveness import score
from models.manifest import shipped
from models.observation import Box, LivenessModel
from models.schemes import evidence
from models.session import Networks
from models.texture.train import pictures

MODELS: tuple[LivenessModel, ...] = ("texture", "context", "hybrid")
SEED = 30107
EVERY = 4  # of the data's pictures
COMPOSITES = 100  # of each medium
PRIOR = 0.35  # each weight, before any data: equal, and together a little over one network's
STRENGTH = 0.6  # of that: so strong that one network cannot outvote two
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    image: ColorImage
    box: Box
    source: str
    species: str  # "bona fide", or what was held before the camera


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """One frame a row."""

    logits: Floats  # (n, 3), as the scheme sees them
    source: NDArray[np.str_]
    species: NDArray[np.str_]

    @property
    def live(self) -> NDArray[np.bool_]:
        return self.species == "bona fide"

    def only(self, mask: NDArray[np.bool_]) -> "Rows":
        return Rows(self.logits[mask], self.source[mask], self.species[mask])


def frames(data: Path, clips: list[Path], detector: Detector) -> Iterator[Frame]:
    """Real frames first, then the composites of them."""
    random = np.random.default_rng(SEED)
    live: list[Frame] = []
    for number, (image, source, bona_fide, tight) in enumerate(pictures(data, clips)):
        box = None if tight or number % EVERY else largest(detector, image)
        if box is None:
            continue
        frame = Frame(image, box, source, "bona fide" if bona_fide else f"{source}, real")
        live += [frame] if bona_fide else []
        yield frame
    sources = sorted({frame.source for frame in live})
    for kind in MEDIA:
        for number in range(COMPOSITES):
            pool = [frame for frame in live if frame.source == sources[number % len(sources)]]
            shown, room = (pool[random.integers(len(pool))] for _ in range(2))
            image = attack_frame(shown.image, shown.box, room.image, kind, random)
            box = largest(detector, image)
            if box is not None:
                yield Frame(image, box, shown.source, kind)


def largest(detector: Detector, image: ColorImage) -> Box | None:
    """The box of the largest face, if it is as large as the gate wants it."""
    boxes = [f.box for f in detector.find(image) if f.box[2] - f.box[0] >= 60]
    return max(boxes, key=area, default=None)


def scored(found: Iterator[Frame], networks: Networks) -> Rows:
    """What the three networks say of every frame."""
    rows = []
    for frame in found:
        values = [score(networks, model, frame.image, frame.box) for model in MODELS]
        if None not in values:
            logits = [evidence(value) for value in values if value is not None]
            rows.append((logits, frame.source, frame.species))
    logits, source, species = zip(*rows, strict=True)
    return Rows(np.array(logits), np.array(source), np.array(species))


def fitted(rows: Rows) -> Floats:
    """(4,) weights in the order of MODELS, and the bias."""
    given = np.hstack([rows.logits, np.ones((len(rows.logits), 1))])
    share = shares(rows)
    prior = np.array([PRIOR, PRIOR, PRIOR, 0.0])
    weights = prior.copy()
    for _ in range(3000):
        chance = 1 / (1 + np.exp(-given @ weights))
        slope = given.T @ (share * (chance - rows.live)) + STRENGTH * (weights - prior)
        weights -= 0.05 * slope
        weights[:3] = np.maximum(weights[:3], 0)
    return weights


def shares(rows: Rows) -> Floats:
    """Each row's say: half for bona fide, half for attacks, in each the same for every group."""
    share = np.zeros(len(rows.logits))
    for live in (True, False):
        groups = {g for g in zip(rows.source, rows.species, rows.live, strict=True) if g[2] == live}
        for source, species, _ in groups:
            mask = (rows.source == source) & (rows.species == species)
            share[mask] = 0.5 / len(groups) / mask.sum()
    return share


def auc(values: Floats, live: NDArray[np.bool_]) -> float:
    """The chance that a bona fide frame scores higher than an attack."""
    high, low = values[live][:, None], values[~live]
    return float(np.mean((high > low) + 0.5 * (high == low)))


def held_out(rows: Rows, by: NDArray[np.str_]) -> Floats:
    """Each row's fused evidence under weights fitted without its own group."""
    values = np.zeros(len(by))
    for group in np.unique(by[by != "bona fide"]):
        mask = by == group
        weights = fitted(rows.only(~mask))
        values[mask] = rows.logits[mask] @ weights[:3] + weights[3]
    if "bona fide" in by:
        weights = fitted(rows)
        values[by == "bona fide"] = rows.logits[by == "bona fide"] @ weights[:3] + weights[3]
    return values


def compared(rows: Rows, fused: Floats, title: str) -> None:
    """Area under the curve of each network and of the fusion, for each species of attack."""
    columns = [*rows.logits.T, rows.logits[:, 1:].mean(1), rows.logits.mean(1), fused]
    names = (*MODELS, "context + hybrid", "equal weights", "fused")
    print(f"\n{title}\n{'':22}" + "".join(f"{name:>18}" for name in names))
    for species in sorted(set(rows.species) - {"bona fide"}):
        mask = rows.live | (rows.species == species)
        values = "".join(f"{auc(column[mask], rows.live[mask]):18.4f}" for column in columns)
        print(f"{species:22}{values}")
    print(f"{'all':22}" + "".join(f"{auc(column, rows.live):18.4f}" for column in columns))


def networks_for(texture: Path | None) -> Networks:
    """The shipped networks, but for a texture network under examination."""
    manifest = shipped()
    if texture:
        manifest = manifest.examining("texture", texture)
    return Networks.load({"face", *MODELS}, manifest=manifest)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fits the weights of Fused Multimodal.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--texture", type=Path, help="a network that never saw this data")
    given = parser.parse_args()
    networks = networks_for(given.texture)
    rows = scored(frames(given.data, given.clips, Detector(networks["face"])), networks)
    print(f"{len(rows.logits)} frames, {int(rows.live.sum())} of them bona fide")
    compared(rows, held_out(rows, rows.source), "fitted without the source that is judged")
    compared(rows, held_out(rows, rows.species), "fitted without the species that is judged")
    for name, weight in zip((*MODELS, "bias"), fitted(rows), strict=True):
        print(f"{name:8} {weight:.3f}")


if __name__ == "__main__":
    main()
