"""kill -9 at random moments."""

import time

from tests.faults.bench import attack, bench
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.daemon import wait_gone

STARTING_S, WORKING_S = 4.0, 1.0


@row("kills")
def kills(asked: Asked) -> Findings:
    """The daemon is killed: in its first 4 s, and every other time within 1 s of an event."""
    with bench(asked.folder, attack(), behind_wire=False) as kiosk:
        kiosk.live_feeds = frozenset()
        kiosk.start()
        kiosk.weigh()
        for number in range(asked.kills):
            captures = kiosk.daemon.capture_pids()
            kiosk.daemon.kill()
            wait_gone(captures)
            kiosk.found.faults += 1
            if number % 2:
                kiosk.daemon.start()
                time.sleep(kiosk.dice.uniform(0.0, STARTING_S))
            else:
                kiosk.start()
                time.sleep(kiosk.dice.uniform(0.0, WORKING_S))
        kiosk.more()
        kiosk.weigh()
        kiosk.stop()
        kiosk.start()  # what the last moments left over leaves now
        kiosk.drained()
        kiosk.stop()
        return kiosk.count()
