"""Prints when key frames came in a stream, as JSON: python -m feeds.key_frame_watch.

A program of its own, with its orders on standard input; feeds/key_frames.py asks it.
"""

import json
import sys
from time import monotonic

from feeds import imaging
from feeds.key_frames import NOTHING, KeyFrames
from feeds.urls import UrlError, allowed

_SILENCE_S = 2.0  # a stream that sends nothing for so long has ended


def main() -> None:
    orders = json.load(sys.stdin)
    seen = _seen(orders["url"], orders["transport"], orders["open_s"], orders["look_s"])
    told = {"at_s": seen.at_s, "watched_s": seen.watched_s, "packets": seen.packets}
    print(json.dumps(told))


def _seen(url: str, transport: str, open_s: float, look_s: float) -> KeyFrames:
    try:
        capture = imaging.open_capture(
            allowed(url),
            open_timeout_s=open_s,
            silence_s=_SILENCE_S,
            transport="udp" if transport == "udp" else "tcp",
            packets=True,
        )
    except (imaging.NoKeyFrameError, UrlError):
        return NOTHING
    return NOTHING if capture is None else _counted(capture, look_s)


def _counted(capture: imaging.Capture, look_s: float) -> KeyFrames:
    """By the stream's own time where it has one: what was held back on the way comes at once."""
    at_s: list[float] = []
    packets, began_at = 0, monotonic()
    first_s: float | None = None
    while monotonic() - began_at < look_s and capture.read() is not None:
        packets += 1
        position_s = capture.position_s()
        first_s = position_s if first_s is None else first_s
        if capture.holds_key_frame:
            at_s.append(max(position_s - first_s, 0.0) or monotonic() - began_at)
    watched_s = monotonic() - began_at
    capture.release()
    return KeyFrames(tuple(at_s), watched_s, packets)


if __name__ == "__main__":
    main()
