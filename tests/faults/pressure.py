"""Too little memory, and too little time on the processor."""

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.faults.bench import Bench, bench, both
from tests.faults.broker import ended
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually

_RUN_S, _REST_S = 0.02, 0.18  # a tenth of a processor


@row("memory")
def memory(asked: Asked) -> Findings:
    """No byte of address space is left to the daemon (RLIMIT_AS), for a while."""
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for spare in (8 << 20, 0):
            with kiosk.fault(kiosk.told_again):
                limit = _address_space(kiosk.daemon.pid) + spare
                resource.prlimit(kiosk.daemon.pid, resource.RLIMIT_AS, (limit, -1))
                time.sleep(2 * asked.long_s)
                if kiosk.daemon.running:
                    resource.prlimit(kiosk.daemon.pid, resource.RLIMIT_AS, (-1, -1))
            if not kiosk.daemon.running:
                kiosk.found.said.append("the daemon ended, and was started again")
                kiosk.daemon.start()
        return ended(kiosk)


def _address_space(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    return pages * resource.getpagesize()


@row("processor")
def processor(asked: Asked) -> Findings:
    """The daemon and its captures run for 20 ms of every 200 ms (SIGSTOP and SIGCONT)."""
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.start()
        kiosk.weigh()
        with kiosk.fault(kiosk.told_again), starved(kiosk):
            time.sleep(10 * asked.long_s)
        reasons = {str(state["reason"]) for state in kiosk.seen.payloads("state")} - {""}
        kiosk.found.said.append(f"the feeds said meanwhile: {', '.join(sorted(reasons))}")
        return ended(kiosk)


@contextmanager
def starved(kiosk: Bench) -> Iterator[None]:
    """For as long as the block lasts; nobody is left stopped."""
    over = threading.Event()
    pinching = threading.Thread(target=_pinch, args=(kiosk, over))
    pinching.start()
    try:
        yield
    finally:
        over.set()
        pinching.join()
    eventually(lambda: kiosk.daemon.running)


def _pinch(kiosk: Bench, over: threading.Event) -> None:
    while not over.is_set():
        pids = [kiosk.daemon.pid, *kiosk.daemon.capture_pids()]
        _told(pids, signal.SIGSTOP)
        over.wait(_REST_S)
        _told(pids, signal.SIGCONT)
        time.sleep(_RUN_S)


def _told(pids: list[int], what: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, what)
