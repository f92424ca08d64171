"""Rules about what a feed really shows: a recording instead of a camera, one camera twice."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from kioskd.config import files
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_value, note
from kioskd.config.secrets import SecretError, Vault

RECORDED = "plays a recording, not a camera: whoever can change the file opens the door"


def problems(ask: Answers, vault: Vault, loopback: bool) -> Iterator[Problem]:
    """`loopback`: the broker runs on this machine."""
    seen: dict[object, str] = {}
    for door in ask.sections("doors"):
        feed = ask.typed("doors", door, "feed")
        if feed is None or feed not in tuple(ask.sections("feeds")):
            continue
        yield from _recorded(ask, feed, loopback)
        key, camera = _camera(ask, feed, vault)
        other = seen.setdefault(camera, feed) if camera is not None else feed
        if other != feed:
            text = f"is the camera of feed {other} too; one camera, one feed, one door"
            yield at_value(ask.document, ("feeds", feed, key), text)


def is_recording(ask: Answers, feed: str) -> bool:
    """Whether the feed shows what anybody may have filmed, at any time."""
    kind = ask.text("feeds", feed, "kind")
    return kind == "file" or (kind == "realsense" and ask.set("feeds", feed, "recording"))


def _recorded(ask: Answers, feed: str, loopback: bool) -> Iterator[Problem]:
    """For trials. Nothing that listens to the embedded broker is a door."""
    broker = ask.text("mqtt", "broker")
    if broker in (None, "embedded") or not is_recording(ask, feed):
        return
    path = ("feeds", feed, "path" if ask.text("feeds", feed, "kind") == "file" else "recording")
    file = ask.file(*path)
    if file is None or not files.exists(file):
        return  # that is said already
    if loopback or ask.true("feeds", feed, "trial"):
        yield note(ask.document, path, RECORDED)
    else:
        text = f"{RECORDED}; name a camera, or accept it for a trial with trial: true"
        yield at_value(ask.document, path, text)


def _camera(ask: Answers, feed: str, vault: Vault) -> tuple[str, object]:
    """The key that names a camera, and what tells it from all others; None: that is not known."""
    at = ("feeds", feed)
    match ask.text(*at, "kind"):
        case "usb":
            index, name = ask.number(*at, "device"), ask.typed(*at, "device")
            device = f"/dev/video{index:.0f}" if index is not None else name
            return "device", device and os.path.realpath(device)
        case "realsense" if not is_recording(ask, feed):
            return "serial", ask.text(*at, "serial")
        case "rtsp" | "http":
            return "url", _address(ask.typed(*at, "url") or "", vault)
        case _:
            return "", None


def _address(typed: str, vault: Vault) -> object:
    """Where an address leads, whoever asks."""
    try:
        url = urlsplit(vault.filled_address(typed))
        place = (url.hostname, url.port, url.path, url.query)
    except (SecretError, ValueError):
        return None
    return place if url.hostname else None
