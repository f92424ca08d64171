"""An inspection in words: rows for a terminal, and one JSON object for programs."""

import json
from collections.abc import Sequence
from typing import Any

from kioskd.inspect.inspection import Inspection
from kioskd.inspect.still_finding import Band, Finding, Group
from kioskd.terminal_sections import Mood, Row, Section

MOODS: dict[Band, Mood] = {"accept": "good", "doubt": "note", "reject": "bad"}
TITLES: dict[Group, str] = {
    "input": "The file",
    "face": "The face",
    "light": "Its light",
    "picture": "What was done to the picture",
    "covered": "What covers the face",
    "marks": "Marks of a print or a screen",
    "liveness": "Liveness",
    "identity": "Identity",
}


def sections(inspection: Inspection) -> list[Section]:
    """Everything about one image."""
    rows = [
        Row((inspection.recommendation, inspection.name), MOODS[inspection.recommendation]),
        Row(("model", inspection.model)),
        Row(("profile", inspection.profile)),
        Row(("sha256", inspection.sha256)),
    ]
    if inspection.size is not None:
        rows.insert(1, Row(("size", "{} x {} pixels".format(*inspection.size))))
    found = [Section("", tuple(rows))]
    for group, title in TITLES.items():
        of_group = [each for each in inspection.findings if each.group == group]
        if of_group:
            found.append(Section(title, tuple(map(_row, of_group))))
    return found


def summary(inspections: Sequence[Inspection]) -> list[Section]:
    """A line for each of many images, and how many there were of each kind."""
    counts = ", ".join(
        f"{sum(each.recommendation == band for each in inspections)} {band}" for band in MOODS
    )
    rows = [
        Row(
            (each.recommendation, each.name, " ".join(found.code for found in each.against)),
            MOODS[each.recommendation],
        )
        for each in inspections
    ]
    return [
        Section("", tuple(rows)),
        Section("", (Row((f"{len(inspections)} images: {counts}",)),)),
    ]


def as_json(inspection: Inspection) -> str:
    """One line."""
    return json.dumps(as_record(inspection), ensure_ascii=False)


def as_record(inspection: Inspection) -> dict[str, Any]:
    """For programs."""
    return {
        "name": inspection.name,
        "sha256": inspection.sha256,
        "model": inspection.model,
        "profile": inspection.profile,
        "recommendation": inspection.recommendation,
        "against": [each.code for each in inspection.against],
        "size": inspection.size,
        "face": None if inspection.face is None else [round(side, 1) for side in inspection.face],
        "findings": [_finding(each) for each in inspection.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": finding.code,
        "group": finding.group,
        "band": finding.band,
        "found": None if finding.found is None else round(finding.found, 4),
        "sentence": finding.sentence,
    }
    if finding.limits is not None:
        told["limits"] = dict(zip(("doubt", "reject"), finding.limits, strict=True))
        told["better"] = finding.better
    return told


def _row(finding: Finding) -> Row:
    return Row((finding.band, finding.code, finding.sentence), MOODS[finding.band])
