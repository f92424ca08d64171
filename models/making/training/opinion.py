"""What several networks together say of a face: a softer target than its label alone.

A label says live or attack; it does not say whether that can be seen in the picture. What networks
that err on different frames agree on can be seen; where they part, a network that is forced to be
sure learns what belongs to the source, not to the attack (Hinton, Vinyals and Dean 2015,
arXiv:1503.02531).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.added import added_networks
from models.liveness.bona_fide import LivenessReader, check_added
from models.making.training.data import Face
from models.manifest import shipped
from models.schemes import FUSED, SCHEMES, logit
from models.session import Networks
from models.toml_file import read_toml

Floats = NDArray[np.float32]
SUREST = 8.0  # a network's logit counts so far and no further, so that none outshouts the rest
UNASKED = 0.0  # the logit of a teacher that can say nothing of a face


def together(said: Sequence[Floats]) -> Floats:
    """(n,) logit of bona fide: the mean of what each network says, each held to SUREST."""
    return np.float32(np.clip(np.stack(said), -SUREST, SUREST).mean(0))


def taught(faces: Sequence[Face], entries: Path) -> list[Floats]:
    """What each teacher of a TOML file says: a logit for every face.

    Its entries are those of docs/change/networks.md.

    Raises NetworkError for a file that is no such file, or a network that does not keep to it.
    """
    added = added_networks(read_toml(entries), entries)
    manifest = shipped().with_added(added)
    networks = Networks.load(set(SCHEMES[FUSED].models), "cpu", 1, manifest)
    for each in added:
        check_added(networks, each)
    reader = LivenessReader(networks)
    return [
        np.float32([_said(reader.score(each.name, face.image, face.box)) for face in faces])
        for each in added
    ]


def _said(score: float | None) -> float:
    return UNASKED if score is None else logit(score)
