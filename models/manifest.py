"""What models/manifest.yaml says of the networks that ship, typed and checked."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from models.entries import Shape, named, one_of, real, section, shape, text
from models.observation import LivenessModel
from models.schemes import FUSED, SCHEMES
from models.strict_yaml import Value, read

Role = Literal["face", "mesh", "blendshapes", "texture", "context", "hybrid", "relief"]
CropShape = Literal["box", "square"]
Resize = Literal["linear", "area"]
MANIFEST = Path(__file__).with_name("manifest.yaml")
REMEDY = "install kioskd again"
OURS = "models/manifest.yaml"


class NetworkError(Exception):
    """A network cannot be used; the message is a sentence that names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """One network that ships, or should; or one that a site added.

    listed_in, remedy  for sentences: the manifest that vouches for it, and what to do
    """

    name: str
    path: Path
    sha256: str
    licence: str
    source: str
    date: str
    input: Shape
    training_data: str
    listed_in: str = OURS
    remedy: str = REMEDY


@dataclass(frozen=True, slots=True)
class Crop:
    """How a liveness network wants its face cut out; the rules are in models/liveness.py."""

    scale: float  # side of the crop, in sides of the face box
    shape: CropShape
    resize: Resize


@dataclass(frozen=True, slots=True)
class Added:
    """A network that a site added to the fused scheme; models/added.py reads such entries.

    side       pixels of the square picture it takes
    colours    in which order it takes them
    range      (low, high) of what it takes 0 and 255 as
    output     logits, or probabilities that sum to 1, one a class; or one probability of bona fide
    bona_fide  index of the class
    weight     of its logit, beside 1 for each of ours
    """

    file: NetworkFile
    crop: Crop
    side: int
    colours: Literal["bgr", "rgb"]
    range: tuple[float, float]
    output: Literal["logits", "probabilities", "probability"]
    bona_fide: int
    weight: float

    @property
    def name(self) -> str:
        return self.file.name


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
            raise NetworkError(f"models/manifest.yaml names no network for the {role} model")
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
        document = read(path.read_bytes(), str(path))
    except OSError as error:
        raise NetworkError(f"{path} cannot be read ({error.strerror}); {REMEDY}") from error
    for problem in document.problems:
        raise NetworkError(f"{path}:{problem.line}:{problem.column}: {problem.text}")
    try:
        return _manifest(document.value, path.parent)
    except ValueError as error:
        raise NetworkError(f"{path}: {error}") from error


def _manifest(value: Value, folder: Path) -> Manifest:
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
    return Manifest(networks, roles)


def _network(name: str, value: Value, folder: Path) -> NetworkFile:
    where = f"networks.{name}"
    texts = ("path", "sha256", "licence", "source", "date", "training_data")
    entry = section(value, where, (*texts, "input"))
    path, sha256, licence, source, date, training_data = (
        text(entry[key], f"{where}.{key}") for key in texts
    )
    return NetworkFile(
        name,
        folder / path,
        sha256,
        licence,
        source,
        date,
        shape(entry["input"], f"{where}.input"),
        training_data,
    )


def _service(role: Role, value: Value) -> Service:
    where = f"roles.{role}"
    if not isinstance(value, dict) or "crop" not in value:
        entry = section(value, where, ("network",))
        return Service(text(entry["network"], f"{where}.network"), None)
    entry = section(value, where, ("network", "crop"))
    return Service(text(entry["network"], f"{where}.network"), read_crop(entry["crop"], where))


def read_crop(value: Value, where: str) -> Crop:
    """The crop of an entry; raises ValueError."""
    entry = section(value, f"{where}.crop", ("scale", "shape", "resize"))
    return Crop(
        real(entry["scale"], f"{where}.crop.scale", 1, 10),
        one_of(entry["shape"], get_args(CropShape), f"{where}.crop.shape"),
        one_of(entry["resize"], get_args(Resize), f"{where}.crop.resize"),
    )


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
            f"network file {file.path} cannot be read ({error.strerror}); {file.remedy}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise NetworkError(
            f"network file {file.path} is not the one {file.listed_in} vouches for "
            f"(sha256 {found[:12]}..., should be {file.sha256[:12]}...); {file.remedy}"
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
