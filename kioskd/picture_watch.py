"""Tells when a camera's pictures are, for long, none that the liveness networks can judge."""

from collections.abc import Callable
from dataclasses import dataclass

from kioskd.happenings import FrameJudged
from kioskd.modes.gate import picture_fault
from kioskd.modes.reasons import Reason

PERSISTS_S = 10.0  # of pictures with one and the same fault, from which somebody must act


@dataclass(slots=True)
class _Seen:
    fault: Reason | None = None
    since: float = 0.0
    said: Reason | None = None


class PictureWatch:
    """Listens to each frame. A picture is measured while somebody tries; the last word stands.

    say  is called with the feed and the fault that persists, with None when a picture is well again
    """

    def __init__(self, say: Callable[[str, Reason | None], None]) -> None:
        self._say = say
        self._doors: dict[str, _Seen] = {}

    def __call__(self, judged: FrameJudged) -> None:
        pictures = [face.picture for face in judged.seen.faces if face.picture is not None]
        if not pictures:
            return
        door = self._doors.setdefault(judged.door, _Seen())
        found, at = picture_fault(pictures[0]), judged.seen.at
        if found is not door.fault:
            door.fault, door.since = found, at
        if found is not door.said and (found is None or at - door.since >= PERSISTS_S):
            door.said = found
            self._say(judged.frame.feed, found)
