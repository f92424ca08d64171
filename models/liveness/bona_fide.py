"""How live a face looks: how it is cut out for a network, and what the network says of it.

The networks are ours, or those that a site adds (models/added.py). All of them give None, and so no
evidence, where they could not say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import cast

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from feeds.imaging import reflect_border, resize
from models.added import Added
from models.network_file import Crop, NetworkError
from models.observation import Box
from models.schemes import (
    Liveness,
    LivenessModel,
    LivenessPlan,
    Passive,
    evaluate,
    logit,
    sigmoid,
    softmax,
    together,
)
from models.session import Array, Network, Networks

SIDE = 80  # pixels of the crop that MiniFASNet was made for
BONA_FIDE = 1  # index of the class; 0 and 2 are kinds of attack
PROBES = 8  # pictures that a new network is asked about
SAME = 1e-4  # spread of its scores under which it says the same of all of them


@dataclass(frozen=True, slots=True)
class _Look:
    """How one network looks: at these crops of a face, each brought to so many pixels a side."""

    crops: tuple[Crop, ...]
    side: int


class LivenessReader:
    """The networks that score liveness, ours and a site's, and how each wants its face cut out.

    What the manifest says of them is read here, once, and not in every frame.
    """

    def __init__(self, networks: Networks) -> None:
        """`networks` need not be loaded yet."""
        manifest = networks.manifest
        self._networks = networks
        self._weights = manifest.weights
        self._added = {each.name: each for each in manifest.added}
        self._ours = {
            role: _Look(tuple(looks(service.crop)), manifest.file(role).side)
            for role, service in manifest.roles.items()
            if service.crop is not None
        }
        self._theirs = {
            each.name: _Look(tuple(looks(each.crop)), each.side) for each in manifest.added
        }

    def liveness(
        self, image: ColorImage, box: Box, plan: LivenessPlan, passive: Passive | None = None
    ) -> Liveness:
        """What the plan's scheme makes of a face, with what a site added."""

        def of_one(model: str) -> float | None:
            return self.score(model, image, box)

        return evaluate(plan, of_one, self._weights, passive)

    def score(self, model: str, image: ColorImage, box: Box) -> float | None:
        """How live the face in the box looks to one model, 0..1; None if it could not be said.

        Where it looks at several crops, that is the mean of its logits: its errors at one scale
        are in part others than at the next (docs/change/training.md).
        """
        if not usable(box):
            return None
        try:
            if model in self._added:
                return self._of_added(self._added[model], image, box)
            return self._of_ours(cast("LivenessModel", model), image, box)
        except NetworkError:
            return None

    def _of_ours(self, model: LivenessModel, image: ColorImage, box: Box) -> float | None:
        network, look = self._networks[model], self._ours[model]
        given = [network_input(cut(image, box, crop, look.side)) for crop in look.crops]
        return together([bona_fide(each) for each in network.run(np.concatenate(given))[0]])

    def _of_added(self, added: Added, image: ColorImage, box: Box) -> float | None:
        network, look = self._networks.added(added.name), self._theirs[added.name]
        pieces = (cut(image, box, crop, look.side) for crop in look.crops)
        return together([_asked(network, added, piece) for piece in pieces])


def usable(box: Box) -> bool:
    """Whether a crop can be cut around a box: finite, and a pixel wide and high."""
    x1, y1, x2, y2 = box
    return all(map(isfinite, box)) and x2 - x1 >= 1.0 and y2 - y1 >= 1.0


def looks(crop: Crop) -> Iterator[Crop]:
    """The crops of one face that a network looks at: at its scale, and at those in `also`."""
    for scale in (crop.scale, *crop.also):
        yield replace(crop, scale=scale, also=())


def cut(image: ColorImage, box: Box, crop: Crop, side: int) -> ColorImage:
    """The (side, side, 3) crop that a network was trained to see."""
    return resize(surroundings(image, box, crop), (side, side), crop.resize)


def surroundings(image: ColorImage, box: Box, crop: Crop) -> ColorImage:
    """(h, w, 3): the part of the image that a crop shows, in the image's own pixels."""
    if crop.shape == "square":
        return _reflected(image, *square_crop(box, crop.scale))
    left, top, right, bottom = shifted_crop(box, crop.scale, image.shape[1], image.shape[0])
    return image[top:bottom, left:right]


def shifted_crop(box: Box, scale: float, width: int, height: int) -> tuple[int, int, int, int]:
    """left, top, right, bottom (the last two exclusive) of a crop of the box's aspect.

    Grown about the box's centre by the scale, or by as much as the frame allows, then shifted
    to lie inside the frame, as the authors of MiniFASNet cut their training images.
    """
    x1, y1, x2, y2 = box
    scale = min((height - 1) / (y2 - y1), (width - 1) / (x2 - x1), scale)
    left, right = _inside((x1 + x2) / 2, (x2 - x1) * scale, width - 1)
    top, bottom = _inside((y1 + y2) / 2, (y2 - y1) * scale, height - 1)
    return left, top, right, bottom


def _inside(centre: float, length: float, last: int) -> tuple[int, int]:
    """Begin and end (exclusive) of a stretch about a centre, shifted into 0..last."""
    begin = min(max(centre - length / 2, 0.0), last - length)
    return int(begin), int(begin + length) + 1


def square_crop(box: Box, scale: float) -> tuple[int, int, int]:
    """left, top, side of a square about the box's centre; it may reach out of the frame."""
    x1, y1, x2, y2 = box
    side = max(1, int(max(x2 - x1, y2 - y1) * scale))
    return int((x1 + x2 - side) / 2), int((y1 + y2 - side) / 2), side


def _reflected(image: ColorImage, left: int, top: int, side: int) -> ColorImage:
    """A square of the image, mirrored at the border where it reaches out."""
    height, width = image.shape[:2]
    beyond = max(0, -left, -top, left + side - width, top + side - height)
    if beyond:
        image = reflect_border(image, beyond)
    return image[top + beyond : top + beyond + side, left + beyond : left + beyond + side]


def network_input(crop: ColorImage) -> Array:
    """(1, 3, side, side) BGR, 0..255: the network takes pixels as they are."""
    return crop.transpose(2, 0, 1)[None].astype(np.float32, order="C")


def bona_fide(logits: NDArray[np.float32]) -> float | None:
    """The softmax probability of the bona fide class; None for logits that are no numbers."""
    values = logits.tolist()
    return softmax(values, BONA_FIDE) if all(map(isfinite, values)) else None


def _given(added: Added, picture: ColorImage) -> Array:
    """(1, 3, side, side) from a (side, side, 3) BGR picture."""
    ordered = picture[..., ::-1] if added.colours == "rgb" else picture
    low, high = added.range
    scaled = ordered.transpose(2, 0, 1)[None].astype(np.float32) * ((high - low) / 255) + low
    given: Array = np.ascontiguousarray(scaled, np.float32)
    return given


def read_output(added: Added, outputs: Sequence[Array]) -> float | None:
    """The score in a network's first output; None for what is none."""
    values = np.asarray(outputs[0], np.float64).reshape(-1)
    if added.bona_fide >= len(values) or not np.isfinite(values).all():
        return None
    if added.output == "logits":
        return softmax(values.tolist(), added.bona_fide) if len(values) > 1 else sigmoid(values[0])
    if values.min() < 0.0 or values.max() > 1.0:
        return None
    if added.output == "probabilities" and abs(values.sum() - 1.0) > 1e-3:
        return None
    return float(values[added.bona_fide])


def check_added(networks: Networks, added: Added) -> None:
    """Asks a network about made-up pictures; raises NetworkError if it does not keep to its entry.

    Whether its answers are right no such picture can tell: `kioskd evaluate` does.
    """
    network = networks.added(added.name)
    where = f"network file {added.file.path} does not keep to its entry in {added.file.listed_in}"
    try:
        said = [_asked(network, added, picture) for picture in _pictures(added.side)]
    except NetworkError as error:
        raise NetworkError(f"{where}: {error}") from error
    if any(each is None for each in said):
        raise NetworkError(
            f"{where}: its first output is not {added.output} with a class {added.bona_fide}; "
            "set output and bona_fide as its makers say"
        )
    spread = [logit(each) for each in said if each is not None]
    if max(spread) - min(spread) < SAME:
        raise NetworkError(
            f"{where}: it says the same of every picture; set range, colours and size as its "
            "makers say"
        )


def _asked(network: Network, added: Added, picture: ColorImage) -> float | None:
    return read_output(added, network.run(_given(added, picture)))


def _pictures(side: int) -> list[ColorImage]:
    """Made-up pictures, the same each time: blots of colour from fine to coarse."""
    random = np.random.default_rng(30107)
    sizes = np.geomspace(2, side, PROBES).astype(int)
    blots = [random.integers(0, 256, (size, size, 3)).astype(np.uint8) for size in sizes]
    return [resize(blot, (side, side), "linear") for blot in blots]
