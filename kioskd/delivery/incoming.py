"""The way in: what a kiosk listens to on its broker, and who reads it."""

from collections.abc import Callable, Mapping

from kioskd.delivery.mqtt import Letter

Reader = Callable[[Letter], object]


class Incoming:
    """One reader for each topic. It is called on the courier's thread and must return at once.

    Whether a message is too old, or retained and so of an earlier time, its reader has to ask.
    """

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = dict(readers)

    @property
    def topics(self) -> tuple[str, ...]:
        """What to subscribe to at each new connection."""
        return tuple(self._readers)

    def take(self, letter: Letter) -> None:
        """Hand a message to the reader of its topic; what nobody asked for is left."""
        if (reader := self._readers.get(letter.topic)) is not None:
            reader(letter)
