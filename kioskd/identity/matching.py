"""From the likeness of two looks to a word a controller can act on.

docs/measure/identity.md has the pairs on which both numbers rest.
"""

import math

from kioskd.event import Match
from models.embedding import Embedding

IDENTICAL = 0.4  # likeness from which two looks are said to be of one person
# confidence = 1 / (1 + exp(-(STEEPNESS x likeness + SHIFT))): a logistic fit to the same pairs,
# one person's and two people's weighing the same
STEEPNESS, SHIFT = 39.3, -13.6


def matched(asked: Embedding, seen: Embedding) -> Match:
    """How two looks compare."""
    return match_of(asked.likeness(seen))


def match_of(likeness: float) -> Match:
    """What two looks that are so alike come to."""
    return Match(confidence(likeness), likeness >= IDENTICAL)


def confidence(likeness: float) -> float:
    """That two looks so alike are of one person, where either is as likely; 0..1."""
    return 1.0 / (1.0 + math.exp(-(STEEPNESS * likeness + SHIFT)))
