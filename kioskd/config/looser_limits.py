"""Notes on limits that let more pass than their defaults, which is how a door is opened too easily.

They refuse nothing, and say nothing of a recording; but one frame is never enough. Which way a key
lets more pass stands with the key itself.
"""

import math
from collections.abc import Iterator

from kioskd.config.effective_values import Answers
from kioskd.config.keys import Key, find
from kioskd.config.problem import Problem, at_value, note
from kioskd.modes.confirm import need

FEW = 3  # frames that should agree at least
EVEN = 0.5  # a score below it speaks for an attack rather than for life


def looser(key: str, shape: Key) -> str:
    """Which way `key` lets more pass: less, more, or a value; "neither" where neither way does."""
    prefix = {"minimum": "less", "maximum": "more"}.get(key.partition("_")[0], "")
    return str(shape.shape.get("x-looser", prefix))


def problems(ask: Answers, door: str, recording: bool) -> Iterator[Problem]:
    """`recording`: the door's feed plays one."""
    yield from _section(ask, ("doors", door), recording)


def _section(ask: Answers, at: tuple[str, ...], recording: bool) -> Iterator[Problem]:
    found = find(at, ask.value)
    keys = found.keys if found else {}
    if "minimum_confirmations_required" in keys:
        yield from _frames(ask, at, recording)
    for name, key in keys.items():
        if key.is_section:
            yield from _section(ask, (*at, name), recording)
        elif not recording:
            yield from _limit(ask, (*at, name), key)
    if "calibration_slope" in keys and not recording:
        yield from _calibrated(ask, at)


def _limit(ask: Answers, at: tuple[str, ...], key: Key) -> Iterator[Problem]:
    if not ask.set(*at):
        return
    default, value, way = key.default, ask.number(*at), looser(at[-1], key)
    if isinstance(default, bool | str):
        given = str(ask.true(*at)).lower() if isinstance(default, bool) else ask.text(*at)
        loose = given == way and given != str(default).lower()
        text = f"{given} lets more pass than {str(default).lower()}, the default"
    elif isinstance(default, int | float) and value is not None:
        loose = (way == "less" and value < default) or (way == "more" and value > default)
        text = f"{value:g} lets more pass than the default, {default:g}"
        if at[-1] == "liveness_detection_threshold" and value < EVEN:
            text = f"{value:g} takes for life what is rather an attack; the default is {default:g}"
    else:
        return
    if loose:
        yield note(ask.document, at, text)


def _frames(ask: Answers, at: tuple[str, ...], recording: bool) -> Iterator[Problem]:
    """How many frames are enough to confirm a person."""
    keys = ("minimum_confirmations_required", "evaluate_liveness_over_n_frames")
    ratio, frames = (ask.number(*at, key) for key in keys)
    if ratio is None or frames is None:
        return
    enough = need(ratio, int(frames))
    path = next(((*at, key) for key in keys if ask.set(*at, key)), at)
    if enough == 1:
        text = f"one frame of {frames:g} would confirm a person, and one may be an accident"
        yield at_value(ask.document, path, f"{text}; let at least {FEW} agree")
    elif enough < FEW and not recording:
        text = f"{enough} frames of {frames:g} confirm a person; let at least {FEW} agree"
        yield note(ask.document, path, text)


def _calibrated(ask: Answers, at: tuple[str, ...]) -> Iterator[Problem]:
    """The score below which a frame still speaks for life, once it is made a probability."""
    keys = ("calibration_slope", "calibration_intercept")
    slope, intercept = (ask.number(*at, key) for key in keys)
    threshold = ask.number(*at, "liveness_detection_threshold")
    written = [key for key in keys if ask.set(*at, key)]
    if not written or slope is None or intercept is None or threshold is None or threshold == 1.0:
        return
    logit = (math.log(threshold / (1 - threshold)) - intercept) / slope
    score = 1 / (1 + math.exp(-max(-500.0, min(500.0, logit))))
    if score < EVEN:
        text = f"with this line a score of {score:.2g} already speaks for life"
        yield note(ask.document, (*at, written[0]), text)
