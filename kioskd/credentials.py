"""Secrets that somebody shows: read off a request, and compared so that the time tells nothing."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=str)


def bearer(headers: Mapping[str, str]) -> str | None:
    """The secret in an Authorization header; None where there is none of this kind."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def digest(secret: str) -> bytes:
    """What is kept of a secret, so that nobody reads it off the memory or the disk: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def whose(secret: str, digests: Mapping[Name, bytes]) -> Name | None:
    """The first whose digest it has; all of them are compared, whichever it is."""
    shown = digest(secret)
    fits = [name for name, kept in digests.items() if hmac.compare_digest(shown, kept)]
    return fits[0] if fits else None
