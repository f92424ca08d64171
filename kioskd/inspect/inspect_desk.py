"""Judges pictures for whoever sends them to a kiosk, over HTTP and MQTT alike."""

import base64
import binascii
import threading
from typing import Any, Literal

from feeds.still_image import StillError, read_still
from kioskd.config.section import Field, Section
from kioskd.identity.reference_picture import Look, NoReferenceError, read_reference
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.inspect.inspection import Request, inspect
from kioskd.inspect.named_models import MediaError, Model, check_model
from kioskd.inspect.profiles import rules
from kioskd.inspect.still_eye import StillEye
from kioskd.inspect.told import as_record
from kioskd.json_object import checked
from kioskd.refused import RefusedError
from models.network_file import NetworkError
from models.session import Networks

LARGEST = 18 * 2**20  # bytes: a picture of the largest and its reference, in base64
WAIT_S = 10.0  # for those before: one picture at a time, for doors go first
Json = dict[str, Any]


class InspectImage(Section):
    """A picture to be judged."""

    image: str = Field(
        min_length=1, description="The picture, base64 of a JPEG, PNG, BMP, WEBP or GIF."
    )
    reference: str | None = Field(
        default=None, min_length=1, description="A picture of who must be in it, likewise."
    )
    profile: Literal["selfie", "door"] | None = Field(
        default=None, description="Whose limits; without it the kiosk's own (inspect.profile)."
    )
    faces: Literal["largest", "one"] = Field(
        default="largest", description="Of several faces the largest is meant, or none may be."
    )
    model: Literal["rgb-single-image", "rgb-sequence", "infrared", "depth"] = Field(
        default="rgb-single-image", description="Which model is to judge; a still is for the first."
    )


class InspectDesk:
    """`judge` is for any thread."""

    def __init__(self, settings: InspectSettings, networks: Networks) -> None:
        """Raises NetworkError where a network is missing."""
        self._settings, self._networks = settings, networks
        self._plain = StillEye(networks=networks)
        self._verifying = StillEye(verify=True, networks=networks)
        self._one = threading.Lock()

    def judge(self, said: object) -> Json:
        """What `kioskd inspect --json` says of a picture. Raises RefusedError."""
        asked = checked(InspectImage, said)
        try:
            check_model(Model(asked.model))
        except MediaError as error:
            raise RefusedError(422, "WrongModel", str(error)) from None
        content = _bytes("image", asked.image)
        if not self._one.acquire(timeout=WAIT_S):
            raise RefusedError(503, "Busy", "other pictures are being judged; ask again")
        try:
            return self._judged(content, asked)
        except NetworkError as error:
            raise RefusedError(503, "NotJudged", str(error)) from error
        finally:
            self._one.release()

    def _judged(self, content: bytes, asked: InspectImage) -> Json:
        profile = asked.profile or self._settings.profile
        look = None if asked.reference is None else self._look(asked.reference)
        request = Request(profile, rules(profile, {}), asked.faces, Model(asked.model), look)
        eye = self._plain if look is None else self._verifying
        return as_record(inspect("image", content, eye, request))

    def _look(self, reference: str) -> Look:
        try:
            return read_reference(read_still(_bytes("reference", reference)), self._networks).look
        except (StillError, NoReferenceError) as error:
            raise RefusedError(422, "NoReference", f"reference: {error}") from None


def _bytes(key: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError(400, "BadRequest", f"{key}: is not base64") from None
