"""Network files that a layer asks for: they come in pieces, and are used only as it names them.

A piece is retained on a slot of the kiosk's own: 64 hexadecimal digits of the whole SHA-256, a
line break, and the bytes. Nobody signs it: what the pieces make must have the digest and the size
that stand in the signed layer, else it is never written down.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kioskd.layers.layer import Layer
from kioskd.private_file import replace_file, sync_folder
from kioskd.refused import RefusedError

PIECE_BYTES = 256 * 1024  # of the file; bridges and brokers take messages of this size
SLOTS = 32  # so all networks of a layer have 8 MiB at most; ours for liveness have 1.8
FOLDER = "networks"  # below that of the layers
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file. slot: of its first piece. entry: what docs/change/networks.md has of it."""

    name: str
    sha256: str
    size: int
    slot: int
    entry: Mapping[str, Any]

    @property
    def slots(self) -> range:
        return range(self.slot, self.slot + -(-self.size // PIECE_BYTES))


class NetworkPieces:
    """What came of the pieces, and the files that are whole. `folder`: that of the layers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._pieces: dict[int, tuple[str, bytes]] = {}

    def take(self, slot: int, body: bytes) -> bool:
        """Whether it may be a piece; kept until another comes in its slot, or its file is whole."""
        head, _, content = body.partition(b"\n")
        sha256 = head.decode("ascii", "replace")
        if not _SHA256.fullmatch(sha256) or not 0 < len(content) <= PIECE_BYTES:
            return False
        self._pieces[slot] = sha256, content
        return True

    def file(self, layer: Layer) -> Path:
        """The list of this layer's networks, as `perception.added_networks` takes it."""
        return self._folder / f"{layer.digest}.yaml"

    def ready(self, layer: Layer) -> None:
        """Have its files and the list of them on the disk. Raises RefusedError, OSError."""
        asked = wanted(layer)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in asked:
            path = self._folder / f"{one.sha256}.onnx"
            if not path.exists() or _digest(path.read_bytes()) != one.sha256:
                replace_file(path, self._whole(one))
        listed = {"networks": {one.name: _entry(one) for one in asked}}
        replace_file(self.file(layer), json.dumps(listed, indent=1).encode())  # JSON is YAML
        sync_folder(self._folder)
        for one in asked:
            for slot in one.slots:
                self._pieces.pop(slot, None)

    def forget_all_but(self, layers: Iterator[Layer]) -> None:
        """Delete what no layer asks for any more."""
        kept: set[str] = set()
        for layer in layers:
            kept |= {self.file(layer).name, *(f"{one.sha256}.onnx" for one in wanted(layer))}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in kept:
                path.unlink(missing_ok=True)

    def _whole(self, one: Wanted) -> bytes:
        found = [self._pieces.get(slot, ("", b"")) for slot in one.slots]
        if any(sha256 != one.sha256 for sha256, _ in found):
            have = sum(sha256 == one.sha256 for sha256, _ in found)
            told = f"{one.name}: {have} of {len(found)} pieces of its file have come"
            raise RefusedError(409, "NetworkMissing", told)
        content = b"".join(piece for _, piece in found)
        if len(content) != one.size or _digest(content) != one.sha256:
            told = f"{one.name}: the pieces that came do not make the file that the layer names"
            raise RefusedError(409, "NetworkMissing", told)
        return content


def wanted(layer: Layer) -> list[Wanted]:
    """The files that a layer asks for; raises RefusedError where its entries are none."""
    return [_wanted(name, dict(entry)) for name, entry in layer.networks.items()]


def pieces(sha256: str, content: bytes, slot: int) -> Iterator[tuple[int, bytes]]:
    """A file as it is published: slot and body of each piece."""
    for number, at in enumerate(range(0, len(content), PIECE_BYTES)):
        yield slot + number, sha256.encode() + b"\n" + content[at : at + PIECE_BYTES]


def _wanted(name: str, entry: dict[str, Any]) -> Wanted:
    sha256, size, slot = entry.get("sha256"), entry.pop("bytes", None), entry.pop("slot", None)
    numbers = type(size) is int and type(slot) is int
    if not numbers or not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise RefusedError(400, "BadLayer", f"networks.{name[:40]}: needs sha256, bytes and slot")
    one = Wanted(name, sha256, size, slot, entry)
    if size < 1 or slot < 0 or one.slots.stop > SLOTS:
        told = f"networks.{name[:40]}: all files have {SLOTS * PIECE_BYTES // 2**20} MiB at most"
        raise RefusedError(400, "BadLayer", told)
    return one


def _entry(one: Wanted) -> dict[str, Any]:
    """Its path is ours, whatever the layer says."""
    return {**one.entry, "path": f"{one.sha256}.onnx"}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
