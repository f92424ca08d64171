"""A file that only who knows a passphrase can read, however large it is.

    MAGIC, a salt of 16 bytes, then portions of 1 MiB, each sealed by AES-256-GCM

The key is made from passphrase and salt by scrypt (RFC 7914, with n = 2^17, r = 8, p = 1: 128 MiB
of memory for each guess). Each portion's nonce is its number, and whether it is the last one: so
none can be changed, moved, left out or cut off (STREAM, Hoang et al. 2015).
"""

import os
from typing import BinaryIO

from kioskd.signing.library import AESGCM, InvalidTag, Scrypt

MAGIC = b"kioskd sealed by passphrase 1\n"
SALT_BYTES, PORTION, TAG_BYTES = 16, 2**20, 16
LEAST = 12  # characters of a passphrase


class PassphraseError(Exception):
    """The passphrase is none, or not this file's, or the file is not whole."""


def usable(passphrase: str) -> str:
    """The passphrase itself. Raises PassphraseError for one that is too short."""
    if len(passphrase) < LEAST:
        raise PassphraseError(f"a passphrase must have {LEAST} characters or more")
    return passphrase


class SealedWriter:
    """Takes bytes and writes them to `to`, sealed. What it wrote is whole once it is closed."""

    def __init__(self, to: BinaryIO, passphrase: str) -> None:
        salt = os.urandom(SALT_BYTES)
        self._to, self._cipher = to, _cipher(passphrase, salt)
        self._left, self._number = bytearray(), 0
        to.write(MAGIC + salt)

    def write(self, content: bytes) -> int:
        self._left += content
        while len(self._left) > PORTION:  # never the last: that may only be known at the end
            self._seal(bytes(self._left[:PORTION]), last=False)
            del self._left[:PORTION]
        return len(content)

    def close(self) -> None:
        self._seal(bytes(self._left), last=True)

    def _seal(self, portion: bytes, *, last: bool) -> None:
        self._to.write(self._cipher.encrypt(_nonce(self._number, last), portion, MAGIC))
        self._number += 1


class SealedReader:
    """Gives the bytes again, behind MAGIC. Raises PassphraseError, never a byte unproved."""

    def __init__(self, source: BinaryIO, passphrase: str) -> None:
        self._source = source
        self._cipher = _cipher(passphrase, source.read(SALT_BYTES))
        self._next, self._number = source.read(PORTION + TAG_BYTES), 0
        self._opened = bytearray()

    def read(self, most: int) -> bytes:
        while len(self._opened) < most and self._next:
            self._opened += self._portion()
        found = bytes(self._opened[:most])
        del self._opened[:most]
        return found

    def _portion(self) -> bytes:
        sealed, self._next = self._next, self._source.read(PORTION + TAG_BYTES)
        try:
            opened = self._cipher.decrypt(_nonce(self._number, not self._next), sealed, MAGIC)
        except InvalidTag:
            told = "it was changed or cut off" if self._number else "that is not its passphrase"
            raise PassphraseError(told) from None
        self._number += 1
        return opened


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    key = Scrypt(salt=salt, length=32, n=2**17, r=8, p=1).derive(passphrase.encode())
    return AESGCM(key)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
