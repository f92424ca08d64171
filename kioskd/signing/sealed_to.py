"""What is kept so that only one other can read it: whoever seals cannot open it again.

Each sealing makes a key pair of its own, X25519 (RFC 7748), whose private half is forgotten at
once. What it has in common with the recipient's key becomes, by HKDF (RFC 5869), a key of AES-256
in GCM that is used once, so its nonce is always zero. docs/install/snapshots.md has every byte.

Anybody who has the public key can seal: that it is sealed proves nothing of who did.
"""

import base64
import hashlib

from kioskd.signing.aes_gcm import SealError
from kioskd.signing.library import (
    AESGCM,
    HKDF,
    SHA256,
    Encoding,
    InvalidTag,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    X25519PrivateKey,
    X25519PublicKey,
    load_pem_private_key,
)

PUBLIC_BYTES = 32
INFO = b"kioskd snapshot 1"
NONCE = bytes(12)  # the key is used once


def new_key() -> bytes:
    """A private key, PKCS #8 in PEM as `openssl genpkey -algorithm x25519` makes it."""
    form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    return X25519PrivateKey.generate().private_bytes(*form)


def private_key(content: bytes) -> X25519PrivateKey:
    """The key in a file's content. Raises SealError."""
    try:
        found = load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise SealError("it is no private key in PEM without a passphrase") from error
    if not isinstance(found, X25519PrivateKey):
        raise SealError("it is a key of another kind than X25519")
    return found


def public_key(text: str) -> bytes:
    """The public half as `kioskd snapshots key` prints it, 32 bytes in base64. Raises SealError."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_BYTES:
        raise SealError(f"must be {PUBLIC_BYTES} bytes in base64, as `kioskd snapshots key` prints")
    try:
        sealed_to(key, b"", b"")
    except ValueError as error:  # a point that gives everybody the same secret
        raise SealError("is no public key of X25519 that a secret can be shared with") from error
    return key


def public_of(key: X25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public: bytes) -> str:
    """Names a key: the first 16 hexadecimal digits of the SHA-256 of its public half."""
    return hashlib.sha256(public).hexdigest()[:16]


def sealed_to(recipient: bytes, content: bytes, what: bytes) -> bytes:
    """The public half of a key made for this alone, then what only the recipient opens.

    what  it is, in clear: it must be said again to open it, byte for byte
    """
    own = X25519PrivateKey.generate()
    public = public_of(own)
    shared = own.exchange(X25519PublicKey.from_public_bytes(recipient))
    return public + AESGCM(_key(shared, public, recipient)).encrypt(NONCE, content, what + public)


def opened(kept: bytes, key: X25519PrivateKey, what: bytes) -> bytes:
    """The content. Raises SealError where it, or `what`, is not what was sealed to this key."""
    public, content = kept[:PUBLIC_BYTES], kept[PUBLIC_BYTES:]
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(public))
        sealing = AESGCM(_key(shared, public, public_of(key)))
        return sealing.decrypt(NONCE, content, what + public)
    except (InvalidTag, ValueError) as error:
        told = "it was changed or cut off since it was sealed, or is put together of two"
        raise SealError(told) from error


def _key(shared: bytes, public: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=public + recipient, info=INFO).derive(shared)
