"""What `kioskd simulate` was asked for, read from its options."""

import os
import re
import time
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args

from kioskd.commands.simulate import Way
from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
from kioskd.fleet.simulator.daylight import DAY_S
from kioskd.fleet.simulator.fleet_of_kiosks import Plan
from kioskd.fleet.simulator.spoiling import Shares
from kioskd.fleet.simulator.story import Fault, FaultKind

MOST_CONNECTIONS = 200  # unless more are asked for: each is a thread
PORT, TLS_PORT = 1883, 8883


class AskedError(Exception):
    """It cannot be done; the sentence says what to ask for."""


def read(
    *,
    kiosks: int,
    doors: int,
    broker: str | None,
    to: Path | None,
    database: str | None,
    span: float,
    speed: float,
    every: float | None,
    health: float,
    connections: int | None,
    broken: tuple[str, ...],
    spoil: tuple[str, ...],
    seed: int,
    site: str,
    prefix: str,
    trust: Path | None,
    protocol: Literal["5", "3.1.1"],
    user: str | None,
    ca_file: Path | None,
    as_json: bool,
) -> tuple[Plan, Way]:
    """The plan, and where it goes. Raises AskedError."""
    if sum(each is not None for each in (broker, to, database)) != 1:
        raise AskedError("say who takes it: --broker HOST, --to FILE or --database ADDRESS")
    now = time.time()
    begins = now if speed == 1.0 and broker else now - span
    faults = dict(_fault(text, kiosks, begins) for text in broken)
    shares = _shares(spoil)
    plan = Plan(
        kiosks, begins, begins + span, doors, every, health, seed, site, prefix, shares, faults
    )
    place = None if broker is None else _broker(broker, protocol, user, ca_file)
    carried = connections or min(kiosks, MOST_CONNECTIONS)
    return plan, Way(place, to, database, carried, speed, trust, as_json)


def _fault(text: str, kiosks: int, begins: float) -> tuple[int, Fault]:
    found = re.fullmatch(r"(\w+)=(\d+)@(\d+(?:\.\d+)?)", text)
    kinds = {kind: kind for kind in get_args(FaultKind)}
    if found is None or found[1] not in kinds or not 1 <= int(found[2]) <= kiosks:
        raise AskedError(
            f"--broken is {', '.join(kinds)}, a kiosk's number and a day: lamp=17@14 (got {text!r})"
        )
    return int(found[2]), Fault(kinds[found[1]], begins + float(found[3]) * DAY_S)


def _shares(asked: Iterable[str]) -> Shares:
    names = [each.name for each in fields(Shares)]
    told: dict[str, float] = {}
    for text in asked:
        name, _, share = text.partition("=")
        try:
            told[name] = float(share)
        except ValueError:
            told[name] = -1.0
        if name not in names or not 0 <= told[name] <= 1:
            raise AskedError(
                f"--spoil is one of {', '.join(names)} and a share: late=0.01 (got {text!r})"
            )
    return Shares(**told)


def _broker(
    place: str, protocol: Literal["5", "3.1.1"], user: str | None, ca: Path | None
) -> DeliverySettings:
    host, _, port = place.rpartition(":") if re.search(r":\d+$", place) else (place, "", "")
    return DeliverySettings(
        host.strip("[]"),
        int(port) if port else (PORT if ca is None else TLS_PORT),
        "simulated",
        "fleet",
        client_id="kioskd-simulate",
        username=user,
        password=os.environ.get("MQTT_PASSWORD"),
        tls=None if ca is None else TlsSettings(ca),
        protocol=protocol,
        keepalive_s=60,
    )
