"""Whether a capture process is alive and its camera delivers. Pure: times are arguments."""

from feeds.feed_settings import FeedSettings, StreamSource

GRACE_S = 1.0  # a read may end so long after the stall that it is; only then can it be a hang
STARVED_S = 60.0  # so much longer it may take where it only waits for a processor


class Watch:
    """Judges one run of a capture process by the times it left in its slot."""

    def __init__(self, settings: FeedSettings, started_at: float) -> None:
        self.patience_s = settings.stall_s  # nothing fresh for so long is a stall
        self.is_open = False
        self.seen = False  # whether an image has come, fresh or not
        self._settings = settings
        self._since = started_at

    def opened(self, at: float, patience_s: float) -> None:
        self.is_open = True
        self.patience_s = patience_s
        self._since = at

    def stalled(self, put_at: float, now: float) -> bool:
        """Whether nothing fresh came for too long; `put_at` is when the newest frame came."""
        return self.is_open and now - max(put_at, self._since) > self.patience_s

    @property
    def waits_for_camera(self) -> bool:
        """Whether a process that shows no life is one that waits for a network camera's image.

        FFmpeg knows one limit for all reads, and the first takes its time: what only changes
        comes before the key frame. So a later one that lasts too long is ended from outside.
        """
        return self._is_stream and self.is_open and self.seen

    @property
    def _is_stream(self) -> bool:
        return isinstance(self._settings.source, StreamSource)

    def hangs(self, beat_at: float, now: float) -> bool:
        """Whether the process must be killed; `beat_at` is when it last showed life."""
        if not self.is_open or (self._is_stream and not self.seen):
            return now - self._since > self._settings.open_s + self._settings.hang_s
        least_s = 0.0 if self._is_stream else self._settings.hang_s
        return now - max(beat_at, self._since) > max(least_s, self.patience_s + GRACE_S)
