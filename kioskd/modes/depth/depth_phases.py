"""The modes that look with a depth camera, as a table that docs/understand/modes.md draws."""

from enum import StrEnum

from kioskd.modes.rgb import rgb_phases


class Cause(StrEnum):
    FIRST_FIT_FRAME = "a frame passes the gate and every evidence has a score"
    ENOUGH_LIVE = "every evidence has enough scores at or above its liveness threshold"
    LIVE_OUT_OF_REACH = "one evidence can no longer reach enough"
    ENOUGH_FAKE = "one evidence has enough scores below its fake threshold"
    FAKE_OUT_OF_REACH = "one evidence reached neither outcome"


# The table of RGB liveness with these causes in the place of its own of the same names.
TRANSITIONS: dict[tuple[StrEnum, StrEnum], StrEnum] = {
    (phase, Cause.__members__.get(cause.name, cause)): after
    for (phase, cause), after in rgb_phases.TRANSITIONS.items()
}
