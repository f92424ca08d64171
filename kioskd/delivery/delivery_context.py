"""What every part of delivery is given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kioskd.delivery.clock import Clock
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.happenings import Happening
from kioskd.problems import ProblemCode

Tell = Callable[[Happening], object]


def nobody(_happening: Happening) -> None:
    """For whoever does not want to hear it."""


class Troubles(Protocol):
    """Who is told what is wrong, and of its end: Problems, or whoever says it in other words."""

    def set(self, code: ProblemCode, sentence: str | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Shared:
    """`tell` is called from any thread, with what is no problem, and must return at once."""

    settings: DeliverySettings
    clock: Clock
    problems: Troubles
    tell: Tell
