"""What each key of the gate costs and buys, at each value of it. Pure.

docs/measure/evaluation.md says how each figure is counted. The models look at a frame once; the
gate and the mode that ship are then led through it again for each value. Presentations are counted
one after the other and not kept.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kioskd.evaluation.dataset import Label
from kioskd.evaluation.decide import (
    Decision,
    Judging,
    Outcome,
    decide,
    decision,
    fit_reasons,
    steps,
)
from kioskd.evaluation.error_measures import auc_of_counts
from kioskd.evaluation.estimates import wilson
from kioskd.evaluation.gate_keys import POSE, Key, Value, groups, keys, names, not_asked
from kioskd.evaluation.least_data import lacking
from kioskd.evaluation.report import Rate, named
from kioskd.evaluation.sight import Sighting
from kioskd.event import Step
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from models.schemes import logit

LABELS: tuple[Label, Label] = ("bonafide", "attack")
LOGITS = np.arange(-14.0, 14.0, 0.05)  # steps in which scores are counted, for their AUC
Counts = NDArray[np.int64]
Gate = Callable[[GateSettings, Value], GateSettings]  # the gate with one key at a value


@dataclass(frozen=True, slots=True)
class Fates:
    """What came of the presentations of one class, at one value of a key.

    opened   the door was told to open: people let in, or attacks accepted
    called   an attack was called
    none     no decision was told
    away     the door opened to them with the key off, and does not with this value
    added    it did not open with the key off, and does with this value
    stopped  of all attempts that ended: those that came to nothing with the key's reason as what
             ended them, or as what most often stood in the way
    """

    opened: Rate
    called: Rate
    none: Rate
    away: Rate
    added: Rate
    stopped: Rate


@dataclass(frozen=True, slots=True)
class FrameErrors:
    """What the scheme makes of the single frames that the gate lets through.

    apcer  attack frames at or above the liveness threshold
    bpcer  living frames below it
    auc    None where a class has no frame left
    """

    apcer: Rate
    bpcer: Rate
    auc: float | None


@dataclass(frozen=True, slots=True)
class Price:
    """At one value; None: the key is off."""

    value: Value | None
    living: Fates
    attacks: Fates
    frames: FrameErrors


@dataclass(frozen=True, slots=True)
class KeyPrices:
    """One key over its range, loosest first.

    together      with the other keys as configured
    alone         with all others off
    still_images  presentations that it cannot be asked of, which are in no figure here
    """

    key: str
    unit: str
    sentence: str
    configured: Value
    shipped: Value
    together: tuple[Price, ...]
    alone: tuple[Price, ...]
    still_images: int

    def at(self, value: Value) -> Price:
        """With the other keys as configured. The value is one that is marked."""
        return next(price for price in self.together if price.value == value)

    @property
    def off(self) -> Price:
        return self.together[0]


@dataclass(frozen=True, slots=True)
class SchemePrices:
    """Every key that one detection scheme asks, and sentences on those that it does not."""

    scheme: str
    keys: tuple[KeyPrices, ...]
    unasked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GatePrices:
    """What the keys of the gate cost and buy on one data set, and what was counted for it.

    threshold  liveness_detection_threshold, by which frames are counted
    frames     by label, of all presentations that could be read
    too_few    why no choice should be made by these figures; empty where they are enough
    """

    data_set: str
    networks: Mapping[str, str]
    threshold: float
    presentations: Mapping[str, int]
    subjects: int
    sources: int
    frames: Mapping[str, int]
    still_images: int
    unread: int
    schemes: tuple[SchemePrices, ...]
    too_few: tuple[str, ...]
    problems: tuple[str, ...]
    looked_s: float = 0.0
    replayed_s: float = 0.0


class Pricing:
    """Counts presentations, one after the other, for every scheme and every value of every key."""

    def __init__(self, judgings: Sequence[Judging], only: Sequence[str] = ()) -> None:
        """`only`: of these keys of the gate, or of these parts of it; none: of all."""
        self._only = tuple(only) or names()
        self._of = [(by, [_Curve(key) for key in _priced(by, only)]) for by in judgings]
        self._seen: list[Sighting] = []  # of each, one frame: how much there is to choose by
        self._frames: Counter[Label] = Counter()
        self._problems: list[str] = []

    def add(self, sighting: Sighting) -> None:
        self._problems += named(sighting)
        faces = (seen for seen in sighting.frames if seen.faces)
        one = next(faces, None) or next(iter(sighting.frames), None)
        self._seen.append(replace(sighting, frames=() if one is None else (one,)))
        self._frames[sighting.presentation.truth.label] += len(sighting.frames)
        if sighting.frames:
            for by, curves in self._of:
                _Priced(sighting, by).count(curves)

    def report(
        self, data_set: str, networks: Mapping[str, str], notes: Iterable[str] = ()
    ) -> GatePrices:
        read = [sighting.presentation for sighting in self._seen if sighting.frames]
        truths = [presentation.truth for presentation in read]
        labels = Counter(truth.label for truth in truths)
        return GatePrices(
            data_set=data_set,
            networks=networks,
            threshold=self._of[0][0].rgb.liveness_detection_threshold,
            presentations={label: labels[label] for label in LABELS},
            subjects=len({truth.subject for truth in truths}),
            sources=len({truth.source for truth in truths}),
            frames={label: self._frames[label] for label in LABELS},
            still_images=sum(presentation.is_still for presentation in read),
            unread=sum(sighting.unread for sighting in self._seen),
            schemes=tuple(self._scheme(by, curves) for by, curves in self._of),
            too_few=lacking(self._seen),
            problems=(*notes, *self._problems),
        )

    def _scheme(self, by: Judging, curves: Sequence["_Curve"]) -> SchemePrices:
        scheme = by.rgb.detection_scheme
        found = tuple(curve.prices() for curve in curves)
        return SchemePrices(scheme, found, not_asked(by.gate, scheme, self._only))


def keys_of(by: Judging, only: Iterable[str] = ()) -> Iterator[Key]:
    """What a door that judges so asks; `only`: of these keys."""
    return keys(by.gate, by.rgb.detection_scheme, only)


def _priced(by: Judging, only: Sequence[str]) -> Iterator[Key]:
    """What several keys cost together, then each; those that are asked for, or all."""
    several = groups(by.gate, by.rgb.detection_scheme)
    yield from (key for key in several if not only or key.name in only)
    yield from keys_of(by, only)


# -- one presentation, at one value after the other


@dataclass(frozen=True, slots=True, eq=False)
class _Replay:
    """What the gate says of each frame, and the mode; a still image has no mode."""

    refused: list[tuple[Reason, ...]]
    said: list[Step]

    def same(self, other: "_Replay") -> bool:
        return self.refused == other.refused and self.said == other.said


class _Priced:
    """One presentation under one scheme."""

    def __init__(self, sighting: Sighting, by: Judging) -> None:
        self._sighting, self._by = sighting, by
        said = [by.score(seen) for seen in sighting.frames]
        self._scores = np.array([np.nan if s is None else s for s in said])  # (frames,)
        self._logits = np.searchsorted(LOGITS, [logit(s or 0.0) for s in said])
        self._known = ~np.isnan(self._scores)
        self._wrong = (self._scores >= by.rgb.liveness_detection_threshold) == (
            sighting.presentation.truth.label == "attack"
        )

    def count(self, curves: Iterable["_Curve"]) -> None:
        for curve in curves:
            if curve.key.of_motion and self._sighting.presentation.is_still:
                curve.still_images += 1
                continue
            self._along(curve.key, curve.key.together, curve.together)
            self._along(curve.key, curve.key.alone, curve.alone)

    def _along(self, key: Key, gate: Gate, tallies: list["_Tally"]) -> None:
        judgings = [replace(self._by, gate=gate(self._by.gate, value)) for value in key.values]
        replays = along([partial(self._replay, by) for by in judgings], key.name in POSE)
        counted: dict[int, _Counted] = {}  # by the replay, which several values share
        for by, replay, tally in zip(judgings, replays, tallies, strict=True):
            if id(replay) not in counted:
                counted[id(replay)] = self._counted(key, by, replay)
            tally.add(counted[id(replay)], off=counted[id(replays[0])])

    def _replay(self, by: Judging) -> _Replay:
        still = self._sighting.presentation.is_still
        said = [] if still else steps(self._sighting.frames, by)
        return _Replay(fit_reasons(self._sighting, by), said)

    def _decision(self, by: Judging, replay: _Replay) -> Decision:
        if self._sighting.presentation.is_still:
            return decide(self._sighting, by)
        return decision(self._sighting, self._sighting.frames, replay.said)

    def _counted(self, key: Key, by: Judging, replay: _Replay) -> "_Counted":
        found = self._decision(by, replay)
        ended, by_key = self._attempts(key, replay, found)
        through = self._known & np.array([not reasons for reasons in replay.refused])
        return _Counted(
            self._sighting.presentation.truth.label,
            found.outcome,
            ended,
            by_key,
            int(through.sum()),
            int((through & self._wrong).sum()),
            self._logits[through],
        )

    def _attempts(self, key: Key, replay: _Replay, found: Decision) -> tuple[int, int]:
        """How many attempts ended, and how many of them came to nothing by the key."""
        if self._sighting.presentation.is_still:  # one frame is all it has to try with
            return 1, int(not set(key.reasons).isdisjoint(found.reasons))
        results = [step.result for step in replay.said if step.result is not None]
        in_vain = [result for result in results if result.verdict == "undecided"]
        mine = [result for result in in_vain if not set(key.reasons).isdisjoint(result.reasons[:2])]
        return len(results), len(mine)


def along(replays: Sequence[Callable[[], _Replay]], every: bool) -> list[_Replay]:
    """What comes of each value of a key, in their order from loosest to strictest.

    Where two values come to the same in every frame, so does each between them: a frame passes a
    limit or does not, and what the gate remembers of earlier frames is then the same too. That
    leaves most values out. `every`: leave none out, for the pose, whose limits also say when the
    mesh need not be asked.
    """
    if every:
        return [replay() for replay in replays]
    found: dict[int, _Replay] = {at: replays[at]() for at in (0, len(replays) - 1)}

    def fill(low: int, high: int) -> None:
        if high - low < 2:
            return
        if found[low].same(found[high]):
            found.update(dict.fromkeys(range(low + 1, high), found[low]))
            return
        middle = (low + high) // 2
        found[middle] = replays[middle]()
        fill(low, middle)
        fill(middle, high)

    fill(0, len(replays) - 1)
    return [found[at] for at in range(len(replays))]


# -- counts, and the figures that they come to


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """One presentation at one value.

    ended   attempts; by_key: those of them that came to nothing by the key
    frames  with a score that the gate lets through; wrong: on the wrong side of the threshold
    logits  (frames,) their places in LOGITS
    """

    label: Label
    outcome: Outcome
    ended: int
    by_key: int
    frames: int
    wrong: int
    logits: Counts


@dataclass(slots=True, eq=False)
class _Tally:
    """Counts at one value. Scores are counted in LOGITS, so that they need no more room."""

    fates: Counter[tuple[Label, str]] = field(default_factory=Counter)
    moved: Counter[tuple[Label, str]] = field(default_factory=Counter)
    attempts: Counter[Label] = field(default_factory=Counter)
    by_key: Counter[Label] = field(default_factory=Counter)
    frames: Counter[Label] = field(default_factory=Counter)
    wrong: Counter[Label] = field(default_factory=Counter)
    scores: dict[Label, Counts] = field(
        default_factory=lambda: {label: np.zeros(len(LOGITS) + 1, np.int64) for label in LABELS}
    )

    def add(self, found: _Counted, off: _Counted) -> None:
        """`off`: the same presentation with the key off."""
        label, opened, before = found.label, found.outcome == "live", off.outcome == "live"
        self.fates[label, found.outcome] += 1
        self.moved[label, "away"] += before and not opened
        self.moved[label, "added"] += opened and not before
        self.attempts[label] += found.ended
        self.by_key[label] += found.by_key
        self.frames[label] += found.frames
        self.wrong[label] += found.wrong
        np.add.at(self.scores[label], found.logits, 1)

    def price(self, value: Value | None) -> Price:
        errors = FrameErrors(
            share(self.wrong["attack"], self.frames["attack"]),
            share(self.wrong["bonafide"], self.frames["bonafide"]),
            auc_of_counts(self.scores["bonafide"], self.scores["attack"]),
        )
        return Price(value, self._fates("bonafide"), self._fates("attack"), errors)

    def _fates(self, label: Label) -> Fates:
        outcomes = ("live", "attack", "none")
        of = sum(self.fates[label, outcome] for outcome in outcomes)
        opened, called, none = (share(self.fates[label, outcome], of) for outcome in outcomes)
        away, added = (share(self.moved[label, way], of) for way in ("away", "added"))
        stopped = share(self.by_key[label], self.attempts[label])
        return Fates(opened, called, none, away, added, stopped)


class _Curve:
    """One key's counts at each of its values."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.together = [_Tally() for _ in key.values]
        self.alone = [_Tally() for _ in key.values]
        self.still_images = 0

    def prices(self) -> KeyPrices:
        key, shown = self.key, self._shown()
        written = [key.written(value) for value in key.values[:shown]]
        together, alone = (
            tuple(tally.price(value) for tally, value in zip(tallies, written, strict=False))
            for tallies in (self.together, self.alone)
        )
        return KeyPrices(
            key.name,
            key.unit,
            key.note.sentence,
            key.configured,
            key.shipped,
            together,
            alone,
            self.still_images,
        )

    def _shown(self) -> int:
        """How many values: of those at the strict end that let nothing through, the first."""
        marked = [self.key.values.index(v) for v in (self.key.configured, self.key.shipped)]
        least = max(2, max(marked) + 1)
        pairs = zip(self.together, self.alone, strict=True)
        shut = [not (both.frames.total() or alone.frames.total()) for both, alone in pairs]
        return next((at + 1 for at in range(least - 1, len(shut)) if all(shut[at:])), len(shut))


def share(hits: int, of: int) -> Rate:
    """A rate with its Wilson interval."""
    return Rate(hits, of, *wilson(hits, of))
