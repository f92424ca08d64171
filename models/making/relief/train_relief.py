"""Trains a relief network on generated scenes: `python -m models.making.relief.train_relief FILE`.

    --workers 2; --keep FILE.npz to draw the scenes only once

Heads and noise of every scene differ; those from HELD_OUT on (models/making/scenes/draws.py) are
not used here. A tenth of the scenes is kept back to stop in time and to calibrate.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from models.making import onnx_export
from models.making.scenes.attacks import SPECIES, Species
from models.making.scenes.draws import draw
from models.relief.flat_face import Floats
from models.relief.measures import NAMES, measures
from models.relief.patch import lay_out

FRAMES = 2
SCENES = (*range(1400), *range(3000, 4000), *range(100_000, 100_500))
FIRST_HARD = 100_000  # scenes from here on are people and what is hardest to tell from them
HARD: tuple[Species | None, ...] = (
    None,
    "bent_upright",
    "bent_across",
    None,
    "wrong_relief",
    "bent_upright",
    None,
    "cut_out",
)
WIDTHS = (32, 16)
EPOCHS = 400
RATE, DECAY, BATCH = 3e-3, 1e-4, 128


def rows(number: int) -> list[Floats]:
    """Scene number, kind (0: a person), distance and measures of a scene's frames."""
    near, far = (450.0, 2300.0) if number % 6 else (2000.0, 4500.0)
    scene = draw(
        number, FRAMES, near, far, HARD[number % len(HARD)] if number >= FIRST_HARD else "any"
    )
    kind = 0 if scene.species is None else 1 + SPECIES.index(scene.species)
    found = []
    for sample in scene.samples:
        patch = lay_out(sample.depth, sample.mesh.astype(np.float32), sample.camera.rig.color)
        values = measures(patch)
        if values is not None:
            found.append(np.array((number, kind, scene.distance_mm, *values)))
    return found


def drawn(workers: int) -> Floats:
    with ProcessPoolExecutor(workers) as pool:
        tables = pool.map(rows, SCENES, chunksize=20)
        return np.array([row for table in tables for row in table])


class Head(nn.Module):
    """(n, 22) measures -> (n, 1) probability that this is a head, 0..1.

    They are clipped to what training saw, and standardised as they lie there; three layers follow.
    """

    def __init__(self, seen: Floats) -> None:
        super().__init__()
        low, high = np.quantile(seen, (0.001, 0.999), axis=0)
        clipped = np.clip(seen, low, high)
        self.register_buffer("low", tensor(low))
        self.register_buffer("high", tensor(high))
        self.register_buffer("middle", tensor(clipped.mean(axis=0)))
        self.register_buffer("spread", tensor(clipped.std(axis=0) + 1e-6))
        wide, narrow = WIDTHS
        self.layers = nn.Sequential(
            nn.Linear(len(NAMES), wide), nn.ReLU(), nn.Linear(wide, narrow), nn.ReLU(),
            nn.Linear(narrow, 1),
        )  # fmt: skip

    def forward(self, measured: Tensor) -> Tensor:
        return torch.sigmoid(self.logits(measured))

    def logits(self, measured: Tensor) -> Tensor:
        clipped = torch.minimum(torch.maximum(measured, self.low), self.high)
        found: Tensor = self.layers((clipped - self.middle) / self.spread)
        return found


def tensor(values: Floats) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def trained(values: Floats, y: Floats, weight: Floats, held: np.ndarray) -> Head:
    """The numbers that do best on what is held back, by Adam on the weighted log loss."""
    torch.manual_seed(0)
    network = Head(values[~held])
    known, truth, counts = tensor(values), tensor(y), tensor(weight)
    train, rest = torch.from_numpy(np.flatnonzero(~held)), torch.from_numpy(np.flatnonzero(held))

    def loss(rows: Tensor) -> Tensor:
        given = network.logits(known[rows])[:, 0]
        wrong = cross_entropy(given, truth[rows], counts[rows], reduction="sum")
        return wrong / counts[rows].sum()

    matrices = [numbers for numbers in network.parameters() if numbers.dim() == 2]
    biases = [numbers for numbers in network.parameters() if numbers.dim() == 1]
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": biases}]
    optimiser = torch.optim.Adam(groups, RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    best, best_loss = deepcopy(network), np.inf
    for _ in range(EPOCHS):
        for rows in train[torch.randperm(len(train))].split(BATCH):
            optimiser.zero_grad()
            loss(rows).backward()
            optimiser.step()
        schedule.step()
        with torch.no_grad():
            found = loss(rest).item()
        if found < best_loss:
            best, best_loss = deepcopy(network), found
    print(f"held-back loss {best_loss:.4f}")
    return best


@torch.no_grad()
def calibrate(network: Head, values: Floats, y: Floats, weight: Floats) -> None:
    """Scales and shifts the logit so that it is a probability on what training did not see."""
    z = network.logits(tensor(values)).numpy()
    line = LogisticRegression(C=np.inf).fit(z, y, sample_weight=weight)
    slope, offset = np.clip(line.coef_.item(), 0.2, 1.5), np.clip(line.intercept_.item(), -2.0, 2.0)
    last = network.layers[-1]
    last.weight *= slope
    last.bias.copy_(last.bias * slope + offset)
    print(f"calibration {slope:.3f} {offset:+.3f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path, help="where the network is written")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)  # more would sum in another order, and give other bytes
    if options.keep and options.keep.exists():
        table = np.load(options.keep)["table"]
    else:
        table = drawn(options.workers)
        if options.keep:
            np.savez_compressed(options.keep, table=table)
    fit(table, options.file)


def fit(table: Floats, file: Path) -> None:
    """Trains on a table of `rows`, and writes the network."""
    number, kind, values = table[:, 0], table[:, 1], table[:, 3:]
    y = (kind == 0).astype(float)
    weight = np.where(y == 1, 0.5 / y.sum(), 0.5 / (1 - y).sum()) * len(y)
    held = number % 10 == 9
    network = trained(values, y, weight, held)
    calibrate(network, values[held], y[held], weight[held])
    given, made = ("measures", ("n", len(NAMES))), ("bona_fide", ("n", 1))
    onnx_export.write(network, file, given, made)
    print(f"{len(table)} frames")
    with torch.no_grad():
        score = network(tensor(values[held])).numpy()[:, 0]
    for k in range(len(SPECIES) + 1):
        mine = score[kind[held] == k]
        name = "person" if k == 0 else SPECIES[k - 1]
        wrong = (mine < 0.5).mean() if k == 0 else (mine >= 0.5).mean()
        print(f"{name:14} {len(mine):5} frames, wrong {wrong:.3%}" if len(mine) else name)


if __name__ == "__main__":
    main()
