"""`kioskd fleet rollout`: a layer to a part of the kiosks, then to all, or back from them."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kioskd.commands.exit_status import FAILED, OK, WRONG
from kioskd.commands.fleet import fleet, kiosk_named

if TYPE_CHECKING:
    from kioskd.fleet.rollout.rollout import Rollouts
    from kioskd.fleet.rollout.rollout_store import Rollout

LOOK_S = 5.0  # between two steps
SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Road:
    """How the record is reached, and the broker that passes layers on, and by which key they go."""

    database: str
    broker: str
    key: Path
    user: str | None = None
    password_file: Path | None = None
    ca: Path | None = None
    prefix: str = "liveness/v1"


@dataclass(frozen=True, slots=True)
class Asked:
    """A rollout as the command line has it; spans such as 90s, 30m, 12h or 7d."""

    name: str
    file: Path
    level: str
    sites: tuple[str, ...]
    kiosks: tuple[str, ...]
    share: float
    wait: str
    patience: str
    networks: Path | None = None


class UsageError(Exception):
    """How the command is to be called."""


def start(road: Road, asked: Asked) -> int:
    """Begin it or go on with it, and watch it until it is done (status 0) or taken back (1)."""
    from kioskd.fleet.rollout.layer_check import mistakes
    from kioskd.fleet.rollout.networks_file import NetworksFileError, networks

    try:
        config = asked.file.read_text("utf-8")
        wait_s, patience_s = seconds(asked.wait), seconds(asked.patience)
        kiosks = tuple(map(kiosk_named, asked.kiosks))
        entries, files = ({}, {}) if asked.networks is None else networks(asked.networks)
    except (OSError, UnicodeDecodeError, UsageError, NetworksFileError) as error:
        print(error, file=sys.stderr)
        return WRONG
    if found := mistakes(config):
        print("\n".join(found), file=sys.stderr)
        return WRONG

    def begin(rollouts: "Rollouts") -> None:
        from kioskd.fleet.rollout.rollout_store import Rollout

        now = datetime.now(UTC)
        what = (asked.name, asked.level, config, asked.share, wait_s, patience_s)
        made = Rollout(0, *what, "canary", now, now, "", entries)
        rollouts.start(made, asked.sites, kiosks, files)

    return _until_ended(road, asked.name, begin)


def back(road: Road, name: str, why: str) -> int:
    """Take it back wherever it stands, and see to it that every kiosk is told (status 0)."""
    return _until_ended(road, name, lambda rollouts: rollouts.back(name, why), ended="returned")


def status(address: str, name: str | None, *, as_json: bool) -> int:
    """Print what each rollout is at, the newest first, or how one stands at each kiosk."""
    with fleet():
        from kioskd.fleet.database.library import connected
        from kioskd.fleet.rollout.rollout_store import RolloutStore

        with connected(address) as database:
            store = RolloutStore(database)
            found = [one for one in store.all() if name in (None, one.name)]
            if name is not None and not found:
                print(f"there is no rollout {name}", file=sys.stderr)
                return FAILED
            for one in found:
                print(json.dumps(_json(one)) if as_json else _line(one))
            if name is not None and not as_json:
                for each in store.told(found[0]):
                    took = "has it" if each.taken else each.refused or "has not answered"
                    print(f"  {each.name:<40} {took}; refused {each.since}, before {each.before}")
    return OK


def seconds(span: str) -> float:
    """Of a span such as 90s, 30m, 12h or 7d; raises UsageError."""
    try:
        return float(span[:-1]) * SPANS[span[-1:]]
    except (KeyError, ValueError):
        told = f"a span such as 90s, 30m, 12h or 7d is expected (got {span!r})"
        raise UsageError(told) from None


def _until_ended(
    road: Road, name: str, begin: "Callable[[Rollouts], object]", ended: str = "done"
) -> int:
    with fleet():
        from kioskd.fleet.database.library import DatabaseError
        from kioskd.fleet.rollout.publisher import PublishError
        from kioskd.fleet.rollout.rollout import RolloutError
        from kioskd.signing.ed25519 import SigningError

        begun, told = False, ""
        while True:
            try:
                with _opened(road) as rollouts:
                    if not begun:
                        begin(rollouts)
                        begun = True
                    for one in _steps(rollouts, name):
                        told = _tell(_line(one), told)
                    return OK if one.phase == ended else FAILED
            except (RolloutError, SigningError) as error:
                print(error, file=sys.stderr)
                return WRONG
            except (DatabaseError, PublishError) as error:
                if not begun:
                    print(error, file=sys.stderr)
                    return FAILED
                told = _tell(f"waits: {error}", told)
                time.sleep(LOOK_S)
            except KeyboardInterrupt:
                print(f"{name} stays as it is: run the same again to go on", file=sys.stderr)
                return FAILED


def _steps(rollouts: "Rollouts", name: str) -> "Iterator[Rollout]":
    """As it stands after each step, until it has ended."""
    while True:
        before = rollouts.step(name)
        yield before
        if before.phase in ("done", "returned"):
            return
        time.sleep(LOOK_S)


@contextmanager
def _opened(road: Road) -> "Iterator[Rollouts]":
    from kioskd.config.secrets import from_file
    from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
    from kioskd.fleet.database.library import connected
    from kioskd.fleet.database.migration import migrate
    from kioskd.fleet.rollout.publisher import Publisher
    from kioskd.fleet.rollout.rollout import Rollouts
    from kioskd.signing.ed25519 import signer_at

    host, _, port = road.broker.rpartition(":")
    password = os.environ.get("KIOSKD_ROLLOUT_PASSWORD")
    if road.password_file is not None:
        password = from_file(road.password_file, f"the password in {road.password_file}")
    settings = DeliverySettings(
        host=host or road.broker,
        port=int(port) if host and port.isdecimal() else 1883,
        site="fleet",
        device="rollout",
        prefix=road.prefix,
        client_id="kioskd-fleet-rollout",
        username=road.user,
        password=password,
        tls=TlsSettings(ca=road.ca) if road.ca is not None else None,
    )
    signer = signer_at(road.key, makes=False)
    with connected(road.database) as database:
        migrate(database)
        yield Rollouts(database, signer, Publisher(settings))


def _tell(line: str, told: str) -> str:
    if line != told:
        print(line, flush=True)
    return line


def _line(one: "Rollout") -> str:
    return f"{one.name}: {one.phase}" + (f" ({one.why})" if one.why else "")


def _json(one: "Rollout") -> dict[str, object]:
    names = ("name", "level", "share", "phase", "why")
    times = {"began": one.began.isoformat(), "since": one.since.isoformat()}
    return {**{name: getattr(one, name) for name in names}, **times}
