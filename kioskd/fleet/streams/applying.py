"""The cluster is brought to what the file says; what is so already is left alone."""

from kioskd.fleet.nats_link import Cluster, linked
from kioskd.fleet.streams.stream_file import StreamFile


async def applied(cluster: Cluster, file: StreamFile) -> list[tuple[str, str, str]]:
    """Name, made, changed or kept, and what was changed, of each. Raises LinkError."""
    found: list[tuple[str, str, str]] = []
    async with linked(cluster, "kioskd fleet apply") as link:
        for stream in file.streams:
            found.append((f"stream {stream.name}", *await link.apply_stream(stream)))
        for reader in file.readers:
            found.append((f"consumer {reader.name}", *await link.apply_reader(reader)))
    return found
