"""Puts sessions together for the daemon: the keeper, its store, and the two ways in."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from feeds.still_image import Fault, StillError, read_still
from kioskd.config.config import Config
from kioskd.delivery.wire import Payload
from kioskd.happenings import AttemptEnded, FrameJudged, ModeChanged
from kioskd.identity import reference_picture
from kioskd.identity.enrolled import Enrolled
from kioskd.identity.reference_picture import NoReferenceError, read_reference
from kioskd.judge import UseMode
from kioskd.sessions.keeper import Keeper, Looked
from kioskd.sessions.session_error import Code, SessionError
from kioskd.sessions.session_http import SessionHttp
from kioskd.sessions.session_life import VerifyImage
from kioskd.sessions.session_mqtt import SessionMqtt
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.sessions.session_store import SessionStore
from kioskd.sessions.session_wire import Json
from kioskd.signing.ed25519 import SigningError, signer_at
from kioskd.state_dir import WrongStateDirError
from kioskd.stream import Stream
from models.session import Networks

FILE = "sessions.db"
OF_FILES: dict[Fault, Code] = {
    "empty": "ImageEmpty",
    "too_large": "ImageTooLarge",
    "too_many_pixels": "ImageTooLarge",
    "unknown_format": "UnsupportedImageFormat",
    "unreadable": "ImageUnreadable",
}
OF_FACES: dict[reference_picture.Fault, Code] = {
    "no_face": "NoFaceInImage",
    "several_faces": "SeveralFacesInImage",
    "face_too_small": "FaceTooSmallInImage",
    "not_comparable": "NotComparable",
}


@dataclass(frozen=True, slots=True)
class Sessions:
    """The part of the daemon, and its ways in."""

    keeper: Keeper
    http: SessionHttp
    mqtt: SessionMqtt


def sessions(
    config: Config,
    settings: SessionsSettings,
    networks: Networks,
    folder: Path,
    own: Mapping[str, UseMode],
    ask: Callable[[str, UseMode], None],
    decides: Callable[[], str],
    answer: Callable[[str, Payload, bytes], None],
    people: Enrolled | None = None,
) -> Sessions:
    """Ready to be started. Raises WrongStateDirError.

    own      what decides at each door without a session
    ask      tells a door's judge which mode to use
    decides  which networks decide
    answer   publishes on a topic, with MQTT 5 correlation data
    people   who is enrolled; None: nobody is
    """
    try:
        key = config.signing_key
        signer = signer_at(key, makes=key.parent == folder)
    except SigningError as error:
        raise WrongStateDirError(str(error)) from error
    topics = config.delivery.topics

    def publish(client: str, session_id: str, told: Json) -> None:
        mqtt.tell(client, session_id, told)

    keeper = Keeper(
        settings,
        SessionStore(folder / FILE),
        {door.name: door for door in config.doors},
        own,
        ask,
        lambda picture: looked(picture, networks),
        decides,
        publish,
        signer.sign,
        people=people,
    )
    mqtt = SessionMqtt(settings, topics, keeper, answer)
    return Sessions(keeper, SessionHttp(settings, keeper), mqtt)


def listen(keeper: Keeper, stream: Stream) -> None:
    """From now on the keeper hears what comes of its sessions."""
    stream.listen("sessions", FrameJudged, keeper.frame_judged)
    stream.listen("sessions", ModeChanged, keeper.mode_changed)
    stream.listen("sessions", AttemptEnded, keeper.attempt_ended)


def looked(picture: str, networks: Networks) -> Looked:
    """Who is in a picture in base64. Raises SessionError."""
    try:
        content = base64.b64decode(picture, validate=True)
    except (binascii.Error, ValueError):
        raise SessionError("ImageUnreadable", "verifyImage is not base64") from None
    try:
        found = read_reference(read_still(content), networks)
    except StillError as error:
        raise SessionError(OF_FILES[error.fault], error.sentence) from None
    except NoReferenceError as error:
        raise SessionError(OF_FACES[error.fault], str(error)) from None
    return VerifyImage(found.rectangle, found.quality, found.reasons), found.look
