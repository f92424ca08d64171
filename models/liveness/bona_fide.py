"""How live a face looks: what a scheme's networks put out, ours or a site's, as scores."""

from math import isfinite
from typing import cast

import numpy as np
from numpy.typing import NDArray

from feeds.frame import ColorImage
from models.liveness import added_scores
from models.liveness.crops import cut, looks, usable
from models.network_file import NetworkError
from models.observation import Box
from models.schemes import (
    Liveness,
    LivenessModel,
    LivenessPlan,
    Passive,
    evaluate,
    softmax,
    together,
)
from models.session import Array, Networks

BONA_FIDE = 1  # index of the class; 0 and 2 are kinds of attack


def liveness(
    networks: Networks,
    image: ColorImage,
    box: Box,
    plan: LivenessPlan,
    passive: Passive | None = None,
) -> Liveness:
    """What the plan's scheme makes of a face, with what a site added."""

    def of_one(model: str) -> float | None:
        return score(networks, model, image, box)

    return evaluate(plan, of_one, networks.manifest.weights, passive)


def score(networks: Networks, model: str, image: ColorImage, box: Box) -> float | None:
    """How live the face in the box looks to one model, 0..1; None if it could not be said.

    Where it looks at several crops, that is the mean of its logits: its errors at one scale are
    in part others than at the next (docs/change/training.md).
    """
    if not usable(box):
        return None
    try:
        for added in networks.manifest.added:
            if added.name == model:
                return added_scores.score(networks, added, image, box)
        return _ours(networks, cast("LivenessModel", model), image, box)
    except NetworkError:
        return None


def _ours(networks: Networks, model: LivenessModel, image: ColorImage, box: Box) -> float | None:
    crop = networks.manifest.roles[model].crop
    if crop is None:
        return None
    side = networks.manifest.file(model).side
    given = np.concatenate([network_input(cut(image, box, each, side)) for each in looks(crop)])
    return together([bona_fide(logits) for logits in networks[model].run(given)[0]])


def network_input(crop: ColorImage) -> Array:
    """(1, 3, side, side) BGR, 0..255: the network takes pixels as they are."""
    return crop.transpose(2, 0, 1)[None].astype(np.float32, order="C")


def bona_fide(logits: NDArray[np.float32]) -> float | None:
    """The softmax probability of the bona fide class; None for logits that are no numbers."""
    values = logits.tolist()
    return softmax(values, BONA_FIDE) if all(map(isfinite, values)) else None
