"""The container image's road: loaded, set up, begun, broken, upgraded; as compose.yaml has it.

    python -m tests.roads.container USER FOLDER [IMAGE]

USER is an ordinary user with subordinate ids, for this alone. FOLDER keeps the archives of the
images that others are built on. IMAGE is an archive of scripts/build_image; without one it is
built. The one that it is upgraded to is built in any case. Takes root, for debootstrap and to
become USER.

compose.yaml is carried out by podman itself, without root. What a container cannot have on a
machine that is one itself is left out: cgroups, and with them the limits of memory and processes,
and a network of its own.
"""

import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from kioskd import __version__
from tests.roads.composed import flags, service
from tests.roads.engine import Engine, engine, ensure, eventually
from tests.roads.images import bases, built
from tests.support.project import ROOT

COMPOSE = ROOT / "scripts/packages/container/compose.yaml"
LEFT_OUT = ("depends_on", "restart", "mem_limit", "pids_limit", "ports")
PORT = 18883
FIRST_EVENT_S = 120.0  # what is promised
ACTIONS = "liveness/v1/road/kiosk-1/+/action"
SETTINGS = f"""\
site: road
device: kiosk-1
mqtt:
  broker: localhost
  port: {PORT}
  tls: {{ca_file: /etc/kioskd/ca.pem}}
  username: road.kiosk-1
  password: ${{MQTT_PASSWORD}}
feeds:
  clip: {{kind: file, path: CLIP, pace: realtime, repeat: loop, loops: ignore}}
doors:
  main: {{mode: secure_access_rgb_liveness, feed: clip}}
"""


def walk(engine: Engine, image: Path, newer: Path) -> list[str]:
    """Each step and what it took, as sentences. Raises RoadError where one is not as it must be."""
    said: list[str] = []
    with _road(engine, image, newer) as road:
        for step in (
            road.set_up,
            road.begun,
            road.walled,
            road.recreated,
            road.stuck,
            road.upgraded,
            road.refused,
        ):
            began = time.monotonic()
            sentence = step()
            said.append(f"{time.monotonic() - began:5.1f} s  {sentence}")
            print(said[-1], flush=True)
    return said


@contextmanager
def _road(engine: Engine, image: Path, newer: Path) -> Iterator["_Road"]:
    """At its beginning, with the images loaded; nothing of it is left at the end."""
    place = Path(engine.run("mktemp", "-d").strip())
    names = [
        engine.run("podman", "load", "-q", "-i", each).strip().rpartition(" ")[2]
        for each in (image, newer)
    ]
    road = _Road(engine, place, *names)
    try:
        yield road
    finally:
        road.hush()
        engine.status("podman", "rm", "-f", "-t", "0", "door", "broker")
        engine.status("podman", "volume", "rm", "-f", "state", "messages")
        engine.status("podman", "unshare", "rm", "-rf", place)


class _Road:
    def __init__(self, engine: Engine, place: Path, image: str, newer: str) -> None:
        self._engine, self._place = engine, place
        self._image, self._newer = image, newer
        self._ears: paho.Client | None = None
        self._said: list[bytes] = []
        self._settings = ""
        self._heard = Path(tempfile.mkdtemp(prefix="kioskd-road-"))

    def hush(self) -> None:
        """Listen no longer."""
        if self._ears is not None:
            self._ears.disconnect()
            self._ears.loop_stop()

    # --- the steps, in their order ---

    def set_up(self) -> str:
        """All that compose.yaml asks for is written by the image itself."""
        kit = f"{self._place}/broker:/etc/mosquitto/kioskd"
        self._as_owner(f"mkdir {self._place}/broker && chown 10001:10001 {self._place}/broker")
        self._once(
            *("--volume", kit, self._image, "broker-kit", "/etc/mosquitto/kioskd"),
            *("--broker", "localhost", "--port", str(PORT)),
            *("--kiosk", "road/kiosk-1", "--controller", "door=road/kiosk-1"),
        )
        clients = f"{self._place}/broker/clients"
        self._as_owner(
            f"cd {self._place} && mkdir secrets && chown 10001:10001 secrets"
            f" && cp -p {clients}/road.kiosk-1/password secrets/MQTT_PASSWORD"
        )
        clip = re.search(r"path: (\S+/live\.\S+)", self._once(self._image, "example"))
        ensure(clip is not None, "kioskd example names no clip")
        self._settings = SETTINGS.replace("CLIP", clip[1] if clip else "")
        self._write("config.yaml", self._settings)
        size = int(self._engine.run("podman", "image", "inspect", "-f", "{{.Size}}", self._image))
        return f"set up by broker-kit and example; the image has {size / 1e6:.0f} MB"

    def begun(self) -> str:
        self._start("broker", service(COMPOSE, "broker")["image"], "broker")
        self._listen()
        began = time.monotonic()
        self._start("door", self._image, "kioskd")
        eventually(self._confirmed, "the clip's person is let in", FIRST_EVENT_S, 0.1)
        took_s = time.monotonic() - began
        self._inside("healthy")
        return f"first event {took_s:.1f} s after podman run, and healthy"

    def walled(self) -> str:
        ensure(self._inside("id -u").strip() == "10001", "it runs as another user")
        for place in ("/x", "/etc/kioskd/x", "/opt/kioskd/x", "/usr/bin/x"):
            status, said = self._try_inside(f"touch {place}")
            ensure(status != 0 and "Read-only" in said, f"{place} can be written")
        told = self._inside("cat /proc/$(cat /run/kioskd/alive)/status")
        for line in ("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"):
            ensure(line in told, f"not in its status: {line!r}\n{told}")
        ensure("Seccomp:\t2" in told, "its system calls are not filtered")
        status, _ = self._try_inside("command -v pip || command -v pip3")
        ensure(status != 0, "there is a pip in the image")
        ensure(
            not self._try_inside("find / -xdev -name pip.conf 2>/dev/null")[1].strip(),
            "there is a pip.conf",
        )
        self._inside("kioskd check && kioskd ctl list")
        self._inside("kioskd backup /tmp/out.tar && tar -tf /tmp/out.tar state/audit.db")
        return "runs as 10001 without a capability, and writes nowhere but to its state"

    def recreated(self) -> str:
        key = self._inside("kioskd keys list")
        took_s = self._stop()
        self._start("door", self._image, "kioskd")
        self._well()
        ensure(self._inside("kioskd keys list") == key, "a new container has another key")
        return f"stopped in {took_s:.1f} s with status 0; a new container has the same state"

    def stuck(self) -> str:
        self._inside("kill -STOP $(cat /run/kioskd/alive)")
        took_s = eventually(lambda: self._try_inside("healthy")[0] == 1, "the check turns red")
        said = self._try_inside("healthy --or-end")[1]
        ensure("no progress for" in said, f"the check said: {said}")
        eventually(lambda: not self._runs(), "the container ends")
        status = self._engine.run("podman", "inspect", "-f", "{{.State.ExitCode}}", "door").strip()
        ensure(status == "137", f"it ended with {status}")
        self._engine.run("podman", "start", "door")  # what `restart: unless-stopped` does
        self._well()
        return (
            f"a kioskd that is stopped is unhealthy after {took_s:.0f} s, ended, and begins again"
        )

    def upgraded(self) -> str:
        key, before = (self._inside(f"kioskd {each}") for each in ("keys list", "--version"))
        self._stop()
        self._start("door", self._newer, "kioskd")
        self._well()
        ensure(self._inside("kioskd keys list") == key, "the newer one has another key")
        after = self._inside("kioskd --version")
        ensure(before != after, f"both are {after}")
        self._stop()
        return f"{before.strip()} to {after.strip()} on the same volume"

    def refused(self) -> str:
        """What an installer may do wrong: the container ends, and its log says what to do."""
        good = self._settings
        self._ends(2, "doors.main.feed", config=good.replace("feed: clip}", "feed: clap}"))
        self._ends(2, "MQTT_PASSWORD", without="secrets", config=good)
        self._ends(1, "/var/lib/kioskd, cannot be used (Read-only", without="/var/lib/kioskd")
        self._ends(2, "config.yaml", without="/etc/kioskd/config.yaml")
        self._as_owner(f"mkdir -m 755 {self._place}/roots")
        elsewhere = f"--volume={self._place}/roots:/var/lib/kioskd"
        self._ends(2, "give this user the folder", elsewhere, without="/var/lib/kioskd")
        return "five mistakes of an installer are each told in a sentence of the log"

    # --- what they are made of ---

    def _ends(
        self, wanted: int, sentence: str, *more: str, without: str = "", config: str = ""
    ) -> None:
        if config:
            self._write("config.yaml", config)
        kept = [each for each in self._flags("kioskd") if not without or without not in each]
        status, said = self._engine.status(
            "podman", "run", "--rm", "--network=host", *kept, *more, self._newer
        )
        ensure(
            status == wanted and sentence in said,
            f"ended with {status} (not {wanted}); no word of {sentence!r} in:\n{said[-2000:]}",
        )

    def _start(self, name: str, image: str, told: str) -> None:
        command = service(COMPOSE, told).get("command", [])
        self._engine.run(
            *("podman", "run", "-d", "--name", name, "--network=host"),
            *(*self._flags(told), image, *command),
        )

    def _flags(self, told: str) -> list[str]:
        return flags(service(COMPOSE, told), self._place, LEFT_OUT)

    def _stop(self) -> float:
        began = time.monotonic()
        self._engine.run("podman", "stop", "door")
        took_s = time.monotonic() - began
        status = self._engine.run("podman", "inspect", "-f", "{{.State.ExitCode}}", "door").strip()
        ensure(status == "0", f"stopped, it ended with {status}")
        self._engine.run("podman", "rm", "door")
        return took_s

    def _runs(self) -> bool:
        told = self._engine.run("podman", "inspect", "-f", "{{.State.Running}}", "door")
        return told.strip() == "true"

    def _well(self) -> None:
        eventually(lambda: self._try_inside("healthy")[0] == 0, "it becomes healthy", 120.0)

    def _inside(self, command: str) -> str:
        status, said = self._try_inside(command)
        ensure(status == 0, f"inside, '{command}' ended with {status}:\n{said}\n{self._log()}")
        return said

    def _try_inside(self, command: str) -> tuple[int, str]:
        return self._engine.status("podman", "exec", "door", "sh", "-c", command)

    def _log(self) -> str:
        return self._engine.status("podman", "logs", "--tail", "20", "door")[1]

    def _once(self, *command: str) -> str:
        return self._engine.run("podman", "run", "--rm", "--network=host", *command)

    def _as_owner(self, command: str) -> str:
        """In the user's own namespace, where the numbers of the image's users mean the same."""
        return self._engine.run("podman", "unshare", "sh", "-c", command)

    def _write(self, name: str, text: str) -> None:
        quoted = text.replace("'", "'\\''")
        self._as_owner(f"printf %s '{quoted}' >{self._place}/{name}")

    def _listen(self) -> None:
        """As the door's controller, by what broker-kit made for it."""
        told = f"{self._place}/broker/clients/door"
        ca = self._heard / "ca.pem"
        ca.write_text(self._as_owner(f"cat {told}/ca.pem"))
        ears = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        ears.tls_set(str(ca))
        ears.username_pw_set("door", self._as_owner(f"cat {told}/password").strip())
        ears.on_connect = lambda client, *_: client.subscribe(ACTIONS, qos=1)
        ears.on_message = lambda _client, _userdata, message: self._said.append(
            bytes(message.payload)
        )
        eventually(lambda: _reaches(ears), "the broker listens")
        ears.loop_start()
        self._ears = ears

    def _confirmed(self) -> bool:
        return any(json.loads(each).get("livenessConfirmed") == "true" for each in self._said)


def _reaches(client: paho.Client) -> bool:
    try:
        client.connect("localhost", PORT)
    except OSError:
        return False
    return True


def main() -> None:
    user, folder, *image = sys.argv[1:]
    runs = engine(user)
    bases(runs, Path(folder))
    began = time.monotonic()
    first = Path(image[0]) if image else built(runs, ROOT, __version__)
    print(f"{time.monotonic() - began:5.1f} s  {first} with {first.stat().st_size / 1e6:.0f} MB")
    walk(runs, first, built(runs, ROOT, f"{__version__}.post1", "--cached"))


if __name__ == "__main__":
    main()
