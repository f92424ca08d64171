"""What models/manifest.yaml says of the networks that ship, typed and checked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from models.observation import LivenessModel
from models.schemes import SCHEMES

Role = Literal["face", "mesh", "blendshapes", "texture", "context", "hybrid"]
Shape = tuple[int | str, ...]  # a word is a size that is given at run time
MANIFEST = Path(__file__).with_name("manifest.yaml")


class NetworkError(Exception):
    """A network cannot be used; the message is a sentence that names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """One network that ships, or should."""

    name: str
    path: Path
    sha256: str
    licence: str
    source: str
    date: str
    input: Shape
    training_data: str


@dataclass(frozen=True, slots=True)
class Crop:
    """How a liveness network wants its face cut out; the rules are in models/liveness.py."""

    scale: float  # side of the crop, in sides of the face box
    shape: Literal["box", "square"]
    resize: Literal["linear", "area"]


@dataclass(frozen=True, slots=True)
class Service:
    """Which network serves a role, and for the liveness models the crop it is given."""

    network: str
    crop: Crop | None


@dataclass(frozen=True, slots=True)
class Manifest:
    networks: Mapping[str, NetworkFile]
    roles: Mapping[Role, Service]

    def file(self, role: Role) -> NetworkFile:
        """The network file that serves a role; raises NetworkError where none is named."""
        if role not in self.roles:
            raise NetworkError(f"models/manifest.yaml names no network for the {role} model")
        return self.networks[self.roles[role].network]


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """Reads a manifest; its network paths are relative to its own folder."""
    import yaml

    text = yaml.safe_load(path.read_text())
    networks = {
        name: NetworkFile(
            name=name,
            path=path.parent / entry["path"],
            sha256=entry["sha256"],
            licence=entry["licence"],
            source=entry["source"],
            date=entry["date"],
            input=tuple(entry["input"]),
            training_data=entry["training_data"],
        )
        for name, entry in text["networks"].items()
    }
    roles: dict[Role, Service] = {}
    for role in get_args(Role):
        if role in text["roles"]:
            entry = text["roles"][role]
            crop = entry.get("crop")
            roles[role] = Service(entry["network"], Crop(**crop) if crop else None)
    return Manifest(networks, roles)


@cache
def shipped() -> Manifest:
    """The manifest that came with this installation, read once."""
    return read_manifest()


def verified(file: NetworkFile) -> bytes:
    """The bytes of a network file, if they are the ones the manifest vouches for."""
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise NetworkError(
            f"network file {file.path} cannot be read ({error.strerror}); install kioskd again"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise NetworkError(
            f"network file {file.path} is not the one models/manifest.yaml vouches for "
            f"(sha256 {found[:12]}..., should be {file.sha256[:12]}...); install kioskd again"
        )
    return content


def installed_models(manifest: Manifest | None = None) -> frozenset[LivenessModel]:
    """The liveness models whose network is named in the manifest and whose file is there."""
    manifest = manifest or shipped()
    return frozenset(
        model
        for model in get_args(LivenessModel)
        if model in manifest.roles and manifest.file(model).path.is_file()
    )


def missing_for(scheme: str, manifest: Manifest | None = None) -> tuple[LivenessModel, ...]:
    """The liveness models a detection scheme needs and this installation lacks."""
    installed = installed_models(manifest)
    return tuple(model for model in SCHEMES[scheme].models if model not in installed)
