"""What a passive measure weighs of a picture is decided by the pictures of other sources."""

import numpy as np
import pytest

from models.making.training.beside import against, shares
from models.passive.passive import MOST, MOST_OF_ONE, SCALES

LIMIT, CLEAR = SCALES["background"]
HIGH = (LIMIT + CLEAR) / 2


def test_a_living_picture_of_another_source_moves_the_limit_and_one_s_own_does_not() -> None:
    source = np.array(["a", "a", "b"])
    live = np.array([True, False, False])
    found = shares(np.array([HIGH, CLEAR, CLEAR]), "background", source, live)
    assert found.tolist() == pytest.approx([0.5, 1.0, 0.5])


def test_what_cannot_be_told_weighs_nothing_and_chooses_nothing() -> None:
    source, live = np.array(["a", "a", "b"]), np.array([True, True, False])
    values = np.array([np.nan, 0.0, CLEAR])
    assert shares(values, "background", source, live).tolist() == [0.0, 0.0, 1.0]


def test_all_together_weigh_what_the_shipped_rule_says() -> None:
    one, all_of_them = [np.array([0.5])], [np.array([1.0])] * 3
    assert against(one).tolist() == [0.5 * MOST_OF_ONE]
    assert against(all_of_them).tolist() == [MOST]
    assert against(all_of_them, 6.0).tolist() == [6.0 * MOST / MOST_OF_ONE]
