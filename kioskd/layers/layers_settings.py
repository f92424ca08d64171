"""Whose layers a kiosk takes, and how far."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LayersSettings:
    """trust: the file of public keys, one of which must have signed a layer.

    may_loosen  whether a layer may let more pass than this kiosk's own file does, in keys that do
                not stand in that file
    """

    trust: Path
    may_loosen: bool = False
