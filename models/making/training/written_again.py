"""Writes each shipped liveness network again from its own numbers, and compares.

    python -m models.making.training.written_again

Its numbers are read into `MiniFASNet`, and written from there: the same bytes as the shipped file,
or the layers in torch are not those that a door runs. Then torch and ONNX Runtime are given the
same noise, and the largest difference of a logit is told.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch

from models.making import minifasnet, onnx_export
from models.making.training.train import RECIPES, begun, tensor
from models.session import Networks

ROOT = Path(__file__).resolve().parents[2]
PICTURES = 16


def main() -> None:
    networks = Networks.load(set(RECIPES), "cpu")
    with tempfile.TemporaryDirectory() as folder:
        for model, recipe in RECIPES.items():
            shipped = ROOT / model / f"{model}_2026nov.onnx"
            network, written = begun(recipe), Path(folder) / shipped.name
            onnx_export.read(network, shipped)
            minifasnet.write(network, written, recipe.side)
            same = written.read_bytes() == shipped.read_bytes()
            noise = (PICTURES, recipe.side, recipe.side, 3)
            pixels = np.random.default_rng(0).integers(0, 256, noise, np.uint8)
            ours = network(tensor(pixels)).detach().numpy()
            planes = pixels.transpose(0, 3, 1, 2).astype(np.float32)
            theirs = np.concatenate([networks[model].run(each[None])[0] for each in planes])
            apart = np.abs(ours - theirs).max()
            found = "the same bytes" if same else "OTHER BYTES"
            print(f"{model}: {found}, logits {apart:.1e} apart")


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
