"""The rule of a door's hours: what stands there is hours, dates and a zone."""

from collections.abc import Iterator

from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_value
from kioskd.opening_hours import HoursError, opening_hours


def problems(ask: Answers) -> Iterator[Problem]:
    for door in ask.sections("doors"):
        for place, key in enumerate(("open", "closed_on", "time_zone")):
            at = ("doors", door, "hours", key)
            said = ", ".join(ask.words(*at) or ()) if key != "time_zone" else ask.text(*at)
            given: list[str | None] = [None, None, None]
            given[place] = said or None
            try:
                opening_hours(*given)
            except HoursError as error:
                yield at_value(ask.document, at, str(error))
