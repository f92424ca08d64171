"""A layer as it travels: a signed JSON document that says which kiosk it is for. Pure.

    {"algorithm": "Ed25519", "keyId": ..., "payload": base64, "signature": base64}

where the payload is {"kind": "kioskd-layer-1", "layer": "fleet", "site", "device", "name",
"modified", "config", "networks"}; `modified` is whole milliseconds since 1970, and `config` is
YAML as text, so that a reader shows it as it was written.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from kioskd.json_object import json_object
from kioskd.refused import RefusedError
from kioskd.signing.ed25519 import Signer, SigningError, opened

Level = Literal["fleet", "site", "device"]
LEVELS: tuple[Level, ...] = get_args(Level)  # from the widest to the nearest, which wins
KIND = "kioskd-layer-1"
EVERY = "*"  # every site, or every device of a site
MOST_BYTES = 128 * 1024  # of a document; the largest configuration we know has 12 KiB
MOST_NAME = 80
EARLIEST_MS = 1_600_000_000_000  # 2020: no layer is older than the first kioskd
AHEAD_MS = 60_000  # a date further ahead comes of a clock that is wrong, and would keep others out

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Layer:
    """One that a trusted key signed.

    site, device  for whom it is; EVERY for all
    name          what its author calls it
    modified      ms since 1970; a kiosk takes what is strictly newer alone
    config        the keys it sets, as YAML
    digest        of all that is signed, 16 hexadecimal digits
    key_id        of who signed it
    document      as it came
    networks      network files it asks for: by the name of each, what else its entry says
    """

    level: Level
    site: str
    device: str
    name: str
    modified: int
    config: str
    digest: str
    key_id: str
    document: bytes
    networks: Mapping[str, Mapping[str, Any]]

    @property
    def told(self) -> Json:
        """For status, health and whoever asks."""
        return {
            "layer": self.level,
            "name": self.name,
            "modified": self.modified,
            "digest": self.digest,
            "keyId": self.key_id,
        }


def read(document: bytes, trusted: Mapping[str, str]) -> Layer:
    """The layer in a document; raises RefusedError, with a code and a sentence.

    trusted  public keys in base64, by their ids
    """
    if len(document) > MOST_BYTES:
        raise RefusedError(413, "TooLarge", f"a layer has at most {MOST_BYTES} bytes")
    signed = json_object(document, MOST_BYTES)
    try:
        said = opened(signed, trusted)
    except SigningError as error:
        raise RefusedError(403, "NotTrusted", str(error)) from error
    if said.get("kind") != KIND:
        raise RefusedError(400, "OtherKind", f"what is signed is no layer of the kind {KIND}")
    level = said.get("layer")
    if level not in LEVELS:
        raise RefusedError(400, "BadLayer", f"layer: is to be one of {', '.join(LEVELS)}")
    return Layer(
        level=level,
        site=_text(said, "site", MOST_NAME),
        device=_text(said, "device", MOST_NAME),
        name=_text(said, "name", MOST_NAME),
        modified=_modified(said),
        config=_config(said),
        digest=hashlib.sha256(str(signed["payload"]).encode()).hexdigest()[:16],
        key_id=str(signed["keyId"]),
        document=document,
        networks=_networks(said),
    )


def write(
    signer: Signer,
    *,
    level: Level,
    site: str,
    device: str,
    name: str,
    modified: int,
    config: str,
    networks: Mapping[str, Mapping[str, Any]] | None = None,
) -> Json:
    """The document, as a fleet publishes it."""
    return signer.sign(
        {
            "kind": KIND,
            "layer": level,
            "site": site,
            "device": device,
            "name": name,
            "modified": modified,
            "config": config,
            **({"networks": dict(networks)} if networks else {}),
        }
    )


def fits(layer: Layer, level: Level, site: str, device: str, now_ms: int) -> None:
    """Raises RefusedError unless it is for this kiosk, of the level asked for, and of a real time.

    Whether it is newer than another is not asked here.
    """
    if layer.level != level:
        told = f"a layer of the {layer.level} came where those of the {level} do"
        raise RefusedError(400, "OtherLevel", told)
    if layer.site not in (EVERY, site) or layer.device not in (EVERY, device):
        told = f"it is for {layer.site}/{layer.device}, and this is {site}/{device}"
        raise RefusedError(403, "OtherKiosk", told)
    if layer.modified < EARLIEST_MS:
        raise RefusedError(409, "NoRealDate", "its date lies before kioskd was written")
    if layer.modified > now_ms + AHEAD_MS:
        told = "its date lies ahead of this kiosk's clock: it is taken when that has come"
        raise RefusedError(409, "AheadOfClock", told)


def _modified(said: Json) -> int:
    value = said.get("modified")
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(400, "BadLayer", "modified: is to be whole milliseconds since 1970")
    return value


def _config(said: Json) -> str:
    value = said.get("config")
    if not isinstance(value, str):
        raise RefusedError(400, "BadLayer", "config: is to be YAML as text")
    return value


def _text(said: Json, key: str, most: int) -> str:
    value = said.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        told = f"{key}: is to be text of 1 to {most} characters"
        raise RefusedError(400, "BadLayer", told)
    return value


def _networks(said: Json) -> Mapping[str, Mapping[str, Any]]:
    value = said.get("networks", {})
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise RefusedError(400, "BadLayer", "networks: is to hold an entry for each network")
    return value
