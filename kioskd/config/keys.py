"""The keys of config.yaml as the JSON Schema has them: what stands where, and what it may be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from kioskd.config.config_keys import schema
from kioskd.config.yaml_document import Path

NAME = "NAME"  # stands for a name of the operator's choice


@dataclass(frozen=True)
class Key:
    """One place of the schema: a section, a map of named sections, or a key with a value.

    What lies below it is made once: a configuration is asked for thousands of keys.
    """

    shape: Mapping[str, Any]
    required: bool = True

    @cached_property
    def keys(self) -> dict[str, "Key"]:
        """A section's keys; where no known kind is told, only what tells the kinds apart."""
        required = self.shape.get("required", ())
        return {
            name: _key(shape, name in required)
            for name, shape in self.shape.get("properties", {}).items()
        }

    @cached_property
    def named(self) -> "Key | None":
        """What each entry of a map of named sections is, or None where this is no such map."""
        for shape in self.shape.get("patternProperties", {}).values():
            return _key(shape, False)
        return None

    @property
    def is_section(self) -> bool:
        return self.shape.get("type") == "object" or self.kinds != {}

    @property
    def tag(self) -> str:
        """The key that tells several kinds of section apart: `kind` of feeds, `mode` of doors."""
        return str(self.shape.get("discriminator", {}).get("propertyName", ""))

    @cached_property
    def kinds(self) -> dict[str, "Key"]:
        """The section each of them stands for, where there are several."""
        mapping: dict[str, str] = self.shape.get("discriminator", {}).get("mapping", {})
        return {kind: _key({"$ref": ref}, False) for kind, ref in mapping.items()}

    @property
    def choices(self) -> tuple[str, ...]:
        if "const" in self.shape:
            return (self.shape["const"],)
        return tuple(self.shape.get("enum", ()))

    @property
    def words(self) -> tuple[str, ...]:
        """What a list that stands here may hold."""
        return tuple(self.shape.get("x-words", ()))

    @property
    def type(self) -> str:
        """integer, number, boolean or string; empty where several are allowed."""
        return str(self.shape.get("type", ""))

    @property
    def secret(self) -> bool:
        return bool(self.shape.get("writeOnly"))

    @property
    def default(self) -> object:
        return self.shape.get("default")

    @property
    def unit(self) -> str:
        return str(self.shape.get("x-unit", ""))

    @property
    def description(self) -> str:
        return str(self.shape.get("description", ""))

    @property
    def expects(self) -> str:
        """What may stand here: "a whole number from 1 to 65535", "tcp or udp"."""
        if self.choices:
            return listed(self.choices, "or")
        if "x-form" in self.shape:
            return str(self.shape["x-form"])
        if self.is_section:
            return "a section of `key: value` lines"
        words = {"integer": "a whole number", "number": "a number", "boolean": "true or false"}
        return words.get(self.type, "text") + self._range()

    def allows(self, text: str) -> bool:
        """Whether text is of the form, or among the choices, that this key asks for."""
        pattern = self.shape.get("pattern", "")
        return bool(re.search(pattern, text)) and text in (self.choices or self.words or (text,))

    @property
    def facts(self) -> str:
        """Unit, range and default in a few words, as they stand beside each key in config.yaml."""
        low, high = self.shape.get("minimum"), self.shape.get("maximum")
        parts = [self.unit, f"{low:g} to {high:g}" if low is not None else ""]
        if "multipleOf" in self.shape:
            parts.append(f"a multiple of {self.shape['multipleOf']}")
        if self.choices or self.type == "boolean":
            parts.append(self.expects)
        parts.append("required" if self.required else f"default {self._default()}")
        return ", ".join(filter(None, parts))

    def _default(self) -> str:
        words = {None: "none", True: "true", False: "false"}
        if self.default is None or isinstance(self.default, bool):
            return words[self.default]
        return str(self.default) if isinstance(self.default, str) else f"{self.default:g}"

    def _range(self) -> str:
        low, high = self.shape.get("minimum"), self.shape.get("maximum")
        text = f" from {low:g} to {high:g}" if low is not None else ""
        if "multipleOf" in self.shape:
            text += f" and a multiple of {self.shape['multipleOf']}"
        return text


@cache
def root() -> Key:
    return _key(schema(), True)


def find(path: Path, value: object) -> Key | None:
    """The key at `path` of a file that holds `value`, or None where no key has that name."""
    key: Key | None = root()
    for step in path:
        if key is None:
            return None
        key = _kind(key, value)
        key = key.named or key.keys.get(str(step))
        value = value.get(step) if isinstance(value, dict) else None
    return key and _kind(key, value)


def walk() -> Iterator[tuple[Path, str, Key]]:
    """Every key with a value: its path, with NAME for a name of choice, the kind, the key itself.

    The kind is that of a feed, or the mode of a door. A key that several have comes once for each.
    """
    yield from _walk((), "", root())


def listed(words: tuple[str, ...], joint: str) -> str:
    return f" {joint} ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _walk(path: Path, kind: str, key: Key) -> Iterator[tuple[Path, str, Key]]:
    if key.named:
        yield from _walk((*path, NAME), kind, key.named)
    elif key.kinds:
        for name, section in key.kinds.items():
            yield from _walk(path, name, section)
    elif key.is_section:
        for name, inner in key.keys.items():
            yield from _walk((*path, name), kind, inner)
    else:
        yield path, kind, key


def _kind(key: Key, value: object) -> Key:
    """The section that the value's tag chooses; an unknown kind leaves only the tag known."""
    if not key.kinds:
        return key
    kind = value.get(key.tag) if isinstance(value, dict) else None
    if isinstance(kind, str) and kind in key.kinds:
        return key.kinds[kind]
    shape = {"type": "object", "properties": {key.tag: {"enum": list(key.kinds)}}}
    return Key({**shape, "required": [key.tag]}, key.required)


def _key(shape: Mapping[str, Any], required: bool) -> Key:
    """A key with references followed and "or null" put aside: null means the default."""
    if "$ref" in shape:
        name = shape["$ref"].removeprefix("#/$defs/")
        shape = {**_definitions()[name], **{k: v for k, v in shape.items() if k != "$ref"}}
    options = [option for option in shape.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        return _key({**options[0], **{k: v for k, v in shape.items() if k != "anyOf"}}, required)
    return Key(shape, required)


@cache
def _definitions() -> Mapping[str, Mapping[str, Any]]:
    definitions: Mapping[str, Mapping[str, Any]] = schema()["$defs"]
    return definitions
