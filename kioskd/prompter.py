"""Tells a kiosk's screen what the person before it is to do."""

from collections.abc import Callable

from kioskd.judge import Judged

AGAIN_S = 1.0  # a prompt is said again so often: a screen may come late, or have missed it


class Prompter:
    """A watch of one judge: says each change of the mode's prompt, and what stands, again.

    say  is called with the feed and the prompt's code, None when there is nothing to be done
    """

    def __init__(self, say: Callable[[str, str | None], None]) -> None:
        self._say = say
        self._shown: str | None = None
        self._said_at = 0.0

    def __call__(self, judged: Judged) -> None:
        prompt, at = judged.step.prompt, judged.ended_at
        due = prompt is not None and at - self._said_at >= AGAIN_S
        if prompt != self._shown or due:
            self._shown, self._said_at = prompt, at
            self._say(judged.frame.feed, prompt)
