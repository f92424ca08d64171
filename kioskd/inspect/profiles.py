"""What is asked of a still: the seed's input rules and bands, and what a door's camera can meet.

Each limit is (reject, doubt) in the unit of its rule. `selfie` has the numbers of the seed; `door`
relaxes what only somebody who photographs himself can meet. docs/understand/stills.md explains
each, and has where those numbers come from that are not the seed's.
"""

from collections.abc import Mapping
from typing import Literal

from kioskd.identity.matching import IDENTICAL
from kioskd.identity.reference_picture import FAR_TURNED_DEG, ROOM, TURNED_DEG
from kioskd.inspect.still_finding import Rule
from kioskd.modes.gate import (
    MAXIMUM_BLOCKS,
    MAXIMUM_CLUMPING,
    MAXIMUM_DISCORD,
    MAXIMUM_FLATNESS,
    MINIMUM_COLOUR,
    MINIMUM_REDNESS,
)
from kioskd.modes.gate_settings import FUSED_FACE_PX, GateSettings
from models.stills.areas import AREAS, COVERED, DOUBTFUL
from models.stills.light import BANDS

Profile = Literal["selfie", "door"]
Rules = Mapping[str, Rule]

AGAIN = "take another picture"
NEVER = 100.0  # of what is measured too poorly to reject by
# From where a covered area rejects a selfie. A fringe or a cap at the brows does not.
REJECTED = dict.fromkeys(AREAS, COVERED) | dict.fromkeys(
    ("forehead", "right_eyebrow", "left_eyebrow"), 1.0
)
PLAIN = "send the picture as the camera took it, without filters"

SELFIE = (
    Rule("megapixels", "input", "the size of the picture", "megapixels", "more", 2.0, 2.0,
         "send it as the camera took it, neither cut nor shrunk"),
    Rule("least_file_kb", "input", "the size of the file", "kB", "more", 100.0, 100.0,
         "send the picture as the camera took it", digits=0),
    Rule("most_file_kb", "input", "the size of the file", "kB", "less", 2000.0, 2000.0,
         "save it as a JPEG of quality 80 to 95", digits=0),
    Rule("jpeg_quality", "input", "the quality of the JPEG", "%", "more", 80.0, 80.0,
         "send it as the camera took it, and by no messenger that shrinks pictures", digits=0),
    Rule("other_face", "face", "the next largest face beside the largest one", "of its width",
         "less", 1.0, 0.5, "let one person alone be in the picture"),
    Rule("face_px", "face", "the shorter side of the face", "pixels", "more", 300.0, 300.0,
         "go closer to the camera", digits=0),
    Rule("roll", "face", "the tilt of the head", "degrees", "less", FAR_TURNED_DEG, TURNED_DEG,
         "hold head and camera upright", digits=0),
    Rule("yaw", "face", "the turn of the head", "degrees", "less", FAR_TURNED_DEG, TURNED_DEG,
         "look straight into the camera", digits=0),
    Rule("pitch", "face", "the nod of the head", "degrees", "less", FAR_TURNED_DEG, 20.0,
         "hold the camera at the height of the eyes", digits=0),
    Rule("room", "face", "the room around the face", "of its width", "more", 0.02, ROOM,
         "send the whole picture, with the head and what is around it"),
    Rule("sharpness", "light", "the sharpness of the face", "", "more", *BANDS["sharpness"],
         "hold the camera still and wipe its lens"),
    Rule("contrast", "light", "the contrast of the face", "", "more", *BANDS["contrast"],
         "wipe the lens, and have the light before you"),
    Rule("brightness", "light", "the brightness of the face", "", "more", *BANDS["brightness"],
         "have more light on the face"),
    Rule("overexposed", "light", "the part of the face that is white", "", "less",
         *BANDS["overexposed"], "avoid a lamp or the sun right on the face"),
    Rule("shadow", "light", "the shadow on one half of the face", "", "less", *BANDS["shadow"],
         "turn to the light"),
    Rule("backlight", "light", "the light behind the face", "", "less", *BANDS["backlight"],
         "turn around: have the light before you"),
    Rule("colour", "picture", "the spread of colours", "", "more", MINIMUM_COLOUR,
         MINIMUM_COLOUR, f"no network can judge a picture without colour; {PLAIN}"),
    Rule("blocks", "picture", "the trace of compression", "", "less", MAXIMUM_BLOCKS,
         MAXIMUM_BLOCKS, "it was compressed too far; send the original"),
    Rule("clumping", "picture", "the clumping of tones", "", "less", MAXIMUM_CLUMPING,
         MAXIMUM_CLUMPING, f"tones were taken away; {PLAIN}"),
    Rule("flatness", "picture", "the part of the face without any grain", "", "less",
         MAXIMUM_FLATNESS, MAXIMUM_FLATNESS,
         f"it was compressed or smoothed too far; {PLAIN}"),
    Rule("redness", "picture", "the red in the face", "", "more", MINIMUM_REDNESS,
         MINIMUM_REDNESS, f"no skin has these colours; {PLAIN}"),
    Rule("discord", "picture", "the discord of its colours", "", "less", MAXIMUM_DISCORD,
         MAXIMUM_DISCORD, f"its colours were changed; {PLAIN}"),
    *(
        Rule(area, "covered", f"the likelihood that the {area.replace('_', ' ')} is covered", "",
             "less", reject, DOUBTFUL, "take off what covers it, and keep hair and hands away")
        for area, reject in REJECTED.items()
    ),
    Rule("border_edge", "marks", "the straight edge about the face", "sides", "less", 2.4, 1.95,
         "there seems to be a sheet, a screen or a frame around it", essential=False,
         worth="it finds 18 % of telephones, 1 % of prints"),
    Rule("cut_border", "marks", "the outline cut round the face", "", "less", NEVER, 0.5,
         "it seems to be cut out; a person should look", essential=False,
         worth="weak: it finds 19 % of drawn cut-outs, and no real one yet"),
    Rule("deformation", "marks", "the deformation of the face", "", "less", NEVER, 0.25,
         "it seems bent, folded or stretched; a person should look", essential=False,
         worth="weak: it finds none of the bends that were drawn"),
    Rule("reflection", "marks", "the white glare on the skin", "", "less", NEVER, 0.15,
         "there may be glass before it; a person should look", essential=False,
         worth="weak: it finds 23 % of drawn glare, 5 % of telephones"),
    Rule("moire", "marks", "the grid on the skin", "", "less", 6.5, 5.2,
         "it seems to be shown on a screen", essential=False,
         worth="it finds 94 % of drawn grids, 2 % of telephones before a webcam"),
    Rule("liveness", "liveness", "the score for a living person", "", "more", 0.4, 0.9,
         "it looks like a picture of a picture; a person should look, or ask for another one"),
    Rule("likeness", "identity", "the likeness to the reference", "", "more", IDENTICAL, IDENTICAL,
         "it seems to be somebody else"),
)  # fmt: skip

_GATE = GateSettings()
# What a camera above a door gives: a frame of a stream, with a face of a hundred pixels, of people
# who look where they go. A door's own gate lets heads turn as far.
DOOR: Mapping[str, tuple[float, float]] = {
    "megapixels": (0.07, 0.07),
    "least_file_kb": (0.0, 0.0),
    "most_file_kb": (6000.0, 6000.0),
    "jpeg_quality": (30.0, 50.0),
    "face_px": (80.0, FUSED_FACE_PX),
    "roll": (FAR_TURNED_DEG, _GATE.maximum_roll_deg),
    "yaw": (FAR_TURNED_DEG, _GATE.maximum_yaw_deg),
    "pitch": (FAR_TURNED_DEG, _GATE.maximum_pitch_deg),
}


class LimitError(Exception):
    """A limit that was asked for and cannot be, in a sentence."""


def rules(profile: Profile, limits: Mapping[str, str] | None = None) -> Rules:
    """Of a profile, by code, with limits of the caller's: "REJECT,DOUBT", or one for both.

    Raises LimitError.
    """
    found = {rule.code: rule for rule in SELFIE}
    if profile == "door":
        found |= {code: found[code].limited(*both) for code, both in DOOR.items()}
    for code, told in (limits or {}).items():
        if code not in found:
            raise LimitError(f"no limit is called {code!r}; there are {', '.join(found)}")
        found[code] = _limited(found[code], told)
    return found


def _limited(rule: Rule, told: str) -> Rule:
    try:
        reject, *doubt = map(float, told.split(","))
        (last,) = doubt or (reject,)
    except ValueError:
        wanted = "one number, or two: from where it is rejected, and from where doubted"
        raise LimitError(f"--limit {rule.code}={told}: wants {wanted}") from None
    try:
        return rule.limited(reject, last)
    except ValueError as error:
        raise LimitError(f"--limit {error}") from None
