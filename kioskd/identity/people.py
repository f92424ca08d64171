"""Who is enrolled, as a door asks: what they are to the site, until when, and where.

Nothing here has a look: kioskd/identity/gallery.py joins the two.
"""

from dataclasses import dataclass
from typing import Literal, get_args

IdClass = Literal["staff", "visitor", "no_concern", "threat", "stranger"]
ID_CLASSES: tuple[IdClass, ...] = get_args(IdClass)
LONGEST = 128  # characters of an id or a name


class PersonError(ValueError):
    """Somebody cannot be enrolled so; the message is for who enrols them."""


@dataclass(frozen=True, slots=True)
class Person:
    """One enrolled person. Raises PersonError where a part cannot be.

    valid_from, valid_until  UTC seconds since 1970; the second is no longer valid; None: no limit
    doors                    where they may go in; None: everywhere; empty: nowhere
    """

    person_id: str
    id_class: IdClass = "stranger"
    name: str | None = None
    valid_from: float | None = None
    valid_until: float | None = None
    doors: frozenset[str] | None = None

    def __post_init__(self) -> None:
        for what, text in (("id", self.person_id), ("name", self.name)):
            if text is not None and not (0 < len(text) <= LONGEST and text.isprintable()):
                raise PersonError(
                    f"a person's {what} must have 1 to {LONGEST} printable characters"
                )
        if self.id_class not in ID_CLASSES:
            told = f"{self.person_id}: the class must be one of {', '.join(ID_CLASSES)}"
            raise PersonError(told)
        if None not in (self.valid_from, self.valid_until) and not self._in_order():
            raise PersonError(f"{self.person_id}: the last date must come after the first")

    @property
    def has_dates(self) -> bool:
        return self.valid_from is not None or self.valid_until is not None

    def may_enter(self, door: str, now: float) -> bool:
        """Whether the site lets them in there at that time. Threats and strangers, never."""
        if self.id_class in ("threat", "stranger"):
            return False
        begun = self.valid_from is None or self.valid_from <= now
        over = self.valid_until is not None and not now < self.valid_until
        return begun and not over and (self.doors is None or door in self.doors)

    def _in_order(self) -> bool:
        return (self.valid_from or 0.0) < (self.valid_until or 0.0)
