"""Tells a kiosk's screen what the person before it is to do."""

from collections.abc import Callable

from kioskd.happenings import FrameJudged
from kioskd.modes.prompts import MAY_FLICKER

SETTLE_S = 0.3  # what may be over with the next frame must stand so long before it is said
AGAIN_S = 1.0  # a prompt is said again so often: a screen may come late, or have missed it


class Prompter:
    """Listens to each frame: says each change of a mode's prompt, and what stands, again.

    What asks a person to stand otherwise follows single frames, and would flicker: within a phase
    it takes the place of another prompt when it has stood for SETTLE_S. Another phase speaks at
    once.

    say  is called with the feed and the prompt's code, None when there is nothing to be done
    """

    def __init__(self, say: Callable[[str, str | None], None]) -> None:
        self._say = say
        self._shown: dict[str, tuple[str | None, float]] = {}  # by door: the prompt, when said
        self._phase: dict[str, str] = {}  # by door: of the prompt that is shown
        self._coming: dict[str, tuple[str | None, float]] = {}  # by door: the mode's, since when

    def __call__(self, judged: FrameJudged) -> None:
        prompt, at = judged.step.prompt, judged.ended_at
        shown, said_at = self._shown.get(judged.door, (None, 0.0))
        coming, since = self._coming.get(judged.door, (None, at))
        self._coming[judged.door] = (prompt, since if prompt == coming else at)
        same = self._phase.get(judged.door) == judged.step.phase and shown is not None
        if same and prompt in MAY_FLICKER and not self._settled(judged.door, at):
            prompt = shown
        self._phase[judged.door] = judged.step.phase
        if prompt != shown or (prompt is not None and at - said_at >= AGAIN_S):
            self._shown[judged.door] = (prompt, at)
            self._say(judged.frame.feed, prompt)

    def _settled(self, door: str, at: float) -> bool:
        return at - self._coming[door][1] >= SETTLE_S
