"""What added networks say of a face, and whether they keep to their entries (models/added.py)."""

from collections.abc import Sequence

import numpy as np

from feeds.frame import ColorImage
from feeds.imaging import resize
from models.added import Added
from models.liveness.crops import looks, surroundings
from models.network_file import NetworkError
from models.observation import Box
from models.schemes import logit, sigmoid, softmax, together
from models.session import Array, Network, Networks

PROBES = 8  # pictures that a new network is asked about
SAME = 1e-4  # spread of its scores under which it says the same of all of them


def score(networks: Networks, added: Added, image: ColorImage, box: Box) -> float | None:
    """How live the face in a box looks to an added network, 0..1; None for what is no score."""
    network, side = networks.added(added.name), (added.side, added.side)
    pieces = (surroundings(image, box, each) for each in looks(added.crop))
    return together(
        [_asked(network, added, resize(piece, side, added.crop.resize)) for piece in pieces]
    )


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


def check(networks: Networks, added: Added) -> None:
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
