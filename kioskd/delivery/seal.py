"""Puts the kiosk's signature at the end of what it says, over the exact bytes before it.

A signed payload ends in its member `x`, whose last member is the signature, always in the same 97
bytes: `,"sig":"`, 86 characters of base64 (RFC 4648, section 5, without padding), `"}}`. Signed is

    kioskd-1, LF, subject, LF, the payload without these 97 bytes

where the subject is the topic without its prefix. So a controller cuts bytes off and checks them;
it builds no JSON again, and what was said on one topic is not believed on another.
"""

import base64
from collections.abc import Callable, Mapping

from kioskd.delivery import wire
from kioskd.delivery.wire import JsonValue, Payload

ALGORITHM = "Ed25519"
DOMAIN = b"kioskd-1"  # so that no other signature of the same key is ever taken for one of these

Encode = Callable[[Mapping[str, JsonValue]], bytes]


class Seal:
    """One kiosk's.

    key_id  names the key
    sign    the signature of 64 bytes over any bytes
    """

    def __init__(self, key_id: str, sign: Callable[[bytes], bytes]) -> None:
        self._key: Payload = {"alg": ALGORITHM, "keyId": key_id}
        self._sign = sign

    def encoded(self, subject: str, payload: Mapping[str, JsonValue]) -> bytes:
        """The payload with key and signature under `x`. NaN and infinity: ValueError.

        subject  the topic on which it goes, without its prefix
        """
        ours = payload.get("x", {})
        assert isinstance(ours, Mapping)
        rest = {key: value for key, value in payload.items() if key != "x"}
        content = wire.encode({**rest, "x": {**ours, **self._key}})[:-2]
        signature = base64.urlsafe_b64encode(self._sign(signed_bytes(subject, content)))
        return content + b',"sig":"' + signature.rstrip(b"=") + b'"}}'


def signed_bytes(subject: str, content: bytes) -> bytes:
    """What the signature is over."""
    return b"\n".join((DOMAIN, subject.encode(), content))
