"""How a mode's settings are written down: once, on the mode's own frozen dataclass.

A field says by `Annotated` what an installer must know of it: limits, unit, a sentence, and which
way it lets more pass. The configuration room makes its strict sections, the JSON Schema, its
messages and the tables of docs/install/configuration.md from that (kioskd/config/sections.py).

    seconds: Annotated[float, Number(0.1, 10.0, "s", "It must last so long.", "less")] = 0.7
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Number:
    """A number from low to high. `unit` is "" where it has none.

    looser  which way it lets more pass: "less", "more" or "neither"; "" where the key's name says
            so by beginning with minimum_ or maximum_
    """

    low: float
    high: float
    unit: str
    sentence: str
    looser: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words, or true or false.

    looser  the value that lets more pass, or "neither"
    among   the words, where the field's type does not name them
    """

    sentence: str
    looser: str
    among: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Several words in their order, of a type that names them. `form` says how they are written."""

    sentence: str
    looser: str
    form: str


@dataclass(frozen=True, slots=True)
class Flat:
    """Settings whose keys stand among those around them.

    without    keys that are not for an installer here
    sentences  what is said of a key in place of its own sentence
    """

    without: frozenset[str] = frozenset()
    sentences: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """Settings that are a section of their own."""

    sentence: str


Note = Number | Choice | Words | Flat | Part


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a mode's settings, with its value."""

    name: str
    type: Any
    note: Note
    value: Any


def settings_in(whole: object, without: Collection[str] = ()) -> Iterator[Setting]:
    """The settings of one section: fields in their order, those of flat parts among them."""
    for each in _fields(whole):
        if each.name in without:
            continue
        if isinstance(each.note, Flat):
            for inner in settings_in(each.value, each.note.without):
                sentence = each.note.sentences.get(inner.name)
                said: dict[str, Any] = {"sentence": sentence} if sentence else {}
                yield replace(inner, note=replace(inner.note, **said))
        else:
            yield each


def filled(whole: T, said: object, without: Collection[str] = ()) -> T:
    """`whole` with what is said of it: an object with one attribute for each of its settings."""
    values = {}
    for each in _fields(whole):
        if each.name in without:
            continue
        if isinstance(each.note, Flat):
            values[each.name] = filled(each.value, said, each.note.without)
        elif isinstance(each.note, Part):
            values[each.name] = filled(each.value, getattr(said, each.name))
        else:
            values[each.name] = _value(each, getattr(said, each.name))
    made: T = replace(whole, **values)  # type: ignore[type-var]
    return made


def words(type_: Any) -> tuple[str, ...]:
    """The words of a type that names them: an enumeration's, a Literal's, or a tuple's of them."""
    if isinstance(type_, type) and issubclass(type_, StrEnum):
        return tuple(each.value for each in type_)
    if get_origin(type_) is tuple:
        return words(get_args(type_)[0])
    return tuple(get_args(type_))


def _value(setting: Setting, said: Any) -> Any:
    if isinstance(setting.note, Words):
        (kind, _) = get_args(setting.type)
        return tuple(kind(word.strip()) for word in said.split(","))
    kind = setting.type
    return kind(said) if isinstance(kind, type) and issubclass(kind, StrEnum) else said


def _fields(whole: object) -> Iterator[Setting]:
    assert is_dataclass(whole)
    hints = get_type_hints(type(whole), include_extras=True)
    for each in fields(whole):
        hint = hints[each.name]
        if get_origin(hint) is Annotated:
            kind, note = get_args(hint)[:2]
            yield Setting(each.name, kind, note, getattr(whole, each.name))
