"""`kioskd snapshots`: the key of the pictures kept of refused attempts, and what is kept."""

import base64
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from kioskd.commands.configuration import FAILED, OK, WRONG, state_dir
from kioskd.private_file import replace_file
from kioskd.signing.aes_gcm import SealError
from kioskd.signing.library import X25519PrivateKey
from kioskd.signing.sealed_to import key_id, new_key, private_key, public_of
from kioskd.snapshots.sealed_file import SUFFIX, About, SnapshotError, about, picture_in
from kioskd.snapshots.shelf import Kept, Shelf
from kioskd.snapshots.snapshots_settings import FOLDER, SnapshotsSettings

EXCHANGED = "its name is not the one it says it has: it was renamed, or exchanged for another"
MOST_BYTES = 100_000_000  # a file that is larger was made by nobody who keeps snapshots


def make_key(out: Path) -> int:
    """Exit status 0; 1 where the file is there already, or cannot be written."""
    if out.exists():
        print(f"{out} is there already: a key is never written over", file=sys.stderr)
        return FAILED
    content = new_key()
    public = public_of(private_key(content))
    try:
        replace_file(out, content)
    except OSError as error:
        print(f"{out} cannot be written ({error.strerror})", file=sys.stderr)
        return FAILED
    print(f"the private key {key_id(public)} is in {out}: keep a copy, and keep it off every kiosk")
    print("in config.yaml of the kiosks:")
    print(f"snapshots: {{enabled: true, recipient: {base64.b64encode(public).decode()}}}")
    return OK


def show(path: Path, folder: Path | None, *, as_json: bool) -> int:
    """A line for each, the oldest first; exit status 1 where one cannot be read."""
    status = OK
    for kept in _shelf(path, folder).kept():
        try:
            content = _content(kept.path)
            print(_line(_said(kept.path, content), content, as_json=as_json))
        except SnapshotError as error:
            print(f"{kept.path}: {error}", file=sys.stderr)
            status = FAILED
    return status


def open_sealed(files: Sequence[Path], key: Path, out: Path) -> int:
    """Those that can be opened are, whatever is wrong with others; exit status 1 for one that is,
    2 where the key is none.
    """
    try:
        private = private_key(key.read_bytes())
    except OSError as error:
        print(f"the key {key} cannot be read ({error.strerror})", file=sys.stderr)
        return WRONG
    except SealError as error:
        print(f"{key}: {error}", file=sys.stderr)
        return WRONG
    status = OK
    for file in files:
        try:
            print(_opened(file, private, out))
        except (SnapshotError, OSError) as error:
            print(f"{file}: {error}", file=sys.stderr)
            status = FAILED
    return status


def delete(path: Path, folder: Path | None, events: Sequence[str], *, every: bool) -> int:
    """Exit status 0; 1 where an event has none or one cannot be deleted; 2 where none is named."""
    if every == bool(events):
        print("name the events, by their ids as `kioskd snapshots list` prints, or give --all,"
              " not both", file=sys.stderr)  # fmt: skip
        return WRONG
    kept = {_event(one): one for one in _shelf(path, folder).kept()}
    if strange := [event for event in events if event not in kept]:
        print(f"there is no snapshot of {', '.join(strange)}: nothing was deleted", file=sys.stderr)
        return FAILED
    chosen = list(kept) if every else list(dict.fromkeys(events))
    for event in chosen:
        try:
            kept[event].path.unlink(missing_ok=True)
        except OSError as error:
            print(f"{kept[event].path} cannot be deleted ({error.strerror})", file=sys.stderr)
            return FAILED
    print(f"deleted: {len(chosen)}")
    return OK


def _shelf(path: Path, folder: Path | None) -> Shelf:
    usual = SnapshotsSettings()
    return Shelf(folder or state_dir(path) / FOLDER, usual.keep_days, usual.max_mb)


def _event(kept: Kept) -> str:
    return kept.path.name.partition("-")[2].removesuffix(SUFFIX)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise SnapshotError(f"it cannot be read ({error.strerror})") from error
    if len(content) > MOST_BYTES:
        raise SnapshotError("it is larger than any snapshot")
    return content


def _said(file: Path, content: bytes) -> About:
    """What it says of itself, where it goes by the name that it was given."""
    said = about(content)
    if said.name != file.name:
        raise SnapshotError(EXCHANGED)
    return said


def _opened(file: Path, key: X25519PrivateKey, out: Path) -> str:
    """The picture is in a file of its own now; a line that says which, and of what."""
    content = _content(file)
    picture = picture_in(content, key)
    said = _said(file, content)
    target = out / f"{file.name.removesuffix(SUFFIX)}.jpg"
    replace_file(target, picture)
    return f"{target}  {_line(said, content, as_json=False)}"


def _line(said: About, content: bytes, *, as_json: bool) -> str:
    digest = hashlib.sha256(content).hexdigest()
    if as_json:
        return json.dumps({**asdict(said), "sha256": digest}, ensure_ascii=False)
    return "  ".join(_words(said, digest))


def _words(said: About, digest: str) -> Iterator[str]:
    try:
        yield datetime.fromtimestamp(said.at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):  # a year that no calendar here has
        yield str(said.at)
    yield from map(_plain, (said.door, said.refusal, said.reason or "-", said.event))
    yield f"sha256 {digest}"


def _plain(text: str) -> str:
    """Whoever can write to the folder could draw anything on a terminal."""
    return text if text.isprintable() else ascii(text)
