"""What passive evidence says of each picture of pad_full, and what it weighs on others' word.

A picture alone has neither a background nor a move. So the room is put together from its source's
other pictures (rooms.py), and the move is the one from its neighbour in time (moves.py); a picture
with neither is told nothing. At a door there is always a room, and sooner or later a move.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.face.faces import Detector
from models.making.training.moves import Looker, pairs
from models.making.training.rooms import missed, sources, stood
from models.passive import background
from models.passive.passive import MOST, MOST_OF_ONE, SCALES
from models.session import Networks

MEASURES = ("background", "company", "planar")
SPARED = 0.01  # of a source's living pictures, that may exceed a limit
Floats = NDArray[np.floating]
Said = Mapping[Path, Mapping[str, float]]  # by picture and measure, of those that are told


def beside(data: Path) -> Said:
    """By the path of each picture of pad_full."""
    found: dict[Path, dict[str, float]] = {}
    detector = Detector(Networks.load({"face"})["face"])
    for _, shots in sources(data, detector):
        told = list(missed(shots))
        if not stood(told) >= background.THERE:
            continue  # a camera that was moved: at a door it would be told of nobody
        for each in told:
            moved = each.shot.live and not each.there >= background.THERE
            if each.value is not None and not moved:
                found.setdefault(each.shot.path, {})["background"] = each.value
    looker = Looker()
    for pair in pairs(data):
        said = looker.said(pair)
        for name in () if said is None else ("company", "planar"):
            value = getattr(said, name)
            for path in (pair.before, pair.now) if value is not None else ():
                found.setdefault(path, {}).setdefault(name, value)
    return found


def values(said: Said, paths: Sequence[Path], name: str) -> Floats:
    """(n,) of one measure; NaN where it cannot be told."""
    return np.array([said.get(path, {}).get(name, np.nan) for path in paths])


def shares(found: Floats, name: str, source: NDArray[np.str_], live: NDArray[np.bool_]) -> Floats:
    """(n,) 0..1 of a measure's weight, by limits that were chosen without each one's source.

    The limit is the least that at most one in a hundred living pictures of each other source
    exceeds, and never below the one that ships.
    """
    limit, clear = SCALES[name]
    least = np.empty(len(found))
    for one in np.unique(source):
        others = live & (source != one) & np.isfinite(found)
        of = (found[others & (source == other)] for other in np.unique(source[others]))
        least[source == one] = max([limit, *(np.quantile(each, 1 - SPARED) for each in of)])
    return np.clip((np.nan_to_num(found, nan=-np.inf) - least) / (clear - limit), 0.0, 1.0)


def against(of: Iterable[Floats], most_of_one: float = MOST_OF_ONE) -> Floats:
    """(n,) log-odds that shares (n,) weigh together, by the rule that ships."""
    return np.minimum(MOST / MOST_OF_ONE * most_of_one, most_of_one * sum(of))
