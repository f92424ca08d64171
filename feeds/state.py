"""What a feed says of itself."""

from dataclasses import dataclass
from typing import Literal

Phase = Literal["starting", "online", "stalled", "offline"]


@dataclass(frozen=True, slots=True)
class FeedState:
    """One feed's state, replaced whole at each change.

    reason  a code such as "no_frames", "frozen", "open_failed", "finished"; "" while online
    detail  a sentence for the person who must act, with no password in it
    since   unix seconds of the last change of phase or reason
    """

    feed: str
    phase: Phase
    reason: str
    detail: str
    since: float


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """Counters since the daemon started; they only grow.

    captured  frames the source gave and that were fit to be evidence
    taken     frames the judge took; captured - taken were replaced by newer ones
    late      frames left out because they were buffered or their read blocked too long
    repeated  frames left out because they equal the frame before, bit by bit
    restarts  times the capture process was started again
    """

    captured: int = 0
    taken: int = 0
    late: int = 0
    repeated: int = 0
    restarts: int = 0
