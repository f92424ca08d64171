"""Who looks at which door, how many may, and what is measured for them meanwhile."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kioskd.page.door_view import DoorView
from kioskd.page.pictures import Pictures
from models.observation import Measure
from models.schemes import LivenessPlan

EVERY_S = 0.2  # seconds between two frames that are measured for who looks on
NOTHING: frozenset[Measure] = frozenset()

Ask = Callable[[str, frozenset[Measure], LivenessPlan | None, float], object]


class Looking:
    """Counts those who look. Belongs to the server's one thread.

    ask  tells a door's judge what to measure for who looks on, by the door's name; nothing: stop
    """

    def __init__(self, views: dict[str, DoorView], most: int, pictures: Pictures, ask: Ask) -> None:
        self._views, self._most, self._pictures, self._ask = views, most, pictures, ask
        self._aiming: Counter[str] = Counter()
        self.count = 0

    @property
    def is_full(self) -> bool:
        return self.count >= self._most

    @contextmanager
    def at(self, door: str, *, aims: bool) -> Iterator[None]:
        """Somebody looks at a door. `aims`: with checks and scores, which cost measuring.

        Whoever asks sees first that it is not full.
        """
        self.count += 1
        self._aims(door, aims)
        try:
            yield
        finally:
            self.count -= 1
            self._aims(door, -aims)

    def look_again(self, door: str) -> None:
        """What is measured there is another now: for who looks already. From the judge's thread."""
        if self._aiming[door] > 0:
            self._ask(door, self._views[door].measures, self._views[door].plan, EVERY_S)

    def _aims(self, door: str, by: int) -> None:
        before = self._aiming[door]
        self._aiming[door] += by
        view = self._views[door]
        if before == 0 and self._aiming[door] > 0:
            self._ask(door, view.measures, view.plan, EVERY_S)
        elif before > 0 and self._aiming[door] == 0:
            self._ask(door, NOTHING, None, 0.0)
            self._pictures.forget(view.door.feed.name)
