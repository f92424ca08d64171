"""The capture process of one feed: python -m feeds.capture, orders on standard input.

It lives for one opening of the source (a looped file counts as one): whatever goes wrong, it
says so and ends, and the feed starts another. So no state of FFmpeg, a driver or ours is ever
carried over a fault. Nothing but feeds, NumPy and OpenCV is loaded.
"""

import ctypes
import os
import signal
import sys

from feeds import decoder_log
from feeds.capture_messages import Message, Orders, message_line, read_orders
from feeds.feed_settings import FileSource, StreamSource
from feeds.slot import Slot
from feeds.surroundings import DAEMON_SIGNALS

_PR_SET_PDEATHSIG = 1  # prctl(2)


def main() -> None:
    for number in DAEMON_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    _die_with_parent()
    line = sys.stdin.buffer.readline()
    if not line:
        return  # the feed died before it could say anything
    orders = read_orders(line)
    if os.getppid() != orders.parent_pid:
        return  # it died before _die_with_parent took effect
    os.set_blocking(orders.bell_fd, False)
    _tell(orders, _captured(orders))


def _captured(orders: Orders) -> Message:
    if isinstance(orders.settings.source, StreamSource | FileSource):
        decoder_log.listen()
    try:
        from feeds.handover import hand_over  # here, so that a missing library can be told
    except ImportError as error:
        return Message("fault", "no_opencv", f"OpenCV cannot be loaded: {error}")
    try:
        return hand_over(orders, Slot(orders.slot_fd), lambda message: _tell(orders, message))
    except Exception as error:  # the process's edge: without this the reason would be lost
        return Message("fault", "bug", f"the capture process failed: {_place(error)}")


def _tell(orders: Orders, message: Message) -> None:
    try:
        os.write(orders.control_fd, message_line(message))
    except BrokenPipeError:
        sys.exit()  # the feed is gone


def _place(error: Exception) -> str:
    """What failed and where, without the error's text, which might hold an address."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


def _die_with_parent() -> None:
    """Has the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
