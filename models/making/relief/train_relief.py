"""Trains relief_2026nov.onnx on generated scenes: `python -m models.making.relief.train_relief`.

    --workers 2; --keep FILE.npz to draw the scenes only once

Heads and noise of every scene differ; those from HELD_OUT on (models/making/scenes/draws.py) are
not used here. A tenth of the scenes is kept back to stop in time and to calibrate.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.making.scenes.attacks import SPECIES, Species
from models.making.scenes.draws import draw
from models.relief.flat_face import Floats
from models.relief.measures import NAMES, measures
from models.relief.patch import lay_out

FILE = Path(__file__).parents[2] / "relief" / "relief_2026nov.onnx"
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


def trained(x: Floats, y: Floats, weight: Floats, held: np.ndarray) -> list[tuple[Floats, Floats]]:
    """The layers that do best on what is held back, by Adam on the weighted log loss.

    Adam is written out, so that relief is made without torch, which colours are trained with.
    """
    random = np.random.default_rng(0)
    widths = (x.shape[1], *WIDTHS, 1)
    layers = [(random.normal(0, np.sqrt(2 / a), (a, b)), np.zeros(b)) for a, b in pairwise(widths)]
    flat = [part for layer in layers for part in layer]
    first, second = [np.zeros_like(p) for p in flat], [np.zeros_like(p) for p in flat]
    best, best_loss, step = [p.copy() for p in flat], np.inf, 0
    train = np.flatnonzero(~held)
    for epoch in range(EPOCHS):
        rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
        for batch in np.array_split(random.permutation(train), max(1, len(train) // BATCH)):
            step += 1
            for i, slope in enumerate(_slopes(flat, x[batch], y[batch], weight[batch])):
                slope = slope + DECAY * flat[i] * (flat[i].ndim == 2)
                first[i] = 0.9 * first[i] + 0.1 * slope
                second[i] = 0.999 * second[i] + 0.001 * slope**2
                mean, spread = first[i] / (1 - 0.9**step), second[i] / (1 - 0.999**step)
                flat[i] -= rate * mean / (np.sqrt(spread) + 1e-8)
        loss = _loss(logits(flat, x[held]), y[held], weight[held])
        if loss < best_loss:
            best, best_loss = [p.copy() for p in flat], loss
    print(f"held-back loss {best_loss:.4f}")
    return list(zip(best[::2], best[1::2], strict=True))


def logits(flat: list[Floats], x: Floats) -> Floats:
    for i in range(0, len(flat) - 2, 2):
        x = np.maximum(x @ flat[i] + flat[i + 1], 0.0)
    return np.asarray((x @ flat[-2] + flat[-1])[:, 0])


def _loss(z: Floats, y: Floats, weight: Floats) -> float:
    return float((weight * (np.logaddexp(0, z) - y * z)).sum() / weight.sum())


def _slopes(flat: list[Floats], x: Floats, y: Floats, weight: Floats) -> list[Floats]:
    seen = [x]
    for i in range(0, len(flat) - 2, 2):
        seen.append(np.maximum(seen[-1] @ flat[i] + flat[i + 1], 0.0))
    z = (seen[-1] @ flat[-2] + flat[-1])[:, 0]
    back = (weight * (1 / (1 + np.exp(-z)) - y) / weight.sum())[:, None]
    slopes: list[Floats] = []
    for i in range(len(flat) - 2, -1, -2):
        slopes = [seen[i // 2].T @ back, back.sum(axis=0), *slopes]
        back = (back @ flat[i].T) * (seen[i // 2] > 0)
    return slopes


def calibrated(z: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and offset that make a logit a probability, by Newton's method."""
    terms, line = np.column_stack((z, np.ones_like(z))), np.array((1.0, 0.0))
    for _ in range(50):
        p = 1 / (1 + np.exp(-terms @ line))
        curve = terms.T @ (terms * (weight * p * (1 - p) + 1e-6)[:, None]) + 1e-6 * np.eye(2)
        line -= np.linalg.solve(curve, terms.T @ (weight * (p - y)))
    return float(np.clip(line[0], 0.2, 1.5)), float(np.clip(line[1], -2.0, 2.0))


def write(
    middle: Floats, spread: Floats, low: Floats, high: Floats, layers: list[tuple[Floats, Floats]]
) -> None:
    """Clip to what was trained with, standardise, the layers, a probability."""
    nodes: list[onnx.NodeProto] = []
    given: dict[str, onnx.TensorProto] = {}
    name = "measures"

    def constant(label: str, value: Floats) -> str:
        given[label] = numpy_helper.from_array(np.asarray(value, np.float32), label)
        return label

    def node(kind: str, *inputs: str) -> str:
        out = f"{kind.lower()}_{len(nodes)}"
        nodes.append(helper.make_node(kind, [*inputs], [out]))
        return out

    name = node("Max", name, constant("low", low))
    name = node("Min", name, constant("high", high))
    name = node("Sub", name, constant("middle", middle))
    name = node("Div", name, constant("spread", spread))
    for i, (weights, bias) in enumerate(layers):
        name = node("Gemm", name, constant(f"w{i}", weights), constant(f"b{i}", bias))
        if i + 1 < len(layers):
            name = node("Relu", name)
    nodes.append(helper.make_node("Sigmoid", [name], ["bona_fide"]))
    graph = helper.make_graph(
        nodes,
        "relief",
        [helper.make_tensor_value_info("measures", TensorProto.FLOAT, ["n", len(NAMES)])],
        [helper.make_tensor_value_info("bona_fide", TensorProto.FLOAT, ["n", 1])],
        list(given.values()),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    FILE.write_bytes(model.SerializeToString())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    if options.keep and options.keep.exists():
        table = np.load(options.keep)["table"]
    else:
        table = drawn(options.workers)
        if options.keep:
            np.savez_compressed(options.keep, table=table)
    fit(table)


def fit(table: Floats) -> None:
    """Trains on a table of `rows`, and writes the network."""
    number, kind, values = table[:, 0], table[:, 1], table[:, 3:]
    y = (kind == 0).astype(float)
    weight = np.where(y == 1, 0.5 / y.sum(), 0.5 / (1 - y).sum()) * len(y)
    held = number % 10 == 9
    low, high = np.quantile(values, (0.001, 0.999), axis=0)
    clipped = np.clip(values, low, high)
    middle, spread = clipped[~held].mean(axis=0), clipped[~held].std(axis=0) + 1e-6
    x = (clipped - middle) / spread
    layers = trained(x, y, weight, held)
    z = logits([part for layer in layers for part in layer], x[held])
    slope, offset = calibrated(z, y[held], weight[held])
    weights, bias = layers[-1]
    layers[-1] = (weights * slope, bias * slope + offset)
    write(middle, spread, low, high, layers)
    print(f"{len(table)} frames, calibration {slope:.3f} {offset:+.3f}")
    score = 1 / (1 + np.exp(-(slope * z + offset)))
    for k in range(len(SPECIES) + 1):
        mine = score[kind[held] == k]
        name = "person" if k == 0 else SPECIES[k - 1]
        wrong = (mine < 0.5).mean() if k == 0 else (mine >= 0.5).mean()
        print(f"{name:14} {len(mine):5} frames, wrong {wrong:.3%}" if len(mine) else name)


if __name__ == "__main__":
    main()
