"""So many in a while, and no more. Pure: the time comes with the question."""


class Quota:
    """`most` within `within_s` seconds; what is more is counted."""

    def __init__(self, most: int, within_s: float) -> None:
        self._most, self._within_s = most, within_s
        self._began_at: float | None = None
        self._count = 0
        self.left_out = 0  # since `take_left_out`

    def admits(self, now: float) -> bool:
        """`now`: seconds, monotonic."""
        if self._began_at is None or now - self._began_at >= self._within_s:
            self._began_at, self._count = now, 0
        self._count += 1
        if self._count <= self._most:
            return True
        self.left_out += 1
        return False

    def take_left_out(self) -> int:
        left_out, self.left_out = self.left_out, 0
        return left_out
