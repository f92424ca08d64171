"""Everything that a broker, and the way to it, can do to a kiosk."""

import time
from datetime import UTC, datetime, timedelta

from tests.faults.authority import Authority
from tests.faults.bench import BASE, Bench, attack, bench, both
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually

_ALL = "topic readwrite #\n"
_NO_ACTION = "topic read #\n" + "".join(
    f"topic write {each}\n" for each in (f"{BASE}/status", f"{BASE}/audit", "witness/#")
)


def ended(kiosk: Bench) -> Findings:
    """Whole again, and counted: what waited has left."""
    kiosk.more()
    kiosk.weigh()
    kiosk.drained()
    kiosk.stop()
    return kiosk.count()


@row("broker-killed")
def killed(asked: Asked) -> Findings:
    """The broker is killed, and is back after a while: it has forgotten everything."""
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for long_s in (asked.long_s / 4, asked.long_s, 2 * asked.long_s):
            with kiosk.fault(kiosk.connected_again, tries=True):
                kiosk.broker.kill()
                time.sleep(long_s)
                kiosk.broker.start()
            kiosk.more()
        return ended(kiosk)


@row("broker-stopped")
def stopped(asked: Asked) -> Findings:
    """The broker is stopped (SIGSTOP): its kernel goes on taking what nobody reads."""
    with bench(asked.folder, both(), behind_wire=False) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for long_s in (asked.long_s / 4, 3 * asked.long_s):
            with kiosk.fault(kiosk.told_again, tries=True):
                kiosk.broker.suspend()
                time.sleep(long_s)
                kiosk.broker.resume()
            kiosk.more()
        return ended(kiosk)


@row("broker-slow")
def slow(asked: Asked) -> Findings:
    """Each piece that goes to or comes from the broker takes half a second longer."""
    with bench(asked.folder, both()) as kiosk:
        kiosk.start()
        kiosk.weigh()
        with kiosk.fault(kiosk.told_again, tries=True):
            kiosk.wire.delay_s = 0.5
            time.sleep(4 * asked.long_s)
            kiosk.wire.delay_s = 0.0
        return ended(kiosk)


@row("broker-held")
def held(asked: Asked) -> Findings:
    """The wire stalls: what is sent waits, for less and for more than an event is good for."""
    with bench(asked.folder, both()) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for long_s in (asked.long_s / 2, 3 * asked.long_s):
            with kiosk.fault(kiosk.told_again, tries=True):
                kiosk.wire.held = True
                time.sleep(long_s)
                kiosk.wire.held = False
            kiosk.more()
        return ended(kiosk)


@row("broker-half-open")
def half_open(asked: Asked) -> Findings:
    """What is sent vanishes, and nobody says so: a router that forgot the connection."""
    with bench(asked.folder, both()) as kiosk:
        kiosk.start()
        kiosk.weigh()
        with kiosk.fault(kiosk.connected_again, tries=True):
            kiosk.wire.swallowed = True
            time.sleep(4 * asked.long_s)
            kiosk.wire.swallowed = False
            kiosk.wire.cut()  # as its timers would at last, for which no row has the time
        return ended(kiosk)


@row("broker-cut")
def cut(asked: Asked) -> Findings:
    """The connection ends in the middle of a packet, at a random byte, again and again."""
    with bench(asked.folder, both()) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for _ in range(max(3, asked.times // 50)):
            before = kiosk.connects
            kiosk.wire.cut_after(kiosk.dice.randrange(1, 8000))
            eventually(lambda before=before: kiosk.connects > before)  # type: ignore[misc]
            kiosk.found.faults += 1
        return ended(kiosk)


@row("broker-denied")
def denied(asked: Asked) -> Findings:
    """The broker's access list stops taking events, and takes them again."""
    with bench(asked.folder, both(), behind_wire=False, acl=_ALL) as kiosk:
        kiosk.start()
        kiosk.weigh()
        told: list[int] = []
        with kiosk.fault(kiosk.told_again, tries=True):
            kiosk.broker.allow(_NO_ACTION)
            eventually(lambda: kiosk.daemon.log.count("the broker refused the event") >= 2)
            told.append(len(kiosk.seen.of("action")))
            time.sleep(asked.long_s)
            told.append(len(kiosk.seen.of("action")))
            kiosk.broker.allow(_ALL)
        if told[0] != told[1]:
            kiosk.found.short.append("an event came although the access list denied it")
        kiosk.found.said.append("a refused topic is tried again after 30 s")
        return ended(kiosk)


@row("broker-certificate")
def certificate(asked: Asked) -> Findings:
    """The broker comes back with a certificate that has expired, and then with a good one."""
    day, now = timedelta(days=1), datetime.now(UTC)
    authority = Authority(asked.folder)
    files = authority.serve(now - day, now + day)
    feeds = attack()
    with bench(asked.folder, feeds, behind_wire=False, certificates=files) as kiosk:
        kiosk.start()
        kiosk.weigh()
        with kiosk.fault(kiosk.connected_again, tries=True):
            kiosk.broker.kill()
            authority.serve(now - 9 * day, now - 2 * day)
            kiosk.broker.start()
            eventually(lambda: "shows a certificate that" in kiosk.daemon.log)
            told = len(kiosk.seen.of("action"))
            time.sleep(asked.long_s)
            if len(kiosk.seen.of("action")) > told:
                kiosk.found.short.append("an event left by an expired certificate")
            kiosk.broker.kill()
            authority.serve(now - day, now + day)
            kiosk.broker.start()
        return ended(kiosk)
