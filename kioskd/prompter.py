"""Tells a kiosk's screen what the person before it is to do."""

from collections.abc import Callable
from dataclasses import dataclass

from kioskd.happenings import FrameJudged
from kioskd.modes.mode import MAY_FLICKER

SETTLE_S = 0.3  # what may be over with the next frame must stand so long before it is said
AGAIN_S = 1.0  # a prompt is said again so often: a screen may come late, or have missed it


@dataclass(slots=True)
class _Screen:
    """What one door shows, since when; and what its mode says, since when, in which phase."""

    shown: str | None = None
    said_at: float = 0.0
    coming: str | None = None
    since: float = 0.0
    phase: str = ""


class Prompter:
    """Listens to each frame: says each change of a mode's prompt, and what stands, again.

    What asks a person to stand otherwise follows single frames, and would flicker: within a phase
    it takes the place of another prompt when it has stood for SETTLE_S. Another phase speaks at
    once.

    say  is called with the feed and the prompt's code, None when there is nothing to be done
    """

    def __init__(self, say: Callable[[str, str | None], None]) -> None:
        self._say = say
        self._screens: dict[str, _Screen] = {}  # by door

    def __call__(self, judged: FrameJudged) -> None:
        step, at = judged.step, judged.ended_at
        screen = self._screens.setdefault(judged.door, _Screen())
        if step.prompt != screen.coming:
            screen.coming, screen.since = step.prompt, at
        within = step.phase == screen.phase and screen.shown is not None
        screen.phase = step.phase
        settles = within and step.prompt in MAY_FLICKER and at - screen.since < SETTLE_S
        prompt = screen.shown if settles else step.prompt
        if prompt != screen.shown or (prompt is not None and at - screen.said_at >= AGAIN_S):
            screen.shown, screen.said_at = prompt, at
            self._say(judged.frame.feed, prompt)
