"""`kioskd events`: what the broker carries for this device, until interrupted."""

import signal
import threading
from pathlib import Path
from types import FrameType

from kioskd.commands.configuration import OK, configuration
from kioskd.delivery.message_lines import follow


def run(path: Path, as_json: bool = False) -> int:
    """Print a line per message. Exit status 0 after Ctrl-C or SIGTERM."""
    config = configuration(path)
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    for line in follow(config.delivery, stop, as_json):
        print(line, flush=True)
    return OK
