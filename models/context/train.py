"""Tries a context network that never sees the face, on composites; says whether it is worth it.

    python -m models.context.train DATA --clips CLIP...

Starts from MiniFASNetV1SE's own numbers and looks at the same crop (x4.0), the face box painted
grey. Bona fide frames of one half of the sources (the data's collections of full frames; the
clips), and composites of them, train it; the other half judges it beside V1SE as it ships, on
real attacks where there are any and on composites. Nothing is written: it is a try, and its
outcome stands in README.md. Ten minutes on one core.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from models.detect import Detector
from models.fusion.fit import Frame, auc, frames
from models.liveness import cut
from models.manifest import shipped
from models.session import Networks
from models.texture.attacks import Image, filmed
from models.texture.model import V1SE, MiniFASNet, bona_fide_logit, read_weights
from models.texture.train import mixed

SERVICE = shipped().roles["context"]
BASE = shipped().networks[SERVICE.network].path
SEED, STEPS, BATCH, RATE, TEMPERATURE = 30107, 120, 64, 3e-4, 3.0
GREY = 114


def masked(frame: Frame) -> Image:
    """The crop that V1SE sees, without the face."""
    image = frame.image.copy()
    x1, y1, x2, y2 = (max(0, int(edge)) for edge in frame.box)
    image[y1:y2, x1:x2] = GREY
    return as_shipped(replace(frame, image=image))


def as_shipped(frame: Frame) -> Image:
    assert SERVICE.crop is not None
    return cut(frame.image, frame.box, SERVICE.crop)


def trained(found: list[Frame]) -> MiniFASNet:
    """V1SE, trained on masked crops; as many bona fide ones as composites in every batch."""
    torch.manual_seed(SEED)
    random = np.random.default_rng(SEED)
    network = base().train()
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, STEPS)
    pools = [[f for f in found if (f.species == "bona fide") == live] for live in (True, False)]
    for _ in range(STEPS):
        rows = [pools[at % 2][random.integers(len(pools[at % 2]))] for at in range(BATCH)]
        crops = [filmed(masked(row), random)[:, :: random.choice([-1, 1])] for row in rows]
        live = torch.from_numpy(np.float32([row.species == "bona fide" for row in rows]))
        logit = bona_fide_logit(network(tensor(crops)))
        loss = cross_entropy(logit / TEMPERATURE, 0.95 * live + 0.025)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def base() -> MiniFASNet:
    network = MiniFASNet(V1SE)
    read_weights(network, BASE)
    return network.eval()


def tensor(crops: list[Image]) -> torch.Tensor:
    return torch.from_numpy(np.float32(np.stack(crops)).transpose(0, 3, 1, 2))


def scores(network: MiniFASNet, crops: list[Image]) -> NDArray[np.float64]:
    with torch.no_grad():
        parts = [bona_fide_logit(network(part)) for part in tensor(crops).split(64)]
    return np.float64(torch.cat(parts).numpy())


def compared(judged: list[Frame], network: MiniFASNet) -> None:
    """The AUC for each species of attack, of V1SE as it ships and of the try."""
    ours = scores(network, [masked(frame) for frame in judged])
    theirs = scores(base(), [as_shipped(frame) for frame in judged])
    species = np.array([frame.species for frame in judged])
    live = species == "bona fide"
    for name in sorted(set(species) - {"bona fide"}):
        mask = live | (species == name)
        values = [auc(s[mask], live[mask]) for s in (theirs, ours)]
        print(f"{name:22} V1SE {values[0]:.3f}  face masked {values[1]:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Tries a context network without the face.")
    parser.add_argument("data", type=Path)
    parser.add_argument("--clips", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    detector = Detector(Networks.load({"face"})["face"])
    found = list(frames(given.data, given.clips, detector))
    ours = {clip.stem for clip in given.clips}
    for title, held in (("clips", ours), ("data", {f.source for f in found} - ours)):
        judged = [frame for frame in found if frame.source in held]
        rest = [frame for frame in found if frame.source not in held]
        train_on = [frame for frame in rest if not frame.species.endswith("real")]
        print(f"judged on the {title}, trained on {len(train_on)} frames of the others")
        network = trained(train_on)
        compared(judged, network)
        print("half of V1SE's own numbers kept:")
        compared(judged, mixed(network, 0.5, BASE, V1SE))


if __name__ == "__main__":
    main()
