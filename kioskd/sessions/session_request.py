"""What may be asked for: the keys of a new session, strictly, as the seed names them."""

import json
from typing import Any, Literal

from kioskd.config.section import Field, Section
from kioskd.json_object import checked as by_keys
from kioskd.refused import RefusedError
from kioskd.sessions.session_error import SessionError

LARGEST_IMAGE = 6 * 2**20  # bytes, the seed's
LARGEST_BODY = LARGEST_IMAGE * 4 // 3 + 64 * 1024  # with the image in base64
_ID = r"^[0-9A-Za-z_.:-]{1,128}$"


class CreateSession(Section):
    """A session to be opened."""

    door: str = Field(min_length=1, max_length=40, description="The door, by its name.")
    livenessOperationMode: Literal["Passive", "PassiveActive", "Depth"] = Field(
        description="Passive: who stands there looks at the camera; PassiveActive: and does what is"
        " drawn for them; Depth: before a depth camera."
    )
    authTokenTimeToLiveInSeconds: int = Field(
        default=600, ge=60, le=86400, description="So long the session may wait; seconds."
    )
    numberOfClientAttemptsAllowed: int = Field(
        default=1, ge=1, le=3, description="Attempts until it ends without a good one."
    )
    deviceCorrelationId: str | None = Field(
        default=None, pattern=_ID, description="Of the controller or app; counted for limits."
    )
    userCorrelationId: str | None = Field(
        default=None, pattern=_ID, description="Of the person, no name; counted for limits."
    )
    sendResultsToClient: bool = Field(
        default=False, description="Whether the token's holder may read the decision, once."
    )
    startAtOnce: bool = Field(
        default=False, description="Running from its turn on, and not from the first face on."
    )
    nonce: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z_=+/.:-]{1,128}$",
        description="Comes back in the result, so that no other result can stand for it.",
    )
    personId: str | None = Field(
        default=None, pattern=_ID, description="Who must stand there, of those enrolled."
    )
    verifyImage: str | None = Field(
        default=None,
        min_length=1,
        max_length=LARGEST_BODY,
        description="A picture of who must stand there, base64 of a JPEG, PNG, BMP, WEBP or GIF.",
    )


def read(body: bytes) -> dict[str, Any]:
    """A JSON object; SessionError for whatever else."""
    if len(body) > LARGEST_BODY:
        told = f"the request is larger than {LARGEST_BODY // 2**20} MiB"
        raise SessionError("RequestTooLarge", told)
    try:
        said = json.loads(body, parse_constant=_no_number, parse_float=_number)
    except (ValueError, RecursionError):
        raise SessionError("BadRequest", "the request is not JSON") from None
    if not isinstance(said, dict):
        raise SessionError("BadRequest", "the request is to be a JSON object")
    return said


def checked(said: dict[str, Any]) -> CreateSession:
    """What is asked for; SessionError names every key that is wrong."""
    try:
        asked = by_keys(CreateSession, said)
    except RefusedError as error:
        raise SessionError("BadRequest", str(error)) from None
    if asked.personId is not None and asked.verifyImage is not None:
        told = "personId and verifyImage both say who must stand there; keep one of the two"
        raise SessionError("BadRequest", told)
    return asked


def _number(text: str) -> float:
    """To JSON 600.0 and 600 are one number."""
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
