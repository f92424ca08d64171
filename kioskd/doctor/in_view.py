"""What the checks of a door's gate find of whoever is in view, each value beside its limit."""

from collections.abc import Iterable

from feeds.frame import Frame
from kioskd.config.config import Door
from kioskd.doctor.diagnosis import Diagnosis
from kioskd.modes import catalogue
from kioskd.modes.attempt import Spread, Spreads, figure, spread
from kioskd.modes.gate import gate_for
from models.observation import Measure, Wanted
from models.perceive import Perceiver, needs
from models.session import Networks

CHECKS = frozenset({Measure.QUALITY, Measure.PICTURE, Measure.POSE})


def look(door: Door, frames: Iterable[Frame]) -> Diagnosis | None:
    """What was found, worst first; None: nobody was in view.

    Raises NetworkError when a network cannot be loaded or fails.
    """
    found = _found(door, frames)
    if not found:
        return None
    ordered = sorted(found.values(), key=_room)
    short = [each for each in ordered if (each.margin or 0.0) < 0.0]
    told = "; ".join(_told(each) for each in ordered)
    subject = f"gate {door.name}"
    if not short:
        return Diagnosis(subject, True, f"whoever is in view passes: {told}")
    count = f"{len(short)} of {len(ordered)} checks"
    return Diagnosis(subject, True, f"whoever is in view fails {count}: {told}", note=True)


def _found(door: Door, frames: Iterable[Frame]) -> Spreads:
    """By the limit's key, over all frames with a face: the largest one's."""
    scheme = next(iter(sorted(catalogue.needs(door.mode).schemes)), None)
    gate = gate_for(door.gate, scheme, exact=False)
    eye = Perceiver(Networks.load(needs(CHECKS), "cpu"))
    found: Spreads = {}
    for frame in frames:
        seen = eye.look(frame)
        if seen.faces and not seen.faces[0].missed:
            seen = eye.measure(frame, seen, Wanted(seen.faces[0].track_id, CHECKS))
            found = spread(found, gate.survey(seen, seen.faces[0]))
            gate.follow(seen, seen.faces[0])
    return found


def _room(one: Spread) -> float:
    """By how many limits the worst frame is better than the limit; less than 0: it is worse."""
    return (one.margin or 0.0) / max(abs(one.finding.limit), 1e-9)


def _told(one: Spread) -> str:
    margin = one.margin
    if margin is None:
        return f"{one.finding.key} {one.words}"
    unit = f" {one.finding.unit}" if one.finding.unit else ""
    much = figure(abs(margin))
    return f"{one.finding.key} {one.words} ({much}{unit} {'missing' if margin < 0 else 'to spare'})"
