"""With what an action that a picture with holes can do is joined (joined.py), as a setting."""

from typing import Annotated, Literal

from kioskd.modes.setting import Choice

How = Literal["rgb", "depth", "turn", "none"]
JoinedWith = Annotated[
    How,
    Choice(
        "What an action of the face alone is joined with, because eyes and a mouth behind the holes"
        " of a picture can do it: rgb: RGB liveness; depth: depth, of a depth camera; turn: a small"
        " turn of the head after it; none: nothing.",
        "none",
    ),
]
