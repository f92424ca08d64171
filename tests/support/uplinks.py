"""A road to a fleet by itself: a real audit log, a real connection, no daemon."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from kioskd.config.build import FLEET_ACK_S
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.incoming import Reader
from kioskd.delivery.seal import Seal
from kioskd.happenings import Happening
from kioskd.problems import Problems
from kioskd.signing.ed25519 import Signer
from kioskd.uplink.fleet_road import FleetRoad
from kioskd.uplink.uplink import Uplink
from tests.support.collecting import HQ
from tests.support.nats_cluster import SECRET, Node
from tests.support.signed import KEY

_SIGNER = Signer(KEY)


def fleet_settings(
    *places: tuple[str, int], kiosk: tuple[str, str] = HQ, **more: object
) -> DeliverySettings:
    """As `fleet:` in config.yaml makes them."""
    (host, port), *others = places
    made = DeliverySettings(host, port, *kiosk, protocol="3.1.1", section="fleet")
    made = replace(made, others=tuple(others), client_id=f"fleet-{'-'.join(kiosk)}")
    made = replace(made, username=".".join(kiosk), password=SECRET, ack_timeout_s=FLEET_ACK_S)
    return replace(made, **more)  # type: ignore[arg-type]


def of_nodes(nodes: Sequence[Node], kiosk: tuple[str, str] = HQ) -> DeliverySettings:
    """In the order in which they are tried."""
    return fleet_settings(*(("127.0.0.1", node.mqtt_port) for node in nodes), kiosk=kiosk)


@dataclass(frozen=True, slots=True)
class FleetKioskParts:
    """Delivery of a kiosk to its own broker and, by a road of its own, to a cluster."""

    courier: Courier
    road: FleetRoad
    log: AuditLog
    problems: Problems
    news: list[Happening]


@contextmanager
def kiosk_with_road(
    folder: Path,
    local: DeliverySettings,
    fleet: DeliverySettings | None,
    readers: Mapping[str, Reader] | None = None,
) -> Iterator[FleetKioskParts]:
    """As the daemon puts them together; started, and stopped in its order."""
    seal = Seal(_SIGNER.key_id, _SIGNER.signature)
    encode = partial(seal.encoded, f"{local.site}/{local.device}/audit")
    news: list[Happening] = []
    problems = Problems(news.append)
    with closing(AuditLog(folder / "audit.db", encode=encode)) as log:

        def made(by: DeliverySettings) -> Uplink:
            last = courier.last_will
            return Uplink(by, log, folder, last, problems, news.append, readers or {})

        road = FleetRoad(fleet, made, local.topics, problems)
        courier = Courier(local, log, problems, news.append, seal=seal, also=road.keep)
        courier.start()
        road.start()
        try:
            yield FleetKioskParts(courier, road, log, problems, news)
        finally:
            courier.stop()
            courier.join()
            road.stop()
            road.join(road.stop_s)
