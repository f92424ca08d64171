"""The form in which an event, a state or the status leaves: full or compact, signed or not."""

from collections.abc import Callable

from kioskd.delivery import wire
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.seal import Seal


class Envelope:
    """Of one kiosk. Without a seal nothing is signed, whatever the settings say."""

    def __init__(
        self, settings: DeliverySettings, topics: wire.Topics, seal: Seal | None = None
    ) -> None:
        self._compact = settings.payload == "compact"
        self._topics = topics
        self._seal = None if settings.unsigned else seal

    def encoded(
        self,
        topic: str,
        full: wire.Payload,
        compact: Callable[[wire.Payload], wire.Payload],
    ) -> bytes:
        """The bytes to send on a topic.

        compact  makes the short form of this kind of payload
        """
        payload = compact(full) if self._compact else full
        if self._seal is None:
            return wire.encode(payload)
        if self._compact:
            payload = wire.compact_signed(full, payload)
        return self._seal.encoded(self._topics.subject(topic), payload)
