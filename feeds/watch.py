"""Whether a capture process is alive and its camera delivers. Pure: times are arguments."""

from feeds.settings import FeedSettings

GRACE_S = 1.0  # a read may end so long after the stall that it is; only then can it be a hang


class Watch:
    """Judges one run of a capture process by the times it left in its slot."""

    def __init__(self, settings: FeedSettings, started_at: float) -> None:
        self.patience_s = settings.stall_s  # nothing fresh for so long is a stall
        self.is_open = False
        self._settings = settings
        self._since = started_at

    def opened(self, at: float, patience_s: float) -> None:
        self.is_open = True
        self.patience_s = patience_s
        self._since = at

    def stalled(self, put_at: float, now: float) -> bool:
        """Whether nothing fresh came for too long; `put_at` is when the newest frame came."""
        return self.is_open and now - max(put_at, self._since) > self.patience_s

    def hangs(self, beat_at: float, now: float) -> bool:
        """Whether the process must be killed; `beat_at` is when it last showed life."""
        if not self.is_open:
            return now - self._since > self._settings.open_s + self._settings.hang_s
        limit_s = max(self._settings.hang_s, self.patience_s + GRACE_S)
        return now - max(beat_at, self._since) > limit_s
