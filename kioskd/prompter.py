"""Tells a kiosk's screen what the person before it is to do."""

from collections.abc import Callable

from kioskd.happenings import FrameJudged

AGAIN_S = 1.0  # a prompt is said again so often: a screen may come late, or have missed it


class Prompter:
    """Listens to each frame: says each change of a mode's prompt, and what stands, again.

    say  is called with the feed and the prompt's code, None when there is nothing to be done
    """

    def __init__(self, say: Callable[[str, str | None], None]) -> None:
        self._say = say
        self._shown: dict[str, tuple[str | None, float]] = {}  # by door: the prompt, when said

    def __call__(self, judged: FrameJudged) -> None:
        prompt, at = judged.step.prompt, judged.ended_at
        shown, said_at = self._shown.get(judged.door, (None, 0.0))
        if prompt != shown or (prompt is not None and at - said_at >= AGAIN_S):
            self._shown[judged.door] = (prompt, at)
            self._say(judged.frame.feed, prompt)
