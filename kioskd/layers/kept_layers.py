"""The layers as they lie in the state folder: the present one of each level, and the one before.

Each lies there as it came, signature and all, so that whoever can write to the disk can write no
layer: what no trusted key signed is not read again.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path

from kioskd.layers.layer import LEVELS, Layer, Level, read
from kioskd.private_file import replace_file, sync_folder
from kioskd.refused import RefusedError

FOLDER = "layers"  # in the state folder


class KeptLayers:
    """One kiosk's. `folder`: the state folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    def present(self, trusted: Mapping[str, str]) -> dict[Level, Layer]:
        """The newest of each level that can be read and that a trusted key signed."""
        found: dict[Level, Layer] = {}
        for level in LEVELS:
            for path in (self._path(level), self._before(level)):
                layer = _read(path, trusted)
                if layer is not None and layer.level == level:
                    found[level] = layer
                    break
        return found

    def before(self, level: Level, trusted: Mapping[str, str]) -> Layer | None:
        """The one that stood before the present one."""
        return _read(self._before(level), trusted)

    def keep(self, layer: Layer) -> None:
        """It is the present one from here on, also after a power cut. Raises OSError."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._path(layer.level)
        if path.exists():
            replace_file(self._before(layer.level), path.read_bytes())
        replace_file(path, layer.document)
        sync_folder(self._folder)

    def _path(self, level: Level) -> Path:
        return self._folder / f"{level}.json"

    def _before(self, level: Level) -> Path:
        return self._folder / f"{level}.before.json"


def trusted_keys(path: Path) -> dict[str, str]:
    """Public keys in base64 by their ids, as they stand in the file now; none where it is no such.

    Its ids are worked out and not believed.
    """
    # Imported here: a kiosk that takes no layers does without the library for it.
    from kioskd.signing.ed25519 import key_id
    from kioskd.verify import KeyFileError, read_keys

    try:
        keys = read_keys(path.read_bytes())
    except (OSError, KeyFileError):
        return {}
    return {key_id(key): base64.b64encode(key).decode() for key in keys}


def _read(path: Path, trusted: Mapping[str, str]) -> Layer | None:
    try:
        return read(path.read_bytes(), trusted)
    except (OSError, RefusedError, json.JSONDecodeError):
        return None
