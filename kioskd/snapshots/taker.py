"""The part of the daemon that keeps a picture of refused attempts, sealed.

A judge only notes which attempt ended and which frame ended it; this thread cuts, seals, writes and
records. It may fall behind or fail: no decision waits for it, or knows of it.
"""

import hashlib
import math
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from feeds.frame import ColorImage
from kioskd import time_service
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.event import Result
from kioskd.happenings import AttemptEnded, FrameJudged
from kioskd.signing.sealed_to import key_id
from kioskd.snapshots.picture import jpeg
from kioskd.snapshots.refusal import refusal
from kioskd.snapshots.sealed_file import About, sealed
from kioskd.snapshots.shelf import Shelf
from kioskd.snapshots.snapshots_settings import Refusal, SnapshotsSettings
from kioskd.snapshots.taken import Taken
from kioskd.stream import Stream
from kioskd.worker import Worker
from models.observation import Box

WAITING = 4  # whole frames in memory at most; beyond, the oldest is dropped
LOOK_S = 60.0  # how often it is looked what is too old
HOUR_S = 3600.0

# What became of the refused attempts that a picture was to be kept of.
#   kept       sealed, on the disk, and in the record
#   faceless   the frame that ended the attempt does not show the face that it was about
#   per_hour   there were too many at that door within an hour
#   dropped    newer ones came before there was time for it
#   failed     it could not be written, or its attempt is in no record
# and of all that were kept:
#   deleted    they were too old, or too much
Fate = Literal["kept", "faceless", "per_hour", "dropped", "failed", "deleted"]
FATES: tuple[Fate, ...] = get_args(Fate)


@dataclass(frozen=True, slots=True)
class _Due:
    """One that waits for this thread. The image is the judge's own, which nobody writes to."""

    door: str
    refusal: Refusal
    event_id: str
    result: Result
    color: ColorImage
    box: Box


class Taker(Worker):
    """Takes snapshots, and has those there are grow old.

    place    site and device, as they stand in each
    record   called with each that was kept, for the audit log
    trouble  told in a sentence why none can be kept, and None when one could be again
    """

    def __init__(
        self,
        settings: SnapshotsSettings,
        shelf: Shelf,
        place: tuple[str, str],
        record: Callable[[Taken], object],
        trouble: Callable[[str | None], object],
        clock: Clock | None = None,
    ) -> None:
        super().__init__("snapshots", watched=False)  # a disk may hang for long
        self._settings, self._shelf, self._place = settings, shelf, place
        self._record, self._trouble, self._clock = record, trouble, clock or SystemClock()
        self._ended: dict[str, tuple[Refusal, AttemptEnded]] = {}  # by door, until its frame comes
        self._due: deque[_Due] = deque()
        self._counts: Counter[Fate] = Counter()
        self._lock = threading.Lock()  # of these two
        self._kept_at: dict[str, deque[float]] = {}  # by door, of the last hour
        self._look_at = 0.0

    def listen(self, stream: Stream) -> None:
        if self._settings.enabled:
            stream.listen("snapshots", AttemptEnded, self.attempt_ended)
            stream.listen("snapshots", FrameJudged, self.frame_judged)

    @property
    def counts(self) -> dict[str, int]:
        """How many since the start, by what became of them."""
        with self._lock:
            return {fate: self._counts[fate] for fate in FATES}

    def attempt_ended(self, ended: AttemptEnded) -> None:
        """On the judge's thread, right before it tells of the frame that ended the attempt."""
        doors, why = self._settings.doors, refusal(ended.result)
        if why not in self._settings.of or (doors and ended.door not in doors):
            return
        if ended.delivery.outcome == "unrecorded":
            self._count("failed")
        elif why is not None:
            self._ended[ended.door] = why, ended

    def frame_judged(self, judged: FrameJudged) -> None:
        """On the judge's thread. Only a frame with the very face that was refused is any good: who
        comes into view when somebody leaves was not.
        """
        if (found := self._ended.pop(judged.door, None)) is None:
            return
        why, ended = found
        result = ended.result
        boxes = [
            face.box
            for face in judged.seen.faces
            if face.track_id == result.track_id and not face.missed
        ]
        if not boxes or not all(map(math.isfinite, boxes[0])):
            self._count("faceless")
            return
        event = ended.delivery.event_id
        self._put(_Due(judged.door, why, event, result, judged.frame.color, boxes[0]))

    def turn(self) -> None:
        """Have those there are grow old, now and then."""
        now = self._clock.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_S
        try:
            self._count("deleted", self._shelf.look(self._now_ms()))
        except OSError as error:
            self._trouble(f"old snapshots cannot be deleted ({error.strerror})")

    def _put(self, due: _Due) -> None:
        with self._lock:
            if len(self._due) == WAITING:
                self._due.popleft()
                self._counts["dropped"] += 1
            self._due.append(due)
        self.later(self._next)

    def _next(self) -> None:
        with self._lock:
            due = self._due.popleft() if self._due else None
        if due is None:
            return  # it was dropped
        if not self._may(due.door):
            self._count("per_hour")
            return
        self._take(due)

    def _take(self, due: _Due) -> None:
        picture, size = jpeg(due.color, due.box, self._settings.picture)
        about = self._about(due, size)
        content = sealed(about, picture, self._settings.recipient)
        try:
            self._count("deleted", self._shelf.put(about.name, content))
        except OSError as error:
            self._count("failed")
            told = f"snapshots of refused attempts cannot be kept ({error.strerror})"
            self._trouble(f"{told}: give {self._shelf.folder} room and rights; the doors go on")
            return
        self._trouble(None)
        digest = hashlib.sha256(content).hexdigest()
        self._record(Taken(due.event_id, due.result.feed, due.refusal, digest, about.recipient))
        self._kept_at.setdefault(due.door, deque()).append(self._clock.monotonic())
        self._count("kept")

    def _about(self, due: _Due, size: tuple[int, int]) -> About:
        result, (site, device) = due.result, self._place
        return About(
            site=site,
            device=device,
            door=due.door,
            feed=result.feed,
            at=max(0, round(result.captured_at * 1000)),
            event=due.event_id,
            mode=result.mode,
            verdict=result.verdict,
            refusal=due.refusal,
            reason=result.reasons[0] if result.reasons else "",
            picture=self._settings.picture,
            width=size[0],
            height=size[1],
            recipient=key_id(self._settings.recipient),
        )

    def _may(self, door: str) -> bool:
        """Whether there is room for one more of this hour at a door."""
        kept, now = self._kept_at.setdefault(door, deque()), self._clock.monotonic()
        while kept and now - kept[0] >= HOUR_S:
            kept.popleft()
        return len(kept) < self._settings.per_hour

    def _now_ms(self) -> float | None:
        """None while the clock is in doubt: by a wrong one everything might be too old."""
        reading = self._clock.reading()
        doubted = time_service.doubt(reading.synchronised, reading.wall) is not None
        return None if doubted else reading.wall * 1000

    def _count(self, fate: Fate, by: int = 1) -> None:
        with self._lock:
            self._counts[fate] += by
