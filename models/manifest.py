"""What models/manifest.toml says of the networks that ship, typed and checked."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import get_args

from models.added import Added
from models.entries import crop, digest, named, one_of, section, shape, text
from models.network_file import OURS, REMEDY, Crop, NetworkError, NetworkFile, Role
from models.schemes import FUSED, SCHEMES, LivenessModel
from models.toml_file import read_toml

MANIFEST = Path(__file__).with_name("manifest.toml")


@dataclass(frozen=True, slots=True)
class Service:
    """Which network serves a role, and for the liveness models the crop it is given."""

    network: str
    crop: Crop | None


@dataclass(frozen=True, slots=True)
class Manifest:
    networks: Mapping[str, NetworkFile]
    roles: Mapping[Role, Service]
    added: tuple[Added, ...] = ()

    def file(self, role: Role) -> NetworkFile:
        """The network file that serves a role; raises NetworkError where none is named."""
        if role not in self.roles:
            raise NetworkError(f"{OURS} names no network for the {role} model")
        return self.networks[self.roles[role].network]

    def with_added(self, added: tuple[Added, ...]) -> "Manifest":
        """This manifest with what a site added (models/added.py)."""
        return replace(self, added=added)

    @property
    def weights(self) -> dict[str, float]:
        """Of the networks that the site added to the fused scheme."""
        return {added.name: added.weight for added in self.added}

    def added_to(self, needs: Collection[Role]) -> tuple[Added, ...]:
        """What the site added, where the fused scheme is among the needs."""
        fused = SCHEMES[FUSED].models
        return self.added if all(model in needs for model in fused) else ()

    def examining(self, role: Role, path: Path) -> "Manifest":
        """This manifest with a network of the same make under examination in a role.

        It is vouched for as it lies there: only for measuring.
        """
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        file = replace(self.file(role), name=f"examined_{role}", path=path, sha256=digest)
        roles = {**self.roles, role: replace(self.roles[role], network=file.name)}
        return replace(self, networks={**self.networks, file.name: file}, roles=roles)


def read_manifest(path: Path = MANIFEST) -> Manifest:
    """Reads a manifest; its network paths are relative to its own folder.

    Raises NetworkError with a sentence for the first thing that is wrong with it.
    """
    try:
        values = read_toml(path)
    except OSError as error:
        raise NetworkError(f"{path} cannot be read ({error.strerror}); {REMEDY}") from error
    except ValueError as error:
        raise NetworkError(str(error)) from error
    try:
        return _manifest(values, path.parent)
    except ValueError as error:
        raise NetworkError(f"{path}: {error}") from error


def _manifest(value: object, folder: Path) -> Manifest:
    top = section(value, "the file", ("networks", "roles"))
    networks = {
        name: _network(name, entry, folder) for name, entry in named(top["networks"]).items()
    }
    roles: dict[Role, Service] = {}
    for name, entry in named(top["roles"]).items():
        role = one_of(name, get_args(Role), "roles")
        roles[role] = _service(role, entry)
        if roles[role].network not in networks:
            raise ValueError(f"roles.{role} names {roles[role].network}, which is no network here")
        if (roles[role].crop is None) == (role in get_args(LivenessModel)):
            raise ValueError(f"roles.{role} needs a crop if, and only if, it scores liveness")
        if roles[role].crop is not None:
            _ = networks[roles[role].network].side  # or a sentence that says what is wrong
    return Manifest(networks, roles)


def _network(name: str, value: object, folder: Path) -> NetworkFile:
    where = f"networks.{name}"
    texts = ("path", "licence", "source", "date", "training_data")
    entry = section(value, where, (*texts, "sha256", "input"))
    said = {key: text(entry[key], f"{where}.{key}") for key in texts}
    return NetworkFile(
        name=name,
        path=folder / said["path"],
        sha256=digest(entry["sha256"], f"{where}.sha256"),
        licence=said["licence"],
        source=said["source"],
        date=said["date"],
        input=shape(entry["input"], f"{where}.input"),
        training_data=said["training_data"],
    )


def _service(role: Role, value: object) -> Service:
    where = f"roles.{role}"
    if not isinstance(value, dict) or "crop" not in value:
        entry = section(value, where, ("network",))
        return Service(text(entry["network"], f"{where}.network"), None)
    entry = section(value, where, ("network", "crop"))
    network = text(entry["network"], f"{where}.network")
    return Service(network, crop(entry["crop"], f"{where}.crop"))


@cache
def shipped() -> Manifest:
    """The manifest that came with this installation, read once."""
    return read_manifest()


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
