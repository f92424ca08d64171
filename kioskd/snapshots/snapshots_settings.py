"""Which refused attempts a picture is kept of, for whom and for how long."""

from dataclasses import dataclass
from typing import Literal

# attack          a presentation attack was recognised
# threat          who stands there is enrolled as that
# stranger        somebody live who is not enrolled, at a door to those who are
# not_admitted    somebody enrolled who may not enter there, or not now
# not_the_person  somebody live whom the session did not ask for
# locked_out      somebody live at a door that repeated attacks have locked out
# failed          any other attempt that was failed, such as a challenge
Refusal = Literal[
    "attack", "threat", "stranger", "not_admitted", "not_the_person", "locked_out", "failed"
]
Cut = Literal["face", "frame"]
FOLDER = "snapshots"  # in the state folder


@dataclass(frozen=True, slots=True)
class SnapshotsSettings:
    """How snapshots are taken and kept; with `enabled` off those there are only grow old.

    recipient  the X25519 public key they are sealed to, 32 bytes
    of         the refusals that a picture is kept of
    doors      at these alone; none named: at all
    picture    face: what is around the face; frame: all that the camera saw
    keep_days  then they are deleted; max_mb: or when all are larger, the oldest first
    per_hour   at one door
    """

    enabled: bool = False
    recipient: bytes = b""
    of: tuple[Refusal, ...] = ("attack",)
    doors: tuple[str, ...] = ()
    picture: Cut = "face"
    keep_days: float = 7.0
    max_mb: float = 100.0
    per_hour: int = 20
