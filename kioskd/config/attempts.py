"""How attempts are bounded: the keys that the modes' sections share."""

from kioskd.config.section import Section, number
from kioskd.modes.attempt import AttemptSettings

ATTEMPT = AttemptSettings()


class Tries(Section):
    """When an attempt breaks off, and when the next may begin."""

    maximum_gap_s: float = number(
        ATTEMPT.maximum_gap_s, 0.1, 5.0, "s", "Longest time between two frames of one attempt."
    )
    cool_down_s: float = number(
        ATTEMPT.cool_down_s,
        0.0,
        300.0,
        "s",
        "Wait after an attempt that did not confirm.",
        looser="less",
    )
    attempts_per_track: int = number(
        ATTEMPT.attempts_per_track,
        1,
        100,
        "attempts",
        "Tries of one person; then they must leave the view.",
        looser="more",
    )


class Attempts(Tries):
    """How an attempt is bounded, in the sections of modes that have one deadline."""

    attempt_deadline_s: float = number(
        ATTEMPT.attempt_deadline_s,
        1.0,
        60.0,
        "s",
        "For the first fit frame to come, then anew for the decision.",
        looser="neither",
    )
