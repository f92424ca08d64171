"""kill -9 at random moments."""

import time

from tests.faults.bench import bench, both
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually
from tests.support.daemon import wait_gone

LONGEST_S = 6.0  # from a start to its kill: from the first import to some events


@row("kills")
def kills(asked: Asked) -> Findings:
    """The daemon is killed at a random moment from 0 to 6 s after its start, again and again."""
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for _ in range(asked.kills):
            captures = kiosk.daemon.capture_pids()
            kiosk.daemon.kill()
            wait_gone(captures)
            kiosk.found.faults += 1
            kiosk.daemon.start()
            time.sleep(kiosk.dice.uniform(0.0, LONGEST_S))
        told = len(kiosk.seen.of("action"))
        eventually(lambda: len(kiosk.seen.of("action")) > told)
        kiosk.weigh()
        kiosk.stop()
        kiosk.start()  # what the last moments left over leaves now
        kiosk.drained()
        kiosk.stop()
        return kiosk.count()
