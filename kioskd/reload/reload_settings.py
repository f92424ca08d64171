"""How a changed configuration is noticed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReloadSettings:
    """watch: a changed file is read again by itself."""

    watch: bool = False
