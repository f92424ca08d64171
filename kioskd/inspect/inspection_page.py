"""Inspections as one HTML file that needs nothing else."""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from kioskd.evaluation.report_page import rendered
from kioskd.inspect.inspection import Inspection
from kioskd.inspect.still_finding import SEVERITY, Band
from kioskd.inspect.told import TITLES

TEMPLATE = Path(__file__).with_name("inspect.html.jinja")

CLUES = {
    "border_edge": "straight edges",
    "cut_border": "the outline",
    "deformation": "from where bone lies to where a head has it",
    "reflection": "white within the face",
    "moire": "where the grid stands",
    "liveness": "blurred away here, it would look more alive",
}


def page(inspections: Sequence[Inspection]) -> str:
    """The text of the file; of one inspection or more. Pictures are there where they were made."""
    return rendered(
        TEMPLATE,
        inspections=inspections,
        bands=SEVERITY,
        counts=Counter(each.recommendation for each in inspections),
        model=inspections[0].model,
        profile=inspections[0].profile,
        titles=TITLES,
        clues=CLUES,
        band_of=_band_of,
        b64=lambda content: b64encode(content).decode(),
    )


def _band_of(inspection: Inspection, code: str) -> Band:
    return next((each.band for each in inspection.findings if each.code == code), "doubt")
