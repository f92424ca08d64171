"""What each threshold lets in of attacks, measured on sources held out, as it ships with kioskd.

A site can record its own living people, and hardly ever attacks. So models/held_out.toml says,
for each scheme and threshold, which share of single frames of each species was accepted, and of
bona fide ones refused, on sources that took no part in training. It belongs to the
networks it was measured with, and to no other. docs/measure/evaluation.md describes the file.

Where a camera makes the living score low, it mostly makes attacks score lower still. So for a site
that needs a looser threshold there is one more column: the attacks at just such sources.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.manifest import MANIFEST, Manifest, shipped
from models.network_file import NetworkError
from models.schemes import FUSED, SCHEMES
from models.toml_file import read_toml

FILE = MANIFEST.with_name("held_out.toml")
THRESHOLDS = tuple(round(n / 100, 2) for n in range(5, 100))
BONA_FIDE = "bonafide"
USUAL = RgbSettings().liveness_detection_threshold
LOW = 0.05  # with a larger share of its living frames below USUAL, a source is a low one

Scores = Mapping[str, Mapping[str, Sequence[float]]]  # by species or BONA_FIDE, then by source


class TableError(Exception):
    """No figures can be shown; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Column:
    """Of one species, or of bona fide frames: the share at each threshold, 0 to 1."""

    frames: int
    sources: int
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class SchemeTable:
    """One scheme's figures; thresholds rise, and are of the score before any calibration.

    low  attacks of every species at the sources where the living score low; None: not known
    """

    networks: str
    thresholds: tuple[float, ...]
    bona_fide: Column
    species: Mapping[str, Column]
    low: Column | None = None

    def accepted(self, species: str, threshold: float) -> float:
        """At most this share of attack frames gets in: the figure of the threshold below."""
        return self.of(self.species[species], threshold)

    def of(self, column: Column, threshold: float) -> float:
        """The same of a column of attacks, such as `low`."""
        at = bisect_right(self.thresholds, threshold) - 1
        return column.shares[at] if at >= 0 else 1.0

    def refused(self, threshold: float) -> float:
        """At most this share of bona fide frames is refused: the figure of the one above."""
        at = bisect_left(self.thresholds, threshold)
        return self.bona_fide.shares[at] if at < len(self.thresholds) else 1.0


def table_of(scheme: str, path: Path = FILE, manifest: Manifest | None = None) -> SchemeTable:
    """The figures of a scheme with the networks in use; raises TableError where there are none."""
    if not path.is_file():
        raise TableError(
            "no table of attacks ships for these networks: what a threshold lets in is not known"
        )
    try:
        tables = read_table(path)
        networks = networks_of(scheme, manifest)
    except NetworkError as error:
        raise TableError(str(error)) from error
    if scheme not in tables:
        raise TableError(f"{path.name} has no figures for {scheme}")
    if tables[scheme].networks != networks:
        raise TableError(
            f"{path.name} was measured with other networks ({tables[scheme].networks}; here:"
            f" {networks}): its figures do not hold and are not shown"
        )
    return tables[scheme]


def networks_of(scheme: str, manifest: Manifest | None = None) -> str:
    """A scheme's networks as events' modelVersion names them: name:sha256, joined by commas."""
    manifest = manifest or shipped()
    files = {manifest.file(model) for model in SCHEMES[scheme].models}
    files |= {added.file for added in manifest.added} if scheme == FUSED else set()
    return ",".join(sorted(f"{file.name}:{file.sha256[:8]}" for file in files))


def read_table(path: Path = FILE) -> dict[str, SchemeTable]:
    """Every scheme of the file. Raises TableError with the first thing that is wrong with it."""
    try:
        values = read_toml(path)
    except OSError as error:
        raise TableError(f"{path} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise TableError(str(error)) from error
    try:
        schemes = _section(values.get("schemes"), "schemes")
        return {name: _scheme(_section(value, name), name) for name, value in schemes.items()}
    except (TypeError, ValueError) as error:
        raise TableError(f"{path}: {error}") from error


def write_table(
    path: Path,
    scores: Mapping[str, Scores],
    *,
    about: Sequence[str] = (),
    thresholds: Sequence[float] = THRESHOLDS,
    manifest: Manifest | None = None,
) -> None:
    """Writes the file from single frames' scores.

    scores  by scheme, then species or "bonafide", then source: what the scheme said of each
            frame, before any calibration, 0 to 1
    about   lines for the head: what was measured, and by which command
    Raises ValueError where a scheme has no bona fide frames, or a score is none.
    """
    lines = [f"# {line}" for line in about]
    lines += ["# Written by kioskd.evaluation.attack_table.write_table."]
    for scheme, found in scores.items():
        if not any(found.get(BONA_FIDE, {}).values()):
            raise ValueError(f"{scheme}: there is no bona fide frame")
        lines += _table(scheme, found, networks_of(scheme, manifest), thresholds)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _table(
    scheme: str,
    found: Scores,
    networks: str,
    thresholds: Sequence[float],
) -> Iterator[str]:
    """The lines of one scheme."""
    table = f"schemes.{_key(scheme)}"
    yield from ("", f"[{table}]", f'networks = "{networks}"')
    yield f"thresholds = {_listed(thresholds)}"
    live = found[BONA_FIDE]
    refused = [1.0 - share for share in _accepted(live, thresholds)]
    yield from ("", f"[{table}.bona_fide]", *_column(live, "refused", refused))
    low = _at_low_sources(found)
    if any(low.values()):
        yield from ("", f"[{table}.low]", *_column(low, "accepted", _accepted(low, thresholds)))
    yield from ("", f"[{table}.species]")
    for species in sorted(set(found) - {BONA_FIDE}):
        accepted = _accepted(found[species], thresholds)
        yield from ("", f"[{table}.species.{_key(species)}]")
        yield from _column(found[species], "accepted", accepted)


def _at_low_sources(found: Scores) -> dict[str, list[float]]:
    """By source, the scores of all attacks where the living score low."""
    low: dict[str, list[float]] = {}
    for source, living in found[BONA_FIDE].items():
        if sum(score < USUAL for score in living) > LOW * len(living):
            attacks = (found[name].get(source, ()) for name in sorted(set(found) - {BONA_FIDE}))
            low[source] = [score for scores in attacks for score in scores]
    return low


def _key(name: str) -> str:
    """A name as TOML takes it for a key, in quotes where it is more than letters and digits."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _accepted(by_source: Mapping[str, Sequence[float]], thresholds: Sequence[float]) -> list[float]:
    """The share of all frames that score at or above each threshold."""
    scores = sorted(score for each in by_source.values() for score in each)
    if not all(0.0 <= score <= 1.0 for score in scores):
        raise ValueError("a score must be from 0 to 1")
    return [
        (len(scores) - bisect_left(scores, threshold)) / max(1, len(scores))
        for threshold in thresholds
    ]


def _column(
    by_source: Mapping[str, Sequence[float]], what: str, shares: Sequence[float]
) -> list[str]:
    frames = sum(map(len, by_source.values()))
    sources = sum(bool(scores) for scores in by_source.values())
    return [f"frames = {frames}", f"sources = {sources}", f"{what} = {_listed(shares)}"]


def _listed(numbers: Sequence[float]) -> str:
    return "[" + ", ".join(f"{number:.4f}" for number in numbers) + "]"


# -- reading


def _scheme(value: dict[str, object], name: str) -> SchemeTable:
    thresholds = _numbers(value.get("thresholds"), f"{name}.thresholds")
    networks = value.get("networks")
    if not isinstance(networks, str):
        raise TypeError(f"{name}.networks must be text")
    if list(thresholds) != sorted(set(thresholds)):
        raise ValueError(f"{name}.thresholds must rise")
    species = _section(value.get("species"), f"{name}.species")
    return SchemeTable(
        networks,
        thresholds,
        _read_column(value.get("bona_fide"), f"{name}.bona_fide", "refused", len(thresholds)),
        {
            each: _read_column(column, f"{name}.species.{each}", "accepted", len(thresholds))
            for each, column in species.items()
        },
        _read_column(value["low"], f"{name}.low", "accepted", len(thresholds))
        if "low" in value
        else None,
    )


def _read_column(value: object, where: str, what: str, length: int) -> Column:
    section = _section(value, where)
    frames, sources = section.get("frames"), section.get("sources")
    if type(frames) is not int or type(sources) is not int:
        raise ValueError(f"{where} needs frames and sources, whole numbers")
    shares = _numbers(section.get(what), f"{where}.{what}")
    if len(shares) != length:
        raise ValueError(f"{where}.{what} must have one number for each threshold")
    return Column(frames, sources, shares)


def _section(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} must be a section")
    return value


def _numbers(value: object, where: str) -> tuple[float, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{where} must be a list of numbers")
    numbers = [float(n) for n in value if isinstance(n, int | float) and not isinstance(n, bool)]
    if len(numbers) != len(value) or not all(0.0 <= number <= 1.0 for number in numbers):
        raise ValueError(f"{where} must be numbers from 0 to 1")
    return tuple(numbers)
