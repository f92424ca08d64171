"""What every part of delivery is given."""

from collections.abc import Callable
from dataclasses import dataclass

from kioskd.delivery.clock import Clock
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.happenings import Happening
from kioskd.problems import Problems

Tell = Callable[[Happening], object]


def nobody(_happening: Happening) -> None:
    """For whoever does not want to hear it."""


@dataclass(frozen=True, slots=True)
class Shared:
    """`tell` is called from any thread, with what is no problem, and must return at once."""

    settings: DeliverySettings
    clock: Clock
    problems: Problems
    tell: Tell
