"""Networks that a site adds to the fused scheme: its own, or a third party's, without code.

`added_networks` checks the entries of a site's file, which the configuration has read;
docs/change/networks.md has one to copy. What is wrong with an entry, or with a network that does
not keep to its entry, is a sentence and never a score.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from models.entries import crop, digest, named, one_of, real, section, text, whole
from models.network_file import Crop, NetworkError, NetworkFile, Role

KEYS = ("path", "sha256", "crop", "size", "colours", "range", "output", "bona_fide", "weight")
NAME = r"[a-z][a-z0-9_]{0,39}"
MOST = 4  # networks
REMEDY = "put the right file there, or the right entry"


@dataclass(frozen=True, slots=True)
class Added:
    """A network that a site added to the fused scheme.

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


def added_networks(values: Mapping[str, object], path: Path) -> tuple[Added, ...]:
    """What a site's file says, whose paths of networks start at its own folder.

    Raises NetworkError with a sentence for the first thing that is wrong with it.
    """
    try:
        entries = named(section(values, "the file", ("networks",))["networks"])
        if not 1 <= len(entries) <= MOST:
            raise ValueError(f"networks must name 1 to {MOST} networks, found {len(entries)}")  # noqa: TRY301 - see below
        return tuple(_added(name, entry, path) for name, entry in entries.items())
    except ValueError as error:
        raise NetworkError(f"{path}: {error}") from error


def _added(name: str, value: object, listed_in: Path) -> Added:
    where = f"networks.{name}"
    if not re.fullmatch(NAME, name) or name in get_args(Role):
        raise ValueError(
            f"{where} must be named by small letters, digits and _, beginning with a letter, and "
            f"not as one of ours ({', '.join(get_args(Role))})"
        )
    entry = section(value, where, KEYS)
    side = whole(entry["size"], f"{where}.size", 16, 512)
    return Added(
        file=NetworkFile(
            name=name,
            path=listed_in.parent / text(entry["path"], f"{where}.path"),
            sha256=digest(entry["sha256"], f"{where}.sha256"),
            licence="the site's",
            source="added by the site",
            date="",
            input=(1, 3, side, side),
            training_data="not known",
            listed_in=str(listed_in),
            remedy=REMEDY,
        ),
        crop=crop(entry["crop"], f"{where}.crop"),
        side=side,
        colours=one_of(entry["colours"], ("bgr", "rgb"), f"{where}.colours"),
        range=_range(entry["range"], f"{where}.range"),
        output=one_of(
            entry["output"], ("logits", "probabilities", "probability"), f"{where}.output"
        ),
        bona_fide=whole(entry["bona_fide"], f"{where}.bona_fide", 0, 99),
        weight=real(entry["weight"], f"{where}.weight", 0, 4),
    )


def _range(value: object, where: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError(f"{where} must be two numbers such as [0, 1] or [0, 255], found {value!r}")
    low, high = (real(each, where, -1000, 1000) for each in value)
    if low >= high:
        raise ValueError(f"{where} must begin with the lower number, found {value!r}")
    return low, high
