"""Whether the liveness networks can judge a picture at all, and if not, why.

docs/measure/gate.md, "The picture", has each limit's figures.

These limits are no settings: they say where the networks stop being right, not what a site likes.
Beyond them a living person is called an attack, or an attack live; both must be unknown.
"""

from math import isfinite

from kioskd.modes.finding import Bound, Finding, failed
from kioskd.modes.reasons import Reason
from models.observation import Picture

MINIMUM_COLOUR = 0.15  # at half of it the networks call one living person in four an attack
MINIMUM_REDNESS = -0.06  # no skin, of whatever shade, is greener or bluer than this
MAXIMUM_DISCORD = 0.05
MAXIMUM_CLUMPING = 1.45
MAXIMUM_FLATNESS = 0.6
MAXIMUM_BLOCKS = 1.75

# What each measure's limit is, and what is said beyond it; a cause before what it brings with it:
# without colour there is no hue to be false, and compression takes tones away as well.
LIMITS: tuple[tuple[str, Reason, float, Bound], ...] = (
    ("colour", Reason.NO_COLOUR, MINIMUM_COLOUR, "least"),
    ("blocks", Reason.COMPRESSED, MAXIMUM_BLOCKS, "most"),
    ("clumping", Reason.FEW_TONES, MAXIMUM_CLUMPING, "most"),
    ("flatness", Reason.COMPRESSED, MAXIMUM_FLATNESS, "most"),
    ("redness", Reason.FALSE_COLOURS, MINIMUM_REDNESS, "least"),
    ("discord", Reason.FALSE_COLOURS, MAXIMUM_DISCORD, "most"),
)


def is_told(picture: Picture) -> bool:
    """Whether all of it is numbers."""
    return all(isfinite(getattr(picture, measure)) for measure, *_ in LIMITS)


def findings(picture: Picture) -> tuple[Finding, ...]:
    """What each check found. The first that fails is what is wrong with the picture."""
    return tuple(
        Finding(measure, reason, getattr(picture, measure), limit, bound)
        for measure, reason, limit, bound in LIMITS
    )


def fault(picture: Picture) -> Reason | None:
    """What is wrong with the picture; None: nothing that the networks could not judge."""
    if not is_told(picture):
        return Reason.NOT_MEASURED
    return next(iter(failed(findings(picture))), None)
