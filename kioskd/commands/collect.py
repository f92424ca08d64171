"""`kioskd collect`: from the cluster into PostgreSQL, until SIGTERM."""

import signal
from pathlib import Path

from kioskd import log, shipped
from kioskd.commands.exit_status import OK
from kioskd.commands.fleet import Nats, fleet


def run(nats: Nats, streams: Path | None, address: str) -> int:
    """Bring the tables up to date, then collect. Exit status 0; 1, 2 as for all of the fleet."""
    log.configure("info", "auto")
    with fleet():
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

        async def until_told() -> None:
            collector = Collector(cluster, file, address)
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, collector.stop)
            await collector.run()

        asyncio.run(until_told())
    return OK
