"""Whose look a face has, as something that can be compared and nothing else.

An embedding is a biometric: who has it can find the person again. So it lives in memory for as long
as an attempt needs it, and refuses to be written down. Its numbers are for the gallery of people
who were enrolled by name, and for nobody else.
"""

from collections.abc import Sequence
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray


class Embedding:
    """One look of one face. `likeness` is all that it tells."""

    __slots__ = ("__direction",)

    def __init__(self, values: NDArray[np.float32]) -> None:
        """`values` as the network gives them. Raises ValueError where they have no direction."""
        length = float(np.linalg.norm(values))
        if not (np.isfinite(length) and length > 0.0):
            raise ValueError("an embedding needs a direction")
        self.__direction = values.ravel() / length

    @classmethod
    def mean(cls, looks: Sequence[tuple["Embedding", float]]) -> "Embedding":
        """The look in the middle of several of one person, each by its weight above 0.

        Raises ValueError where they come to no direction, and of none.
        """
        if not looks:
            raise ValueError("no look has no middle")
        return cls(np.sum([weight * look.__direction for look, weight in looks], axis=0))

    def likeness(self, other: "Embedding") -> float:
        """Cosine of the angle between two looks, -1..1: about 1 for one person, 0 for two."""
        return float(self.__direction @ other.__direction)

    def for_gallery(self) -> NDArray[np.float32]:
        """Its direction, of length 1, for the gallery that keeps enrolled people sealed."""
        return self.__direction.astype(np.float32)

    def __repr__(self) -> str:
        return "Embedding(...)"

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("an embedding is not written down: it never leaves the process")
