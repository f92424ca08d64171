"""Rooms put together from pictures of living people, and what of them is missing about a face.

Nowhere in the data did a camera see a place without anybody. So the room of a source is put
together from its living pictures, each where nobody is in it; of a living picture, from the others.
A picture is told where at least two of the three zones about the face were so seen of the room.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from warnings import catch_warnings, simplefilter

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import read_image
from models.face.faces import Detector, small_copy
from models.making.training.data import face_box, rows, source_of
from models.observation import Box, area, overlap
from models.passive import background

LONG_SIDE = 320  # pixels of the small copy, as the detector's
FEWEST = 3  # living pictures that a room is made of
MANY = 12  # and at most
SEEN = 0.8  # of a zone
SAME = 0.2  # of two boxes, which they share (IoU) where they are of one face


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture, the box of the face that it is about, and those of the others in it."""

    path: Path
    live: bool
    image: ColorImage
    box: Box
    others: tuple[Box, ...] = ()

    @property
    def small(self) -> ColorImage:
        return small_copy(self.image, LONG_SIDE)

    @property
    def scale(self) -> float:
        wide, now = self.image.shape[1], self.small.shape[1]
        return float(wide / now)

    @property
    def faces(self) -> list[Box]:
        """In a scene's pixels, the one that it is about first."""
        return background.halved([self.box, *self.others], self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """A place without anybody, and (H, W) of a scene which of it was seen."""

    small: ColorImage
    seen: NDArray[np.bool_]


def sources(data: Path, detector: Detector) -> Iterator[tuple[str, list[Shot]]]:
    """By name, the pictures in which it is known where the face is, or the detector finds one."""
    index = rows(data / "INDEX.csv")
    for name in sorted({*map(source_of, index)} - {"idiap", "rsface"}):  # no place, or too many
        shots = (shot(data, row, detector) for row in index if source_of(row) == name)
        yield name, [each for each in shots if each is not None]


def shot(data: Path, row: dict[str, str], detector: Detector) -> Shot | None:
    path, live = data / row["path"], row["label"] == "live"
    image = read_image(str(path))
    boxes = sorted((face.box for face in detector.find(image)), key=area)
    if (box := face_box(row)) is not None:
        others = (each for each in boxes if overlap(each, box) < SAME) if live else ()
        return Shot(path, live, image, box, tuple(others))
    return Shot(path, live, image, boxes[-1], tuple(boxes[:-1]) if live else ()) if boxes else None


def room_of(living: Sequence[Shot]) -> Room:
    """What pictures show where nobody is in them; elsewhere, what is beside it."""
    living = living[:: 1 + (len(living) - 1) // MANY]
    shape = (living[0].small.shape[0] // 2, living[0].small.shape[1] // 2)
    living = [each for each in living if background.room_in(shape, each.faces).any()]
    if not living:
        return Room(np.zeros((2 * shape[0], 2 * shape[1], 3), np.uint8), np.zeros(shape, np.bool_))
    pictures = np.stack([each.small for each in living]).astype(np.float32)
    free = np.stack([background.room_in(shape, each.faces) for each in living])
    seen = np.logical_or.reduce(free)
    large = free.repeat(2, axis=1).repeat(2, axis=2)
    light = np.array([np.median(each[mask]) for each, mask in zip(pictures, large, strict=True)])
    pictures *= (np.median(light) / light)[:, None, None, None]
    pictures[~large] = np.nan
    with catch_warnings():
        simplefilter("ignore")  # where nothing was seen
        found = np.nanmedian(pictures, axis=0)
    return Room(filled(found, seen.repeat(2, axis=0).repeat(2, axis=1)), seen)


def filled(picture: NDArray[np.float32], seen: NDArray[np.bool_]) -> ColorImage:
    """Each row's gaps by what stands beside them."""
    found = np.nan_to_num(np.where(seen[..., None], picture, 0.0))
    columns = np.arange(picture.shape[1])
    for row in range(picture.shape[0]):
        known = columns[seen[row]]
        if len(known):
            for channel in range(3):
                values = found[row, known, channel]
                found[row, :, channel] = np.interp(columns, known, values)
        elif row:
            found[row] = found[row - 1]
    return np.asarray(np.clip(found, 0, 255), np.uint8)


def told(room: Room, of: Shot) -> tuple[float | None, float]:
    """What is missed about a face, None where what is about it was not seen; and what is there."""
    known, now = background.scene(room.small), background.scene(of.small)
    if known is None or now is None or known.fine.shape != now.fine.shape:
        return None, np.nan
    share = background.there(known, now, of.faces, room.seen)
    zones = [zone for zone in background.zones(of.faces[0]) if within(zone, room.seen)]
    return (
        background.missing(known, now, of.faces[0], of.faces[1:]) if len(zones) >= 2 else None
    ), (np.nan if share is None else share)


def within(zone: Box, seen: NDArray[np.bool_]) -> bool:
    x1, y1, x2, y2 = (max(0, round(side)) for side in zone)
    part = seen[y1:y2, x1:x2]
    return part.size > 0 and bool(part.mean() >= SEEN)


@dataclass(frozen=True, slots=True, eq=False)
class Missed:
    """What of its source's room is missing about the face of a picture.

    value  as of models/passive/background.py; None where it cannot be told
    there  share of the room that is there, NaN where that cannot be told
    """

    shot: Shot
    value: float | None
    there: float


def missed(shots: Sequence[Shot]) -> Iterator[Missed]:
    """Of each picture of a source of whose room there are pictures enough."""
    living = [each for each in shots if each.live]
    rooms: dict[tuple[int, ...], Room] = {}
    for each in shots:
        shape = each.image.shape
        others = [one for one in living if one is not each and one.image.shape == shape]
        if len(others) < FEWEST:
            continue
        if not each.live and shape not in rooms:
            rooms[shape] = room_of(others)
        yield Missed(each, *told(room_of(others) if each.live else rooms[shape], each))


def stood(found: Sequence[Missed]) -> float:
    """The share of the room that living pictures show as the others have it, the middle one.

    Below background.THERE the camera was moved between them; NaN where it cannot be told.
    """
    known = [each.there for each in found if each.shot.live and np.isfinite(each.there)]
    return float(np.median(known)) if known else float("nan")
