"""The files that config.yaml names, and what each of them is to a backup."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kioskd.config import networks
from kioskd.config.secrets import names_in
from kioskd.signing.key_files import KEY_FILE, NEXT_FILE
from models.network_file import NetworkError

What = Literal["kept", "key", "left"]

CREDENTIALS = "credentials"  # the folder beside config.yaml of those that systemd hands over
ADDED = ("perception", "added_networks")
NAMED: Mapping[tuple[str, ...], What] = {
    ("mqtt", "tls", "ca_file"): "kept",
    ("mqtt", "tls", "cert_file"): "kept",
    ("mqtt", "tls", "key_file"): "key",
    ("mqtt", "password_file"): "key",
    ("fleet", "tls", "ca_file"): "kept",
    ("fleet", "tls", "cert_file"): "kept",
    ("fleet", "tls", "key_file"): "key",
    ("fleet", "password_file"): "key",
    ("page", "tls", "cert_file"): "kept",
    ("page", "tls", "key_file"): "key",
    ("page", "token_file"): "key",
    ("alarms", "ca_file"): "kept",
    ("signing", "key_file"): "key",
    ("layers", "trust"): "kept",
    ADDED: "kept",
}
RECORDINGS = ("path", "recording")  # of a feed: they show people


@dataclass(frozen=True, slots=True)
class Named:
    """A file that the configuration names, and what it is to a backup."""

    path: Path
    what: What


def named_files(said: Mapping[str, object], folder: Path) -> Iterator[Named]:
    """All of them; a file may come twice, and may not be there.

    said    the configuration's values as the file has them; ${NAME} in them names credentials
    folder  the file's own, at which relative paths begin
    """
    for place, what in NAMED.items():
        if isinstance(value := _at(said, place), str) and value:
            path = folder / value
            yield Named(path, what)
            if place == ADDED:
                yield from _of_networks(path)
            elif place == ("signing", "key_file"):
                yield Named(path.with_name(NEXT_FILE), "key")
    yield from _recordings(said, folder)
    for name in (KEY_FILE, NEXT_FILE, *sorted(_secrets(said))):
        yield Named(folder / CREDENTIALS / name, "key")


def _of_networks(listed: Path) -> Iterator[Named]:
    """A list that is not right, and so is not loaded either, names none."""
    try:
        for each in networks.added_networks(listed):
            yield Named(each.file.path, "kept")
    except NetworkError:
        return


def _recordings(said: Mapping[str, object], folder: Path) -> Iterator[Named]:
    feeds = said.get("feeds")
    for feed in feeds.values() if isinstance(feeds, Mapping) else ():
        for key in RECORDINGS:
            if isinstance(feed, Mapping) and isinstance(value := feed.get(key), str) and value:
                yield Named(folder / value, "left")


def _secrets(value: object) -> set[str]:
    """The names of all ${NAME} in a value, however deep."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return set().union(*map(_secrets, value))
    return names_in(value) if isinstance(value, str) else set()


def _at(said: Mapping[str, object], place: tuple[str, ...]) -> object:
    value: object = said
    for name in place:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
