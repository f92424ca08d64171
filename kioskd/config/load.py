"""config.yaml, read once and whole: a Config, or every mistake at once."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from feeds.one_line import is_one_line
from kioskd.config import files, rules, sentences
from kioskd.config.build import build
from kioskd.config.config import Config, Door, default_state_dir
from kioskd.config.config_keys import Complaint, Settings, validate
from kioskd.config.effective_values import Answers
from kioskd.config.problem import ConfigError, Problem
from kioskd.config.secrets import SecretError, Vault
from kioskd.config.strict_yaml import MOST_BYTES, Document, read
from kioskd.config.yaml_document import Problem as YamlProblem
from models.manifest import missing_for
from models.network_file import NetworkError
from models.schemes import SCHEMES

__all__ = ["Config", "ConfigError", "Door", "Problem", "check", "load", "load_again", "state_dir"]


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in a file; raises ConfigError with all of its problems.

    Relative paths in the file start at its folder. Secrets are taken from `environment`.
    """
    source = _source(path)
    reading = _read(source, path, environment)
    errors = tuple(p for p in reading.problems if p.weight == "error")
    if errors or reading.settings is None:
        raise ConfigError(errors)
    notes = tuple(str(p) for p in reading.problems)
    digest = hashlib.sha256(source).hexdigest()[:16]
    try:
        return build(reading.settings, _folder(path), Vault(environment), notes, digest)
    except SecretError as error:  # it was there a moment ago
        raise ConfigError((Problem(str(path), 0, 0, "", str(error)),)) from error


def state_dir(path: Path) -> Path:
    """The state folder that a file names, whatever else is wrong in it.

    Raises ConfigError where it is no YAML at all.
    """
    return state_dir_of(_source(path), path)


def state_dir_of(source: bytes, path: Path) -> Path:
    """As `state_dir`, of what is to stand in the file."""
    document = read(source, str(path))
    if not document.readable:
        raise ConfigError(tuple(_of_yaml(document.file, each) for each in document.problems))
    said = document.value.get("state_dir")
    folder = _folder(path)
    return folder / said if isinstance(said, str) and said else default_state_dir(folder)


def load_again(path: Path, environment: Mapping[str, str] = os.environ) -> Config:
    """As `load`, of a file that somebody may be writing: one that is not whole is refused."""
    before = files.stamp(path)
    source = _source(path)
    if cut := _cut_off(source, path):
        raise ConfigError((cut,))
    config = load(path, environment)
    if files.stamp(path) != before:
        text = "was written while it was read; have it read again when it is whole"
        raise ConfigError((Problem(str(path), 0, 0, "", text),))
    return config


def with_more(
    config: Config, more: Mapping[str, Any], path: Path, environment: Mapping[str, str] = os.environ
) -> Config:
    """The configuration of a file to which somebody else added keys; raises ConfigError.

    config  what the file says by itself
    more    all that stands in the file and was added, as one document
    """
    source = json.dumps(more, allow_nan=False, ensure_ascii=False).encode()  # JSON is YAML
    reading = _read(source, path, environment)
    problems = [replace(each, line=0, column=0) for each in reading.problems]
    errors = tuple(each for each in problems if each.weight == "error")
    if errors or reading.settings is None:
        raise ConfigError(errors)
    digest = hashlib.sha256(config.digest.encode() + source).hexdigest()[:16]
    try:
        return build(reading.settings, _folder(path), Vault(environment), config.notes, digest)
    except SecretError as error:  # it was there a moment ago
        raise ConfigError((Problem(str(path), 0, 0, "", str(error)),)) from error


def said_in(path: Path) -> dict[str, Any]:
    """What stands in the file at `path`, key by key, nothing filled in; raises ConfigError."""
    return dict(read(_source(path), str(path)).value)


def _cut_off(source: bytes, path: Path) -> Problem | None:
    """A last line without an end may be half of one, unless it closes what was opened."""
    if not source or source.endswith(b"\n") or source.rstrip().endswith(b"}"):
        return None
    before, _, last = source.rpartition(b"\n")
    line = before.count(b"\n") + 1 + bool(before)
    text = "ends in the middle of a line, as a half-written file does; end it with a line break"
    return Problem(str(path), line, len(last.decode("utf-8", "replace")) + 1, "", text)


def check(path: Path, environment: Mapping[str, str] = os.environ) -> tuple[Problem, ...]:
    """Every problem of the file, notes among them, in the file's order. Never raises."""
    try:
        return _read(_source(path), path, environment).problems
    except ConfigError as error:
        return error.problems


def settings_of(source: bytes, path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the file at `path` would have with this content; raises ConfigError."""
    reading = _read(source, path, environment)
    errors = tuple(p for p in reading.problems if p.weight == "error")
    if errors or reading.settings is None:
        raise ConfigError(errors)
    return reading.settings


def tried(value: Mapping[str, object]) -> Settings:
    """The settings that a file which says this would have, for somebody who only wants to know.

    Raises ConfigError with all that `kioskd check` would complain of.
    """
    source = json.dumps(value, allow_nan=False).encode()  # JSON is YAML
    return settings_of(source, Path("config.yaml"), {})


@dataclass(frozen=True, slots=True)
class _Reading:
    settings: Settings | None
    problems: tuple[Problem, ...]


def _source(path: Path) -> bytes:
    if not is_one_line(str(_folder(path))):
        text = "cannot be used: the name of its folder holds a line break or the like; rename it"
        raise ConfigError((Problem(path.name, 0, 0, "", text),))
    name = str(path)
    try:
        return files.read(path, MOST_BYTES + 1)
    except files.FileError as error:
        wrong = files.misspelled(name)
        name = name if name.isprintable() else "config"
        text = f"cannot be read ({error})" + (f"; its name {wrong}" if wrong else "")
        raise ConfigError((Problem(name, 0, 0, "", text),)) from error


def _read(source: bytes, path: Path, environment: Mapping[str, str]) -> _Reading:
    document = read(source, str(path))
    found = [_of_yaml(document.file, problem) for problem in document.problems]
    if not document.readable:
        return _Reading(None, tuple(found))
    value = document.value
    outcome = validate(value)
    if not isinstance(outcome, Settings):
        found += _complaints(document, outcome)
    ask = Answers(document, value, _folder(path))
    found += rules.problems(ask, Vault(environment), _missing_for)
    found = _without_echo(found, len(document.problems))
    settings = outcome if isinstance(outcome, Settings) else None
    return _Reading(settings, tuple(sorted(_once(found))))


def _of_yaml(file: str, found: YamlProblem) -> Problem:
    """A mistake in the YAML itself; what other programs' tags stand for is written so here."""
    text = found.text
    if found.tag in _SECRET_TAGS:
        text = (
            f"{found.tag} is not known here; write ${{NAME}} for what is in the environment or a"
            " credential (docs/install/configuration.md, Secrets)"
        )
    elif found.tag.startswith("!include"):
        text = "!include is not known here; everything stands in this one file"
    return Problem(file, found.line, found.column, found.path, text)


_SECRET_TAGS = ("!secret", "!env", "!ENV", "!env_var", "!Env", "!vault")


def _complaints(document: Document, complaints: tuple[Complaint, ...]) -> list[Problem]:
    return [sentences.problem(document, complaint) for complaint in complaints]


def _once(problems: list[Problem]) -> set[Problem]:
    """A value that fits none of several types is complained of once for each."""
    return set(problems)


def _without_echo(problems: list[Problem], first: int) -> list[Problem]:
    """Of a value that YAML's own rules refuse, such as one with a tag, nothing more is said."""
    refused = {(p.line, p.column, p.path) for p in problems[:first]}
    more = [p for p in problems[first:] if (p.line, p.column, p.path) not in refused]
    return problems[:first] + more


def _missing_for(scheme: str) -> tuple[str, ...]:
    try:
        return missing_for(scheme) if scheme in SCHEMES else ()
    except (NetworkError, OSError):  # the daemon says so itself, of every network
        return ()


def _folder(path: Path) -> Path:
    return Path(os.path.abspath(path)).parent
