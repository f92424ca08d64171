"""An evaluation's figures as one HTML file that needs nothing else. Pure."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from kioskd.evaluation import metrics, svg
from kioskd.evaluation.report import Group, Mistake, Rate, Report, SchemeReport
from kioskd.evaluation.report_text import percent, stills
from kioskd.evaluation.report_text import rate as rate_text

Thumbnails = Mapping[Mistake, bytes]  # JPEG

STYLE = """
:root { color-scheme: light dark; --ink: #1d2129; --soft: #5d6675; --paper: #fbfbf9;
  --card: #ffffff; --rule: #dcdfe4; --warn: #b3261e; --live: #0072b2; --fake: #d55e00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ec; --soft: #9aa3b2; --paper: #15181d;
  --card: #1d2127; --rule: #363c46; --warn: #ff8a80; --live: #4ea8de; --fake: #ff9152; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1320px; padding: 28px 20px 60px; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 8px; }
h3 { font-size: 15px; margin: 0 0 6px; } p { margin: 4px 0 10px; max-width: 85ch; }
.soft, small { color: var(--soft); } .warn { color: var(--warn); font-weight: 600; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 12px 5px 0; text-align: right; border-bottom: 1px solid var(--rule);
  white-space: nowrap; vertical-align: top; }
th { font-weight: 600; color: var(--soft); font-size: 13px; }
th:first-child, td:first-child { text-align: left; } td small { display: block; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 16px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 12px; }
.pairs { grid-template-columns: repeat(auto-fill, minmax(min(100%, 580px), 1fr)); }
.thumbs { grid-template-columns: repeat(auto-fill, minmax(180px, 1fr)); margin: 0 0 16px; }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 14px; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 11px; }
.grid { stroke: var(--rule); fill: none; } .guide { stroke: var(--soft); fill: none;
  stroke-dasharray: 4 4; } .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.bar { opacity: .62; } .live { fill: var(--live); } .fake { fill: var(--fake); }
.key { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 10px; padding: 0;
  list-style: none; font-size: 13px; }
.key i { display: inline-block; width: 14px; height: 4px; border-radius: 2px; margin-right: 6px;
  vertical-align: middle; background: currentColor; } .key .swatch { color: var(--colour); }
.c0 { --colour: #0072b2; } .c1 { --colour: #d55e00; } .c2 { --colour: #009e73; }
.c3 { --colour: #cc79a7; } .c4 { --colour: #e69f00; } .c5 { --colour: #56b4e9; }
.c6 { --colour: #8c6bb1; } .c7 { --colour: #7f7f7f; }
.line { stroke: var(--colour); } .dot { fill: var(--colour); }
figure { margin: 0; } figure img { width: 100%; border-radius: 4px; display: block; }
figcaption { font-size: 12px; color: var(--soft); overflow-wrap: anywhere; }
"""

DET = (
    "DET: both errors at each threshold",
    "attacks accepted (APCER)",
    "bona fide refused (BPCER)",
)
ROC = ("ROC: who is let in at each threshold", "attacks accepted", "bona fide accepted")


def page(report: Report, thumbnails: Thumbnails | None = None) -> str:
    """The whole file. Thumbnails are personal data: leave them out unless they were asked for."""
    body = "\n".join(_body(report, thumbnails or {}))
    title = f"kioskd evaluation of {escape(report.data_set)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(report: Report, thumbnails: Thumbnails) -> Iterator[str]:
    yield from _head(report)
    yield "<h2>Presentation by presentation</h2>"
    yield (
        "<p>What the door would have been told. APCER: attacks that opened it, of the worst"
        " species and of each. BPCER: live people called an attack first. No response: no"
        " decision at all, and the door stays shut. In brackets 95 % Clopper-Pearson intervals;"
        " they take presentations for independent, which clips of one person are not quite.</p>"
    )
    yield _presentations(report)
    yield "<h2>Frame by frame</h2>"
    yield "<p>Scores of every frame with a face; fit frames are those that pass the gate.</p>"
    yield _frames(report)
    yield from _curves(report)
    yield "<h2>Scores and what they are worth</h2>"
    yield (
        "<p>Left how the scores lie; right how often a score of about p is bona fide, if attacks"
        " were as frequent as live people: on the diagonal a score is a probability.</p>"
    )
    yield f'<div class="cards pairs">{"".join(_score_cards(report))}</div>'
    yield from _gate(report)
    yield from _mistakes(report, thumbnails)
    yield from _problems(report.problems)


def _head(report: Report) -> Iterator[str]:
    counts = report.presentations
    yield f"<h1>Evaluation of {escape(report.data_set)}</h1>"
    yield (
        f"<p>{counts.get('bonafide', 0)} bona fide presentations and {counts.get('attack', 0)}"
        f" attacks, {report.subjects} subjects, {report.sources} sources;"
        f" {report.frames['bonafide']} and {report.frames['attack']} frames, of which"
        f" {report.frames_without_face['bonafide']} and {report.frames_without_face['attack']}"
        f" without a face.</p>"
    )
    if report.gate == "off":
        yield (
            '<p class="warn">The gate was off: no frame was refused and no face followed.'
            " No door runs like this.</p>"
        )
    if report.stills:
        yield f'<p class="warn">{escape(stills(report))}</p>'
    if report.unread:
        yield f'<p class="warn">{report.unread} labelled files or frames could not be read.</p>'
    settings = ", ".join(f"{name} {value:g}" for name, value in report.thresholds.items())
    networks = ", ".join(f"{model} {name}" for model, name in report.networks.items())
    yield f'<p class="soft">{escape(settings)}<br>{escape(networks)}</p>'


def _presentations(report: Report) -> str:
    species = [group.name for group in report.schemes[0].species] if report.schemes else []
    head = (
        "scheme",
        *(f"APCER {name}" for name in species),
        "no response, attacks",
        "BPCER",
        "no response, bona fide",
        "opened after",
        "attack called after",
        "CPU ms a frame",
    )
    return _table(head, [_presentation_row(scheme, species) for scheme in report.schemes])


def _presentation_row(scheme: SchemeReport, species: Sequence[str]) -> tuple[str, ...]:
    by_name = {group.name: group for group in scheme.species}
    return (
        escape(scheme.scheme),
        *(_rate(by_name[name].errors) for name in species),
        "<br>".join(_short(by_name[name]) for name in species) or "-",
        _rate(scheme.bona_fide.errors) if scheme.bona_fide else "-",
        _rate(scheme.bona_fide.no_response) if scheme.bona_fide else "-",
        _after(scheme, "live"),
        _after(scheme, "attack"),
        "-" if scheme.cpu_ms is None else f"{scheme.cpu_ms:.1f}",
    )


def _short(group: Group) -> str:
    found = group.no_response
    unreadable = f", {group.unreadable} unreadable" if group.unreadable else ""
    share = f"{percent(found.share)}, {found.hits}/{found.of}" if found.of else "-"
    return f"{escape(group.name)} {share}{unreadable}"


def _after(scheme: SchemeReport, outcome: str) -> str:
    if outcome not in scheme.after_s:
        return "-"
    seconds, frames = scheme.after_s[outcome], scheme.after_frames[outcome]
    return (
        f"{seconds.median:.1f} s <small>95 %: {seconds.p95:.1f} s, {frames.median:g} frames</small>"
    )


def _rate(found: Rate) -> str:
    if not found.of:
        return "-"
    share, _, rest = rate_text(found).partition(" [")
    return f"{share} <small>[{rest}</small>"


def _frames(report: Report) -> str:
    head = ("", "bona fide", "attack", "AUC", "EER", "APCER at BPCER 5 %", "fit AUC", "fit EER")
    rows = [
        (
            f"network {escape(name)}",
            str(found.bona_fide),
            str(found.attack),
            _number(found.auc),
            percent(found.eer),
            percent(found.apcer_at_bpcer_5),
            "",
            "",
        )
        for name, found in report.models.items()
    ]
    rows += [
        (
            escape(scheme.scheme),
            str(scheme.frames.bona_fide),
            str(scheme.frames.attack),
            _number(scheme.frames.auc),
            percent(scheme.frames.eer),
            percent(scheme.frames.apcer_at_bpcer_5),
            _number(scheme.fit_frames.auc),
            percent(scheme.fit_frames.eer),
        )
        for scheme in report.schemes
    ]
    return _table(head, rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _curves(report: Report) -> Iterator[str]:
    det, roc = [], []
    for scheme in report.schemes:
        curve = metrics.curve(scheme.scores["bonafide"], scheme.scores["attack"])
        if curve is None:
            continue
        points = list(zip(curve.apcer.tolist(), curve.bpcer.tolist(), strict=True))
        det.append((scheme.scheme, svg.thinned(points)))
        roc.append((scheme.scheme, svg.thinned([(a, 1.0 - b) for a, b in points])))
    if not det:
        yield '<p class="soft">No curves: one of the classes is missing.</p>'
        return
    yield _key([name for name, _ in det])
    det_chart = svg.lines(svg.det_axis(DET[1]), svg.det_axis(DET[2]), det)
    roc_chart = svg.lines(svg.share_axis(ROC[1]), svg.share_axis(ROC[2]), roc, diagonal=True)
    yield f'<div class="cards">{_card(DET[0], det_chart)}{_card(ROC[0], roc_chart)}</div>'


def _key(names: Sequence[str]) -> str:
    items = (
        f'<li class="c{index % svg.COLOURS}"><i class="swatch"></i>{escape(name)}</li>'
        for index, name in enumerate(names)
    )
    return f'<ul class="key">{"".join(items)}</ul>'


def _score_cards(report: Report) -> Iterator[str]:
    for scheme in report.schemes:
        live, fake = scheme.scores["bonafide"], scheme.scores["attack"]
        bars = (
            ("bona fide", "live", metrics.histogram(live)),
            ("attack", "fake", metrics.histogram(fake)),
        )
        legend = (
            '<ul class="key"><li style="--colour: var(--live)"><i class="swatch"></i>bona fide</li>'
            '<li style="--colour: var(--fake)"><i class="swatch"></i>attack</li></ul>'
        )
        found = metrics.reliability(live, fake)
        points = [(each.mean_score, each.bona_fide) for each in found]
        axes = svg.share_axis("score"), svg.share_axis("bona fide in truth")
        brier = "-" if scheme.frames.brier is None else f"{scheme.frames.brier:.3f}"
        note = f"<small>Brier score {brier}; 0 is perfect, 0.25 a coin</small>"
        charts = svg.histograms("score", bars), svg.dots(*axes, [(scheme.scheme, points)])
        yield _card(scheme.scheme, f'{legend}<div class="pair">{"".join(charts)}</div>{note}')


def _gate(report: Report) -> Iterator[str]:
    reasons = list(dict.fromkeys(r for counts in report.gate_reasons.values() for r in counts))
    if not reasons:
        return
    yield "<h2>The gate, frame by frame</h2>"
    yield f"<p>What it said under {escape(report.schemes[0].scheme)}; a frame may have several.</p>"
    labels = list(report.gate_reasons)
    rows = [
        (escape(reason), *(str(report.gate_reasons[label].get(reason, 0)) for label in labels))
        for reason in reasons
    ]
    yield _table(("reason", *labels), rows)


def _mistakes(report: Report, thumbnails: Thumbnails) -> Iterator[str]:
    yield "<h2>The worst errors</h2>"
    for scheme in report.schemes:
        if not scheme.worst:
            yield f'<p class="soft">{escape(scheme.scheme)}: none</p>'
            continue
        yield f"<h3>{escape(scheme.scheme)}</h3>"
        if any(mistake in thumbnails for mistake in scheme.worst):
            figures = (_figure(mistake, thumbnails) for mistake in scheme.worst)
            yield f'<div class="cards thumbs">{"".join(figures)}</div>'
        else:
            yield _table(
                ("presentation", "in truth", "told", "liveness"),
                [_mistake(mistake) for mistake in scheme.worst],
            )


def _mistake(mistake: Mistake) -> tuple[str, ...]:
    truth = f"attack, {mistake.species}" if mistake.species else "bona fide"
    name = f"{escape(mistake.presentation)} <small>frame {mistake.frame}</small>"
    return (name, escape(truth), escape(mistake.state), f"{mistake.liveness:.3f}")


def _figure(mistake: Mistake, thumbnails: Thumbnails) -> str:
    name, truth, state, liveness = _mistake(mistake)
    content = thumbnails.get(mistake)
    data = b64encode(content).decode() if content else ""
    image = f'<img alt="" src="data:image/jpeg;base64,{data}">' if content else ""
    caption = f"{name} {truth}: {state}, liveness {liveness}"
    return f'<figure class="card">{image}<figcaption>{caption}</figcaption></figure>'


def _problems(problems: Sequence[str]) -> Iterator[str]:
    if problems:
        yield f"<h2>Problems ({len(problems)})</h2>"
        yield f"<ul>{''.join(f'<li>{escape(problem)}</li>' for problem in problems)}</ul>"


def _card(title: str, inner: str) -> str:
    return f'<div class="card"><h3>{escape(title)}</h3>{inner}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML already."""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'
