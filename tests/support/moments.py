"""Observations in any order, told moment by moment, for what no order of them may bring about."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from models.observation import Face, Observation


@dataclass(frozen=True)
class Moment:
    """One observation, told from the one before it."""

    after_s: float
    restart: bool
    faces: tuple[Face, ...]


def disturbed(parts: list[list[Moment]], changes: list[tuple[int, bool, Moment]]) -> list[Moment]:
    """Parts one after the other, with moments put in or replaced by others."""
    script = list(chain.from_iterable(parts))
    for place, put_in, moment in changes:
        at = place % (len(script) + 1)
        script[at : at + (not put_in)] = [moment]
    return script


def observations(script: Sequence[Moment]) -> list[Observation]:
    seen, at, session = [], 100.0, 0
    for number, moment in enumerate(script):
        at, session = at + moment.after_s, session + moment.restart
        seen.append(Observation("door", number, session, at, 1e9 + at, 1280, 720, moment.faces))
    return seen


def in_order(seen: Sequence[Observation]) -> list[Observation]:
    """The observations that are newer than all before them."""
    kept: list[Observation] = []
    for one in seen:
        if not kept or one.at > kept[-1].at:
            kept.append(one)
    return kept
