"""One POST by a daemon that does not start: nobody starts it again, and nobody would know."""

import time
import uuid

from kioskd import __version__, time_service
from kioskd.alarms.alarm import Alarm
from kioskd.alarms.post import PostError, place, post
from kioskd.config.config import Config
from kioskd.delivery import wire
from kioskd.delivery.envelope import Envelope
from kioskd.delivery.seal import Seal
from kioskd.signing.ed25519 import SigningError, signer_at


def not_started(config: Config, sentence: str) -> str:
    """Post that the file of a network is wrong, once; why it was not taken, or ""."""
    if config.alarms is None or config.alarms.post is None:
        return ""
    settings, delivery, wall = config.alarms.post, config.delivery, time.time()
    sender = wire.Sender(delivery.site, delivery.device, str(uuid.uuid4()), __version__)
    telling = wire.Telling(1, wall, time_service.quality())
    told = wire.alarms(sender, [Alarm("network_file", f"not started: {sentence}", wall)], telling)
    body = Envelope(delivery, delivery.topics, _seal(config)).encoded(
        delivery.topics.alarms, told, wire.whole
    )
    try:
        post(settings, body)
    except PostError as error:
        return f"nor could the alarm be posted to {place(settings.url).shown}: {error}"
    return ""


def _seal(config: Config) -> Seal | None:
    """By the key that is there: none is made for this, and without one it goes unsigned."""
    path = config.signing_key
    if not config.delivery.signed or not path.exists():
        return None
    try:
        signer = signer_at(path, makes=False)
    except SigningError:
        return None
    return Seal(signer.key_id, signer.signature)
