"""Tells when a camera's pictures are, for long, none that the liveness networks can judge."""

from collections.abc import Callable

from kioskd.judge import Judged
from kioskd.modes.picture import fault
from kioskd.modes.reasons import Reason

PERSISTS_S = 10.0  # of pictures with one and the same fault, from which somebody must act


class PictureWatch:
    """A watch of one judge. A picture is measured while somebody tries; the last word stands.

    say  is called with the feed and the fault that persists, with None when a picture is well again
    """

    def __init__(self, say: Callable[[str, Reason | None], None]) -> None:
        self._say = say
        self._fault: Reason | None = None
        self._since = 0.0
        self._said: Reason | None = None

    def __call__(self, judged: Judged) -> None:
        pictures = [face.picture for face in judged.seen.faces if face.picture is not None]
        if not pictures:
            return
        found, at = fault(pictures[0]), judged.seen.at
        if found is not self._fault:
            self._fault, self._since = found, at
        if found is not self._said and (found is None or at - self._since >= PERSISTS_S):
            self._said = found
            self._say(judged.frame.feed, found)
