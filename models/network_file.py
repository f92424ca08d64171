"""A network's file: what is said of it where it is listed, and whether it is that file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal[
    "face", "mesh", "blendshapes", "identity", "texture", "context", "hybrid", "detail", "relief"
]
CropShape = Literal["box", "square"]
Resize = Literal["linear", "area"]
Shape = tuple[int | str, ...]  # a word is a size that is given at run time
REMEDY = "install kioskd again"
OURS = "models/manifest.toml"


class NetworkError(Exception):
    """A network cannot be used; the message is a sentence that names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """One network that ships, or should; or one that a site added.

    listed_in, remedy  for sentences: the manifest that vouches for it, and what to do
    """

    name: str
    path: Path
    sha256: str
    licence: str
    source: str
    date: str
    input: Shape
    training_data: str
    listed_in: str = OURS
    remedy: str = REMEDY

    @property
    def side(self) -> int:
        """Pixels along each side of the square picture that a liveness network is given.

        Raises ValueError for a network that is given none.
        """
        *_, high, wide = self.input
        if not isinstance(wide, int) or high != wide:
            raise ValueError(f"networks.{self.name}.input must end in one size twice, as 80, 80")
        return wide


@dataclass(frozen=True, slots=True)
class Crop:
    """How a liveness network wants its face cut out; the rules are in models/liveness/bona_fide.py.

    also  further scales: the network looks at each, and the mean of its logits counts
    """

    scale: float  # side of the crop, in sides of the face box
    shape: CropShape
    resize: Resize
    also: tuple[float, ...] = ()


def verified(file: NetworkFile) -> bytes:
    """The bytes of a network file, if they are the ones the manifest vouches for."""
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise NetworkError(
            f"network file {file.path} cannot be read ({error.strerror}); {file.remedy}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise NetworkError(
            f"network file {file.path} is not the one {file.listed_in} vouches for "
            f"(sha256 {found[:12]}..., should be {file.sha256[:12]}...); {file.remedy}"
        )
    return content
