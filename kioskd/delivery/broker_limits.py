"""What a broker lets a client do, and what it lacks of what a door needs. Pure.

MQTT 5 brokers say it when they take a client (OASIS MQTT 5.0, 3.2.2.3); 3.1.1 has no words for
it, and such a broker shows its limits by hanging up (hang_up_suspects.py).
"""

from dataclasses import dataclass
from typing import Literal

DEFAULT_WINDOW = 20  # unacknowledged messages, where the broker names no number of its own


@dataclass(frozen=True, slots=True)
class Limits:
    """The broker's own, from its CONNACK.

    window        messages that may be unacknowledged at a time; at most DEFAULT_WINDOW
    packet_bytes  the largest packet it takes, all of it counted; None: it named none
    retain        whether it keeps retained messages
    qos           the highest quality of service it takes, as far as we use it
    """

    window: int = DEFAULT_WINDOW
    packet_bytes: int | None = None
    retain: bool = True
    qos: Literal[0, 1] = 1

    def takes(self, size: int) -> bool:
        """Whether a packet of so many bytes may be sent."""
        return self.packet_bytes is None or size <= self.packet_bytes


def packet_bytes(
    topic: str, body: bytes, qos: int, five: bool, expires: bool, correlation: int = 0
) -> int:
    """The size of a PUBLISH packet on the wire (OASIS MQTT 5.0, 3.3; 3.1.1 has no properties).

    expires      whether a message expiry interval stands in it, MQTT 5 only
    correlation  bytes of correlation data in it, MQTT 5 only
    """
    rest = 2 + len(topic.encode()) + (2 if qos else 0) + len(body)
    if five:
        properties = (5 if expires else 0) + (3 + correlation if correlation else 0)
        rest += sum(properties >= 128**digits for digits in (1, 2)) + 1 + properties
    length = 1 + sum(rest >= 128**digits for digits in (1, 2, 3))
    return 1 + length + rest
