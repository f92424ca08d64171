"""A real mosquitto, and a client that is not ours to watch what it carries."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import paho.mqtt.client as paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
from tests.support.patience import DEADLINE_S, GUARDS
from tests.support.ports import free_port

T = TypeVar("T")
SYSTEM_PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin"))


def program(name: str) -> str:
    """Where a program of the system is; Debian keeps servers off most people's PATH."""
    found = shutil.which(name, path=SYSTEM_PATH)
    assert found, f"{name} is not installed: scripts/test installs what the tests need"
    return found


def eventually(found: Callable[[], T], within: float = DEADLINE_S) -> T:
    """The first true answer; AssertionError if there is none in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        for guard in GUARDS:
            guard()
        time.sleep(0.01)
    raise AssertionError(f"did not come true within {within} s: {found}")


@dataclass(frozen=True, slots=True)
class Certificates:
    """A little authority of one test: PEM files."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make_certificates(folder: Path) -> Certificates:
    """A new authority, a server certificate for 127.0.0.1 and a client's, by openssl."""
    folder.mkdir()

    def openssl(command: str) -> None:
        run = [program("openssl"), *command.split()]
        subprocess.run(run, cwd=folder, check=True, capture_output=True, timeout=DEADLINE_S)

    new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    usage = "-addext keyUsage=critical,keyCertSign"
    openssl(f"req -x509 {new} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority {usage}")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1"), ("client", "")):
        extensions = "basicConstraints=CA:FALSE\nauthorityKeyIdentifier=keyid\n"
        (folder / f"{name}.ext").write_text(extensions + extension)
        openssl(f"req {new} -keyout {name}.key -out {name}.csr -subj /CN={name}")
        openssl(
            f"x509 -req -in {name}.csr -out {name}.pem -CA ca.pem -CAkey ca.key "
            f"-CAcreateserial -days 2 -extfile {name}.ext"
        )
    return Certificates(*(folder / name for name in CERTIFICATE_FILES))


CERTIFICATE_FILES = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")


class Mosquitto:
    """mosquitto on a port of its own that it keeps when it is started again.

    users  name -> password; without any, everybody may come
    acl    the text of its ACL file
    more   further lines of its configuration
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str] | None = None,
        acl: str = "",
        certificates: Certificates | None = None,
        more: str = "",
    ) -> None:
        self.port = free_port()
        self.certificates = certificates
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.port} 127.0.0.1", "user root", "persistence false", more]
        lines.append(f"allow_anonymous {'false' if users else 'true'}")
        if users:
            lines.append(f"password_file {password_file(folder, users)}")
        self._acl = folder / "acl"
        if acl:
            self._acl.write_text(acl)
            lines.append(f"acl_file {self._acl}")
        if certificates is not None:
            lines += [f"cafile {certificates.ca}", f"certfile {certificates.server}"]
            lines.append(f"keyfile {certificates.server_key}")
        self._config.write_text("\n".join(lines) + "\n")
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [program("mosquitto"), "-c", str(self._config)], stdout=log, stderr=log
            )
        eventually(self._listening)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def allow(self, acl: str) -> None:
        """Another ACL than the one it was started with, from now on."""
        assert self._process is not None
        self._acl.write_text(acl)
        self._process.send_signal(signal.SIGHUP)

    def suspend(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def settings(
        self, username: str | None = None, password: str | None = None
    ) -> DeliverySettings:
        """How a kiosk reaches this broker."""
        tls = None if self.certificates is None else TlsSettings(ca=self.certificates.ca)
        return DeliverySettings(
            "127.0.0.1",
            self.port,
            site="hq",
            device="kiosk-07",
            username=username,
            password=password,
            tls=tls,
        )

    def _listening(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._log.read_text()
        return listening(self.port)


def listening(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def mosquitto(
    folder: Path,
    users: Mapping[str, str] | None = None,
    acl: str = "",
    certificates: Certificates | None = None,
    more: str = "",
) -> Iterator[Mosquitto]:
    """A running broker, for as long as the block lasts."""
    broker = Mosquitto(folder, users, acl, certificates, more)
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it reached a subscriber."""

    topic: str
    body: bytes
    qos: int
    retained: bool
    expiry_s: int | None
    at: float  # unix seconds

    @property
    def kind(self) -> str:
        return self.topic.rsplit("/", 1)[-1]

    @property
    def payload(self) -> dict[str, object]:
        payload: dict[str, object] = json.loads(self.body)
        return payload


MARKS = "witness/"


@dataclass
class Witness:
    """A subscriber to everything under `#` that keeps what it sees, also over reconnects."""

    client: paho.Client
    seen: list[Seen] = field(default_factory=list)
    qos: int = 1  # the most that its broker takes
    subscribed: bool = False  # over the present connection
    _mark: str = ""
    _marks: list[str] = field(default_factory=list)

    def of(self, kind: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.kind == kind]

    def payloads(self, kind: str) -> list[dict[str, object]]:
        return [seen.payload for seen in self.of(kind)]

    def catch_up(self) -> None:
        """Waits for all that the broker took up to now, and has perhaps not passed on yet.

        What we say to it last comes back behind that, for a broker keeps the order. A broker that
        is gone has nothing more to say.
        """
        self._mark = f"{MARKS}{len(self._marks)}"
        self._leave_mark()
        eventually(lambda: self._mark in self._marks or not self.client.is_connected())

    def _leave_mark(self) -> None:
        if self.subscribed and self._mark:
            self.client.publish(self._mark, qos=self.qos)

    def connected(
        self, client: paho.Client, userdata: object, flags: object, code: object, said: object
    ) -> None:
        self.qos = getattr(said, "MaximumQoS", 1)
        self.subscribed = False
        client.subscribe("#", qos=1)

    def has_subscribed(self, *_: object) -> None:
        self.subscribed = True
        self._leave_mark()

    def note(self, client: paho.Client, userdata: object, message: MQTTMessage) -> None:
        if message.topic.startswith(MARKS):
            self._marks.append(message.topic)
            return
        expiry = getattr(message.properties, "MessageExpiryInterval", None)
        body = bytes(message.payload)
        self.seen.append(
            Seen(message.topic, body, message.qos, message.retain, expiry, time.time())
        )


@contextmanager
def witness(
    broker: Mosquitto | int,
    username: str | None = None,
    password: str | None = None,
    protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5,
) -> Iterator[Witness]:
    """Subscribed once the block begins; `broker` may be the port of one that is no mosquitto."""
    port = broker if isinstance(broker, int) else broker.port
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
    watching = Witness(client)
    if isinstance(broker, Mosquitto) and broker.certificates is not None:
        client.tls_set(str(broker.certificates.ca))
    if username is not None:
        client.username_pw_set(username, password)
    client.reconnect_delay_set(1, 1)
    client.on_connect = watching.connected
    client.on_subscribe = watching.has_subscribed
    client.on_message = watching.note
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        eventually(lambda: watching.subscribed)
        yield watching
        if username is None:  # who has one may not write to every topic
            watching.catch_up()
    finally:
        client.disconnect()
        client.loop_stop()
        client._reset_sockets()  # which paho does when it is collected, and may warn of by then


def password_file(folder: Path, users: Mapping[str, str]) -> Path:
    """What mosquitto knows its users by."""
    path = folder / "passwords"
    path.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
    path.chmod(0o600)
    hashing = [program("mosquitto_passwd"), "-U", str(path)]
    subprocess.run(hashing, check=True, capture_output=True, timeout=DEADLINE_S)
    return path
