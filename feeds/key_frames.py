"""How far apart a network camera's key frames are, counted in what it sends.

A process of its own reads the stream as it is coded: OpenCV may hang in it, and takes its options
for the whole process. The address, which may hold a password, goes to it by its standard input.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from itertools import pairwise

from feeds.feed_settings import StreamSource
from feeds.surroundings import environment

_MORE_S = 5.0  # beyond the time for opening and for looking


@dataclass(frozen=True, slots=True)
class KeyFrames:
    """What was seen of a stream.

    at_s       when each key frame came, seconds from the first packet, in order
    watched_s  how long the stream was looked at
    packets    how many came, a picture each; 0 where nothing could be read
    """

    at_s: tuple[float, ...]
    watched_s: float
    packets: int

    @property
    def interval_s(self) -> float | None:
        """The longest time between two key frames; None where fewer than two came.

        The longest, because a camera sends one more, out of turn, to whoever connects.
        """
        return max((later - earlier for earlier, later in pairwise(self.at_s)), default=None)

    @property
    def all(self) -> bool:
        """Whether each picture is a key frame, as in Motion JPEG."""
        return 1 < self.packets == len(self.at_s)


NOTHING = KeyFrames((), 0.0, 0)


def watched(source: StreamSource, *, open_s: float, look_s: float) -> KeyFrames:
    """Looks at a stream for `look_s`. Never raises: of what cannot be read nothing is known."""
    orders = json.dumps({**asdict(source), "open_s": open_s, "look_s": look_s})
    command = [sys.executable, "-P", "-m", "feeds.key_frame_watch"]
    try:
        asked = subprocess.run(
            command,
            input=orders,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=open_s + look_s + _MORE_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return NOTHING
    if asked.returncode != 0:
        return NOTHING
    said = json.loads(asked.stdout)
    return KeyFrames(tuple(said["at_s"]), said["watched_s"], said["packets"])
