"""The disk full, read-only, and files that are not what they were."""

import random
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from tests.faults.bench import Bench, attack, bench, both
from tests.faults.broker import ended
from tests.faults.findings import Findings
from tests.faults.places import ROOT, Card, read_only, small
from tests.faults.rows import Asked, row
from tests.support.broker import eventually


@contextmanager
def full(kiosk: Bench, small: Path | None) -> Iterator[None]:
    """No byte more fits on the small disk; where there is none, no file of the daemon's grows."""
    if small is None:
        kiosk.daemon.limit_files(32_768)
        yield
        kiosk.daemon.limit_files(resource.RLIM_INFINITY)
        return
    filler = small / "audit.db.filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    yield
    filler.unlink()


def shut_while_unwritten(kiosk: Bench, long_s: float) -> None:
    """Waits until it is told, then looks whether anybody is told anything."""
    eventually(lambda: "audit" in kiosk.problems())
    told = len(kiosk.seen.of("action"))
    unwritten = kiosk.daemon.log.count("outcome=unrecorded")
    eventually(lambda: kiosk.daemon.log.count("outcome=unrecorded") >= unwritten + 2)
    time.sleep(long_s)
    if len(kiosk.seen.of("action")) > told:
        kiosk.found.short.append("an event left that is in no record")


@row("disk-full")
def disk_full(asked: Asked) -> Findings:
    """The disk of the state folder is full while the kiosk runs, and has room again."""
    with ExitStack() as held, bench(asked.folder, both(), behind_wire=False) as kiosk:
        if ROOT:
            held.enter_context(small(kiosk.state))
        kiosk.found.said.append("a tmpfs of 1 MB" if ROOT else "RLIMIT_FSIZE, without root")
        kiosk.start()
        kiosk.weigh()
        for _ in range(2):
            with kiosk.fault(kiosk.told_again), full(kiosk, kiosk.state if ROOT else None):
                shut_while_unwritten(kiosk, asked.long_s)
            eventually(lambda: "audit" not in kiosk.problems())
        return ended(kiosk)


@row("disk-read-only")
def disk_read_only(asked: Asked) -> Findings:
    """The memory card of the state folder fails while the kiosk runs: ext4 makes it read-only."""
    with ExitStack() as held, bench(asked.folder, both(), behind_wire=False) as kiosk:
        if not ROOT:
            kiosk.found.said.append("not run: it needs root, for a loop device")
            return kiosk.found
        card = Card(kiosk.state)
        card.put_in()
        held.callback(card.take_out)
        kiosk.start()
        kiosk.weigh()
        card.fail()
        kiosk.found.faults += 1
        shut_while_unwritten(kiosk, asked.long_s)
        kiosk.weigh()
        kiosk.daemon.kill()
        card.take_out()
        card.repair()  # a restart of the machine, without which no card is writable again
        card.put_in()
        kiosk.start()
        kiosk.drained()
        kiosk.stop()
        return kiosk.count()


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_rubbish(path: Path) -> None:
    path.write_bytes(_rubbish(path))


def _rubbish(path: Path) -> bytes:
    return random.Random(path.name).randbytes(5000)


BROKEN: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "rubbish": as_rubbish,
    "a folder": as_folder,
}


@row("files")
def files(asked: Asked) -> Findings:
    """Each file of the state folder is read-only, empty, rubbish or a folder when kioskd starts.

    It must say so and refuse to start, or say so and go on, or do without it: never a traceback.
    """
    locking = {"lockout": {"attacks": 5, "first_s": 1.0}}
    with bench(asked.folder, attack(), behind_wire=False, doors=locking) as kiosk:
        kiosk.start()
        eventually(lambda: (kiosk.state / "lockout.json").exists())
        kiosk.drained()
        kiosk.stop()
        for path in sorted(path for path in kiosk.state.iterdir() if path.is_file()):
            for what in ("read-only", *BROKEN) if ROOT else BROKEN:
                with mended(path):
                    _tried(kiosk, path, what)
        kiosk.start()
        kiosk.stop()
        return kiosk.count()


@contextmanager
def mended(path: Path) -> Iterator[None]:
    """Afterwards the file is as it was, unless kioskd has put another in its place."""
    before = path.read_bytes()
    yield
    if path.is_dir():
        path.rmdir()
    if not path.exists() or path.read_bytes() in (b"", _rubbish(path)):
        path.write_bytes(before)
        path.chmod(0o600)


def _tried(kiosk: Bench, path: Path, what: str) -> None:
    kiosk.found.faults += 1
    log, told = len(kiosk.daemon.log), len(kiosk.seen.of("action"))
    with ExitStack() as held:
        if what == "read-only":
            held.enter_context(read_only(path))
        else:
            BROKEN[what](path)
        kiosk.daemon.start(guarded=False)
        eventually(lambda: _shown(kiosk, told, log))
        came = len(kiosk.seen.of("action")) > told
        status = kiosk.daemon.stop() if kiosk.daemon.running else kiosk.daemon.wait()
    kiosk.kept += kiosk.in_log()[0]
    said = kiosk.daemon.log[log:]
    kiosk.found.said.append(f"{path.name} {what}: {_outcome(status, came, said)}")
    if "Traceback" in said or status not in (0, 1, 2):
        kiosk.found.short.append(f"{path.name} {what}: {said[-600:]}")


def _shown(kiosk: Bench, told: int, log: int) -> bool:
    """Whether it is known how it does: it has ended, or tells the door, or says that it cannot."""
    unrecorded = kiosk.daemon.log[log:].count("the door was not told")
    return not kiosk.daemon.running or len(kiosk.seen.of("action")) > told + 1 or unrecorded > 1


def _outcome(status: int, came: bool, said: str) -> str:
    if status == 0 and came:
        return "went on"
    if status == 0:
        return "went on without events, and said so"
    last = said.strip().splitlines()[-1] if said.strip() else ""
    return f"exit status {status}: {last[-200:]}"


@row("audit-cut")
def audit_cut(asked: Asked) -> Findings:
    """The audit log or its journal is cut off somewhere, at work and at rest; all had left."""
    return _damaged(asked, cut)


@row("audit-scribbled")
def audit_scribbled(asked: Asked) -> Findings:
    """Parts of the audit log or its journal are overwritten, at work and at rest; all had left."""
    return _damaged(asked, scribbled)


def cut(path: Path, dice: random.Random) -> None:
    with path.open("r+b") as file:
        file.truncate(dice.randrange(100, path.stat().st_size))


def scribbled(path: Path, dice: random.Random) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(8):
            file.seek(dice.randrange(0, size))
            file.write(dice.randbytes(dice.randrange(1, 3000)))


Damage = Callable[[Path, random.Random], None]


def _damaged(asked: Asked, damage: Damage) -> Findings:
    with bench(asked.folder, attack(), behind_wire=False) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for number in range(max(3, asked.times // 160)):
            kiosk.more(4)
            kiosk.drained()
            if number % 3 == 2:
                _at_rest(kiosk, damage)
            else:
                name = ("audit.db", "audit.db-wal")[number % 3]
                with kiosk.fault(kiosk.told_again):
                    damage(kiosk.state / name, kiosk.dice)
        kiosk.weigh()
        kiosk.drained()
        kiosk.stop()
        moved = len(list(kiosk.state.glob("audit.db.damaged-[0-9]")))
        kiosk.found.said.append(f"{moved} damaged files were moved aside")
        return kiosk.count()


def _at_rest(kiosk: Bench, damage: Damage) -> None:
    kiosk.stop()
    damage(kiosk.state / "audit.db", kiosk.dice)
    kiosk.found.faults += 1
    kiosk.start()
