"""Whether a message goes to the broker and back; an embedded one is started where needed."""

from collections.abc import Iterator

from kioskd.config.config import Config
from kioskd.delivery.embedded_broker import EmbeddedBroker, EmbeddedError
from kioskd.delivery.probe import probe
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
        for well, sentence in probe(config.delivery):
            yield Diagnosis("broker", well, sentence)
    finally:
        if embedded is not None:
            embedded.stop()
            embedded.join()
