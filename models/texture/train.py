"""Trains the texture network, and says what it is worth on sources it never saw.

    python -m models.texture.train DATA --clips CLIP... --teacher TEACHER.onnx

DATA holds COLLECTION/bonafide/NAME/*.jpg and COLLECTION/attack_*/NAME/*.jpg. In the collection
"crops", of tight face crops, each NAME is a source of its own; any other collection is one source
of full frames. The clips are bona fide. What happens:

  1. find the faces (the shipped detector);
  2. draw training crops from them: each filmed anew, and attacks drawn from the bona fide ones;
  3. ask the teachers what they think of every crop;
  4. for each source of DATA: train without it, judge on it where it has both classes (--hold-out);
  5. train on everything and write the network.

Starts from MiniFASNetV2's own numbers. Every seed is fixed. Takes CUDA where there is one; on one
core of a CPU count five minutes for 1 to 3, and three for each training.
"""

import argparse
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from feeds.imaging import open_file, read_image
from models.detect import Detector
from models.liveness import cut
from models.manifest import Crop, shipped
from models.observation import Box
from models.session import Networks
from models.texture.attacks import Image, Random, filmed, recaptured
from models.texture.model import (
    V2,
    MiniFASNet,
    Stages,
    bona_fide_logit,
    read_weights,
    write_weights,
)

BASE = shipped().networks["minifasnet_v2"].path
CROP = Crop(1.3, "square", "area")
TEACHER_CROP, TEACHER_SIDE = 1.5, 128
SEED = 30107
PER_SOURCE = 700  # crops drawn of each kind from each source
LONG_SIDE = 224  # pixels of a face that are kept
KINDS = ("bona fide", "attack", "drawn attack")

STEPS, BATCH, RATE = 260, 64, 1e-4
TEMPERATURE = 3.0  # the teachers' logits are large; divided by this they say more than yes or no
WEIGHT = {"label": 1.0, "base": 0.3, "teacher": 0.5}
KEPT = 0.5  # share of the base's own numbers in the result: it knows cameras we never saw

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face with what is around it, as far as twice the box."""

    image: Image
    box: Box
    source: str
    live: bool


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Training crops, one a row."""

    pixels: NDArray[np.uint8]  # (n, 80, 80, 3)
    source: NDArray[np.str_]
    kind: NDArray[np.int_]  # index of KINDS
    base: Floats  # logit of bona fide, as the base sees it
    teacher: Floats


# 1. Faces.


def find_faces(data: Path, clips: list[Path]) -> list[Face]:
    """Every face of the data; says how many pictures had none."""
    detector = Detector(Networks.load({"face"})["face"])
    faces, missed = [], 0
    for image, source, live, tight in pictures(data, clips):
        face = largest_face(detector, image, tight)
        if face is None:
            missed += 1
        else:
            faces.append(Face(*face, source, live))
    print(f"{len(faces)} faces, {missed} pictures without")
    return faces


def pictures(data: Path, clips: list[Path]) -> Iterator[tuple[Image, str, bool, bool]]:
    """Image, source, whether bona fide, whether it is but a crop of a face."""
    for path in sorted([*data.glob("*/bonafide/*/*"), *data.glob("*/attack_*/*/*")]):
        collection, label, name = path.relative_to(data).parts[:3]
        tight = collection == "crops"
        yield read_image(str(path)), name if tight else collection, label == "bonafide", tight
    for clip in clips:
        capture = open_file(str(clip))
        if capture is None:
            raise SystemExit(f"{clip} is no video that can be read")
        number = 0
        while (image := capture.read()) is not None:
            if number % 6 == 0:
                yield image, clip.stem, True, False
            number += 1


def largest_face(detector: Detector, image: Image, tight: bool) -> tuple[Image, Box] | None:
    """The largest face, cut out with its surroundings; a tight crop is first given a margin."""
    pad = max(image.shape[:2]) // 4 if tight else 0
    sides = (pad, pad, pad, pad)
    wide = cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(114, 114, 114))
    boxes = [np.asarray(detection.box) - pad for detection in detector.find(wide)]
    boxes = [box for box in boxes if (box[2:] - box[:2]).max() > 60]
    if not boxes:
        return None
    box = max(boxes, key=lambda box: float(np.prod(box[2:] - box[:2])))
    size, centre = box[2:] - box[:2], (box[:2] + box[2:]) / 2
    left, top = np.maximum(0, centre - size).astype(int)
    right, bottom = np.minimum(image.shape[1::-1], centre + size).astype(int)
    piece, box = image[top:bottom, left:right], box - (left, top, left, top)
    return shrunk(piece, box, LONG_SIDE)


def shrunk(image: Image, box: NDArray[np.floating], long_side: float) -> tuple[Image, Box]:
    """The image with the longer side of the box brought down to so many pixels."""
    scale = min(1.0, long_side / float((box[2:] - box[:2]).max()))
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    x1, y1, x2, y2 = (float(value) for value in box * scale)
    return image, (x1, y1, x2, y2)


# 2. and 3. Crops.


def draw(faces: list[Face], teacher: Path | None) -> Crops:
    """PER_SOURCE crops of each kind from each source, and what the teachers say of them."""
    random = np.random.default_rng(SEED)
    base_says = Opinion(BASE, 80, 1)
    teacher_says = Opinion(teacher, TEACHER_SIDE, 0) if teacher else None
    rows = []
    for source in sorted({face.source for face in faces}):
        live = [face for face in faces if face.source == source and face.live]
        attacks = [face for face in faces if face.source == source and not face.live]
        for kind, pool in enumerate((live, attacks, live)):
            for _ in range(PER_SOURCE if pool else 0):
                face = pool[random.integers(len(pool))]
                view = drawn_view(face, random, attack=kind == 2)
                crop = np.ascontiguousarray(squared(view, CROP.scale, 80))
                said = base_says(crop)
                wide = squared(view, TEACHER_CROP, TEACHER_SIDE)[..., ::-1] / 255
                told = teacher_says(wide) if teacher_says else said
                rows.append((crop, source, kind, said, told))
        print(f"drawn from {source}: {len(rows)} crops so far", flush=True)
    pixels, sources, kinds, base, told = zip(*rows, strict=True)
    return Crops(
        np.stack(pixels), np.array(sources), np.array(kinds), np.float32(base), np.float32(told)
    )


def drawn_view(face: Face, random: Random, attack: bool) -> Image:
    """A square about the face, 1.5 times its crop, as some camera or some attack would show it."""
    image, box = shrunk(face.image, np.array(face.box), random.uniform(70, 150))
    side = max(box[2] - box[0], box[3] - box[1])
    side_scale = random.uniform(0.88, 1.15)
    x, y = random.normal(0, 0.03 * side, 2)
    centre = ((box[0] + box[2]) / 2 + x, (box[1] + box[3]) / 2 + y)
    half = side * side_scale * TEACHER_CROP / 2
    turn = cv2.getRotationMatrix2D(centre, random.normal(0, 5), 1)
    turn[:, 2] += half - np.array(centre)
    size = (int(2 * half), int(2 * half))
    view = cv2.warpAffine(image, turn, size, borderMode=cv2.BORDER_REFLECT_101)
    view = view[:, ::-1] if random.random() < 0.5 else view
    view = np.ascontiguousarray(view)
    return filmed(recaptured(view, random) if attack else view, random)


def squared(view: Image, scale: float, side: int) -> Image:
    """The middle of a view, as a square of `scale` times the face."""
    size = len(view)
    length = round(size * scale / TEACHER_CROP)
    first = (size - length) // 2
    middle = view[first : first + length, first : first + length]
    return cv2.resize(middle, (side, side), interpolation=cv2.INTER_AREA)


class Opinion:
    """The logit of bona fide that a finished network gives a crop."""

    def __init__(self, path: Path, side: int, live: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(str(path), options, ["CPUExecutionProvider"])
        self._name = self._session.get_inputs()[0].name
        self._side, self._live = side, live

    def __call__(self, crop: NDArray[np.generic]) -> float:
        given = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32)
        logits = self._session.run(None, {self._name: given})[0][0]
        return float(logits[self._live] - np.logaddexp.reduce(np.delete(logits, self._live)))


# 4. and 5. Training.


def trained(crops: Crops, without: Collection[str], device: str) -> MiniFASNet:
    """The base, trained on all crops but those of some sources."""
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    network = MiniFASNet()
    read_weights(network, BASE)
    network.to(device, memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, STEPS, pct_start=0.15)
    pools = pools_of(crops, without)
    for step in range(STEPS):
        turns = (np.arange(BATCH) + random.integers(len(pools))) % len(pools)
        rows = np.array([random.choice(pools[turn]) for turn in turns])
        loss = loss_on(network, crops, rows, random, device)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"  step {step}, loss {loss.item():.3f}", flush=True)
    return mixed(network.to("cpu"), KEPT)


def pools_of(crops: Crops, without: Collection[str]) -> list[NDArray[np.intp]]:
    """Rows by source and kind, so that all have the same say; bona fide ones as often as both
    kinds of attack together."""
    pools = []
    for source in np.unique(crops.source):
        for kind in (0, 1, 2):
            rows = np.flatnonzero((crops.source == source) & (crops.kind == kind))
            if len(rows) and source not in without:
                pools.append(rows)
                if kind == 0 and np.any(crops.kind[crops.source == source] == 1):
                    pools.append(rows)
    return pools


def loss_on(
    network: MiniFASNet, crops: Crops, rows: NDArray[np.intp], random: Random, device: str
) -> Tensor:
    """How far the network is from the labels, from the base, and from the teacher."""
    pixels = crops.pixels[rows]
    pixels = pixels[:, :, ::-1] if random.random() < 0.5 else pixels
    given = torch.from_numpy(np.float32(pixels).transpose(0, 3, 1, 2)).to(device)
    logit = bona_fide_logit(network(given))
    live = torch.from_numpy(np.float32(crops.kind[rows] == 0)).to(device)
    # A label is surely right, but not always to be seen: a drawn attack may be a very good one.
    label = cross_entropy(logit / TEMPERATURE, 0.95 * live + 0.025)
    said = {"base": crops.base, "teacher": crops.teacher}
    loss = WEIGHT["label"] * label
    for name, logits in said.items():
        target = torch.from_numpy(logits[rows]).to(device)
        soft = torch.sigmoid(target / TEMPERATURE)
        loss = loss + WEIGHT[name] * cross_entropy(logit / TEMPERATURE, soft)
    return loss


def mixed(network: MiniFASNet, kept: float, base: Path = BASE, stages: Stages = V2) -> MiniFASNet:
    """Each number between the base's and the trained one's.

    What fine-tuning gains on known sources it partly loses on unknown ones; between the two lie
    networks that keep most of both (Wortsman et al., CVPR 2022, arXiv:2109.01903).
    """
    original = MiniFASNet(stages)
    read_weights(original, base)
    with torch.no_grad():
        for ours, theirs in zip(network.parameters(), original.parameters(), strict=True):
            ours.lerp_(theirs, kept)
    return network.eval()


def scores(network: MiniFASNet, faces: list[Face]) -> Floats:
    """The logit of bona fide of every face, cut out as the product does it."""
    cuts = np.stack([cut(face.image, face.box, CROP) for face in faces])
    given = torch.from_numpy(np.float32(cuts).transpose(0, 3, 1, 2))
    with torch.no_grad():
        return torch.cat([bona_fide_logit(network(part)) for part in given.split(64)]).numpy()


def auc(live: Floats, attack: Floats) -> float:
    """The chance that a bona fide face scores higher than an attack."""
    return float(np.mean((live[:, None] > attack) + 0.5 * (live[:, None] == attack)))


def held_out(
    faces: list[Face], crops: Crops, clips: Collection[str], device: str
) -> dict[str, MiniFASNet]:
    """A network without each source but the clips'; the AUC of each beside that of the base.

    "together" is the AUC of all judged faces under one threshold for every source.
    """
    base = MiniFASNet()
    read_weights(base, BASE)
    before = scores(base.eval(), faces)
    after = np.full_like(before, np.nan)
    source = np.array([face.source for face in faces])
    live = np.array([face.live for face in faces])
    rows, networks = [], {}
    for name in sorted(set(source) - set(clips)):
        mask = source == name
        networks[name] = trained(crops, [name], device)
        if live[mask].all():
            continue
        after[mask] = scores(networks[name], [face for face in faces if face.source == name])
        rows.append([auc(s[mask & live], s[mask & ~live]) for s in (before, after)])
        print(f"{name:12} base {rows[-1][0]:.3f}  trained {rows[-1][1]:.3f}", flush=True)
    summary = {
        "mean": np.mean(rows, axis=0),
        "worst": np.min(rows, axis=0),
        "together": [together(s, live, source) for s in (before, after)],
    }
    for title, values in summary.items():
        print(f"{title:12} base {values[0]:.3f}  trained {values[1]:.3f}")
    return networks


def together(values: Floats, live: NDArray[np.bool_], source: NDArray[np.str_]) -> float:
    """The AUC over all sources, each source and class with the same weight."""
    names = np.unique(source[~live])
    pairs = [
        auc(values[(source == one) & live], values[(source == other) & ~live])
        for one in names
        for other in names
    ]
    return float(np.mean(pairs))


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the texture network.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    parser.add_argument("--teacher", type=Path)
    parser.add_argument("--hold-out", action="store_true", help="judge on sources left out")
    parser.add_argument("--networks", type=Path, help="where those of --hold-out are written")
    parser.add_argument("--without", nargs="*", default=[], help="sources not to train on")
    parser.add_argument("--output", type=Path, help="where the network is written")
    given = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)
    faces = find_faces(given.data, given.clips)
    crops = draw(faces, given.teacher)
    if given.hold_out:
        networks = held_out(faces, crops, [clip.stem for clip in given.clips], device)
        if given.networks:
            given.networks.mkdir(parents=True, exist_ok=True)
            for name, network in networks.items():
                write_weights(network, BASE, given.networks / f"{name}.onnx")
    if given.output:
        write_weights(trained(crops, given.without, device), BASE, given.output)


if __name__ == "__main__":
    main()
