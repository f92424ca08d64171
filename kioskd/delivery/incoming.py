"""The way in: what a kiosk listens to on its broker, and who reads it."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kioskd.delivery.mqtt import Letter

Reader = Callable[[Letter], object]
Unread = Callable[[Mapping[str, int]], object]

MOST_A_SECOND = 20  # messages on one topic that are read; what delivery does for doors goes first
LARGEST_PACKET = 8192  # bytes; an MQTT 5 broker keeps what is larger to itself
LARGEST_REQUEST = 3 * 2**20  # of a topic that takes pictures: 2 MiB of one, in base64


@dataclass(slots=True)
class _Second:
    """One of the connection's, from `since`, in which so many came."""

    since: float
    count: int = 0


def nobody_asks(_unread: Mapping[str, int]) -> None:
    """For whoever has no use for what was not read."""


class Incoming:
    """One reader for each topic. It is called on the courier's thread and must return at once.

    Whether a message is too old, or retained and so of an earlier time, its reader has to ask.

    unread  called on the courier's thread every now and then, with how many messages on which
            topics were more than it reads, since it was last called
    pictures  whether some of these may come with a picture in them
    listens   what to subscribe to, where it is not each of their topics by itself
    """

    def __init__(
        self,
        readers: Mapping[str, Reader],
        unread: Unread = nobody_asks,
        *,
        pictures: bool = False,
        listens: tuple[str, ...] = (),
    ) -> None:
        self._readers = dict(readers)
        self._unread, self._pictures = unread, pictures
        self._listens = listens or tuple(self._readers)
        self._seconds: dict[str, _Second] = {}
        self._left: Counter[str] = Counter()
        self._lock = threading.Lock()  # of these two

    @property
    def topics(self) -> tuple[str, ...]:
        """What to subscribe to at each new connection."""
        return self._listens

    @property
    def largest_packet(self) -> int | None:
        """Bytes of the largest message that is wanted; None: nothing is subscribed to."""
        if not self._readers:
            return None
        return LARGEST_REQUEST if self._pictures else LARGEST_PACKET

    def admits(self, topic: str, now: float, size: int = 0) -> bool:
        """Whether a message is to be kept for its reader; asked on the connection's thread.

        Who may write to a topic could otherwise fill the memory, and the courier's time.
        """
        if topic not in self._readers:
            return False
        with self._lock:
            if size > LARGEST_REQUEST:  # as a broker of 3.1.1 may pass on
                self._left[topic] += 1
                return False
            second = self._seconds.setdefault(topic, _Second(now))
            if now - second.since >= 1.0:
                second = self._seconds[topic] = _Second(now)
            second.count += 1
            if second.count <= MOST_A_SECOND:
                return True
            self._left[topic] += 1
            return False

    def take(self, letter: Letter) -> None:
        """Hand a message to the reader of its topic; what nobody asked for is left."""
        if (reader := self._readers.get(letter.topic)) is not None:
            reader(letter)

    def tend(self) -> None:
        with self._lock:
            left, self._left = self._left, Counter()
        self._unread(left)
