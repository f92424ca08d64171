"""Signatures by Ed25519 (RFC 8032).

What is signed are the exact bytes of a payload, which travel beside the signature, so that nobody
has to build the same bytes again: a controller checks the signature over them, and only then reads
them as JSON.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kioskd.private_file import replace_file, sync_folder
from kioskd.signing.library import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
    Encoding,
    InvalidSignature,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ALGORITHM = "Ed25519"


class SigningError(Exception):
    """A key cannot be had, or a signed message is not what it says."""


class Signer:
    """One kiosk's key.

    key_id  names it: the first 16 hexadecimal digits of the SHA-256 of the public key
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.key_id = key_id(self.public)

    def signature(self, content: bytes) -> bytes:
        """Of any bytes; 64 bytes, which anchor nothing but those."""
        return self._key.sign(content)

    def sign(self, payload: Mapping[str, Any]) -> dict[str, str]:
        """The payload as bytes, and the signature over them, both in base64."""
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        body = text.encode()
        return {
            "algorithm": ALGORITHM,
            "keyId": self.key_id,
            "payload": base64.b64encode(body).decode(),
            "signature": base64.b64encode(self._key.sign(body)).decode(),
        }

    @property
    def trust(self) -> dict[str, str]:
        """What a controller keeps: the public key, in base64."""
        return {
            "algorithm": ALGORITHM,
            "keyId": self.key_id,
            "publicKey": base64.b64encode(self.public).decode(),
        }


def signer_at(path: Path, *, makes: bool = True) -> Signer:
    """The key in a file, which only its user may read; where there is none it is made if `makes`.

    Raises SigningError where the file cannot be used, and for one that others may read.
    """
    try:
        if makes and not path.exists():
            key = Ed25519PrivateKey.generate()
            form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            replace_file(path, key.private_bytes(*form))
            sync_folder(path.parent)
        if path.is_dir():
            raise SigningError(f"{path} is a folder, and the key would stand there: move it away")
        if path.stat().st_mode & _others(path):
            raise SigningError(f"others may read the key {path}: chmod 600 it, or make another")
        content = path.read_bytes()
    except OSError as error:
        raise SigningError(f"the key {path} cannot be used ({error.strerror})") from error
    try:
        found = load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise SigningError(f"{path} is no private key in PEM without a passphrase") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise SigningError(f"{path} is a key of another kind than {ALGORITHM}")
    return Signer(found)


def _others(path: Path) -> int:
    """The rights that nobody else may have. systemd lets the service's user read a credential by an
    access list, which shows as a right of the group.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    return 0o007 if credentials and path.parent == Path(credentials) else 0o077


def opened(signed: object, trusted: Mapping[str, str]) -> dict[str, Any]:
    """The payload of a signed message. Raises SigningError unless a trusted key signed it.

    trusted  public keys in base64 by their key id
    """
    if not isinstance(signed, Mapping) or signed.get("algorithm") != ALGORITHM:
        raise SigningError(f"it is not signed by {ALGORITHM}")
    public = trusted.get(str(signed.get("keyId")))
    if public is None:
        raise SigningError("it is signed by a key that is not trusted here")
    try:
        body, signature = (_bytes(signed.get(name)) for name in ("payload", "signature"))
        Ed25519PublicKey.from_public_bytes(_bytes(public)).verify(signature, body)
        payload = json.loads(body)
    except (ValueError, InvalidSignature, RecursionError) as error:
        raise SigningError("the signature does not fit what is signed") from error
    if not isinstance(payload, dict):
        raise SigningError("what is signed is no object")
    return payload


def key_id(public: bytes) -> str:
    return hashlib.sha256(public).hexdigest()[:16]


def _bytes(text: object) -> bytes:
    return base64.b64decode(text if isinstance(text, str) else "?", validate=True)
