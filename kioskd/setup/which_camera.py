"""Which camera watches the door: one of this machine's, or one on the network."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from feeds.local_cameras import Camera, cameras, depth_cameras
from feeds.realsense.library import Attached
from kioskd.setup import address
from kioskd.setup.address import PASSWORD, Typed
from kioskd.setup.known_so_far import Flags, Part, Secrets
from kioskd.setup.talk import Question, Refused, SetupError, Talk

_FORMS = (
    "an address that begins with rtsp://, rtsps://, http:// or https://, a device such as"
    " /dev/v4l/by-id/..., or a RealSense camera's serial number"
)
_LOCAL = re.compile(r"\d{1,2}")  # a number in the list; serial numbers are longer
_SERIAL = re.compile(r"(?=.*\d)[0-9A-Za-z]{4,32}")


@dataclass(frozen=True, slots=True)
class Found:
    """The cameras of this machine, and why depth cameras could not be asked, "" if they could."""

    usb: tuple[Camera, ...] = ()
    depth: tuple[Attached, ...] = ()
    problem: str = ""


def found() -> Found:
    """What is attached now. Takes seconds where a RealSense camera is looked for."""
    depth, problem = depth_cameras()
    return Found(tuple(cameras()), tuple(depth), problem)


@dataclass(frozen=True, slots=True)
class Listed:
    """A camera of this machine that gives images: the keys of its feed, and what to call it."""

    keys: Mapping[str, object]
    name: str


def asked(talk: Talk, flags: Flags, attached: Found, secrets: Secrets) -> Part:
    """The keys of the feed, and the secrets in them. Raises SetupError."""
    listed = _listed(attached)
    if flags.camera is None and talk.attended:
        _tell(talk, listed, attached.problem)
    default = "1" if listed and talk.attended else None

    def read(text: str) -> Typed | Mapping[str, object]:
        return _read(text, listed, secrets)

    question = Question("--camera", "Camera", read, default, _FORMS)
    chosen = talk.answer(question, flags.camera)
    hangs = {} if flags.rotate is None else {"rotate": int(flags.rotate)}
    if not isinstance(chosen, Typed):
        return Part({**chosen, **hangs})
    typed = _with_login(talk, flags, chosen, secrets)
    way = {} if flags.transport is None else {"transport": flags.transport}
    return Part({"kind": typed.kind, "url": typed.url, **way, **hangs}, typed.secrets)


def _listed(attached: Found) -> tuple[Listed, ...]:
    """Depth cameras first: the colours of one are a USB camera too."""
    depth = [
        Listed({"kind": "realsense", "serial": each.serial}, f"{each.name}, serial {each.serial}")
        for each in attached.depth
    ]
    usb = [
        Listed(_usb(each), f"{each.stable or each.node}  {each.problem or each.name}")
        for each in attached.usb
        if each.captures is not False
    ]
    return (*depth, *usb)


def _usb(camera: Camera) -> Mapping[str, object]:
    return {"kind": "usb", "device": camera.stable or camera.node}


def _tell(talk: Talk, listed: tuple[Listed, ...], problem: str) -> None:
    talk.say("Cameras of this machine:" if listed else "No camera is attached to this machine.")
    for number, each in enumerate(listed, 1):
        talk.say(f"  {number}  {each.name}")
    if problem:
        talk.say(problem)
    talk.say(f"Say {'which, or' if listed else 'where it is:'} {_FORMS}.")


def _read(text: str, listed: tuple[Listed, ...], secrets: Secrets) -> Typed | Mapping[str, object]:
    """The camera that an answer names; raises Refused."""
    if "://" in text or text.startswith("${"):
        return address.read(text, secrets.vault)
    if text.startswith("/dev/"):
        return {"kind": "usb", "device": text}
    if _LOCAL.fullmatch(text):
        if 0 < int(text) <= len(listed):
            return listed[int(text) - 1].keys
        raise Refused(f"no camera of this machine has the number {text} in the list")
    if _SERIAL.fullmatch(text):
        return {"kind": "realsense", "serial": text}
    raise Refused(f"must be {_FORMS}")


def _with_login(talk: Talk, flags: Flags, typed: Typed, secrets: Secrets) -> Typed:
    """With the user and the password that the camera wants, if it does."""
    if flags.camera_user is not None and not typed.nobody:
        raise SetupError("--camera-user: the address names a user already; keep one of the two")
    if typed.nobody:
        question = Question("--camera-user", "User at the camera, if it wants one", str, "")
        if user := talk.answer(question, flags.camera_user):
            typed = typed.of(user)
    if not typed.user:
        return typed
    new = secrets.password(talk, PASSWORD, f"{typed.user} at the camera")
    return typed if new is None else typed.with_password(new)
