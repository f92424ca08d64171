"""Pairs of pictures of one camera a moment apart, and what passive evidence makes of a face's move.

Two collections have them: the pictures of students' webcams in pad_full, whose names are unix
milliseconds, and the numbered frames of NUAA, whose cameras gave 20 in a second. What a pair says
is harder to come by than at a door: a hand turns what it holds within a second.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path

from feeds.frame import ColorImage
from feeds.imaging import read_image
from models.face.faces import Detector, small_copy
from models.making.training.data import rows, source_of
from models.making.training.rooms import LONG_SIDE
from models.observation import Box, area
from models.passive import moving
from models.passive.background import halved
from models.passive.moving import company, half
from models.session import Networks

APART_S = 1.5
NUAA_FPS, NUAA_APART = 20.0, 40  # frames


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of one source and label, in their order in time."""

    source: str
    live: bool
    before: Path
    now: Path


@dataclass(frozen=True, slots=True)
class Said:
    """Of a pair, what moves with the face, and how flat it moves; None: it cannot be told."""

    company: float | None
    planar: float | None


def pairs(data: Path) -> Iterator[Pair]:
    """Of pad_full, by its index, or of pad, whose folder nuaa has them."""
    return _of_webcams(data) if (data / "INDEX.csv").is_file() else _of_nuaa(data / "nuaa")


def _of_webcams(data: Path) -> Iterator[Pair]:
    shots = []
    for row in rows(data / "INDEX.csv"):
        name = Path(row["path"])
        at = re.search(r"1[5-9]\d{8}[_.]?\d+", name.name) or re.search(
            r"1[5-9]\d{11}", row["source_path"]
        )
        if at is not None:
            digits = re.sub(r"\D", "", at[0])
            taken_at = float(f"{digits[:10]}.{digits[10:]}")
            shots.append((source_of(row), row["label"] == "live", taken_at, name))
    shots.sort()
    for (source, live), of in groupby(shots, lambda each: each[:2]):
        for before, now in pairwise(of):
            if 0.0 < now[2] - before[2] <= APART_S:
                yield Pair(source, live, data / before[3], data / now[3])


def _of_nuaa(data: Path) -> Iterator[Pair]:
    for label in ("bonafide", "attack_print"):
        frames = sorted(
            (*path.stem.rsplit("_", 1), path) for path in (data / label).glob("*/*.jpg")
        )
        for _, of in groupby(frames, lambda each: each[0]):
            numbered = sorted((int(number), path) for _, number, path in of)
            for (first, before), (second, now) in pairwise(numbered):
                if second - first <= NUAA_APART:
                    yield Pair("nuaa", label == "bonafide", before, now)


class Looker:
    """Says of pairs what the two measures make of them."""

    def __init__(self) -> None:
        self._detector = Detector(Networks.load({"face"})["face"])
        self._seen = lru_cache(maxsize=4)(self._look)

    def said(self, pair: Pair) -> Said | None:
        """None where no face is found in one of them."""
        (image, small, box), (after, there, face) = map(self._seen, (pair.before, pair.now))
        if box is None or face is None or image.shape != after.shape:
            return None
        scale = image.shape[1] / small.shape[1]
        was, now = halved([box, face], scale)
        along = company(half(small), was, half(there), now)
        begins = moving.look(image, small, box)
        ends = None if begins is None else moving.look(after, there, face, like=begins)
        if begins is None or ends is None or not moving.stirred(box, face):
            return Said(along, None)
        found = moving.move(begins, ends)
        return Said(along, None if found is None else found.share)

    def _look(self, path: Path) -> tuple[ColorImage, ColorImage, Box | None]:
        """The picture, its small copy, and the largest face's box."""
        image = read_image(str(path))
        small = small_copy(image, LONG_SIDE)
        faces = self._detector.detect(small, image.shape[1] / small.shape[1])
        return image, small, max((face.box for face in faces), key=area, default=None)
