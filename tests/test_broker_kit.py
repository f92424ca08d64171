"""The commands of docs/connect/mqtt.md give a broker that runs as on Debian, and takes a kiosk."""

import json
import os
import pwd
import queue
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kioskd.config.load import check, load
from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
from kioskd.delivery.mqtt import Acked, Connected, Heard, Letter, Link, Lost, Received
from kioskd.delivery.probe import probe
from kioskd.delivery.rights import rights
from kioskd.loopback import listens
from tests.support.broker import eventually, program
from tests.support.ports import free_port
from tests.test_mqtt import refusal

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "connect" / "mqtt.md").read_text(encoding="utf-8")
ON_THE_BROKER, ON_THE_KIOSK = re.findall(r"^```sh\n(.*?)^```", PAGE, re.M | re.S)
BASE = "liveness/v1/hq/kiosk-07"
REST = """\
feeds: {front: {kind: usb, device: 0}}
doors: {main: {feed: front, mode: secure_access_rgb_liveness}}
"""


@dataclass(frozen=True)
class Site:
    """A broker's machine and a kiosk's, in a folder where any user may pass, as in /etc."""

    folder: Path
    port: int

    @property
    def kit(self) -> Path:
        return self.folder / "etc/mosquitto/kioskd"

    def run(self, commands: str) -> None:
        """Commands of the page, by a shell, with our folder for / and nothing installed."""
        script = commands.replace("/etc/", f"{self.folder}/etc/")
        named = f"--broker 127.0.0.1 --port {self.port} --broker broker.example"
        script = script.replace("--broker broker.example", named)
        kioskd = f'kioskd() {{ "{sys.executable}" -m kioskd "$@"; }}'
        system = 'apt-get() { :; }; systemctl() { echo "systemctl $*"; }'
        subprocess.run(
            ["bash", "-euc", f"{kioskd}; {system}\n{script}"],
            cwd=self.kit / "clients" if self.kit.exists() else self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
            timeout=120,
        )

    def client(self, name: str) -> DeliverySettings:
        """How whoever got this folder connects."""
        folder = self.kit / "clients" / name
        own = folder / "client.pem"
        tls = TlsSettings(folder / "ca.pem")
        if own.exists():
            tls = replace(tls, certificate=own, key=folder / "client.key")
        return DeliverySettings(
            "127.0.0.1",
            self.port,
            "hq",
            "kiosk-07",
            client_id=name.replace(".", "-"),
            username=name,
            password=(folder / "password").read_text().strip(),
            tls=tls,
        )


@pytest.fixture
def site() -> Iterator[Site]:
    """Not under pytest's own folder, which only its user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="kioskd-site-"))
    folder.chmod(0o755)
    (folder / "etc/mosquitto/conf.d").mkdir(parents=True)
    state = folder / "state"
    state.mkdir()
    if os.geteuid() == 0:
        shutil.chown(state, "mosquitto", "mosquitto")
    (folder / "etc/mosquitto/mosquitto.conf").write_text(  # as Debian's, but for the places
        f"persistence true\npersistence_location {state}/\nlog_dest stderr\n"
        f"include_dir {folder}/etc/mosquitto/conf.d\n"
    )
    try:
        yield Site(folder, free_port())
    finally:
        shutil.rmtree(folder)


# Who is not root may not be let into the checkout or to Python: all is imported before.
AS_NOBODY = """
import encodings.ascii, os, pwd, sys
from kioskd.__main__ import main
import kioskd.commands.broker_kit
if os.geteuid() == 0:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
sys.exit(main())
"""


@contextmanager
def broker_of(site: Site, user: str | None = None) -> Iterator[int]:
    """mosquitto as its unit starts it, or as another user does; its process id."""
    command = [program("mosquitto"), "-c", f"{site.folder}/etc/mosquitto/mosquitto.conf"]
    with (site.folder / "log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, user=user)

    def up() -> bool:
        assert process.poll() is None, (site.folder / "log").read_text()
        return listens(site.port)

    try:
        eventually(up)
        yield process.pid
    finally:
        process.kill()
        process.wait()


def heard(settings: DeliverySettings, subscribe: str, topics: list[str], by: Link) -> set[str]:
    """Which of these topics, on which `by` publishes, a client hears; the last must be heard."""
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    link = Link(settings, lambda _, happening: happenings.put(happening), subscribe=(subscribe,))
    link.start()
    found: set[str] = set()

    def all_said() -> bool:
        for topic in topics:
            by.publish(Letter(topic, b"x"))
        while not happenings.empty():
            match happenings.get():
                case Received(letter):
                    found.add(letter.topic)
                case Lost(sentence):
                    raise AssertionError(sentence)
        return topics[-1] in found

    try:
        eventually(all_said)
    finally:
        link.close(timeout=5)
    return found


def up(settings: DeliverySettings, happenings: queue.SimpleQueue[Heard]) -> Link:
    link = Link(settings, lambda _, happening: happenings.put(happening))
    link.start()
    assert isinstance(happenings.get(timeout=15), Connected)
    return link


def test_the_page_followed_to_the_letter_gives_a_broker_and_a_kiosk_that_meet(site: Site) -> None:
    site.run(ON_THE_BROKER)
    site.run(ON_THE_KIOSK)
    etc = site.folder / "etc/kioskd"
    config = etc / "config.yaml"
    text = (site.kit / "clients/hq.kiosk-07/config.yaml").read_text()
    config.write_text(text.replace("/etc/kioskd", str(etc)) + REST)
    environment = {"CREDENTIALS_DIRECTORY": str(etc / "credentials")}
    assert [str(problem) for problem in check(config, environment)] == []
    with broker_of(site) as pid:
        if os.geteuid() == 0:  # it has given root up, and reads its key all the same
            assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam("mosquitto").pw_uid
        assert [well for well, _ in probe(load(config, environment).delivery)] == [True, True]
        said: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        kiosk = up(site.client("hq.kiosk-07"), said)
        topics = [f"{BASE}/audit", f"{BASE}/door-4/action", f"{BASE}/door-3/action"]
        door = site.client("door-controller-3")
        assert heard(door, "#", topics, kiosk) == {f"{BASE}/door-3/action"}
        collector = site.client("audit-collector")
        assert heard(collector, "#", topics[::-1], kiosk) == {f"{BASE}/audit"}
        kiosk.close(timeout=5)
        intruder = up(door, said := queue.SimpleQueue())
        intruder.publish(Letter(f"{BASE}/door-3/action", b"open"))
        answer = said.get(timeout=15)
        assert isinstance(answer, Acked)
        assert not answer.taken
        own, another = f"{BASE}/door-3/reply", f"{BASE}/door-4/reply"
        hears = site.client("hq.kiosk-07")
        assert heard(hears, f"{BASE}/+/reply", [another, own], intruder) == {own}
        intruder.close(timeout=5)
        nobody = replace(door, username=None, password=None)
        assert "refuses a client without a name" in refusal(nobody)


def test_each_file_can_be_read_by_the_one_who_needs_it_and_no_other(site: Site) -> None:
    site.run(ON_THE_BROKER)
    root = os.geteuid() == 0
    brokers = pwd.getpwnam("mosquitto").pw_uid if root else os.geteuid()
    for file in site.kit.rglob("*"):
        found = file.stat()
        name = str(file.relative_to(site.kit))
        private = stat.S_IMODE(found.st_mode) & 0o077 == 0
        assert private == (
            name in ("server.key", "passwords") or name.startswith(("authority", "clients"))
        ), name
        assert found.st_uid == (brokers if name in ("server.key", "passwords") else os.geteuid())
    passwords = {file.read_text() for file in site.kit.glob("clients/*/password")}
    assert len(passwords) == 3
    assert not any(p.strip() in (site.kit / "passwords").read_text() for p in passwords)


def test_who_is_not_root_gets_a_kit_for_a_broker_of_the_same_user(site: Site) -> None:
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        for place in (site.folder, *site.folder.rglob("*")):
            shutil.chown(place, user)
    where = f"{site.kit} --broker 127.0.0.1 --port {site.port}"
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, "broker-kit", *where.split(), "--kiosk", "hq/kiosk-07"],
        cwd=site.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "You are not root, so the broker's user could not be given its files" in done.stdout
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    assert {file.stat().st_uid for file in site.kit.rglob("*")} == {owner}
    shutil.copy(site.kit / "mosquitto.conf", site.folder / "etc/mosquitto/conf.d/kioskd.conf")
    with broker_of(site, user) as pid:
        assert Path(f"/proc/{pid}").stat().st_uid == owner
        kiosk = site.client("hq.kiosk-07")
        assert [well for well, _ in probe(kiosk)] == [True, True]
        assert [right.verdict for right in rights(kiosk, ["door-3"])] == ["well", "well"]


def test_who_is_added_later_is_known_beside_those_of_before(site: Site) -> None:
    site.run(ON_THE_BROKER)
    before = site.client("hq.kiosk-07")
    kept = {name: (site.kit / name).read_bytes() for name in ("ca.pem", "server.pem")}
    shutil.move(site.kit / "clients/hq.kiosk-07", site.folder / "on-the-kiosk")
    ca = site.folder / "on-the-kiosk" / "ca.pem"
    more = "--kiosk hq/kiosk-08 --controller lift=hq/kiosk-08 --operator room=hq/kiosk-08"
    listed = json.loads((site.kit / "kit.json").read_text())
    del listed["operators"]  # as an earlier version wrote it
    (site.kit / "kit.json").write_text(json.dumps(listed))
    site.run(f"kioskd broker-kit /etc/mosquitto/kioskd {more}")
    assert {name: (site.kit / name).read_bytes() for name in kept} == kept
    assert not (site.kit / "clients/hq.kiosk-07").exists()
    base = "liveness/v1/hq/kiosk-08"
    operator = f"topic write {base}/commands/request\ntopic read {base}/commands/response\n"
    operator = f"user room\n{operator}topic read {base}/status\n"
    assert operator in (site.kit / "acl").read_text()
    shutil.copy(site.kit / "mosquitto.conf", site.folder / "etc/mosquitto/conf.d/kioskd.conf")
    with broker_of(site):
        old = replace(before, tls=TlsSettings(ca))
        new = replace(site.client("hq.kiosk-08"), device="kiosk-08")
        for settings in (old, new):
            assert [well for well, _ in probe(settings)] == [True, True]


def test_a_password_that_mosquitto_passwd_changed_is_kept(site: Site) -> None:
    site.run(ON_THE_BROKER)
    command = [program("mosquitto_passwd"), "-b", str(site.kit / "passwords")]
    subprocess.run([*command, "hq.kiosk-07", "another"], check=True, capture_output=True)
    site.run("kioskd broker-kit /etc/mosquitto/kioskd")
    with broker_of(site):
        settings = replace(site.client("hq.kiosk-07"), password="another")
        assert [well for well, _ in probe(settings)] == [True, True]


def test_a_server_certificate_that_is_renewed_is_trusted_as_before(site: Site) -> None:
    site.run(ON_THE_BROKER)
    first = (site.kit / "server.pem").read_bytes()
    (site.kit / "server.pem").unlink()
    site.run("kioskd broker-kit /etc/mosquitto/kioskd")
    assert (site.kit / "server.pem").read_bytes() != first
    with broker_of(site):
        assert [well for well, _ in probe(site.client("hq.kiosk-07"))] == [True, True]


def test_with_client_certificates_nobody_comes_in_without_one(site: Site) -> None:
    site.run(ON_THE_BROKER.replace("broker-kit", "broker-kit --client-certificates"))
    with broker_of(site):
        settings = site.client("hq.kiosk-07")
        assert [well for well, _ in probe(settings)] == [True, True]
        assert settings.tls is not None
        bare = replace(settings, tls=TlsSettings(settings.tls.ca))
        assert "asks for a certificate of this kiosk" in refusal(bare)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--kiosk hq/kiosk-07", "--broker is missing"),
        ("--broker mqtt://x --kiosk hq/kiosk-07", "--broker must be a host name or an IP address"),
        ("--broker b --kiosk kiosk-07", "--kiosk must be SITE/DEVICE"),
        ("--broker b --controller lift", "--controller must be NAME=SITE/DEVICE/SOURCE"),
        ("--broker b --controller lift=hq/kiosk-9", "no such kiosk: hq/kiosk-9; name it by"),
        ("--broker b --kiosk hq/a --collector hq.a", "hq.a would be two clients"),
        ("--broker b --operator room", "--operator must be NAME=SITE/DEVICE"),
        ("--broker b --operator room=hq/a", "no such kiosk: hq/a; name it by"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    tmp_path: Path, arguments: str, words: str
) -> None:
    command = [sys.executable, "-m", "kioskd", "broker-kit", str(tmp_path / "kit")]
    done = subprocess.run([*command, *arguments.split()], capture_output=True, text=True)
    assert done.returncode == 2
    assert words in " ".join((done.stdout + done.stderr).split())
    assert not (tmp_path / "kit").exists()


def test_a_folder_with_other_files_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    command = [sys.executable, "-m", "kioskd", "broker-kit", str(tmp_path), "--broker", "b"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "holds other files" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_the_acl_on_the_page_is_the_one_that_is_written(site: Site) -> None:
    site.run(ON_THE_BROKER)
    assert f"```\n{(site.kit / 'acl').read_text()}```" in PAGE
