"""An evaluation as one HTML file that needs nothing else. The only file that imports Jinja2."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kioskd.evaluation import curves
from kioskd.evaluation.error_measures import curve, reliability
from kioskd.evaluation.report import Mistake, Report, SchemeReport
from kioskd.evaluation.report_text import interval, percent, stills

HERE = Path(__file__).parent
TEMPLATE = HERE / "report.html.jinja"


def page(report: Report, thumbnails: Mapping[Mistake, bytes] | None = None) -> str:
    """The text of the whole file.

    thumbnails  JPEGs, which are personal data: leave them out unless they were asked for
    """
    shown = {mistake: b64encode(jpeg).decode() for mistake, jpeg in (thumbnails or {}).items()}
    return rendered(
        TEMPLATE,
        report=report,
        stills=stills(report),
        species=[group.name for group in report.schemes[0].species] if report.schemes else [],
        by_name=lambda scheme: {group.name: group for group in scheme.species},
        percent=percent,
        interval=interval,
        curves=_curves(report),
        colours=curves.SERIES,
        scores=list(_scores(report)),
        reasons=list(dict.fromkeys(r for told in report.gate_reasons.values() for r in told)),
        thumbnails=shown,
    )


def rendered(template: Path, **values: Any) -> str:
    """The page that a template makes of the values; their names are its own.

    It may include what lies beside it, or here.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template.name).render(**values)


def _curves(report: Report) -> dict[str, Any]:
    """The charts of all schemes together; empty where one of the classes is missing."""
    every = [
        (scheme.scheme, curve(scheme.scores["bonafide"], scheme.scores["attack"]))
        for scheme in report.schemes
    ]
    found = {name: known for name, known in every if known is not None}
    if not found:
        return {}
    drawn = list(found.values())
    return {"names": list(found), "det": curves.det(drawn), "roc": curves.roc(drawn)}


def _scores(report: Report) -> Iterator[tuple[SchemeReport, str, str]]:
    """Each scheme with its two charts."""
    for scheme in report.schemes:
        live, fake = scheme.scores["bonafide"], scheme.scores["attack"]
        yield scheme, curves.histogram(live, fake), curves.reliability(reliability(live, fake))
