"""Entries that speak of networks, read strictly: each is what it must be, or a ValueError says why.

What is read has been parsed already: these are plain values, whatever file they stood in.
"""

import re
from typing import TypeVar, get_args

from models.network_file import Crop, CropShape, Resize, Shape

Word = TypeVar("Word", bound=str)
MOST_ALSO = 4  # scales beside the first: each costs as much as the network


def section(value: object, where: str, keys: tuple[str, ...]) -> dict[str, object]:
    """A section that has exactly these keys."""
    found = named(value)
    if set(found) != set(keys):
        raise ValueError(f"{where} must have the keys {', '.join(keys)}; found {', '.join(found)}")
    return found


def named(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError(f"a section was expected, found {value!r}")  # noqa: TRY004 - see caller
    return value


def text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{where} must be text, found {value!r}")
    return value


def one_of(value: object, words: tuple[Word, ...], where: str) -> Word:
    for word in words:
        if value == word:
            return word
    raise ValueError(f"{where} must be one of {', '.join(map(str, words))}, found {value!r}")


def shape(value: object, where: str) -> Shape:
    if not isinstance(value, list) or not all(type(size) in (int, str) for size in value):
        raise ValueError(f"{where} must be a list of whole numbers and words, found {value!r}")
    return tuple(size for size in value if isinstance(size, int | str))


def real(value: object, where: str, low: float, high: float) -> float:
    """A number from low to high; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ValueError(f"{where} must be a number from {low:g} to {high:g}, found {value!r}")
    return value


def whole(value: object, where: str, low: int, high: int) -> int:
    """A whole number from low to high."""
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{where} must be a whole number from {low} to {high}, found {value!r}")
    return value


def digest(value: object, where: str) -> str:
    """A file's sha256."""
    found = text(value, where)
    if not re.fullmatch("[0-9a-f]{64}", found):
        raise ValueError(
            f"{where} must be 64 hexadecimal digits in quotes, as sha256sum prints them"
        )
    return found


def crop(value: object, where: str) -> Crop:
    """How the face is cut out for a network; `also` may be left out."""
    entry = section({"also": [], **named(value)}, where, ("scale", "shape", "resize", "also"))
    also = entry["also"]
    if not isinstance(also, list) or len(also) > MOST_ALSO:
        raise ValueError(f"{where}.also must list up to {MOST_ALSO} scales, found {also!r}")
    return Crop(
        real(entry["scale"], f"{where}.scale", 1, 10),
        one_of(entry["shape"], get_args(CropShape), f"{where}.shape"),
        one_of(entry["resize"], get_args(Resize), f"{where}.resize"),
        tuple(real(each, f"{where}.also", 1, 10) for each in also),
    )
