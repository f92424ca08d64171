"""Whether a fleet's cluster takes this kiosk, node by node.

Nothing is published there: what is, NATS keeps, and it acknowledges what it then forbids.
"""

import queue
import secrets
from collections.abc import Iterator
from dataclasses import replace

from kioskd.config.config import Config
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Connected, Heard, Link
from kioskd.delivery.probe import CONNECT_S, login, until
from kioskd.doctor.diagnosis import Diagnosis


def look(config: Config) -> Iterator[Diagnosis]:
    """A finding for each node; none where no road of the kiosk's own leads to a fleet."""
    nodes = () if config.fleet is None else config.fleet.nodes
    found = [_asked(node) for node in nodes]
    reached = any(well for well, _ in found)
    for well, sentence in found:
        # One node is enough, and the others are tried when it is lost.
        yield Diagnosis("fleet", well or reached, sentence, note=not well and reached)


def _asked(node: DeliverySettings) -> tuple[bool, str]:
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    # Another name than the daemon's, or the two would throw each other out.
    guest = replace(node, client_id=f"{node.name_on_broker}-{secrets.token_hex(4)}")
    link = Link(guest, lambda _, happening: happenings.put(happening))
    link.start()
    try:
        return login(node, until((Connected,), happenings, CONNECT_S))
    finally:
        link.close(timeout=2.0)
