"""What is kept so that only who has the key can read or change it: AES-256 in GCM.

Each sealing draws a nonce of 96 bits (NIST SP 800-38D), so one key is good for 2^32 of them.
"""

import base64
import os
from collections.abc import Sequence

from kioskd.signing.library import AESGCM, InvalidTag

KEY_BYTES, NONCE_BYTES = 32, 12


class SealError(Exception):
    """A key is none, or what was kept was not sealed with it as it is now."""


def key_from(text: str) -> bytes:
    """A key as it stands in a secret: 32 bytes in base64. Raises SealError."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise SealError("the key is not in base64; make one by: openssl rand -base64 32") from error
    if len(key) != KEY_BYTES:
        told = f"the key has {len(key)} bytes, and {KEY_BYTES} are needed"
        raise SealError(f"{told}; make one by: openssl rand -base64 32")
    return key


def sealed(content: bytes, key: bytes, what: bytes) -> bytes:
    """The nonce, then the content that only the key opens; `what` it is must be said again."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, what)


def unsealed(kept: bytes, keys: Sequence[bytes], what: bytes) -> bytes:
    """The content, by whichever key fits: the present one first, then those it replaced.

    Raises SealError where none does, and where a byte was changed.
    """
    nonce, content = kept[:NONCE_BYTES], kept[NONCE_BYTES:]
    for key in keys if len(nonce) == NONCE_BYTES else ():
        try:
            return AESGCM(key).decrypt(nonce, content, what)
        except InvalidTag:
            continue
    raise SealError("no key given opens it, or it was changed since it was sealed")
