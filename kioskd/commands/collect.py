"""`kioskd collect`: from the cluster into PostgreSQL, until SIGTERM."""

import ipaddress
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from kioskd import log, shipped
from kioskd.commands.exit_status import OK, WRONG
from kioskd.commands.extras import extra
from kioskd.commands.fleet import Nats, fleet
from kioskd.metrics.metrics_settings import MetricsSettings

if TYPE_CHECKING:
    from kioskd.fleet.collector.counts import Counts


def run(nats: Nats, streams: Path | None, address: str, metrics: str | None = None) -> int:
    """Bring the tables up to date, then collect. Exit status 0; 1, 2 as for all of the fleet.

    metrics  where they are served, [ADDRESS:]PORT; None: as $KIOSKD_FLEET_METRICS says, or nowhere
    """
    log.configure("info", "auto")
    metrics = metrics or os.environ.get("KIOSKD_FLEET_METRICS")
    place = _place(metrics) if metrics else None
    with fleet(), ExitStack() as serving:
        import asyncio

        from kioskd.fleet.collector.collector import Collector
        from kioskd.fleet.database.library import connected
        from kioskd.fleet.database.migration import migrate
        from kioskd.fleet.nats_link import Cluster
        from kioskd.fleet.streams import stream_file

        text = shipped.text("fleet/streams.toml") if streams is None else streams.read_text("utf-8")
        file = stream_file.read(text)
        with connected(address) as database:
            for name in migrate(database):
                log.logger().info("migrated", name=name)
        cluster = Cluster(
            nats.servers, nats.user, nats.password(), nats.ca, nats.certificate, nats.key
        )

        collector = Collector(cluster, file, address)
        if place is not None:
            _serve(serving, collector.counts, place)

        async def until_told() -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, collector.stop)
            await collector.run()

        asyncio.run(until_told())
    return OK


def _place(said: str) -> MetricsSettings:
    """Ends the command where it is none. Without a host: for this machine alone."""
    host, _, port = said.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not (_is_address(host) and port.isdecimal() and 1 <= int(port) <= 65535):
        print(f"--metrics {said}: say PORT or ADDRESS:PORT, as 127.0.0.1:9481", file=sys.stderr)
        sys.exit(WRONG)
    return MetricsSettings(host, int(port))


def _is_address(said: str) -> bool:
    try:
        ipaddress.ip_address(said)
    except ValueError:
        return False
    return True


def _serve(serving: ExitStack, counts: "Counts", place: MetricsSettings) -> None:
    with extra("metrics", "prometheus_client"):
        from kioskd.fleet.collector.collector_metrics import metrics_of

    def told(trouble: str | None) -> None:
        if trouble:
            log.logger().warning("no metrics", why=trouble)

    server = metrics_of(counts, place, told)
    server.start()
    serving.callback(server.join)
    serving.callback(server.stop)
