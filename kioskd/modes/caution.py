"""Evidence that sticks: what a liveness mode remembers of its door beyond one attempt.

The windows of an attempt (confirm.py) forget all that was seen before, so that somebody who keeps
trying needs luck only once. Around them, by default:

  an attack ends the tries    who was called an attack gets no other attempt until he left the view
  the door rests              after an attack nobody is tried for a while, and longer after each
                              further one, so that a minute holds few tries
  what is seen adds up        of each track, over all its attempts; while it speaks against life,
                              no window confirms

What is added is the logarithm of the odds for life (Good, 1950, Probability and the Weighing of
Evidence, has it so), each frame's held to MOST_OF_A_FRAME, for frames a fraction of a second apart
are no independent witnesses, and the sum to MOST, so that a person of whom a bad second was seen
outweighs it in another.
"""

import math
from dataclasses import dataclass
from typing import Annotated

from kioskd.modes.attempt import FORGET_S
from kioskd.modes.confirm import Rule
from kioskd.modes.setting import Choice, Number
from models.schemes import logit

MOST_OF_A_FRAME = 2.0  # as a score of 0.88 says it, or of 0.12
MOST = 20.0  # ten frames of those


@dataclass(frozen=True, slots=True)
class CautionSettings:
    """How much of what was seen a door remembers; docs/understand/modes.md, "Evidence sticks"."""

    attack_ends_tries: Annotated[
        bool,
        Choice(
            "Who was called an attack gets no other attempt until they have left the view.",
            "false",
        ),
    ] = True
    evidence_adds_up: Annotated[
        bool,
        Choice(
            "Confirm nobody while what was seen of them, over all attempts, speaks against life.",
            "false",
        ),
    ] = True
    rest_s: Annotated[
        float,
        Number(
            0.0,
            300.0,
            "s",
            "After an attack nobody is tried for so long, and twice as long after each"
            " further one.",
            "less",
        ),
    ] = 3.0
    rest_most_s: Annotated[
        float,
        Number(
            0.0,
            3600.0,
            "s",
            "Never for longer than this; after as long without an attack the first rest"
            " holds again.",
            "less",
        ),
    ] = 60.0


FORGETFUL = CautionSettings(attack_ends_tries=False, evidence_adds_up=False, rest_s=0.0)


class Caution:
    """What one feed's mode remembers of its tracks, for one kind of evidence."""

    def __init__(self, settings: CautionSettings, rule: Rule) -> None:
        self._settings = settings
        self._neutral = (logit(rule.live_threshold) + logit(rule.fake_threshold)) / 2
        self._seen: dict[int, tuple[float, float]] = {}  # by track: when last, and the sum

    def saw(self, track_id: int, at: float, score: float) -> None:
        """A frame that counted, with its score 0..1."""
        weight = min(max(logit(score) - self._neutral, -MOST_OF_A_FRAME), MOST_OF_A_FRAME)
        if track_id not in self._seen:
            recent = (each for each in self._seen.items() if at - each[1][0] <= FORGET_S)
            self._seen = {**dict(recent), track_id: (at, 0.0)}
        _, before = self._seen[track_id]
        self._seen[track_id] = (at, min(max(before + weight, -MOST), MOST))

    def doubts(self, track_id: int) -> bool:
        """Whether all that was seen of the track speaks against life."""
        _, weight = self._seen.get(track_id, (0.0, 0.0))
        return self._settings.evidence_adds_up and weight < 0.0


class Rest:
    """How long a door rests after attacks."""

    def __init__(self, settings: CautionSettings) -> None:
        self._settings = settings
        self._attacked_at = -math.inf
        self._rest_s = 0.0

    def after_attack(self, at: float) -> float:
        """Until when nobody is tried, after an attack that was confirmed now."""
        first, most = self._settings.rest_s, self._settings.rest_most_s
        again = at - self._attacked_at < self._rest_s + most
        self._rest_s = min(2 * self._rest_s if again else first, most)
        self._attacked_at = at
        return at + self._rest_s
