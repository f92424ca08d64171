"""Whether the liveness networks can judge a picture at all, and if not, why.

docs/measure/gate.md, "The picture", has each limit's figures.

These limits are no settings: they say where the networks stop being right, not what a site likes.
Beyond them a living person is called an attack, or an attack live; both must be unknown.
"""

from math import isfinite

from kioskd.modes.reasons import Reason
from models.observation import Picture

MINIMUM_COLOUR = 0.15  # at half of it the networks call one living person in four an attack
MINIMUM_REDNESS = -0.06  # no skin, of whatever shade, is greener or bluer than this
MAXIMUM_DISCORD = 0.05
MAXIMUM_CLUMPING = 1.45
MAXIMUM_FLATNESS = 0.6
MAXIMUM_BLOCKS = 1.75

FAULTS = (Reason.NO_COLOUR, Reason.COMPRESSED, Reason.FEW_TONES, Reason.FALSE_COLOURS)


def fault(picture: Picture) -> Reason | None:
    """What is wrong with the picture: the cause where one is known to bring others with it.

    Without colour there is no hue to be false, and compression takes tones away as well.
    """
    if not all(map(isfinite, (picture.colour, picture.redness, picture.discord))):
        return Reason.NOT_MEASURED
    if not all(map(isfinite, (picture.clumping, picture.flatness, picture.blocks))):
        return Reason.NOT_MEASURED
    if picture.colour < MINIMUM_COLOUR:
        return Reason.NO_COLOUR
    if picture.blocks > MAXIMUM_BLOCKS:
        return Reason.COMPRESSED
    if picture.clumping > MAXIMUM_CLUMPING:
        return Reason.FEW_TONES
    if picture.flatness > MAXIMUM_FLATNESS:
        return Reason.COMPRESSED
    if picture.redness < MINIMUM_REDNESS or picture.discord > MAXIMUM_DISCORD:
        return Reason.FALSE_COLOURS
    return None
