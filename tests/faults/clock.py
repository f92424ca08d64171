"""A wall clock that is set, is wrong, or was never set."""

import time

from tests.faults.bench import Bench, bench, both
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.faults.wrong_clock import WrongClock
from tests.support.broker import eventually

HOUR_S, YEAR_S = 3600.0, 365 * 86400.0


def put_to(kiosk: Bench, clock: WrongClock, off_s: float, kept: bool = True) -> None:
    """The kiosk's clock is wrong by so much from now on."""
    clock.set(off_s, kept)
    kiosk.shifts.append((time.time(), off_s))


@row("clock-set")
def clock_set(asked: Asked) -> Findings:
    """The clock is set forward and back while the kiosk runs, by an hour and by a year."""
    clock = WrongClock(asked.folder)
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.daemon.python = clock.python
        kiosk.start()
        kiosk.weigh()
        for off_s in (HOUR_S, -HOUR_S, YEAR_S, -YEAR_S):
            for step in (off_s, 0.0):
                with kiosk.fault(kiosk.told_again):
                    put_to(kiosk, clock, step)
                kiosk.more(3)
                kiosk.seen.catch_up()
        told = kiosk.daemon.log.count("clock was set")
        kiosk.found.said.append(f"the log tells of {told} times that the clock was set")
        kiosk.weigh()
        kiosk.drained()
        kiosk.stop()
        return kiosk.count()


@row("clock-unset")
def clock_unset(asked: Asked) -> Findings:
    """The machine starts in 1970, and a time service sets its clock after a while; twice."""
    off_s = -time.time() + 100.0
    clock = WrongClock(asked.folder, off_s, kept=False)
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.shifts = [(0.0, off_s)]
        kiosk.daemon.python = clock.python
        for _ in range(2):
            kiosk.start()
            kiosk.weigh()
            with kiosk.fault(lambda: "clock" not in kiosk.problems()):
                eventually(lambda: "1970" in kiosk.problems().get("clock", ""))
                kiosk.more(3)
                put_to(kiosk, clock, 0.0)
            kiosk.more(3)
            kiosk.weigh()
            kiosk.drained()
            kiosk.stop()
            put_to(kiosk, clock, off_s, kept=False)
        return kiosk.count()
