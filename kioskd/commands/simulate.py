"""`kioskd simulate`: kiosks without cameras, to a broker or into a file."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TextIO

from kioskd.commands.exit_status import FAILED, OK
from kioskd.commands.fleet import fleet as working
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Letter
from kioskd.fleet.simulator.carrier import Carriers
from kioskd.fleet.simulator.fleet_of_kiosks import FleetOfKiosks, Plan
from kioskd.fleet.simulator.kiosk import Said

DRAIN_S = 60.0  # for the broker to acknowledge the last
TELL_S = 10.0  # between two lines of how it goes
STORED_AT_ONCE = 20_000  # messages
SLEEP_S = 0.05  # at most at a time, so that connections are seen to


@dataclass(frozen=True, slots=True)
class Way:
    """Where it goes.

    broker       and over how many connections; None: into `file`, or
    database     the collector's, as it would store them: for weeks of history at once
    speed        so many times as fast as the plan's clock; 0: as fast as it goes
    trust        file for the kiosks' keys; None: none
    """

    broker: DeliverySettings | None
    file: Path | None = None
    database: str | None = None
    connections: int = 1
    speed: float = 1.0
    trust: Path | None = None
    as_json: bool = False


def run(plan: Plan, way: Way) -> int:
    """Say all of the plan. Exit status 0; 1 where a broker or a file did not take it all."""
    fleet = FleetOfKiosks(plan)
    began = time.monotonic()
    trouble: str | None = "interrupted: what was sent until then is told"
    try:
        if way.trust is not None:
            way.trust.write_text(json.dumps(fleet.trust, indent=1) + "\n", encoding="utf-8")
        with suppress(KeyboardInterrupt):
            trouble = _send(fleet, plan, way)
    except OSError as error:
        print(error, file=sys.stderr)
        return FAILED
    _tell(fleet, time.monotonic() - began, way)
    if trouble:
        print(trouble, file=sys.stderr)
    return FAILED if trouble else OK


def _send(fleet: FleetOfKiosks, plan: Plan, way: Way) -> str | None:
    """Why not all was taken; None where it was."""
    if way.database is not None:
        store(fleet, way.database)
        return None
    if way.broker is None:
        assert way.file is not None
        with _opened(way.file) as lines:
            for said in fleet.words():
                lines.write(_line(said) + "\n")
        return None
    carriers = Carriers(way.broker, way.connections)
    try:
        for said in _paced(fleet.words(), plan.begins, way.speed, carriers.tend):
            carriers.send(said.kiosk, Letter(said.topic, said.body, 1, said.retained))
        return _end(carriers)
    finally:
        carriers.close()


def store(fleet: FleetOfKiosks, address: str) -> None:
    """By the code of `kioskd collect`, as if each word had been taken when it was said."""
    with working():
        from kioskd.fleet.collector import batch, trust
        from kioskd.fleet.database.library import connected
        from kioskd.fleet.database.migration import migrate

        with connected(address) as database:
            migrate(database)
            for kiosk in fleet.kiosks:
                trust.trust(
                    database, (kiosk.names.site, kiosk.names.device), (kiosk.signer.public,)
                )
            words = fleet.words()
            while some := list(islice(words, STORED_AT_ONCE)):
                batch.store(database, [_stored(said) for said in some])


def _stored(said: Said) -> tuple[str, bytes, datetime]:
    return said.subject, said.body, datetime.fromtimestamp(said.at, UTC)


def _end(carriers: Carriers) -> str | None:
    if not carriers.drain(DRAIN_S):
        return f"the broker did not acknowledge all: {carriers.trouble or 'it is silent'}"
    if carriers.refused:
        return f"the broker refused {carriers.refused} messages: may this user publish them?"
    if carriers.again:
        print(f"# {carriers.again} sent again after a lost connection", file=sys.stderr)
    return None


def _paced(
    words: Iterable[Said], begins: float, speed: float, tend: Callable[[], None]
) -> Iterator[Said]:
    """Each word when its time has come."""
    began = told_at = time.monotonic()
    for sent, said in enumerate(words, 1):
        due = began + (said.at - begins) / speed if speed else began
        while (left := due - time.monotonic()) > 0:
            tend()
            time.sleep(min(left, SLEEP_S))
        yield said
        if (now := time.monotonic()) - told_at >= TELL_S:
            behind = f", {-left:.1f} s behind" if speed and left < -1 else ""
            print(f"# {sent} sent, {sent / (now - began):.0f} a second{behind}", file=sys.stderr)
            told_at = now


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    if str(file) == "-":
        yield sys.stdout
        return
    with file.open("w", encoding="utf-8") as lines:
        yield lines


def _line(said: Said) -> str:
    """As `kioskd verify` reads it; `at` is when it reached the broker."""
    line = {"topic": said.topic, "retained": said.retained, "payload": said.body.decode()}
    return json.dumps({**line, "at": round(said.at * 1000)}, ensure_ascii=False)


def _tell(fleet: FleetOfKiosks, took_s: float, way: Way) -> None:
    """On standard output, unless the words themselves went there."""
    told = fleet.sent.as_json()
    out = sys.stderr if str(way.file) == "-" else sys.stdout
    if way.as_json:
        print(json.dumps({**told, "tookS": round(took_s, 3)}), file=out)
        return
    rate = fleet.sent.messages / max(took_s, 1e-9)
    print(
        f"{len(fleet.kiosks)} simulated kiosks said {told['messages']} messages in {took_s:.1f} s "
        f"({rate:.0f} a second): {told['rows']} rows, {told['health']} health, {told['state']} "
        f"states, {told['status']} statuses, {told['alarms']} alarms",
        file=out,
    )
    print(
        f"on purpose: {told['lost']} rows never sent, {told['late']} late, {told['again']} twice, "
        f"{told['forged']} forged, {told['clocksOff']} clocks off",
        file=out,
    )
