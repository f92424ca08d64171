"""How live a face looks to Hybrid, Context or Texture: the score from what the network puts out."""

from collections.abc import Sequence
from math import exp, isfinite

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from models.calibration import logit, sigmoid
from models.liveness.crops import cut, looks, usable
from models.network_file import NetworkError
from models.observation import Box, LivenessModel
from models.session import Array, Networks

BONA_FIDE = 1  # index of the class; 0 and 2 are kinds of attack


def score(networks: Networks, model: LivenessModel, image: ColorImage, box: Box) -> float | None:
    """How live the face in the box looks to one model, 0..1; None if it could not be said.

    Where it looks at several crops, that is the mean of its logits: its errors at one scale are
    in part others than at the next (docs/change/training.md).
    """
    crop = networks.manifest.roles[model].crop
    if crop is None or not usable(box):
        return None
    given = np.concatenate([network_input(cut(image, box, each)) for each in looks(crop)])
    try:
        found = [bona_fide(logits) for logits in networks[model].run(given)[0]]
    except NetworkError:
        return None
    return together(found)


def together(scores: Sequence[float | None]) -> float | None:
    """One score of several looks, by the mean of their logits; None if one could not be said."""
    said = [score for score in scores if score is not None]
    if len(said) < len(scores):
        return None
    return said[0] if len(said) == 1 else sigmoid(sum(map(logit, said)) / len(said))


def network_input(crop: ColorImage) -> Array:
    """(1, 3, 80, 80) BGR, 0..255: the network takes pixels as they are."""
    return crop.transpose(2, 0, 1)[None].astype(np.float32, order="C")


def bona_fide(logits: NDArray[np.float32]) -> float | None:
    """The softmax probability of the bona fide class; None for logits that are no numbers."""
    values = logits.tolist()
    return softmax(values, BONA_FIDE) if all(map(isfinite, values)) else None


def softmax(logits: Sequence[float], of: int) -> float:
    """The probability of one class from finite logits of all."""
    powers = [exp(value - max(logits)) for value in logits]
    return powers[of] / sum(powers)
