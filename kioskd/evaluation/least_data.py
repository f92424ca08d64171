"""How much must have been seen before a threshold is proposed. Pure.

A choice made on few people fits these few people, and says nothing of the next one. With 30
presentations and no error among them, the true share may still be 10 % (the rule of three: 3/30
bounds it with 95 % confidence); with fewer, no wish of a few per cent can be told from luck.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kioskd.evaluation.sight import Sighting


@dataclass(frozen=True, slots=True)
class Floor:
    """The least of each, of presentations in which a face was seen."""

    presentations: int
    subjects: int
    sources: int


BONA_FIDE = Floor(presentations=30, subjects=10, sources=1)  # a site has one camera at a door
ATTACKS = Floor(presentations=30, subjects=1, sources=1)
TOGETHER = 3  # sources, where there are attacks: two are left when one is held out


def lacking(sightings: Sequence[Sighting]) -> tuple[str, ...]:
    """What is too little to propose anything by, as sentences; empty where it is enough."""
    seen = [sighting for sighting in sightings if any(frame.faces for frame in sighting.frames)]
    live = [s for s in seen if s.presentation.truth.label == "bonafide"]
    attacks = [s for s in seen if s.presentation.truth.label == "attack"]
    found = [*_below(BONA_FIDE, "bona fide", live)]
    if attacks:
        found += _below(ATTACKS, "attack", attacks)
        sources = len({s.presentation.truth.source for s in seen})
        if sources < TOGETHER:
            found.append(f"{sources} source(s) together, at least {TOGETHER} are needed")
    return tuple(found)


def _below(floor: Floor, what: str, seen: Sequence[Sighting]) -> Iterator[str]:
    truths = [sighting.presentation.truth for sighting in seen]
    counts = (
        (len(truths), floor.presentations, "presentation(s)"),
        (len({truth.subject for truth in truths}), floor.subjects, "subject(s)"),
        (len({truth.source for truth in truths}), floor.sources, "source(s)"),
    )
    for count, least, unit in counts:
        if count < least:
            yield f"{count} {what} {unit} with a face, at least {least} are needed"
