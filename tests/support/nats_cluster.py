"""Three real NATS servers that keep everything three times, by the files in fleet/nats."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

from kioskd.fleet.nats_link import Cluster
from kioskd.fleet.streams.users_file import UP, added
from tests.support.broker import eventually, listening, program
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.project import ROOT

SECRET = "of-a-test"
# Who may say all that kiosks say, as `kioskd simulate` does: a line of users.conf.
SIMULATOR = (
    f'  {{ user: simulator, password: "{SECRET}", permissions: {{ publish: ['
    + ", ".join(f'"liveness.v1.*.*.{topic}"' for topic in UP)
    + "] } }"
)


class Node:
    """Killed and started again where it was."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.port, self.mqtt_port, self.cluster_port = free_port(), free_port(), free_port()
        self._monitor_port = free_port()
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, routes: str) -> None:
        """It goes on from what it kept on the disk."""
        environment = {
            "PATH": os.environ["PATH"],
            "KIOSKD_NODE": self.name,
            "KIOSKD_NODE_HOST": "127.0.0.1",
            "KIOSKD_NODE_PORT": str(self.port),
            "KIOSKD_NODE_MQTT_PORT": str(self.mqtt_port),
            "KIOSKD_NODE_CLUSTER_PORT": str(self.cluster_port),
            "KIOSKD_NODE_STORE": str(self._folder / self.name),
            "KIOSKD_NODE_ROUTES": routes,
            **dict.fromkeys(
                (
                    "KIOSKD_NODE_PASSWORD",
                    "KIOSKD_COLLECTOR_PASSWORD",
                    "KIOSKD_ROLLOUT_PASSWORD",
                    "KIOSKD_SYSTEM_PASSWORD",
                ),
                SECRET,
            ),
        }
        command = [program("nats-server"), "-c", str(self._folder / "node.conf")]
        command += ["-l", str(self._folder / f"{self.name}.log"), "-m", str(self._monitor_port)]
        self._process = subprocess.Popen(command, env=environment)

    def up(self) -> bool:
        return self._process is not None and listening(self.mqtt_port) and self.healthy()

    def healthy(self) -> bool:
        """By its own word: it has caught up with the others in every stream."""
        address = f"http://127.0.0.1:{self._monitor_port}/healthz"
        with suppress(OSError), urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(DEADLINE_S)
            self._process = None


class NatsCluster:
    """The nodes, and who may come: kiosks as SITE/DEVICE."""

    def __init__(
        self,
        folder: Path,
        kiosks: tuple[tuple[str, str], ...],
        more: str = "",
        certificates: Path | None = None,
    ) -> None:
        self._ca = None if certificates is None else certificates / "ca.pem"
        for file in (ROOT / "fleet" / "nats").glob("*.conf"):
            shutil.copy(file, folder)
        users = folder / "users.conf"
        text, self.passwords = added(users.read_text(), kiosks, "liveness/v1", lambda: SECRET)
        users.write_text(text.removesuffix("]\n") + f"{more}\n]\n")
        if certificates is not None:
            tls = folder / "tls.conf"
            lines = tls.read_text().replace("/etc/kioskd-fleet/nats", str(certificates))
            tls.write_text(re.sub(r"^#(?=tls|  |})", "", lines, flags=re.MULTILINE))
        self.nodes = [Node(folder, f"n{number}") for number in (1, 2, 3)]
        addresses = (f"nats://node:{SECRET}@127.0.0.1:{node.cluster_port}" for node in self.nodes)
        self._routes = f"[{', '.join(addresses)}]"

    def start(self, node: Node) -> None:
        node.start(self._routes)

    def address(self) -> Cluster:
        """As a collector reaches it."""
        return Cluster(self.servers(), "collector", SECRET, self._ca)

    def servers(self) -> tuple[str, ...]:
        scheme = "nats" if self._ca is None else "tls"
        return tuple(f"{scheme}://127.0.0.1:{node.port}" for node in self.nodes)

    def up(self) -> bool:
        return all(node.up() for node in self.nodes)


@contextmanager
def nats_cluster(
    kiosks: tuple[tuple[str, str], ...] = (("hq", "kiosk-07"),),
    more: str = "",
    certificates: Path | None = None,
) -> Iterator[NatsCluster]:
    """Running, for as long as the block lasts.

    more          lines of further users
    certificates  folder with ca.pem, server.pem and server.key, by which all is TLS
    """
    with tempfile.TemporaryDirectory(prefix="kioskd-nats-") as folder:
        cluster = NatsCluster(Path(folder), kiosks, more, certificates)
        try:
            for node in cluster.nodes:
                cluster.start(node)
            eventually(cluster.up)
            yield cluster
        finally:
            for node in cluster.nodes:
                node.kill()
