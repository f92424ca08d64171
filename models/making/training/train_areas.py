"""Train the network that tells which areas of a face are covered; measure it on unseen sources.

    python -m models.making.training.train_areas SAMPLES.npz --draw pad_full/bonafide FOLDER ...
    python -m models.making.training.train_areas SAMPLES.npz --hold-out  # as docs/measure/stills.md
    python -m models.making.training.train_areas SAMPLES.npz --write models/stills/areas_2026nov.npz

Real faces, SYNTHETIC occluders (occluders.py). A source is the part of a folder's name before "__";
with --hold-out each is judged by networks that never saw it, in five folds.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feeds.imaging import decoded, encoded, hull_mask, read_image
from models.making.training.occluders import OCCLUDERS
from models.observation import Face, Measure
from models.perceive import needs
from models.session import Networks
from models.still_look import look_at
from models.stills.areas import AREAS, COVERED, DOUBTFUL, SPREAD, described

EACH = 2  # drawings of each occluder over each picture
OF_A_FOLDER = 9
MOSTLY, VISIBLE = 0.6, 0.1  # share of an area from which it is covered, up to which it is visible
HIDDEN, ROUNDS, RATE, DECAY, BATCH, FOLDS = 32, 60, 2e-3, 1e-3, 256, 5
WORN = ("foxriver", "dangliem", "dracarys", "akriti")  # sources where people wear caps as it is

MUST_BE_TOLD = {"surgical_mask": ("nose", "mouth"), "sunglasses": ("right_eye", "left_eye")}

Floats = NDArray[np.float32]


def measured(networks: Networks, image: NDArray[np.uint8]) -> Face | None:
    return next(iter(look_at(image, networks, {Measure.POSE}).faces), None)


def files(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """With the source of each: at most OF_A_FOLDER of a folder, spread over it."""
    for top in folders:
        for folder in sorted({top, *(each for each in top.rglob("*") if each.is_dir())}):
            found = sorted(f for f in folder.iterdir() if f.suffix.lower() in (".jpg", ".png"))
            source = folder.name.split("__")[0] if "__" in folder.name else top.parent.name
            for file in found[:: max(1, -(-len(found) // OF_A_FOLDER))]:
                yield source, file


def draw(folders: Sequence[Path], to: Path) -> None:
    """Every occluder over every face: what the network is shown, and what is covered."""
    networks, random = Networks.load(needs({Measure.POSE}), "cpu"), np.random.default_rng(7)
    rows, labels, kinds, sources, lost = [], [], [], [], dict.fromkeys(OCCLUDERS, 0)
    for source, file in files(folders):
        image = read_image(str(file))
        face = measured(networks, image)
        if face is None or face.mesh is None:
            continue
        for kind, occluder in OCCLUDERS.items():
            for _ in range(EACH):
                made, mask = occluder(image, face.mesh, random)
                made = decoded(encoded(made, ".jpg", quality=int(random.integers(60, 97))))
                seen = measured(networks, made)
                told = None if seen is None or seen.mesh is None else described(made, seen.mesh)
                if told is None:
                    lost[kind] += 1
                    continue
                rows.append(told.numbers)
                labels.append(_labels(mask, face.mesh, told.seen, source))
                kinds.append(kind)
                sources.append(source)
    print("faces that were not found again, by what was drawn:", lost)
    np.savez(to, rows=np.array(rows), labels=np.array(labels), kinds=kinds, sources=sources)


def _labels(mask: Floats, mesh: Floats, seen: NDArray[np.bool_], source: str) -> Floats:
    """Of each area 1 covered, 0 visible, NaN in between, out of the picture or not known."""
    found = []
    for area, around in AREAS.items():
        inside = hull_mask(mask.shape, mesh[list(around), :2])
        share = float(mask[inside].mean()) if inside.any() else np.nan
        label = 1.0 if share >= MOSTLY else 0.0 if share <= VISIBLE else np.nan
        if area == "forehead" and label == 0.0 and source in WORN:
            label = np.nan
        found.append(label)
    return np.where(seen, np.array(found, np.float32), np.nan)


def fitted(rows: Floats, labels: Floats, weights: Floats) -> dict[str, Floats]:
    """One hidden layer by Adam, mean log loss of all labels that are known."""
    random = np.random.default_rng(1)
    flat = rows.reshape(len(rows), -1)
    mean, spread = flat.mean(0), flat.std(0) + 1e-3
    told = np.clip((flat - mean) / spread, -SPREAD, SPREAD)
    net = {
        "first": random.normal(0, 0.1, (told.shape[1], HIDDEN)), "first_bias": np.zeros(HIDDEN),
        "last": random.normal(0, 0.1, (HIDDEN, len(AREAS))), "last_bias": np.zeros(len(AREAS)),
    }  # fmt: skip
    moments = {name: (np.zeros_like(v), np.zeros_like(v)) for name, v in net.items()}
    known, wanted = ~np.isnan(labels), np.nan_to_num(labels)
    step = 0
    for _ in range(ROUNDS):
        order = random.permutation(len(told))
        for batch in np.array_split(order, max(1, len(order) // BATCH)):
            step += 1
            shown = told[batch] + random.normal(0, 0.1, (len(batch), told.shape[1]))
            hidden = np.maximum(shown @ net["first"] + net["first_bias"], 0)
            said = 1 / (1 + np.exp(-(hidden @ net["last"] + net["last_bias"])))
            wrong = (said - wanted[batch]) * known[batch] * weights[batch, None] / len(batch)
            back = (wrong @ net["last"].T) * (hidden > 0)
            slopes = {"last": hidden.T @ wrong, "last_bias": wrong.sum(0),
                      "first": shown.T @ back, "first_bias": back.sum(0)}  # fmt: skip
            for name, slope in slopes.items():
                first, second = moments[name]
                first += 0.1 * (slope - first)
                second += 0.001 * (slope * slope - second)
                by = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
                net[name] -= RATE * (by + DECAY * net[name])
    net |= {"mean": mean, "spread": spread}
    return {name: value.astype(np.float32) for name, value in net.items()}


def answered(net: dict[str, Floats], rows: Floats) -> Floats:
    flat = (rows.reshape(len(rows), -1) - net["mean"]) / net["spread"]
    hidden = np.maximum(np.clip(flat, -SPREAD, SPREAD) @ net["first"] + net["first_bias"], 0)
    return 1 / (1 + np.exp(-(hidden @ net["last"] + net["last_bias"])))


def weighed(sources: NDArray[np.str_]) -> Floats:
    """Each source alike, by the root of its number."""
    _, place, counts = np.unique(sources, return_inverse=True, return_counts=True)
    weights = 1 / np.sqrt(counts[place])
    return (weights / weights.mean()).astype(np.float32)


def held_out(rows: Floats, labels: Floats, sources: NDArray[np.str_]) -> Floats:
    """What is said of each row by a network that never saw its source."""
    names, said = np.unique(sources), np.full(labels.shape, np.nan)
    for fold in range(FOLDS):
        inside = np.isin(sources, names[fold::FOLDS])
        net = fitted(rows[~inside], labels[~inside], weighed(sources[~inside]))
        said[inside] = answered(net, rows[inside])
    return said


def tell(said: Floats, labels: Floats, kinds: NDArray[np.str_]) -> None:
    doubt, reject = DOUBTFUL, COVERED
    print("| drawn | areas that it covers | missed (< 0.6), % | under 0.9, % |")
    for kind in OCCLUDERS:
        rows = kinds == kind
        covered = (labels == 1) & rows[:, None]
        if covered.any():
            values = said[covered]
            print(f"| {kind} | {covered.sum()} | {100 * np.mean(values < doubt):.1f} |"
                  f" {100 * np.mean(values < reject):.1f} |")  # fmt: skip
    print("| area | covered, missed, % | visible, doubted (>= 0.6), % | rejected (>= 0.9), % |")
    bare = np.isin(kinds, ("nothing", "glasses"))
    for at, area in enumerate(AREAS):
        hit = said[labels[:, at] == 1, at]
        clear = said[(labels[:, at] == 0) & bare, at]
        print(f"| {area} | {100 * np.mean(hit < doubt):.1f} | {100 * np.mean(clear >= doubt):.1f} |"
              f" {100 * np.mean(clear >= reject):.1f} |")  # fmt: skip
    for kind, areas in (
        ("surgical_mask", ("nose", "mouth")),
        ("sunglasses", ("right_eye", "left_eye")),
    ):
        places = [list(AREAS).index(area) for area in areas]
        rows = kinds == kind
        both = (labels[rows][:, places] == 1).all(1)
        most = said[rows][:, places][both].max(1)
        missed = 100 * np.mean(most < doubt)
        print(f"{kind}: {both.sum()} faces, neither of {areas} told: {missed:.2f} %")
    clear = said[kinds == "nothing"]
    known = np.where(labels[kinds == "nothing"] == 0, clear, 0)
    print(f"bare faces with any area doubted {100 * np.mean((known >= doubt).any(1)):.1f} %,"
          f" rejected {100 * np.mean((known >= reject).any(1)):.1f} %")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Which areas of a face are covered.")
    parser.add_argument("samples", type=Path)
    parser.add_argument("--draw", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--hold-out", action="store_true")
    parser.add_argument("--write", type=Path)
    asked = parser.parse_args()
    if asked.draw:
        draw(asked.draw, asked.samples)
    with np.load(asked.samples) as held:
        rows, labels, kinds, sources = (held[n] for n in ("rows", "labels", "kinds", "sources"))
    if asked.hold_out:
        tell(held_out(rows, labels, sources), labels, kinds)
    if asked.write:
        np.savez(asked.write, **fitted(rows, labels, weighed(sources)))


if __name__ == "__main__":
    main()
