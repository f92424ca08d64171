"""`kioskd keys`: the keys by which this kiosk signs, and those that a controller trusts."""

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path

from kioskd.commands.configuration import FAILED, OK, configuration
from kioskd.private_file import replace_file
from kioskd.signing.ed25519 import SigningError, key_id
from kioskd.signing.key_ring import KeyRing, Trust
from kioskd.verify import KeyFileError, read_keys


def export(path: Path, *, every: bool = False) -> int:
    """Print as JSON what controllers keep: the key and the next one; `every`: those before too.

    Exit status 0; 1 where there is none yet, or it cannot be read.
    """

    def work(ring: KeyRing) -> None:
        kept = [known.trust for known in ring.known() if every or known.role != "before"]
        print(_written(kept))

    return _done(path, work)


def create(path: Path, *, file: Path | None = None) -> int:
    """Make the first key, before the first start; in another `file` than the configuration's."""

    def work(ring: KeyRing) -> None:
        print(f"made: {ring.create(file)['keyId']}")

    return _done(path, work)


def show(path: Path) -> int:
    """Print every key's id and what it is there for."""

    def work(ring: KeyRing) -> None:
        for known in ring.known():
            print(f"{known.trust['keyId']}  {known.role}")

    return _done(path, work)


def rotate(path: Path, *, now: bool) -> int:
    """Prepare the next key; `now`: sign by it from the next start on."""

    def work(ring: KeyRing) -> None:
        if now:
            signs = ring.turn()["keyId"]
            print(f"{signs} signs from the next start on: restart kioskd, then have controllers")
            print("forget the one before")
            return
        print(f"{ring.prepare()['keyId']} comes next: give controllers what `kioskd keys export`")
        print("prints, and when all have it: kioskd keys rotate --now")

    return _done(path, work)


def trust(file: Path, exported: Path | None, forget: tuple[str, ...]) -> int:
    """On a controller: add a kiosk's exported keys to the file of those trusted, or take some out.

    Exit status 0; 1 where a file holds no keys, or none would be left.
    """
    try:
        kept = _changed(file, exported, forget)
        replace_file(file, (_written(list(kept.values())) + "\n").encode())
    except (KeyFileError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"trusted: {', '.join(kept)}; compare with `kioskd keys list` on the kiosk")
    return OK


def _changed(file: Path, exported: Path | None, forget: tuple[str, ...]) -> dict[str, Trust]:
    """The keys to trust from now on. Raises KeyFileError."""
    trusted = _of(file.read_bytes()) if file.exists() else {}
    added = {} if exported is None else _of(exported.read_bytes())
    if strange := set(forget) - trusted.keys():
        raise KeyFileError(f"{file} has no key {', '.join(sorted(strange))}")
    kept = {name: each for name, each in {**trusted, **added}.items() if name not in forget}
    if not kept:
        raise KeyFileError("no key would be left, and no door would open: add one first")
    return kept


def _of(content: bytes) -> dict[str, Trust]:
    """By id, which is worked out and not believed."""
    keys = {key_id(key): base64.b64encode(key).decode() for key in read_keys(content)}
    return {
        name: {"algorithm": "Ed25519", "keyId": name, "publicKey": public}
        for name, public in keys.items()
    }


def _written(keys: list[Trust]) -> str:
    return json.dumps({"keys": keys}, indent=2)


def _done(path: Path, work: Callable[[KeyRing], None]) -> int:
    try:
        config = configuration(path)
        work(KeyRing(config.signing_key, config.state_dir))
    except (SigningError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK
