"""A threshold from a site's own people: what is chosen on half of them is judged on the others."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from models.making.training.site_threshold import Rule, passed, sites

USUAL = 0.4
RULE = Rule(refused=0.1, loosest=-2.0, strictest=4.0, usual=USUAL, least=10)


@dataclass(frozen=True, eq=False)
class Frames:
    """As models.making.training.chosen.Scores, of which it has all that is looked at."""

    source: Any
    live: Any
    tight: Any


def frames(*of: tuple[str, bool, bool, int]) -> Frames:
    """(source, living, tight, how many)."""
    columns = zip(*(each[:3] for each in of for _ in range(each[3])), strict=True)
    return Frames(*(np.array(column) for column in columns))


@pytest.mark.parametrize(
    ("living", "expected"),
    [
        (np.arange(20) / 10, 0.2),  # two of twenty may be refused
        (np.full(20, 9.0), 4.0),
        (np.full(20, -9.0), -2.0),
    ],
)
def test_the_strictest_that_refuses_no_more_and_lies_between_the_bounds(
    living: Any, expected: float
) -> None:
    threshold = RULE.of(living)
    assert threshold == expected
    if -2.0 < threshold < 4.0:
        assert np.mean(living < threshold) <= RULE.refused


def test_each_half_of_the_living_is_judged_by_what_the_other_half_chose() -> None:
    scores: Any = frames(("one", True, False, 20), ("one", False, False, 4))
    living = np.where(np.arange(20) % 2, 3.0, 1.0)  # every second person is seen better
    attacks = np.array([0.0, 2.0, 3.5, 1.0])
    logits = np.concatenate([living, attacks])
    found = sites(scores, logits, RULE)
    assert found["one"].thresholds == (1.0, 3.0)
    share = passed(scores, logits, found)
    assert share[:20].tolist() == [0.0, 1.0] * 10  # the worse half fails by the better one's
    assert share[20:].tolist() == [0.0, 0.5, 1.0, 0.5]


def test_a_site_with_few_people_keeps_the_usual_threshold_and_tight_crops_have_no_part() -> None:
    scores: Any = frames(
        ("few", True, False, 9), ("few", True, True, 40), ("none", False, False, 2)
    )
    logits = np.concatenate([np.full(49, 3.0), [0.5, 0.3]])
    found = sites(scores, logits, RULE)
    assert set(found) == {"few", "none"}
    assert {each.thresholds for each in found.values()} == {(USUAL, USUAL)}
    share = passed(scores, logits, found)
    assert share[:9].tolist() == [1.0] * 9
    assert share[9:49].tolist() == [0.0] * 40
    assert share[49:].tolist() == [1.0, 0.0]
