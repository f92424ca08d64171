"""Which actions an attempt asks for. Chance comes from outside: modes have none of their own."""

from collections.abc import Callable

from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings
from kioskd.modes.challenges.kinds import Challenge

Below = Callable[[int], int]  # a number from 0 to one less than the given; `secrets.randbelow`


def drawn(settings: ChallengeSettings | SequenceSettings, below: Below) -> tuple[Challenge, ...]:
    """The actions of one attempt, in the order in which they are asked for."""
    if isinstance(settings, ChallengeSettings) or settings.order == "fixed":
        return settings.actions
    left = list(settings.actions)
    return tuple(left.pop(below(len(left))) for _ in range(settings.length))
