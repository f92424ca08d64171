"""A door that is locked out, and somebody live before it."""

from typing import Any

from tests.faults.bench import Bench, bench
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support.broker import eventually
from tests.support.clips import one_after_the_other
from tests.support.daemon import ATTACK, LIVE, file_feed

_LOCKED_S = 15.0


@row("locked-out")
def locked_out(asked: Asked) -> Findings:
    """After one attack a live person comes, and the daemon is killed: the door stays locked out."""
    clip = one_after_the_other(ATTACK, LIVE, asked.folder / "both.mp4")
    lockout = {"attacks": 1, "first_s": _LOCKED_S, "most_s": _LOCKED_S}
    feeds = {"live": file_feed(clip)}
    with bench(asked.folder, feeds, behind_wire=False, doors={"lockout": lockout}) as kiosk:
        kiosk.start()
        kiosk.weigh()
        for refused in (1, 2, 3):
            eventually(lambda refused=refused: _refused(kiosk) >= refused)  # type: ignore[misc]
            kiosk.daemon.kill()
            kiosk.found.faults += 1
            kiosk.daemon.start()
        kiosk.more(1)
        kiosk.weigh()
        kiosk.drained()
        kiosk.stop()
        found = kiosk.count()
        found.said.append(f"{_refused(kiosk)} times somebody live was refused by the lockout")
        found.wrong += _in_a_lockout(kiosk)
        return found


def _refused(kiosk: Bench) -> int:
    return sum("locked_out" in str(row.get("reasons")) for row in kiosk.seen.payloads("audit"))


def _in_a_lockout(kiosk: Bench) -> int:
    """Positive events that came in the time after an attack that the door was locked by."""
    wrong, until = 0, 0.0
    for seen in kiosk.seen.of("action"):
        said: Any = seen.payload
        if said["livenessConfirmed"] == "true":
            wrong += seen.at < until
        elif seen.at > until:
            until = seen.at + _LOCKED_S - 1.0
    return wrong
