"""Reads a file of networks, as perception.added_networks names one, for a layer to ask for."""

import hashlib
from pathlib import Path
from typing import Any

from kioskd.config.strict_yaml import read
from kioskd.layers.network_pieces import PIECE_BYTES, SLOTS


class NetworksFileError(Exception):
    """It cannot be sent; the sentence says why."""


def networks(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, bytes]]:
    """The entries, with where their pieces go, and the files by SHA-256.

    What else stands in an entry is looked at by the kiosk, which loads the network before it takes
    the layer. Raises NetworksFileError, OSError.
    """
    document = read(path.read_bytes(), str(path))
    said = document.value.get("networks")
    if document.problems or not isinstance(said, dict) or not said:
        raise NetworksFileError(f"{path} is no file of networks (docs/change/networks.md)")
    entries: dict[str, dict[str, Any]] = {}
    files: dict[str, bytes] = {}
    slot = 0
    for name, entry in said.items():
        if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
            raise NetworksFileError(f"{path}: {name} names no path")
        content = (path.parent / str(entry["path"])).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        if entry.get("sha256") != sha256:
            raise NetworksFileError(f"{path}: {name} is another file than its sha256 says")
        rest = {key: value for key, value in entry.items() if key != "path"}
        entries[name] = {**rest, "bytes": len(content), "slot": slot}
        files[sha256] = content
        slot += -(-len(content) // PIECE_BYTES)
    if slot > SLOTS:
        most = SLOTS * PIECE_BYTES // 2**20
        raise NetworksFileError(f"{path}: its networks have more than {most} MiB together")
    return entries, files
