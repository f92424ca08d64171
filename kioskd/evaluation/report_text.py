"""An evaluation's figures for the terminal."""

from collections.abc import Iterator, Mapping, Sequence

from kioskd.evaluation.report import Group, Quantiles, Rate, Report, SchemeReport, Separation
from kioskd.terminal import table

MOST_PROBLEMS = 20  # the rest stands in the JSON and HTML files


def lines(report: Report) -> Iterator[str]:
    """The report as text, line by line."""
    yield from _head(report)
    yield ""
    if report.models:
        yield from _models(report)
        yield ""
    yield "Schemes, frame by frame; then those frames that pass the gate"
    yield from table(
        (
            *("scheme", "AUC", "EER", "APCER at BPCER 5 %", "AUC fit", "EER fit"),
            *("clip EER", "clip EER fit", "CPU ms"),
        ),
        [_scheme_frames(scheme) for scheme in report.schemes],
    )
    for scheme in report.schemes:
        yield ""
        yield from _scheme(scheme)
    yield ""
    yield from _gate(report)
    yield from problem_lines(report.problems)


def _models(report: Report) -> Iterator[str]:
    yield "Networks, frame by frame (frames with a face, whether or not the gate lets them pass)"
    yield from table(
        ("model", "bona fide", "attack", "AUC", "EER", "APCER at BPCER 5 %"),
        [(name, *_separation(found)) for name, found in report.models.items()],
    )


def markdown(report: Report) -> Iterator[str]:
    """The schemes side by side and the networks, as tables of a page."""
    species = [group.name for group in report.schemes[0].species]
    head = ("scheme", *(f"APCER {name}" for name in species), "BPCER")
    none = (*(f"no response {name}" for name in species), "no response bona fide")
    yield from markdown_table(
        (*head, *none, "AUC", "EER", "opens after", "calls after", "CPU"),
        [_markdown_row(scheme, species) for scheme in report.schemes],
    )
    yield ""
    yield from markdown_table(
        ("network", "bona fide frames", "attack frames", "AUC", "EER", "APCER at BPCER 5 %"),
        [(name, *_separation(found)) for name, found in report.models.items()],
    )


def _markdown_row(scheme: SchemeReport, species: Sequence[str]) -> tuple[str, ...]:
    by_name = {group.name: group for group in scheme.species}
    groups = [by_name[name] for name in species]
    live = scheme.bona_fide
    return (
        f"`{scheme.scheme}`",
        *(rate(group.errors) for group in groups),
        rate(live.errors) if live else "-",
        *(percent(group.no_response.share) for group in groups),
        percent(live.no_response.share) if live else "-",
        _number(scheme.frames.auc),
        percent(scheme.frames.eer),
        *(
            f"{scheme.after_s[outcome].median:.1f} s" if outcome in scheme.after_s else "-"
            for outcome in ("live", "attack")
        ),
        "-" if scheme.cpu_ms is None else f"{scheme.cpu_ms:.1f} ms",
    )


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of rows under a head, as a page has them."""
    for row in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(row)} |"


def percent(share: float | None) -> str:
    return "-" if share is None or share != share else f"{100 * share:.1f} %"


def rate(found: Rate) -> str:
    """Such as 3.3 % [0.1, 17.2] 1/30."""
    if not found.of:
        return "-"
    return f"{percent(found.share)} {interval(found)} {found.hits}/{found.of}"


def interval(found: Rate) -> str:
    """Such as [0.1, 17.2], in percent."""
    return f"[{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _head(report: Report) -> Iterator[str]:
    counts = report.presentations
    yield (
        f"{report.data_set}: {counts.get('bonafide', 0)} bona fide presentations,"
        f" {counts.get('attack', 0)} attacks, {report.subjects} subjects, {report.sources} sources"
    )
    yield (
        f"frames: {report.frames['bonafide']} bona fide"
        f" ({report.frames_without_face['bonafide']} without a face), {report.frames['attack']}"
        f" attack ({report.frames_without_face['attack']} without a face),"
        f" {report.frames_repeated} repeated ones left out"
    )
    if report.gate == "off":
        yield "GATE OFF: no frame was refused and no face followed; no door runs like this"
    if report.stills:
        yield stills(report)
    if report.unread:
        yield f"{report.unread} labelled file(s) or frame(s) could not be read and are in no figure"
    yield ", ".join(f"{name} {value:g}" for name, value in report.thresholds.items())
    if report.networks:
        yield ", ".join(f"{model}: {file}" for model, file in report.networks.items())


def stills(report: Report) -> str:
    """What is to be known of single images."""
    return (
        f"STILL IMAGES: {report.stills} presentation(s) are one image, judged by that one frame and"
        " the thresholds alone; no door decides by one"
    )


def _separation(found: Separation) -> tuple[str, ...]:
    return (
        str(found.bona_fide),
        str(found.attack),
        _number(found.auc),
        percent(found.eer),
        percent(found.apcer_at_bpcer_5),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _scheme_frames(scheme: SchemeReport) -> tuple[str, ...]:
    return (
        scheme.scheme,
        _number(scheme.frames.auc),
        percent(scheme.frames.eer),
        percent(scheme.frames.apcer_at_bpcer_5),
        _number(scheme.fit_frames.auc),
        percent(scheme.fit_frames.eer),
        percent(scheme.clips.eer),
        percent(scheme.fit_clips.eer),
        "-" if scheme.cpu_ms is None else f"{scheme.cpu_ms:.1f}",
    )


def _scheme(scheme: SchemeReport) -> Iterator[str]:
    yield f"{scheme.scheme}, presentation by presentation (95 % Clopper-Pearson intervals)"
    groups = [*(("APCER", group) for group in scheme.species)]
    if scheme.bona_fide is not None:
        groups.append(("BPCER", scheme.bona_fide))
    yield from table(
        ("", "error", "no response", "subjects", "unreadable"),
        [_group(what, group) for what, group in groups],
    )
    for outcome, name in (("live", "opened"), ("attack", "called an attack")):
        if outcome in scheme.after_s:
            yield f"  {name} after {_after(scheme.after_s[outcome], scheme.after_frames[outcome])}"
    for label, reasons in scheme.no_response_reasons.items():
        if reasons:
            yield f"  no response, {label}: {_tally(reasons)}"


def _group(what: str, group: Group) -> tuple[str, ...]:
    return (
        f"{what} {group.name}",
        rate(group.errors),
        rate(group.no_response),
        str(group.subjects),
        str(group.unreadable),
    )


def _after(seconds: Quantiles, frames: Quantiles) -> str:
    return (
        f"{seconds.median:.1f} s (95 %: {seconds.p95:.1f} s) from the first frame with a face,"
        f" {frames.median:.0f} frames"
    )


def _gate(report: Report) -> Iterator[str]:
    yield "The gate, frame by frame"
    for label, reasons in report.gate_reasons.items():
        yield f"  {label}: {_tally(reasons)}"
        for key, words in report.gate_found[label].items():
            yield f"    {key} {words}"


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "-"


def problem_lines(problems: Sequence[str]) -> Iterator[str]:
    """What could not be used, after an empty line; nothing where all could."""
    if not problems:
        return
    yield ""
    yield f"{len(problems)} problem(s)"
    yield from (f"  {problem}" for problem in problems[:MOST_PROBLEMS])
    if len(problems) > MOST_PROBLEMS:
        yield f"  and {len(problems) - MOST_PROBLEMS} more; --json and --html list all of them"
