"""Tells as a problem, for as long as it lasts, that a feed's camera is not to be trusted."""

from collections.abc import Callable

from kioskd.happenings import FeedChanged

DISTRUSTED = frozenset({"camera_changed", "virtual_camera", "looped"})  # reasons of a feed's state


class CameraWatch:
    """A listener to feeds' states. `say` is told a sentence, or None when all is well again."""

    def __init__(self, say: Callable[[str | None], None]) -> None:
        self._say = say
        self._told: dict[str, str] = {}  # by feed

    def __call__(self, changed: FeedChanged) -> None:
        told, state = dict(self._told), changed.state
        told.pop(state.feed, None)
        if state.reason in DISTRUSTED:
            told[state.feed] = state.detail
        self._told = told
        said = [f"feed {feed}: {detail}" for feed, detail in sorted(told.items())]
        self._say("; ".join(said) or None)
