"""The page's words in one language, and figures in them; as kioskd/page/static/words.js does."""

import re
from collections.abc import Mapping
from typing import Any

NONE = "\N{EN DASH}"
_PLACE = re.compile(r"\{(\w+)\}")
_WORDLESS = ("face widths", "face heights")  # units that the page shows no sign of
_SWAPPED = str.maketrans(",.", ".,")


class Wording:
    """`said`: the words as `kioskd.page.assets.words` gives them."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    def __call__(self, path: str, **values: object) -> str:
        """The words at a path such as "page.least", with {names} filled in.

        Of a path that is unknown its last step.
        """
        found = self._at(path)
        if found is None:
            return path.rpartition(".")[2]
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), found)

    def knows(self, path: str) -> bool:
        return self._at(path) is not None

    def figure(self, value: float | None, unit: str = "") -> str:
        """A figure as people read it: no powers of ten, no more digits than mean something."""
        if value is None:
            return NONE
        digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
        text = f"{value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if digits else text
        text = "0" if text == "-0" else text
        if self._said.get("code") == "de":
            text = text.translate(_SWAPPED)
        sign = "°" if unit == "degrees" else unit
        return text if unit in ("", *_WORDLESS) else f"{text} {sign}"

    def _at(self, path: str) -> str | None:
        found: Any = self._said
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        return found if isinstance(found, str) else None
