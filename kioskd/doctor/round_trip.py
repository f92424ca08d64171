"""Whether a message goes to the broker and back, and what else the broker lets happen.

An embedded one is started where needed; it is for trials, and who may do what there is not asked.
"""

from collections.abc import Iterator, Sequence

from kioskd.config.broker_rules import is_loopback
from kioskd.config.config import Config
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.embedded_broker import EmbeddedBroker, EmbeddedError
from kioskd.delivery.probe import probe
from kioskd.delivery.rights import rights
from kioskd.doctor.diagnosis import Diagnosis
from kioskd.loopback import listens


def look(config: Config) -> Iterator[Diagnosis]:
    """A finding for each step, up to the first that failed."""
    port = config.delivery.port
    embedded = EmbeddedBroker(port) if config.embedded and not listens(port) else None
    if embedded is not None:
        try:
            embedded.start()
        except EmbeddedError as error:
            yield Diagnosis("broker", False, str(error))
            return
    try:
        yield from _look(config)
    finally:
        if embedded is not None:
            embedded.stop()
            embedded.join()


def _look(config: Config) -> Iterator[Diagnosis]:
    connected = False
    for well, sentence in probe(config.delivery):
        connected = connected or well
        yield Diagnosis("broker", well, sentence)
    if connected and not config.embedded:
        yield from look_at_rights(config.delivery, [door.feed.name for door in config.doors])


def look_at_rights(settings: DeliverySettings, sources: Sequence[str]) -> Iterator[Diagnosis]:
    """Who may do what; unwise and no more on this machine, where config.yaml needs no password."""
    near = is_loopback(settings.host)
    for right in rights(settings, sources):
        fails = right.verdict == "open" and not near
        note = right.verdict != "well" and not fails
        yield Diagnosis("broker rights", not fails, right.sentence, note=note)
