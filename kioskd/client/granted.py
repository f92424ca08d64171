"""Whether a session's result opens a door: the rules in their order, each refusal with a code."""

from collections.abc import Mapping
from typing import Any, Literal

from kioskd.signing.ed25519 import SigningError, opened

Code = Literal[
    "not_signed", "other_session", "other_door", "other_nonce", "not_ended", "not_live", "not_them"
]


class NotGranted(Exception):
    """The door stays shut; `code` says by which rule."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code: Code = code


def granted(
    session: Mapping[str, Any],
    trusted: Mapping[str, str],
    *,
    nonce: str,
    door: str,
    verify: bool = True,
) -> dict[str, Any]:
    """What was signed, if it says that a live person stood there, and that it was them.

    Only what is signed is read. Raises NotGranted for everything else.

    trusted  public keys of kiosks, base64, by their key id: `kioskd keys` prints them
    nonce    that the session was opened with, fresh for each, so that no earlier result passes
    verify   whether the session asked for somebody in particular
    """
    try:
        told = opened(session.get("signed"), trusted)
    except SigningError as error:
        raise NotGranted("not_signed", f"the result is not proved: {error}") from error
    if not nonce or told.get("nonce") != nonce:
        raise NotGranted("other_nonce", "the result is of another request")
    if told.get("id") != session.get("id"):
        raise NotGranted("other_session", "the result is of another session")
    if told.get("doorId") != door:
        raise NotGranted("other_door", "the result is of another door")
    if told.get("state") != "Succeeded" or told.get("status") != "ResultAvailable":
        raise NotGranted("not_ended", f"the session came to no result: {told.get('detail', '')}")
    body = _body(told)
    if body.get("livenessDecision") != "realface":
        raise NotGranted("not_live", f"the person is {body.get('livenessDecision', 'unknown')}")
    match = body.get("verifyResult")
    if verify and not (isinstance(match, dict) and match.get("isIdentical") is True):
        raise NotGranted("not_them", "a live person stood there, and not the one asked for")
    return told


def _body(told: Mapping[str, Any]) -> Mapping[str, Any]:
    """The seed's result.response.body; empty where it is not there."""
    found: object = told
    for key in ("result", "response", "body"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}
