"""What each choice of thresholds costs, and which one to take. docs/measure/evaluation.md explains.

A line on the logit changes no order, so a choice made for one line is the same choice under
another. The mode that ships therefore runs once per choice over every presentation, and all
that follows is counting: over everything, and over everything but one source.

With live people alone, as a site has them, the door's own window stands and only its threshold
moves; each subject is then judged by what was chosen without them. Where nothing as strict as the
defaults keeps the wish there, what a looser choice would do is told, and not taken.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from math import ceil
from statistics import median
from typing import Literal

from kioskd.evaluation.decide import Decision, Judging, decide, gate_reasons, score
from kioskd.evaluation.door_replay import Frame
from kioskd.evaluation.error_measures import Quality
from kioskd.evaluation.report import Rate, rate
from kioskd.evaluation.score_line import Sample, fit, held_out
from kioskd.evaluation.sight import Sighting
from kioskd.modes.confirm import need
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.schemes import IDENTITY, SCHEMES, Calibration, calibrated, uncalibrated

FRAMES = (5, 10, 15)
RATIOS = (0.6, 0.7, 0.8)
LEAST_LIVE = 0.1  # that config.yaml takes
THRESHOLDS = (*(n / 100 for n in range(10, 96, 5)), 0.97, 0.98, 0.99)

Target = Literal["bpcer", "apcer"]


class CalibrationError(Exception):
    """There is nothing to choose by; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Wish:
    """At most this share of doors wrongly shut ("bpcer"), or of the worst species let in."""

    target: Target
    most: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A window and its thresholds, which are of the calibrated score."""

    frames: int
    ratio: float
    live: float
    fake: float
    preliminary: float  # of the texture model's own score; plays a part in cascades only

    @property
    def window(self) -> tuple[int, float]:
        """N, and the share of them that must agree."""
        return self.frames, self.ratio


@dataclass(frozen=True, slots=True)
class Bound:
    """The loosest that may be chosen. As it stands, it bounds nothing."""

    frames: int = 1
    ratio: float = 0.0
    live: float = 0.0
    fake: float = 0.0
    preliminary: float = 0.0

    def looser(self, choice: Choice) -> tuple[str, ...]:
        """Each setting that lets more pass than this, with both values."""
        pairs = (
            ("evaluate_liveness_over_n_frames", choice.frames, self.frames),
            ("minimum_confirmations_required", choice.ratio, self.ratio),
            ("liveness_detection_threshold", choice.live, self.live),
            ("fake_detection_threshold", choice.fake, self.fake),
            ("minimum_preliminary_liveness_threshold", choice.preliminary, self.preliminary),
        )
        return tuple(
            f"{key} {chosen:g} (at least {least:g})"
            for key, chosen, least in pairs
            if chosen < least
        )


def defaults(line: Calibration, *, cascade: bool) -> Bound:
    """What a door has without a calibration, its thresholds as they stand under `line`."""
    usual = RgbSettings()
    own = usual.plan.calibration

    def under(threshold: float) -> float:
        if line == own:
            return threshold
        same = calibrated(uncalibrated(threshold, own), line)
        return min(1.0, ceil(same * 10_000) / 10_000)  # never rounded to the looser side

    return Bound(
        usual.evaluate_liveness_over_n_frames,
        usual.minimum_confirmations_required,
        max(LEAST_LIVE, under(usual.liveness_detection_threshold)),
        under(usual.fake_detection_threshold),
        usual.minimum_preliminary_liveness_threshold if cascade else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Price:
    """What a choice costs.

    species   each with the attacks that opened the door, worst first
    refused   bona fide presentations with enough fit frames that were not confirmed, whether
              called an attack or left undecided: the door was wrongly shut
    called    those of them that were called an attack
    caught    attacks that were called one
    after     frames to the decision for life, the median
    """

    choice: Choice
    species: tuple[tuple[str, Rate], ...]
    refused: Rate
    called: Rate
    caught: Rate
    after: float | None

    @property
    def apcer(self) -> float:
        """The APCER of the worst species; 0 where no attack was seen."""
        return self.species[0][1].share if self.species else 0.0

    def keeps(self, wish: Wish) -> bool:
        return self.error(wish) <= wish.most

    def error(self, wish: Wish) -> float:
        return self.refused.share if wish.target == "bpcer" else self.apcer

    def rank(self, wish: Wish) -> tuple[float, float, float]:
        """The lower, the better: the other error, then the stricter, then the sooner."""
        other = self.apcer if wish.target == "bpcer" else self.refused.share
        return (other, -self.choice.live, self.choice.frames * self.choice.ratio)


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A source, or at a site a subject, judged by what was chosen without it."""

    source: str
    price: Price
    kept: bool  # whether any choice kept the wish on the other sources


@dataclass(frozen=True, slots=True)
class Looser:
    """What a site would get that let more pass than the defaults; nothing takes it unasked.

    settings  what would be looser, in words
    held_out  each subject, judged by what was so chosen without them
    """

    price: Price
    settings: tuple[str, ...]
    held_out: tuple[HeldOut, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is proposed, with the price of each choice.

    prices   the best threshold for each N and ratio
    kept     whether `chosen` keeps the wish
    fitted   the line that was fitted, whether or not it is the one proposed; None: a class lacks
    quality  of the raw score and under lines fitted without the source that is judged
    site     there were live people alone, and `held_out` is of subjects
    looser   what lets more pass than the defaults, in words
    instead  at a site whose wish is not kept: what a looser choice would do; None where it is not
             to be told, or would refuse no fewer
    """

    scheme: str
    wish: Wish
    line: Calibration
    fitted: Calibration | None
    quality: tuple[Quality, Quality] | None
    chosen: Price
    kept: bool
    prices: tuple[Price, ...]
    around: tuple[Price, ...]  # the chosen N and ratio at every threshold
    held_out: tuple[HeldOut, ...]
    site: bool = False
    looser: tuple[str, ...] = ()
    instead: Looser | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """A presentation, its frames as every run is given them, and how many of them may count."""

    sighting: Sighting
    frames: tuple[Frame, ...]
    fit_frames: int

    @property
    def source(self) -> str:
        return self.sighting.presentation.truth.source

    @property
    def subject(self) -> str:
        return self.sighting.presentation.truth.subject


Table = dict[Choice, list[Decision]]


def propose(
    sightings: Sequence[Sighting],
    by: Judging,
    wish: Wish,
    progress: Callable[[int, int], None] | None = None,
    *,
    allow_looser: bool = False,
) -> Proposal:
    """The thresholds that keep the wish at the least cost; raises CalibrationError.

    Without `allow_looser` nothing is chosen that lets more pass than the defaults.
    """
    _check(sightings, wish)
    samples = _samples(sightings, by)
    fitted, quality = fit(list(samples.values())), held_out(samples)
    own = Calibration(by.rgb.calibration_slope, by.rgb.calibration_intercept)
    line = _line(fitted, quality) or own
    by = _with_line(by, line)
    cases = [_case(sighting, by) for sighting in sightings if sighting.frames]
    bound = defaults(line, cascade=SCHEMES[by.rgb.detection_scheme].cascade)
    site = all(s.presentation.truth.label == "bonafide" for s in sightings)
    runs = _Runs(cases, by, progress, Bound() if allow_looser else bound, site=site)
    chosen, kept = _chosen(runs, wish, runs.everything)
    price = runs.price(chosen, runs.everything)
    return Proposal(
        scheme=by.rgb.detection_scheme,
        wish=wish,
        line=line,
        fitted=fitted,
        quality=quality,
        chosen=price,
        kept=kept,
        prices=tuple(_best_of_each(runs, wish)),
        around=tuple(_around(runs, chosen)),
        held_out=tuple(_held_out(runs, wish)),
        site=site,
        looser=bound.looser(chosen),
        instead=None if kept or not site else _instead(runs, wish, price, bound),
    )


def _case(sighting: Sighting, by: Judging) -> _Case:
    frames = tuple(Frame(seen) for seen in sighting.frames)
    return _Case(sighting, frames, sum(not why for why in gate_reasons(sighting.frames, by)))


def _check(sightings: Sequence[Sighting], wish: Wish) -> None:
    labels = {s.presentation.truth.label for s in sightings if s.frames}
    if "bonafide" not in labels:
        raise CalibrationError(
            "there is no bona fide presentation: the strictest thresholds would always be best"
        )
    if "attack" not in labels and wish.target == "apcer":
        raise CalibrationError("there is no attack: ask for a BPCER instead of an APCER")


# -- the line


def _samples(sightings: Sequence[Sighting], by: Judging) -> dict[str, Sample]:
    """The raw scores of every fit frame, by source."""
    raw = _with_line(by, IDENTITY)
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: {"bonafide": [], "attack": []})
    for sighting in sightings:
        truth = sighting.presentation.truth
        reasons = gate_reasons(sighting.frames, by)
        for seen, refused in zip(sighting.frames, reasons, strict=True):
            liveness = None if refused else score(seen, raw.rgb.plan, raw.added)
            if liveness is not None and liveness.score is not None:
                found[truth.source][truth.label].append(liveness.score)
    return {
        source: Sample(tuple(scores["bonafide"]), tuple(scores["attack"]))
        for source, scores in found.items()
    }


def _line(
    fitted: Calibration | None, quality: tuple[Quality, Quality] | None
) -> Calibration | None:
    """The fitted line, unless on sources held out such lines do worse than the raw score."""
    if fitted is None or quality is None:
        return fitted
    before, after = quality
    return fitted if after.log_loss < before.log_loss else IDENTITY


def _with_line(by: Judging, line: Calibration) -> Judging:
    rgb = replace(by.rgb, calibration_slope=line.slope, calibration_intercept=line.intercept)
    return replace(by, rgb=rgb)


# -- every choice over every presentation


class _Runs:
    """What the mode decided under each choice, run when first asked for."""

    def __init__(
        self,
        cases: Sequence[_Case],
        by: Judging,
        progress: Callable[[int, int], None] | None,
        bound: Bound,
        *,
        site: bool,
    ) -> None:
        self.cases = cases
        self.bound = bound
        self.site = site
        self.everything = range(len(cases))
        self._by = by
        self._table: Table = {}  # of every choice, whatever bounds them
        self.cascade = SCHEMES[by.rgb.detection_scheme].cascade
        self.choices = tuple(_choices(by.rgb, bound, site=site))
        for done, choice in enumerate(self.choices, start=1):
            self._decisions(choice)
            if progress is not None:
                progress(done, len(self.choices))

    def unbound(self) -> "_Runs":
        """The same presentations under every choice, looser than the defaults or not."""
        free = copy(self)
        free.bound = Bound()
        free.choices = tuple(_choices(self._by.rgb, free.bound, site=self.site))
        return free

    def price(self, choice: Choice, among: Sequence[int]) -> Price:
        decisions = self._decisions(choice)
        enough = need(choice.ratio, choice.frames)
        live = [n for n in among if self._label(n) == "bonafide"]
        able = [n for n in live if self.cases[n].fit_frames >= enough]
        attacks = [n for n in among if self._label(n) == "attack"]
        times = [f for n in live if decisions[n].outcome == "live" and (f := decisions[n].frames)]
        return Price(
            choice,
            tuple(self._species(decisions, attacks)),
            rate(sum(decisions[n].outcome != "live" for n in able), len(able)),
            rate(sum(decisions[n].outcome == "attack" for n in able), len(able)),
            rate(sum(decisions[n].outcome == "attack" for n in attacks), len(attacks)),
            median(times) if times else None,
        )

    def _species(
        self, decisions: Sequence[Decision], attacks: Sequence[int]
    ) -> list[tuple[str, Rate]]:
        found: dict[str, list[int]] = defaultdict(list)
        for n in attacks:
            found[self.cases[n].sighting.presentation.truth.species].append(n)
        rates = {
            name: rate(sum(decisions[n].outcome == "live" for n in members), len(members))
            for name, members in sorted(found.items())
        }
        return sorted(rates.items(), key=lambda pair: -pair[1].share)

    def _label(self, n: int) -> str:
        return self.cases[n].sighting.presentation.truth.label

    def _decisions(self, choice: Choice) -> list[Decision]:
        if choice not in self._table:
            rgb = replace(
                self._by.rgb,
                evaluate_liveness_over_n_frames=choice.frames,
                evaluate_fake_over_n_frames=choice.frames,
                minimum_confirmations_required=choice.ratio,
                liveness_detection_threshold=choice.live,
                fake_detection_threshold=choice.fake,
                minimum_preliminary_liveness_threshold=choice.preliminary,
            )
            by = replace(self._by, rgb=rgb)
            self._table[choice] = [decide(case.sighting, by, case.frames) for case in self.cases]
        return self._table[choice]


def _choices(own: RgbSettings, bound: Bound, *, site: bool) -> Iterator[Choice]:
    """What is tried. At a site T_fake stays: nobody there shows how far down attacks reach."""
    preliminary = max(own.minimum_preliminary_liveness_threshold, bound.preliminary)
    fake = max(own.fake_detection_threshold, bound.fake)
    for frames, ratio in _windows(own, bound, site=site):
        for live in _thresholds(bound.live):
            yield Choice(
                frames, ratio, live, min(fake, live) if site else live, min(preliminary, live)
            )


def _windows(own: RgbSettings, bound: Bound, *, site: bool) -> Iterator[tuple[int, float]]:
    if site:
        frames, ratio = own.evaluate_liveness_over_n_frames, own.minimum_confirmations_required
        yield max(frames, bound.frames), max(ratio, bound.ratio)
        return
    for frames in FRAMES:
        for ratio in RATIOS:
            if frames >= bound.frames and ratio >= bound.ratio:
                yield frames, ratio


def _thresholds(least: float) -> tuple[float, ...]:
    """Those that are not below `least`, and that one itself."""
    own = {least} if least else set()
    return tuple(sorted(own | {t for t in THRESHOLDS if t >= least}))


def _chosen(runs: _Runs, wish: Wish, among: Sequence[int]) -> tuple[Choice, bool]:
    """The choice that keeps the wish at the least cost; else the one that comes nearest to it."""
    choice, kept = _best([runs.price(choice, among) for choice in runs.choices], wish)
    strict = choice.choice if runs.site else _with_fake(runs, choice.choice, among)
    return (_with_preliminary(runs, strict, among) if runs.cascade else strict), kept


def _instead(runs: _Runs, wish: Wish, price: Price, bound: Bound) -> Looser | None:
    """What `allow_looser` would choose, where that refuses fewer than `price`, the strict one."""
    free = runs.unbound()
    choice, _ = _chosen(free, wish, free.everything)
    looser = free.price(choice, free.everything)
    if looser.refused.hits >= price.refused.hits:
        return None
    return Looser(looser, bound.looser(choice), tuple(_held_out(free, wish)))


def _best(prices: Sequence[Price], wish: Wish) -> tuple[Price, bool]:
    keeping = [price for price in prices if price.keeps(wish)]
    if keeping:
        return min(keeping, key=lambda price: price.rank(wish)), True
    return min(prices, key=lambda price: (price.error(wish), price.rank(wish))), False


def _with_fake(runs: _Runs, choice: Choice, among: Sequence[int]) -> Choice:
    """The lowest fake threshold that calls as many attacks as the highest would."""
    most = runs.price(choice, among).caught.hits
    for fake in (t for t in _thresholds(runs.bound.fake) if t < choice.live):
        lower = replace(choice, fake=fake)
        if runs.price(lower, among).caught.hits >= most:
            return lower
    return choice


def _with_preliminary(runs: _Runs, choice: Choice, among: Sequence[int]) -> Choice:
    """The highest preliminary threshold that costs nothing: it spares the context model most."""
    before = runs.price(choice, among)
    least = runs.bound.preliminary
    for preliminary in sorted((t for t in THRESHOLDS if least <= t <= choice.live), reverse=True):
        other = replace(choice, preliminary=preliminary)
        price = runs.price(other, among)
        if price.refused.hits <= before.refused.hits and price.apcer <= before.apcer:
            return other
    return choice


def _around(runs: _Runs, chosen: Choice) -> Iterator[Price]:
    """The chosen windows at every threshold for life."""
    for live in sorted({*THRESHOLDS, chosen.live}):
        fake, preliminary = min(chosen.fake, live), min(chosen.preliminary, live)
        other = replace(chosen, live=live, fake=fake, preliminary=preliminary)
        yield runs.price(other, runs.everything)


def _best_of_each(runs: _Runs, wish: Wish) -> Iterator[Price]:
    for window in dict.fromkeys(choice.window for choice in runs.choices):
        these = [c for c in runs.choices if c.window == window]
        yield _best([runs.price(choice, runs.everything) for choice in these], wish)[0]


def _held_out(runs: _Runs, wish: Wish) -> Iterator[HeldOut]:
    """Each source, or at a site each subject, by what was chosen on the others."""
    groups = [case.subject if runs.site else case.source for case in runs.cases]
    if len(set(groups)) < 2:
        return
    for group in sorted(set(groups)):
        others = [n for n in runs.everything if groups[n] != group]
        own = [n for n in runs.everything if groups[n] == group]
        choice, kept = _chosen(runs, wish, others)
        yield HeldOut(group, runs.price(choice, own), kept)
