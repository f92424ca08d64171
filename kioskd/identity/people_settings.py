"""How a kiosk knows the people who are enrolled."""

from dataclasses import dataclass, field
from typing import Literal

Told = Literal["stranger", "threat"]


@dataclass(frozen=True, slots=True)
class PeopleSettings:
    """Who is known, and how alike somebody must look.

    key        seals the file of people: 32 bytes, base64
    old_key    the one before it, while that is still being replaced
    likeness   cosine from which somebody among all is taken for one of them
    smile_likeness_boost  how much less is enough while a smile is asked for: the first source's
               identity threshold boost
    token      what whoever enrols over HTTP shows; None: nobody does
    tell       of whom there is an event of its own, which opens nothing
    """

    key: str = field(default="", repr=False)
    old_key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    likeness: float = 0.5
    smile_likeness_boost: float = 0.05
    tell: tuple[Told, ...] = ()
