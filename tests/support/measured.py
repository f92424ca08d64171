"""What a passive measure said over a story: a value for each frame, None where it cannot tell."""

from collections.abc import Sequence

Values = Sequence[float | None]


def told(values: Values) -> list[float]:
    return [value for value in values if value is not None]


def speaks(values: Values, limit: float) -> bool:
    """Whether it was against life wherever it could tell, and could."""
    return bool(told(values)) and min(told(values)) > limit


def is_silent(values: Values, limit: float) -> bool:
    return all(value <= limit for value in told(values))
