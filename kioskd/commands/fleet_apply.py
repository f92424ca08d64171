"""`kioskd fleet apply`: the cluster's streams and consumers, as the file says them."""

from pathlib import Path

from kioskd import shipped
from kioskd.commands.exit_status import OK
from kioskd.commands.fleet import Nats, fleet


def run(nats: Nats, streams: Path | None) -> int:
    """Make or change what differs, and say so; run again, nothing changes. Exit status 0, 1 or 2.

    streams  the file; None: the one that ships, fleet/streams.toml
    """
    with fleet():
        import asyncio

        from kioskd.fleet.nats_link import Cluster
        from kioskd.fleet.streams import stream_file
        from kioskd.fleet.streams.applying import applied

        text = shipped.text("fleet/streams.toml") if streams is None else streams.read_text("utf-8")
        cluster = Cluster(
            nats.servers, nats.user, nats.password(), nats.ca, nats.certificate, nats.key
        )
        for name, change, words in asyncio.run(applied(cluster, stream_file.read(text))):
            print(f"{name:<24} {change}{f': {words}' if words else ''}")
    return OK
