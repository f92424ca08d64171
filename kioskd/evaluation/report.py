"""An evaluation's figures, from what was sighted. Pure; docs/measure/evaluation.md defines each."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles

from kioskd.evaluation import depth_modes, error_measures
from kioskd.evaluation.decide import (
    Decision,
    GateLook,
    Judging,
    decide,
    fit_looks,
    fit_reasons,
    steps,
)
from kioskd.evaluation.estimates import clopper_pearson
from kioskd.evaluation.sight import GateUse, Sighting
from kioskd.modes.attempt import Spreads, spread
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.observation import Face
from models.schemes import FUSED, SCHEMES


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many, with a 95 % interval: here Clopper-Pearson's, of `rate`."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        return self.hits / self.of if self.of else float("nan")


@dataclass(frozen=True, slots=True)
class Separation:
    """How well single scores tell frames apart; None where a class is missing."""

    bona_fide: int  # frames
    attack: int
    auc: float | None
    eer: float | None
    apcer_at_bpcer_5: float | None  # at the threshold that refuses 5 % of bona fide frames
    brier: float | None


@dataclass(frozen=True, slots=True)
class Quantiles:
    median: float
    p95: float


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The presentations of one attack species, or the bona fide ones.

    errors       of attacks: the door opened (APCER); of bona fide: an attack was called (BPCER)
    no_response  no decision was told (APNRR, BPNRR)
    unreadable   presentations of which no frame could be read; they are in no other figure
    """

    name: str
    presentations: int
    subjects: int
    sources: int
    errors: Rate
    no_response: Rate
    unreadable: int


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one presentation.

    outcome     "live", "attack", "none", or "unreadable"
    attempts    how many came to an end
    reasons     why there was no decision, or what stood in the way of the last attempt
    measured    what the last attempt's checks and evidence found, each by its limit's key; of
                still images, which nobody attempts anything with, nothing
    mean_score  of all frames with a face, 0 = attack to 1 = live; fit_score: of those that pass
                the gate
    after_s     from the first frame with a face to the decision; seconds: all of it
    unread      files or frames that could not be read
    """

    presentation: str
    label: str
    species: str
    subject: str
    source: str
    still: bool
    outcome: str
    attempts: int
    reasons: tuple[str, ...]
    measured: tuple[str, ...]
    mean_score: float | None
    fit_score: float | None
    frames: int
    fit_frames: int
    seconds: float
    after_s: float | None
    unread: int


@dataclass(frozen=True, slots=True, eq=False)
class SchemeReport:
    """One scheme, or one mode that looks with a depth camera. The species stand worst first."""

    scheme: str
    species: tuple[Group, ...]
    bona_fide: Group | None
    frames: Separation  # of all frames with a face
    fit_frames: Separation  # of those that pass the gate
    clips: Separation  # of presentations, by the mean score of their frames with a face
    fit_clips: Separation  # by that of their frames that pass the gate
    after_s: Mapping[str, Quantiles]  # by outcome
    after_frames: Mapping[str, Quantiles]
    no_response_reasons: Mapping[str, Mapping[str, int]]  # by label, presentations
    worst: tuple["Mistake", ...]
    scores: Mapping[str, tuple[float, ...]]  # by label, of all frames with a face
    cpu_ms: float | None  # per frame that passes the gate, one thread
    rows: tuple[Row, ...]  # one for each presentation, in the order of the data set


@dataclass(frozen=True, slots=True)
class Mistake:
    """A presentation that was told wrongly."""

    presentation: str
    species: str
    state: str
    liveness: float
    file: str
    frame: int


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    data_set: str
    gate: GateUse
    thresholds: Mapping[str, float]
    networks: Mapping[str, str]  # model -> file and digest
    presentations: Mapping[str, int]  # by label
    subjects: int
    sources: int
    frames: Mapping[str, int]  # by label
    frames_without_face: Mapping[str, int]
    frames_repeated: int
    models: Mapping[str, Separation]  # frame by frame, of all frames with a face
    gate_reasons: Mapping[str, Mapping[str, int]]  # by label, frames; of the default scheme
    gate_found: Mapping[str, Mapping[str, str]]  # by label and limit: the values that failed it
    schemes: tuple[SchemeReport, ...]
    problems: tuple[str, ...]
    stills: int = 0  # presentations that are one image, each judged as one frame
    unread: int = 0  # labelled files or frames that could not be read


def rate(hits: int, of: int) -> Rate:
    return Rate(hits, of, *clopper_pearson(hits, of))


def scheme_report(
    sightings: Sequence[Sighting],
    by: Judging,
    cpu_ms: float | None = None,
) -> SchemeReport:
    decided = [(sighting, decide(sighting, by)) for sighting in sightings]
    scores = frame_scores(sightings, by, fit=False)
    rows = tuple(_row(sighting, decision, by) for sighting, decision in decided)
    return SchemeReport(
        scheme=by.name,
        species=_species(decided),
        bona_fide=_bona_fide(decided),
        frames=separation(scores),
        fit_frames=separation(frame_scores(sightings, by, fit=True)),
        clips=separation(_by_label((row.label, row.mean_score) for row in rows)),
        fit_clips=separation(_by_label((row.label, row.fit_score) for row in rows)),
        after_s=_by_outcome(decided, "after_s"),
        after_frames=_by_outcome(decided, "frames"),
        no_response_reasons=_no_response_reasons(decided, by),
        worst=_worst(decided),
        scores={label: tuple(values) for label, values in scores.items()},
        cpu_ms=cpu_ms,
        rows=rows,
    )


# -- presentations


def _row(sighting: Sighting, decision: Decision, by: Judging) -> Row:
    truth, frames = sighting.presentation.truth, sighting.frames
    scored = [
        (by.score(seen), not why)
        for seen, why in zip(frames, fit_reasons(sighting, by), strict=True)
    ]
    scores = [score for score, _ in scored if score is not None]
    fit = [score for score, is_fit in scored if is_fit and score is not None]
    why = _why_none(sighting, decision, by) if decision.outcome == "none" else ""
    told = decision.result.reasons if decision.result is not None else decision.reasons
    found = decision.result.measured if decision.result is not None else ()
    return Row(
        presentation=sighting.presentation.name,
        label=truth.label,
        species=truth.species,
        subject=truth.subject,
        source=truth.source,
        still=sighting.presentation.is_still,
        outcome=decision.outcome if frames else "unreadable",
        attempts=decision.attempts,
        reasons=tuple(told) or ((why,) if why else ()),
        measured=tuple(f"{each.finding.key}: {each.words}" for each in found),
        mean_score=fmean(scores) if scores else None,
        fit_score=fmean(fit) if fit else None,
        frames=len(frames),
        fit_frames=sum(is_fit for _, is_fit in scored),
        seconds=frames[-1].at - frames[0].at if frames else 0.0,
        after_s=decision.after_s,
        unread=sighting.unread,
    )


def _by_label(scores: Iterable[tuple[str, float | None]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"bonafide": [], "attack": []}
    for label, score in scores:
        if score is not None:
            found[label].append(score)
    return found


def _species(decided: Sequence[tuple[Sighting, Decision]]) -> tuple[Group, ...]:
    attacks = [pair for pair in decided if pair[0].presentation.truth.label == "attack"]
    names = sorted({sighting.presentation.truth.species for sighting, _ in attacks})
    groups = [
        _group(name, [p for p in attacks if p[0].presentation.truth.species == name], "live")
        for name in names
    ]
    return tuple(sorted(groups, key=lambda group: -group.errors.share if group.errors.of else 0.0))


def _bona_fide(decided: Sequence[tuple[Sighting, Decision]]) -> Group | None:
    live = [pair for pair in decided if pair[0].presentation.truth.label == "bonafide"]
    return _group("bona fide", live, "attack") if live else None


def _group(name: str, members: Sequence[tuple[Sighting, Decision]], error: str) -> Group:
    read = [(sighting, decision) for sighting, decision in members if sighting.frames]
    outcomes = Counter(decision.outcome for _, decision in read)
    truths = [sighting.presentation.truth for sighting, _ in read]
    return Group(
        name,
        len(read),
        len({truth.subject for truth in truths}),
        len({truth.source for truth in truths}),
        rate(outcomes[error], len(read)),  # type: ignore[index]
        rate(outcomes["none"], len(read)),
        len(members) - len(read),
    )


def _by_outcome(decided: Sequence[tuple[Sighting, Decision]], what: str) -> dict[str, Quantiles]:
    found: dict[str, list[float]] = {}
    for _, decision in decided:
        value = decision.after_s if what == "after_s" else decision.frames
        if value is not None:
            found.setdefault(decision.outcome, []).append(value)
    return {outcome: _quantiles(values) for outcome, values in sorted(found.items())}


def _quantiles(values: Sequence[float]) -> Quantiles:
    if len(values) == 1:
        return Quantiles(values[0], values[0])
    return Quantiles(median(values), quantiles(values, n=100, method="inclusive")[94])


def _no_response_reasons(
    decided: Sequence[tuple[Sighting, Decision]], by: Judging
) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {"bonafide": Counter(), "attack": Counter()}
    for sighting, decision in decided:
        if decision.outcome == "none" and sighting.frames:
            found[sighting.presentation.truth.label][_why_none(sighting, decision, by)] += 1
    return {label: dict(counter.most_common()) for label, counter in found.items()}


def _why_none(sighting: Sighting, decision: Decision, by: Judging) -> str:
    """The attempt's own reason; without one, what was said most often of a frame."""
    if not sighting.frames:
        return "unreadable" if sighting.problems else "empty"
    if decision.reasons:
        return decision.reasons[0]
    if decision.result is not None and decision.result.reasons:
        return decision.result.reasons[0]
    refused = Counter(reason for step in steps(sighting.frames, by) for reason in step.reasons)
    return refused.most_common(1)[0][0] if refused else "too_short"


def _worst(decided: Sequence[tuple[Sighting, Decision]], most: int = 12) -> tuple[Mistake, ...]:
    found = [
        _mistake(sighting, decision)
        for sighting, decision in decided
        if decision.result is not None
        and decision.outcome != "none"
        and (decision.outcome == "live") == (sighting.presentation.truth.label == "attack")
    ]
    return tuple(sorted(found, key=lambda m: -abs(m.liveness - (m.species == "")))[:most])


def _mistake(sighting: Sighting, decision: Decision) -> Mistake:
    presentation, result = sighting.presentation, decision.result
    assert result is not None  # there was a decision
    at = [seen.at for seen in sighting.frames].index(result.decided_at)
    number = sighting.frames[at].number
    file = presentation.files[number if len(presentation.files) > 1 else 0]
    return Mistake(
        presentation.name,
        presentation.truth.species,
        result.state or result.verdict,
        float(result.attributes["liveness"]),
        str(file),
        number,
    )


# -- frames


def frame_scores(
    sightings: Sequence[Sighting], by: Judging, *, fit: bool
) -> dict[str, list[float]]:
    """The scheme's score of every frame with a face, or of those that are fit, by label."""
    found: dict[str, list[float]] = {"bonafide": [], "attack": []}
    for sighting in sightings:
        refused = fit_reasons(sighting, by) if fit else None
        for index, seen in enumerate(sighting.frames):
            if refused is not None and refused[index]:
                continue
            if (score := by.score(seen)) is not None:
                found[sighting.presentation.truth.label].append(score)
    return found


def model_scores(sightings: Sequence[Sighting], model: str) -> dict[str, list[float]]:
    """One network's score of every frame with a face, by label."""
    found: dict[str, list[float]] = {"bonafide": [], "attack": []}
    for sighting in sightings:
        for seen in sighting.frames:
            liveness = seen.faces[0].liveness if seen.faces else None
            if liveness is not None and model in liveness.by_model:
                found[sighting.presentation.truth.label].append(liveness.by_model[model])
    return found


def separation(scores: Mapping[str, Sequence[float]]) -> Separation:
    live, fake = scores["bonafide"], scores["attack"]
    return Separation(
        len(live),
        len(fake),
        error_measures.auc(live, fake),
        error_measures.eer(live, fake),
        error_measures.apcer_at(live, fake, 0.05),
        error_measures.brier(live, fake),
    )


def by_label(sightings: Sequence[Sighting], by: Judging) -> dict[str, list[GateLook]]:
    """What the gate makes of every frame, by the label of its presentation."""
    found: dict[str, list[GateLook]] = {"bonafide": [], "attack": []}
    for sighting in sightings:
        found[sighting.presentation.truth.label] += fit_looks(sighting, by)
    return found


def gate_tally(looks: Mapping[str, Sequence[GateLook]]) -> dict[str, dict[str, int]]:
    """Frames by label and by each reason the gate gave; "passed" where it gave none."""
    found = {
        label: Counter(why for look in of for why in [r.value for r in look.reasons] or ["passed"])
        for label, of in looks.items()
    }
    return {label: dict(counter.most_common()) for label, counter in found.items()}


def gate_found(looks: Mapping[str, Sequence[GateLook]]) -> dict[str, dict[str, str]]:
    """By label and by each limit's key, the values that failed it beside it, in words."""
    found = {}
    for label, of in looks.items():
        spreads: Spreads = {}
        for look in of:
            spreads = spread(spreads, look.failed)
        found[label] = {key: each.words for key, each in sorted(spreads.items())}
    return found


def full_report(
    data_set: str,
    sightings: Sequence[Sighting],
    judgings: Sequence[Judging],
    networks: Mapping[str, str],
    costs: Mapping[str, float],
    notes: Sequence[str] = (),
) -> Report:
    """All figures; one judging for each scheme, the one asked for first."""
    truths = [sighting.presentation.truth for sighting in sightings]
    first = judgings[0]
    looks = by_label(sightings, first)
    schemes = {by.rgb.detection_scheme for by in judgings if by.colours}
    ours = {str(model) for scheme in schemes for model in SCHEMES[scheme].models}
    models = sorted(ours | (first.added.keys() if FUSED in schemes else set()))
    return Report(
        data_set=data_set,
        gate=first.gate_use,
        thresholds=_thresholds(first),
        networks=networks,
        presentations=dict(Counter(truth.label for truth in truths)),
        subjects=len({truth.subject for truth in truths}),
        sources=len({truth.source for truth in truths}),
        frames=_frames(sightings, lambda _: True),
        frames_without_face=_frames(sightings, lambda faces: not faces),
        frames_repeated=sum(sighting.repeated for sighting in sightings),
        models={model: separation(model_scores(sightings, model)) for model in models},
        gate_reasons=gate_tally(looks),
        gate_found=gate_found(looks),
        schemes=tuple(scheme_report(sightings, by, costs.get(by.name)) for by in judgings),
        problems=(*notes, *(p for sighting in sightings for p in named(sighting))),
        stills=sum(sighting.presentation.is_still for sighting in sightings),
        unread=sum(sighting.unread for sighting in sightings),
    )


def named(sighting: Sighting) -> tuple[str, ...]:
    """What is wrong with a presentation, as sentences."""
    name = sighting.presentation.name
    if not sighting.frames:
        why = "; ".join(sighting.problems) or "it holds no frame"
        return (f"{name}: could not be read, and is in no figure ({why})",)
    if not any(seen.faces for seen in sighting.frames):
        return (*sighting.problems, f"{name}: no face was found, counted as non-response")
    return sighting.problems


def _frames(
    sightings: Sequence[Sighting], which: Callable[[tuple[Face, ...]], bool]
) -> dict[str, int]:
    found: Counter[str] = Counter({"bonafide": 0, "attack": 0})
    for sighting in sightings:
        found[sighting.presentation.truth.label] += sum(
            which(seen.faces) for seen in sighting.frames
        )
    return dict(found)


def _thresholds(by: Judging) -> dict[str, float]:
    colours = _rgb_thresholds(by.rgb) if by.colours else {}
    return colours | (depth_modes.thresholds(by.depth) if by.depth is not None else {})


def _rgb_thresholds(rgb: RgbSettings) -> dict[str, float]:
    return {
        "liveness_detection_threshold": rgb.liveness_detection_threshold,
        "fake_detection_threshold": rgb.fake_detection_threshold,
        "minimum_preliminary_liveness_threshold": rgb.minimum_preliminary_liveness_threshold,
        "evaluate_liveness_over_n_frames": rgb.evaluate_liveness_over_n_frames,
        "evaluate_fake_over_n_frames": rgb.evaluate_fake_over_n_frames,
        "minimum_confirmations_required": rgb.minimum_confirmations_required,
    }
