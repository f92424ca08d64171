"""A file of kiosks' public keys: of one kiosk as `kioskd keys export` prints it, or of many."""

import json
from typing import Any

from kioskd.fleet.collector.record import Kiosk
from kioskd.verify import KeyFileError, read_keys

Trusted = dict[Kiosk, tuple[bytes, ...]]


def read(content: bytes, kiosk: Kiosk | None) -> Trusted:
    """The keys by kiosk. Raises KeyFileError.

    kiosk  whose keys these are, where the file does not say: `{"keys": [...]}`. One of many kiosks
           says it: `{"kiosks": [{"site": ..., "device": ..., "keys": [...]}]}`
    """
    try:
        said: Any = json.loads(content)
        many = said.get("kiosks")
    except (ValueError, AttributeError, RecursionError) as error:
        raise KeyFileError("this is not what `kioskd keys export` prints") from error
    if many is None:
        if kiosk is None:
            raise KeyFileError("the file does not say whose keys these are: --kiosk SITE/DEVICE")
        return {kiosk: read_keys(content)}
    if kiosk is not None:
        raise KeyFileError("the file says itself whose keys these are: leave --kiosk out")
    return _of_many(many)


def _of_many(many: Any) -> Trusted:
    try:
        return {
            (str(each["site"]), str(each["device"])): read_keys(
                json.dumps({"keys": each["keys"]}).encode()
            )
            for each in many
        }
    except (KeyError, TypeError) as error:
        raise KeyFileError("a kiosk in the file lacks its site, device or keys") from error
