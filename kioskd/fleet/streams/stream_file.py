"""`fleet/streams.toml`, read strictly: what is unknown, missing or of another kind is refused."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from kioskd.fleet.nats_link import Reader, Stream, subject

_STREAM = {
    "subjects": list,
    "retention": str,
    "replicas": int,
    "most_bytes": int,
    "when_full": str,
    "longest_s": int,
}
_READER = {"stream": str, "filter": str, "ack_wait_s": int, "most_pending": int}
_RETENTIONS = ("interest", "limits", "workqueue")
_FULL = ("new", "old")
WANTED = ("audit", "status", "health", "alarms", "states")  # what a collector reads


class StreamFileError(Exception):
    """The file does not say what the cluster is to keep; the sentence says where."""


@dataclass(frozen=True, slots=True)
class StreamFile:
    """The streams and the consumers of the fleet, and the prefix of all topics."""

    prefix: str
    streams: tuple[Stream, ...]
    readers: tuple[Reader, ...]

    def reader(self, name: str) -> Reader:
        return next(each for each in self.readers if each.name == name)


def read(text: str) -> StreamFile:
    """Raises StreamFileError."""
    try:
        said = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StreamFileError(str(error)) from error
    _known(said, {"prefix": str, "streams": dict, "consumers": dict}, "the file")
    prefix = said["prefix"]
    streams = tuple(_stream(name, each) for name, each in said["streams"].items())
    readers = tuple(_reader(name, each, prefix) for name, each in said["consumers"].items())
    if missing := set(WANTED) - {reader.name for reader in readers}:
        raise StreamFileError(f"consumers.{min(missing)} is missing: a collector reads by it")
    names = {stream.name for stream in streams}
    for reader in readers:
        if reader.stream not in names:
            raise StreamFileError(f"consumers.{reader.name} reads {reader.stream}, which is none")
    return StreamFile(prefix, streams, readers)


def _stream(name: str, said: Mapping[str, Any]) -> Stream:
    where = f"streams.{name}"
    _known(said, _STREAM, where)
    subjects = said["subjects"]
    if not subjects or not all(isinstance(each, str) for each in subjects):
        raise StreamFileError(f"{where}.subjects must be a list of subjects")
    for key, allowed in (("retention", _RETENTIONS), ("when_full", _FULL)):
        if said[key] not in allowed:
            raise StreamFileError(f"{where}.{key} must be one of {', '.join(allowed)}")
    if said["replicas"] not in (1, 3, 5):
        raise StreamFileError(f"{where}.replicas must be 1, 3 or 5")
    return Stream(
        name,
        tuple(subjects),
        cast(Literal["interest", "limits", "workqueue"], said["retention"]),
        said["replicas"],
        said["most_bytes"],
        cast(Literal["new", "old"], said["when_full"]),
        said["longest_s"],
    )


def _reader(name: str, said: Mapping[str, Any], prefix: str) -> Reader:
    where = f"consumers.{name}"
    _known(said, _READER, where)
    for key in ("ack_wait_s", "most_pending"):
        if said[key] < 1:
            raise StreamFileError(f"{where}.{key} must be at least 1")
    topic = said["filter"].replace("{prefix}", prefix)
    return Reader(
        name, said["stream"], subject(topic), float(said["ack_wait_s"]), said["most_pending"]
    )


def _known(said: Mapping[str, Any], wanted: Mapping[str, type], where: str) -> None:
    """Each key that is wanted, of its kind, and no other."""
    for key in said:
        if key not in wanted:
            raise StreamFileError(f"{where} has a key {key} that is not known")
    for key, kind in wanted.items():
        if key not in said:
            raise StreamFileError(f"{where} lacks {key}")
        if type(said[key]) is not kind:
            raise StreamFileError(f"{where}.{key} must be {_KINDS[kind]}")


_KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}
