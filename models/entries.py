"""Entries of a manifest, read strictly: each is what it must be, or a ValueError says why."""

from typing import TypeVar

from models.strict_yaml import Value

Shape = tuple[int | str, ...]  # a word is a size that is given at run time
Word = TypeVar("Word", bound=str)


def section(value: Value, where: str, keys: tuple[str, ...]) -> dict[str, Value]:
    """A section that has exactly these keys."""
    found = named(value)
    if set(found) != set(keys):
        raise ValueError(f"{where} must have the keys {', '.join(keys)}; found {', '.join(found)}")
    return found


def named(value: Value) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise ValueError(f"a section was expected, found {value!r}")  # noqa: TRY004 - see caller
    return value


def text(value: Value, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be text, found {value!r}")
    return value


def one_of(value: Value, words: tuple[Word, ...], where: str) -> Word:
    for word in words:
        if value == word:
            return word
    raise ValueError(f"{where} must be one of {', '.join(map(str, words))}, found {value!r}")


def shape(value: Value, where: str) -> Shape:
    if not isinstance(value, list) or not all(type(size) in (int, str) for size in value):
        raise ValueError(f"{where} must be a list of whole numbers and words, found {value!r}")
    return tuple(size for size in value if isinstance(size, int | str))


def real(value: Value, where: str, low: float, high: float) -> float:
    """A number from low to high; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{where} must be a number from {low:g} to {high:g}, found {value!r}")
    return value


def whole(value: Value, where: str, low: int, high: int) -> int:
    """A whole number from low to high."""
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{where} must be a whole number from {low} to {high}, found {value!r}")
    return value
