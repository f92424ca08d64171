"""`kioskd events`: what the broker carries for this device, until interrupted."""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from kioskd.config.load import ConfigError, load
from kioskd.delivery.follow import follow


def run(path: Path, as_json: bool = False) -> int:
    """Print a line per message. Exit status 0 after Ctrl-C or SIGTERM, 2 on a bad configuration."""
    try:
        config = load(path)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    for line in follow(config.delivery, stop, as_json):
        print(line, flush=True)
    return 0
