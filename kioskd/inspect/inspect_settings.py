"""How a kiosk judges pictures that others send it."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class InspectSettings:
    """token    what whoever sends a picture shows
    profile  of limits, where a request names none
    """

    token: str = field(default="", repr=False)
    profile: Literal["selfie", "door"] = "selfie"
