"""Trains one of the four liveness networks; docs/change/training.md has the commands and what
they gave.

    python -m models.making.training.train MODEL --data DATA... --clips CLIP... --output FILE.onnx
    python -m models.making.training.train MODEL --data DATA... --clips CLIP... --hold-out FILE.npz
                                           [--published]

MODEL is hybrid, context, texture or detail, or for --hold-out one of TRIALS. What happens:

  1. find the faces (data.py);
  2. draw views of each (views.py), and let the network's first layers look at them:
     these stay as their makers left them, who had far more pictures than there are here;
  3. train the later layers on, once for each seed: living people and attacks half and half, each
     source and species by the root of its size and by its weight; towards the labels and, a tenth,
     towards what the network said before;
  4. go a part of the way from the old numbers to the mean of the new ones; how far, was chosen on
     sources that took no part (chosen.py).

--hold-out trains without each fold of sources in turn, and writes what every face scored by
networks that never saw its source, at every part of the way; chosen.py reads it. With --published
nothing is trained, and every part of the way is the network as its makers published it.

Every seed is fixed: on the same processor and torch the same command gives the same bytes.
"""

import argparse
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from models.liveness.bona_fide import SIDE
from models.making import onnx_export
from models.making.minifasnet import V1SE, V2, MiniFASNet, Stages, bona_fide_logit, write
from models.making.training.data import Face, column, find_faces
from models.making.training.opinion import taught, together
from models.making.training.views import STOLEN, Bounds, draw, plain
from models.network_file import Crop
from models.schemes import LivenessModel

Floats = NDArray[np.float32]
WAYS = (0.0, 0.25, 0.5, 0.75, 1.0)
SURE = 0.98  # what of a label is sure: it is right, but not always to be seen
NEVER = -20.0  # the logit that a drawn attack is taken to have had before
MEDIA = ("print", "screen")
VIEWS_SEED = 30107
FOLDS = 6
PLACES = 512  # maps of the network's last layer that still knows places


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is trained; everything that was chosen, on sources held out.

    base     whose numbers it begins from: a network file, and the stages of its make
    way      part of the way from those numbers to the trained ones, 0..1
    tight    weight of tight crops, on which this network is not what a door asks
    opinion  part of the target that is what was said before; the rest is the label
    side     pixels of the crop that the network sees
    looks    scales at which a door cuts each face, the mean of whose logits counts; empty: the
             crop's own. Training sees that one alone
    taught   whether that is what all networks and the teacher say of the face, or this one alone
    evened   whether each crop's colours are brought to one grey before the network, at a door too
    agreed   weight of how far two views of one face may be apart, in logits
    patches  weight of a second judgement, place by place of the last maps, by a layer that is left
             out of what is written
    drawn    share of drawn attacks among the attacks of a batch, two thirds of them prints
    stolen   pixels, from and to, along the longer side of a picture that is drawn on a medium
    species  weight of a species of real attack, where it is not 1
    seeds    one training each; what ships is the mean of their numbers
    """

    base: Path
    stages: Stages
    crop: Crop
    way: float
    tight: float
    opinion: float = 0.1
    side: int = SIDE
    looks: tuple[float, ...] = ()
    taught: bool = False
    agreed: float = 0.0
    patches: float = 0.0
    evened: bool = False
    steps: int = 250
    batch: int = 64
    rate: float = 2e-4
    drawn: float = 0.2
    stolen: Bounds = STOLEN
    species: dict[str, float] = field(
        default_factory=lambda: {
            "print": 2.5,
            "mask": 2.0,
            "tablet": 1.5,
            "monitor": 2.0,
            "device": 1.5,
        }
    )
    seeds: tuple[int, ...] = (1, 2, 3)


BASE = Path(__file__).resolve().parents[1] / "base"
V2_BASE = BASE / "minifasnet_v2_2020jul.onnx"
V1SE_BASE = BASE / "minifasnet_v1se_2020jul.onnx"
# The face alone, at as many pixels as its maker meant.
TIGHT = Recipe(
    V2_BASE, V2, Crop(1.3, "square", "area"), way=0.5, tight=0.5, opinion=0.3, taught=True
)
RECIPES: dict[LivenessModel, Recipe] = {
    "hybrid": Recipe(
        V2_BASE, V2, Crop(2.7, "box", "linear"), way=0.5, tight=0.25, opinion=0.3, taught=True
    ),
    "context": Recipe(
        V1SE_BASE, V1SE, Crop(4.0, "box", "linear"), way=0.5, tight=0.25, evened=True
    ),
    "texture": replace(TIGHT, looks=(1.04, 1.625)),
    "detail": replace(TIGHT, side=112),
}


# Tried and not shipped; docs/change/training.md has what they gave.
TRIALS: dict[str, Recipe] = {
    "one_crop": TIGHT,
    "agreeing": replace(RECIPES["texture"], agreed=0.05),
    "patches": replace(RECIPES["texture"], patches=0.5),
    "finer": replace(RECIPES["hybrid"], stolen=(200.0, 480.0), drawn=0.4),
}
EVERY: dict[str, Recipe] = {**{str(name): recipe for name, recipe in RECIPES.items()}, **TRIALS}


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a network is trained and judged on: its first layers' look at every view.

    seen    (n, 64, side / 4, side / 4) half precision, of every view
    opinion (n,) logit of bona fide that was given before
    plain   (faces, 64, side / 4, side / 4): of every face as the product cuts it, for each look
    before  (faces,) logit that the network as published gives of the crop, its colours as they are
    """

    faces: Sequence[Face]
    seen: Tensor
    face: NDArray[np.intp]
    drawn: NDArray[np.str_]
    opinion: Floats
    plain: Sequence[Tensor]
    before: Floats

    @property
    def live(self) -> NDArray[np.bool_]:
        """(n,): a bona fide face, and not on a drawn medium."""
        return column(self.faces, "live")[self.face] & (self.drawn == "")


def prepared(recipe: Recipe, faces: Sequence[Face], teachers: Path | None = None) -> Material:
    """Views of all faces, looked at once for every training to come.

    `teachers`: a TOML file of entries as in docs/change/networks.md, for a recipe that is taught.
    """
    views = draw(faces, recipe.crop, VIEWS_SEED, MEDIA, recipe.side, recipe.stolen)
    print(f"{len(views.face)} views", flush=True)
    cut = plain(faces, recipe.crop, recipe.side)
    network = begun(recipe)
    before = published(recipe, cut)
    known = opinion(faces, teachers) if recipe.taught else logits(network, look(network, cut))
    return Material(
        faces,
        look(network, views.pixels),
        views.face,
        views.drawn,
        np.float32(np.where(views.drawn == "", known[views.face], NEVER)),
        [look(network, plain(faces, crop, recipe.side)) for crop in looks_of(recipe)],
        before,
    )


def looks_of(recipe: Recipe) -> list[Crop]:
    """The crops by which a door judges a face with the recipe's network."""
    scales = recipe.looks or (recipe.crop.scale,)
    return [replace(recipe.crop, scale=scale) for scale in scales]


def opinion(faces: Sequence[Face], teachers: Path | None) -> Floats:
    """(faces,) what every network as published, at its own crop, and the teachers say together.

    Detail's own is none of them: it looks at larger pictures than its makers meant.
    """
    own = [recipe for recipe in RECIPES.values() if recipe.side == SIDE]
    ours = [published(recipe, plain(faces, recipe.crop)) for recipe in own]
    theirs = taught(faces, teachers) if teachers is not None else []
    return together([*ours, *theirs])


def published(recipe: Recipe, pixels: NDArray[np.uint8]) -> Floats:
    """(n,) the logit that the network as its makers published it gives (n, side, side, 3) crops."""
    network = begun(replace(recipe, evened=False))
    return logits(network, look(network, pixels))


def begun(recipe: Recipe) -> MiniFASNet:
    """The network as its makers published it."""
    network = MiniFASNet(recipe.stages, recipe.evened, recipe.side)
    onnx_export.read(network, recipe.base)
    return network.to(memory_format=torch.channels_last).eval()


@torch.no_grad()
def look(network: MiniFASNet, pixels: NDArray[np.uint8]) -> Tensor:
    """(n, 64, side / 4, side / 4) half precision: what the first layers make of the crops."""
    parts = [pixels[at : at + 64] for at in range(0, len(pixels), 64)]
    return torch.cat([network.see(tensor(part)).half() for part in parts])


@torch.no_grad()
def logits(network: MiniFASNet, seen: Tensor) -> Floats:
    """(n,) logit of bona fide, from what the first layers saw."""
    parts = [bona_fide_logit(network.judge(part.float())) for part in seen.split(128)]
    return np.float32(torch.cat(parts).numpy())


def tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """(n, 3, side, side) from (n, side, side, 3)."""
    given = torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))).float()
    return given.to(memory_format=torch.channels_last)


class Pool:
    """Views to draw from, each with its weight."""

    def __init__(self, mask: NDArray[np.bool_], weight: NDArray[np.floating], count: int) -> None:
        self._rows = np.flatnonzero(mask)
        self._shares = weight[self._rows] / weight[self._rows].sum()
        self._count = count

    def draw(self, random: np.random.Generator) -> NDArray[np.intp]:
        return random.choice(self._rows, self._count, p=self._shares)


class Partners:
    """Another view of the same face, on the same medium, for each view."""

    def __init__(self, material: Material) -> None:
        medium = np.unique(material.drawn, return_inverse=True)[1]
        kind = material.face * (medium.max() + 1) + medium
        self._order = np.argsort(kind, kind="stable")
        _, self._of, counts = np.unique(kind, return_inverse=True, return_counts=True)
        self._counts, self._starts = counts, np.cumsum(counts) - counts

    def of(self, rows: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
        """One for each; where there is but one view, itself."""
        group = self._of[rows]
        chosen = (random.random(len(rows)) * self._counts[group]).astype(np.intp)
        return self._order[self._starts[group] + chosen]


def pools(recipe: Recipe, material: Material, without: Collection[str]) -> list[Pool]:
    """Half of a batch is bona fide; the other real attacks, and attacks on drawn media."""
    source = column(material.faces, "source")[material.face]
    allowed = ~np.isin(source, list(without))
    attack = ~column(material.faces, "live")[material.face]
    weight = weights(recipe, material)
    half = recipe.batch // 2
    drawn = round(half * recipe.drawn)
    shares = {
        "bona fide": (allowed & material.live, half),
        "attack": (allowed & attack, half - drawn),
        "print": (allowed & (material.drawn == "print"), drawn - drawn // 3),
        "screen": (allowed & (material.drawn == "screen"), drawn // 3),
    }
    return [Pool(mask, weight, count) for mask, count in shares.values()]


def weights(recipe: Recipe, material: Material) -> NDArray[np.float64]:
    """(n,) of every view; by number, views already stand as the roots of their groups' sizes."""
    species = column(material.faces, "species")
    own = np.array([recipe.species.get(name, 1.0) for name in species])
    tight = np.where(column(material.faces, "tight"), recipe.tight, 1.0)
    return (own * tight)[material.face]


def trained(recipe: Recipe, material: Material, without: Collection[str], seed: int) -> MiniFASNet:
    """The network, its later layers trained on all views but those of some sources."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    drawn_from = pools(recipe, material, without)
    network = begun(recipe)
    for number in network.seeing():
        number.requires_grad_(False)
    network.train()
    learnt = [number for number in network.parameters() if number.requires_grad]
    places = torch.nn.Conv2d(PLACES, 1, 1) if recipe.patches else None  # it draws its numbers
    learnt += [] if places is None else list(places.parameters())
    partners = Partners(material) if recipe.agreed else None
    optimiser = torch.optim.AdamW(learnt, recipe.rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.rate, recipe.steps, pct_start=0.1
    )
    before = 1 / (1 + np.exp(-material.opinion.astype(np.float64)))
    label = SURE * material.live + (1 - SURE) / 2
    target = np.float32((1 - recipe.opinion) * label + recipe.opinion * before)
    for step in range(recipe.steps):
        rows = np.concatenate([pool.draw(random) for pool in drawn_from])
        wanted = torch.from_numpy(target[rows])
        maps = network.maps(material.seen[rows].float())
        logit = bona_fide_logit(network.head(maps))
        loss = cross_entropy(logit, wanted)
        if places is not None:
            told = places(maps)[:, 0]
            loss = loss + recipe.patches * cross_entropy(
                told, wanted[:, None, None].expand_as(told)
            )
        if partners is not None:
            other = material.seen[partners.of(rows, random)].float()
            apart = logit - bona_fide_logit(network.judge(other))
            loss = loss + recipe.agreed * (apart**2).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 5.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"  seed {seed}, step {step}, loss {loss.item():.3f}", flush=True)
    return network.eval()


def mixed(recipe: Recipe, networks: Sequence[MiniFASNet], way: float) -> MiniFASNet:
    """Each number a part of the way from the base's to the mean of the trained ones.

    What fine-tuning gains on known sources it partly loses on unknown ones; between the two lie
    networks that keep most of both (Wortsman et al., CVPR 2022, arXiv:2109.01903).
    """
    mixture = begun(recipe)
    numbers = zip(*(network.parameters() for network in networks), strict=True)
    with torch.no_grad():
        for ours, theirs in zip(mixture.parameters(), numbers, strict=True):
            ours.lerp_(torch.stack(theirs).mean(0), way)
    return mixture.eval()


def folds(faces: Sequence[Face], count: int = FOLDS) -> list[list[str]]:
    """The sources in groups that are held out together: the largest alone, the others dealt."""
    source = column(faces, "source")
    names = sorted({str(name) for name in source}, key=lambda name: (-np.sum(source == name), name))
    return [names[:1], *(names[1:][at :: count - 1] for at in range(count - 1))]


def held_out(recipe: Recipe, material: Material, seed: int) -> Floats:
    """(ways, faces): what every face scores by a network trained without its source.

    No part of the way is the network as its makers published it, whose colours are not evened.
    """
    source = column(material.faces, "source")
    scores = np.full((len(WAYS), len(source)), np.nan, np.float32)
    for names in folds(material.faces):
        print(f"without {', '.join(names)}", flush=True)
        network = trained(recipe, material, names, seed)
        rows = np.flatnonzero(np.isin(source, names))
        scores[0, rows] = material.before[rows]
        for at, way in enumerate(WAYS[1:], start=1):
            ours = mixed(recipe, [network], way)
            scores[at, rows] = np.mean([logits(ours, each[rows]) for each in material.plain], 0)
    return scores


def write_scores(path: Path, scores: Floats, faces: Sequence[Face]) -> None:
    """(seeds, ways, faces) logits, and whose faces they are."""
    facts = {name: column(faces, name) for name in ("source", "species", "tight", "held")}
    np.savez(path, scores=scores, **facts)


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains a liveness network.")
    parser.add_argument("model", choices=list(EVERY))
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--teacher", type=Path, help="TOML file, docs/change/training.md")
    parser.add_argument("--seeds", type=int, nargs="+", help="in place of the recipe's")
    parser.add_argument("--hold-out", type=Path, help="where the scores on sources left out go")
    parser.add_argument("--published", action="store_true", help="with --hold-out: train nothing")
    parser.add_argument("--output", type=Path, help="where the network is written")
    given = parser.parse_args()
    torch.set_num_threads(1)  # more would sum in another order, and give other bytes
    recipe = EVERY[given.model]
    recipe = replace(recipe, seeds=tuple(given.seeds or recipe.seeds))
    if recipe.taught and given.teacher is None and not given.published:
        parser.error(f"the recipe of {given.model} is taught: name its teachers with --teacher")
    if given.published and given.hold_out is None:
        parser.error("--published goes with --hold-out")
    if given.output and given.model in TRIALS:
        parser.error(f"{given.model} is a trial: measure it with --hold-out")
    faces = find_faces(given.data, given.clips)
    if given.published:
        said = published(recipe, plain(faces, recipe.crop, recipe.side))
        write_scores(given.hold_out, np.tile(said, (1, len(WAYS), 1)), faces)
        return
    material = prepared(recipe, faces, given.teacher)
    if given.hold_out:
        scores = np.stack([held_out(recipe, material, seed) for seed in recipe.seeds])
        write_scores(given.hold_out, scores, faces)
    if given.output:
        networks = [trained(recipe, material, (), seed) for seed in recipe.seeds]
        write(mixed(recipe, networks, recipe.way), given.output, recipe.side)


if __name__ == "__main__":
    main()
