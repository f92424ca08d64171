"""What models/manifest.yaml says of the networks that ship, typed and checked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, TypeVar, get_args

from models.observation import LivenessModel
from models.schemes import SCHEMES
from models.strict_yaml import Value, read

Role = Literal["face", "mesh", "blendshapes", "texture", "context", "hybrid", "relief"]
Shape = tuple[int | str, ...]  # a word is a size that is given at run time
CropShape = Literal["box", "square"]
Resize = Literal["linear", "area"]
Word = TypeVar("Word", bound=str)
MANIFEST = Path(__file__).with_name("manifest.yaml")
REMEDY = "install kioskd again"


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
    shape: CropShape
    resize: Resize


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

    def examining(self, role: Role, path: Path) -> "Manifest":
        """This manifest with a network of the same make under examination in a role.

        It is vouched for as it lies there: only for measuring.
        """
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        file = replace(self.file(role), name=f"examined_{role}", path=path, sha256=digest)
        roles = {**self.roles, role: replace(self.roles[role], network=file.name)}
        return Manifest({**self.networks, file.name: file}, roles)


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
    top = _section(value, "the file", ("networks", "roles"))
    networks = {
        name: _network(name, entry, folder) for name, entry in _named(top["networks"]).items()
    }
    roles: dict[Role, Service] = {}
    for name, entry in _named(top["roles"]).items():
        role = _one_of(name, get_args(Role), "roles")
        roles[role] = _service(role, entry)
        if roles[role].network not in networks:
            raise ValueError(f"roles.{role} names {roles[role].network}, which is no network here")
        if (roles[role].crop is None) == (role in get_args(LivenessModel)):
            raise ValueError(f"roles.{role} needs a crop if, and only if, it scores liveness")
    return Manifest(networks, roles)


def _network(name: str, value: Value, folder: Path) -> NetworkFile:
    where = f"networks.{name}"
    texts = ("path", "sha256", "licence", "source", "date", "training_data")
    entry = _section(value, where, (*texts, "input"))
    path, sha256, licence, source, date, training_data = (
        _text(entry[key], f"{where}.{key}") for key in texts
    )
    return NetworkFile(
        name,
        folder / path,
        sha256,
        licence,
        source,
        date,
        _shape(entry["input"], f"{where}.input"),
        training_data,
    )


def _service(role: Role, value: Value) -> Service:
    where = f"roles.{role}"
    if not isinstance(value, dict) or "crop" not in value:
        entry = _section(value, where, ("network",))
        return Service(_text(entry["network"], f"{where}.network"), None)
    entry = _section(value, where, ("network", "crop"))
    crop = _section(entry["crop"], f"{where}.crop", ("scale", "shape", "resize"))
    scale = crop["scale"]
    if isinstance(scale, bool) or not isinstance(scale, int | float) or not 1 <= scale <= 10:
        raise ValueError(f"{where}.crop.scale must be a number from 1 to 10, found {scale!r}")
    shape = _one_of(crop["shape"], get_args(CropShape), f"{where}.crop.shape")
    how = _one_of(crop["resize"], get_args(Resize), f"{where}.crop.resize")
    return Service(_text(entry["network"], f"{where}.network"), Crop(scale, shape, how))


def _section(value: Value, where: str, keys: tuple[str, ...]) -> dict[str, Value]:
    """A section that has exactly these keys."""
    found = _named(value)
    if set(found) != set(keys):
        raise ValueError(f"{where} must have the keys {', '.join(keys)}; found {', '.join(found)}")
    return found


def _named(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise ValueError(f"a section was expected, found {value!r}")  # noqa: TRY004 - see caller
    return value


def _text(value: Value, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be text, found {value!r}")
    return value


def _one_of(value: Value, words: tuple[Word, ...], where: str) -> Word:
    for word in words:
        if value == word:
            return word
    raise ValueError(f"{where} must be one of {', '.join(map(str, words))}, found {value!r}")


def _shape(value: Value, where: str) -> Shape:
    if not isinstance(value, list) or not all(type(size) in (int, str) for size in value):
        raise ValueError(f"{where} must be a list of whole numbers and words, found {value!r}")
    return tuple(size for size in value if isinstance(size, int | str))


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
            f"network file {file.path} cannot be read ({error.strerror}); {REMEDY}"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        raise NetworkError(
            f"network file {file.path} is not the one models/manifest.yaml vouches for "
            f"(sha256 {found[:12]}..., should be {file.sha256[:12]}...); {REMEDY}"
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
