"""What the way in which a network camera codes its pictures means for a door."""

from feeds import key_frames
from feeds.feed_settings import FeedSettings, StreamSource
from feeds.key_frames import KeyFrames
from kioskd.doctor.diagnosis import Diagnosis

LOOK_S = 10.0  # in which two key frames should come
LONG_S = 4.0  # between two, beyond which a broken picture lasts too long for somebody at a door


def look(settings: FeedSettings) -> Diagnosis | None:
    """How often the camera sends a whole picture; None for cameras that send nothing else.

    Takes LOOK_S, and opens the camera once more.
    """
    if not isinstance(settings.source, StreamSource):
        return None
    seen = key_frames.watched(settings.source, open_s=settings.open_s, look_s=LOOK_S)
    return Diagnosis(f"key frames {settings.name}", True, _sentence(seen), note=_doubtful(seen))


def _doubtful(seen: KeyFrames) -> bool:
    return not seen.all and (seen.interval_s is None or seen.interval_s > LONG_S)


def _sentence(seen: KeyFrames) -> str:
    if seen.packets == 0:
        return "not known: this stream does not tell"
    if seen.all:
        return "each picture is one"
    if seen.interval_s is None:
        apart = f"fewer than two came in {seen.watched_s:.0f} s"
    else:
        apart = f"one every {seen.interval_s:.1f} s"
    if not _doubtful(seen):
        return apart
    return (
        f"{apart}: shorten the camera's key-frame interval (GOP, I-frame interval) to 1 or 2 s, or"
        " a damaged picture lasts as long"
    )
