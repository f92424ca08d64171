"""Which kiosks are told first. Pure: the same rollout always chooses the same ones."""

import hashlib
from collections.abc import Sequence
from math import ceil

Kiosk = tuple[str, str]  # site, device


def canary(kiosks: Sequence[Kiosk], share: float, rollout: str) -> frozenset[Kiosk]:
    """`share` of them, 0 to 1, rounded up: those with the lowest SHA-256 of rollout and name.

    So no kiosk is always the first one, and nobody chooses the quiet ones.
    """

    def place(kiosk: Kiosk) -> bytes:
        return hashlib.sha256("\n".join((rollout, *kiosk)).encode()).digest()

    most = min(len(kiosks), ceil(share * len(kiosks)))
    return frozenset(sorted(kiosks, key=place)[:most])
