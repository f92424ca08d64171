"""What a fleet's tests need: kiosks that sign, a local broker with a bridge, and collectors."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from kioskd.delivery.audit import AuditLog
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.seal import Seal
from kioskd.fleet.collector.trust import trust
from kioskd.fleet.database.library import connected
from kioskd.fleet.database.migration import migrate
from kioskd.fleet.nats_link import Cluster
from kioskd.problems import Problems
from kioskd.signing.ed25519 import Signer
from tests.support.broker import Mosquitto
from tests.support.nats_cluster import SECRET, NatsCluster, Node
from tests.support.patience import DEADLINE_S
from tests.support.project import ROOT
from tests.support.signed import KEY, public

_SIGNER = Signer(KEY)
HQ = ("hq", "kiosk-07")


def bridge(nodes: Sequence[Node], site: str, device: str, ca: Path | None = None) -> str:
    """The lines of fleet/bridge/mosquitto.conf for one kiosk, without where it keeps things."""
    text = (ROOT / "fleet" / "bridge" / "mosquitto.conf").read_text("utf-8")
    addresses = " ".join(f"127.0.0.1:{node.mqtt_port}" for node in nodes)
    text = text.replace("n1.example:1883 n2.example:1883 n3.example:1883", addresses)
    text = (
        text.replace("SITE", site).replace("DEVICE", device).replace(" PASSWORD\n", f" {SECRET}\n")
    )
    if ca is not None:
        text = text.replace(
            "#bridge_cafile /etc/mosquitto/kioskd/fleet-ca.pem", f"bridge_cafile {ca}"
        )
    lines = (line for line in text.splitlines() if not line.startswith("persistence"))
    return "\n".join(lines)


def bridged(
    folder: Path,
    cluster: NatsCluster,
    site: str,
    device: str,
    nodes: Sequence[Node] | None = None,
) -> Mosquitto:
    """A mosquitto that keeps what waits, and hands it to the cluster. To be started.

    nodes  in the order in which it tries them
    """
    more = bridge(nodes or cluster.nodes, site, device, cluster.address().ca)
    broker = Mosquitto(folder, more=more)
    config = folder / "mosquitto.conf"
    kept = f"persistence true\npersistence_location {folder}/\n"
    text = config.read_text().replace("persistence false\n", kept)
    # The bridge's lines end the general ones.
    general = [line for line in text.splitlines() if line not in more.splitlines() and line]
    config.write_text("\n".join((*general, more)) + "\n")
    return broker


@contextmanager
def signing_kiosk(folder: Path, settings: DeliverySettings) -> Iterator[Courier]:
    """Delivery of a real kiosk: its audit log, its signatures, its connection."""
    seal = Seal(_SIGNER.key_id, _SIGNER.signature)
    encode = partial(seal.encoded, f"{settings.site}/{settings.device}/audit")
    with closing(AuditLog(folder / "audit.db", encode=encode)) as log:
        courier = Courier(settings, log, Problems(lambda _: None), seal=seal)
        courier.start()
        try:
            yield courier
        finally:
            courier.stop()
            courier.join()


def trusting(database: str, *kiosks: tuple[str, str]) -> None:
    """Tables, and the key of every test trusted for these."""
    with connected(database) as connection:
        migrate(connection)
        for kiosk in kiosks:
            trust(connection, kiosk, (public(),))


class CollectorProcess:
    """`kioskd collect` as it runs at a site."""

    def __init__(
        self,
        folder: Path,
        cluster: Cluster,
        database: str,
        streams: Path | None,
        metrics: str | None = None,
    ) -> None:
        self._log = folder / "collect.log"
        self._command: list[str] = [sys.executable, "-m", "kioskd", "collect"]
        if streams is not None:
            self._command += ["--streams", str(streams)]
        if cluster.ca is not None:
            self._command += ["--ca", str(cluster.ca)]
        if metrics is not None:
            self._command += ["--metrics", metrics]
        self._environment = {
            **os.environ,
            "KIOSKD_FLEET_NATS": ",".join(cluster.servers),
            "KIOSKD_FLEET_NATS_PASSWORD": cluster.password or "",
            "KIOSKD_FLEET_DATABASE": database,
        }
        self._command += ["--nats-user", cluster.user or ""]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, cwd=ROOT
            )

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE_S)
            self._process = None

    def stop(self) -> int:
        """Its exit status after SIGTERM."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(DEADLINE_S)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")


def asked(database: str, question: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with connected(database) as connection:
        return connection.execute(question, values).fetchall()


def to(broker: Mosquitto, site: str, device: str) -> DeliverySettings:
    return replace(broker.settings(), site=site, device=device)
