"""The connection to a broker, by itself: real mosquitto, and the embedded broker."""

import ast
import json
import os
import queue
import re
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest

from feeds.installation import to_add
from kioskd import delivery
from kioskd.config.keys import find
from kioskd.delivery import broker_sentences
from kioskd.delivery.delivery_settings import DeliverySettings, Section, TlsSettings
from kioskd.delivery.embedded_broker import EmbeddedBroker, EmbeddedError
from kioskd.delivery.message_lines import as_line, follow
from kioskd.delivery.mqtt import Acked, Connected, Heard, Letter, Link, Lost, Received
from kioskd.delivery.probe import probe
from tests.support.broker import Certificates, eventually, make_certificates, mosquitto, witness
from tests.support.patience import DEADLINE_S
from tests.support.scripted_broker import scripted_broker

SECTIONS: tuple[Section, ...] = ("mqtt", "fleet")
USERS = {"kiosk": "s3cret-door", "door": "controller", "mute": "nothing-to-say"}
ACL = """
user kiosk
topic readwrite liveness/v1/hq/kiosk-07/#
user door
topic read liveness/v1/#
user mute
topic write liveness/v1/hq/kiosk-07/#
"""


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates") / "ours")


def connect(settings: DeliverySettings) -> Connected | Lost:
    """The broker's first answer. The connection is closed again."""
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    link = Link(settings, lambda _, happening: happenings.put(happening))
    link.start()
    try:
        answer = happenings.get(timeout=DEADLINE_S)
    finally:
        link.close(timeout=5)
    assert isinstance(answer, Connected | Lost)
    return answer


def refusal(settings: DeliverySettings) -> str:
    answer = connect(settings)
    assert isinstance(answer, Lost), answer
    assert "s3cret" not in answer.sentence
    return answer.sentence


def test_a_broker_with_tls_password_and_acl_passes_the_doctors_probe(
    tmp_path: Path, certificates: Certificates
) -> None:
    with mosquitto(tmp_path, USERS, ACL, certificates) as broker:
        settings = broker.settings("kiosk", "s3cret-door")
        for protocol in ("5", "3.1.1"):
            found = probe(replace(settings, protocol=protocol))
            assert [well for well, _ in found] == [True, True]
            assert f"with TLS as kiosk, MQTT {protocol}" in found[0][1]
            assert "came back" in found[1][1]


def test_why_the_broker_cannot_be_used_is_said_in_a_sentence(
    tmp_path: Path, certificates: Certificates
) -> None:
    others = make_certificates(tmp_path / "others")
    with mosquitto(tmp_path, USERS, ACL, certificates) as broker:
        good = broker.settings("kiosk", "s3cret-door")
        for protocol in ("5", "3.1.1"):
            wrong = replace(good, password="s3cret-but-wrong", protocol=protocol)
            assert "refuses user kiosk: check mqtt.username, mqtt.password" in refusal(wrong)
        anonymous = replace(good, username=None, password=None)
        assert "refuses a client without a name" in refusal(anonymous)
        wrong_ca = replace(good, tls=TlsSettings(ca=others.ca))
        assert "certificate that is not trusted" in refusal(wrong_ca)
        assert "check that mqtt.tls.ca_file is the authority" in refusal(wrong_ca)
        no_file = replace(good, tls=TlsSettings(ca=tmp_path / "none.pem"))
        assert f"a TLS file cannot be read: {tmp_path / 'none.pem'}" in refusal(no_file)
        assert "if it wants TLS, set mqtt.tls" in refusal(replace(good, tls=None))
    assert "no MQTT broker listens at 127.0.0.1" in refusal(good)
    assert "cannot be found: check mqtt.broker" in refusal(replace(good, host="broker.invalid"))


def test_a_broker_that_dies_is_said_to_have_hung_up(tmp_path: Path) -> None:
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    with mosquitto(tmp_path) as broker:
        for protocol in ("5", "3.1.1"):
            settings = replace(broker.settings(), protocol=protocol)
            link = Link(settings, lambda _, happening: happenings.put(happening))
            link.start()
            assert isinstance(happenings.get(timeout=DEADLINE_S), Connected)
            broker.kill()
            lost = happenings.get(timeout=DEADLINE_S)
            assert isinstance(lost, Lost)
            assert lost.sentence.endswith("or the network to it broke: look whether it still runs")
            broker.start()


def test_every_setting_that_delivery_names_in_a_sentence_exists() -> None:
    folder = Path(delivery.__file__).parent
    texts = [file.read_text(encoding="utf-8") for file in folder.glob("schemas/*.json")]
    for source in folder.glob("*.py"):
        for part in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                texts.append(part.value)
    assert "mqtt.client_id" in _keys_in("\n".join(texts), "mqtt")
    assert [name for name in _keys_in("\n".join(texts), "mqtt") if not _is_key(name)] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_what_is_said_of_a_broker_names_keys_of_its_own_section(section: Section) -> None:
    told = "\n".join(_all_said(section))
    named = _keys_in(told, section)
    assert {f"{section}.{key}" for key in ("tls.ca_file", "tls.cert_file", "password")} <= named
    assert [name for name in named if not _is_key(name)] == []
    assert [_keys_in(told, other) for other in SECTIONS if other != section] in ([], [set()])


def _all_said(section: Section) -> Iterator[str]:
    """Each sentence about a connection that does not come about or ends, in its forms."""
    plain = DeliverySettings("b", 1, "s", "d", prefix="a.b", section=section)
    own = TlsSettings(Path("ca"), Path("cert"), Path("key"), f"{section}.tls")
    secret = replace(plain, tls=own, protocol="3.1.1")
    errors: tuple[Exception, ...] = (socket.gaierror(), ConnectionRefusedError(), TimeoutError())
    errors += (ConnectionResetError(), OSError(), ValueError())
    for code in (9, 10, 62, 18):
        error = ssl.SSLCertVerificationError("x")
        error.verify_code, error.verify_message = code, "why"
        errors += (error,)
    for settings in (plain, secret, replace(plain, tls=replace(own, certificate=None))):
        yield from (broker_sentences.cannot_connect(error, settings) for error in errors)
        alerts = "CERTIFICATE_REQUIRED", "UNKNOWN_CA", "WRONG_VERSION", "OTHER"
        yield from (broker_sentences.tls_alert(alert, settings) for alert in alerts)
        codes = (0x80, 0x84, 0x85, 0x87, 0x8E)
        yield from (broker_sentences.refused(code, "no", settings) for code in codes)
        yield from (broker_sentences.disconnected(code, "no", settings) for code in codes)
        yield broker_sentences.perhaps_taken_over(settings, 3)
        yield broker_sentences.gave_no_answer(settings)
        yield broker_sentences.speaks_http(settings)
    yield broker_sentences.rejects(["a message"], plain)


def _keys_in(text: str, section: str) -> set[str]:
    return set(re.findall(rf"(?<!/)\b{section}(?:\.[a-z_]+)+", text))


def _is_key(name: str) -> bool:
    return find(tuple(name.split(".")), {}) is not None


def test_a_kiosk_can_show_a_certificate_of_its_own(
    tmp_path: Path, certificates: Certificates
) -> None:
    more = "require_certificate true\nuse_identity_as_username true"
    with mosquitto(tmp_path, certificates=certificates, more=more) as broker:
        tls = TlsSettings(certificates.ca, certificates.client, certificates.client_key)
        assert isinstance(connect(replace(broker.settings(), tls=tls)), Connected)
        assert isinstance(connect(broker.settings()), Lost)


@pytest.mark.parametrize(
    ("user", "sentence"),
    [
        ("door", "the broker refuses messages on liveness/v1/hq/kiosk-07/probe: check its ACL"),
        ("mute", "allow this user to write and read it in the broker's ACL"),
    ],
)
def test_the_probe_finds_a_right_that_is_missing(tmp_path: Path, user: str, sentence: str) -> None:
    with mosquitto(tmp_path, USERS, ACL) as broker:
        (logged_in, _), (well, said) = probe(broker.settings(user, USERS[user]))
        assert logged_in
        assert not well
        assert sentence in said


def test_what_is_published_without_a_connection_is_refused_and_never_sent(tmp_path: Path) -> None:
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    with mosquitto(tmp_path) as broker, witness(broker) as watching:
        link = Link(broker.settings(), lambda _, happening: happenings.put(happening))
        assert link.publish(Letter("too/early", b"1")) is None
        link.start()
        assert isinstance(happenings.get(timeout=DEADLINE_S), Connected)
        assert link.publish(Letter("in/time", b"2")) is not None
        assert isinstance(happenings.get(timeout=DEADLINE_S), Acked)
        link.close(timeout=5)
        assert isinstance(happenings.get(timeout=DEADLINE_S), Lost)
        assert link.publish(Letter("too/late", b"3")) is None
        watching.catch_up()
        assert [seen.topic for seen in watching.seen] == ["in/time"]


def test_a_message_with_which_the_connection_ended_was_on_its_way() -> None:
    """Whoever handed it over is held up until the broker has it and the connection is over."""
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    with scripted_broker(lambda _: "hang up") as broker:
        link = Link(broker.settings(), lambda _, happening: happenings.put(happening))
        link.start()
        assert isinstance(happenings.get(timeout=DEADLINE_S), Connected)

        def hold_up(_frame: FrameType, event: str, called: object) -> None:
            if event == "c_return" and getattr(called, "__name__", "") == "send":
                eventually(lambda: not link.alive)

        sys.setprofile(hold_up)
        try:
            number = link.publish(Letter("door/action", b"1"))
        finally:
            sys.setprofile(None)
        assert [message.topic for message in broker.published] == ["door/action"]
        assert number is not None
        assert isinstance(happenings.get(timeout=DEADLINE_S), Lost)
        assert link.publish(Letter("door/action", b"2")) is None


@pytest.mark.parametrize("secure", [False, True])
def test_a_message_waits_for_no_other_ones_confirmation(
    tmp_path: Path, certificates: Certificates, secure: bool
) -> None:
    """What the system says of each of this process's connections to the broker."""
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    with mosquitto(tmp_path, certificates=certificates if secure else None) as broker:
        settings = broker.settings()
        link = Link(settings, lambda _, happening: happenings.put(happening))
        link.start()
        assert isinstance(happenings.get(timeout=DEADLINE_S), Connected)
        found = [without_delay(fd, settings.port) for fd in map(int, os.listdir("/proc/self/fd"))]
        link.close(timeout=5)
    assert [each for each in found if each is not None] == [True]


def without_delay(descriptor: int, port: int) -> bool | None:
    """Whether TCP keeps nothing back on this connection to the port; None of anything else."""
    with suppress(OSError):  # it was open only to list the others, say
        if os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:"):
            with closing(socket.socket(fileno=os.dup(descriptor))) as there:
                if there.family == socket.AF_INET and there.getpeername()[1] == port:
                    return bool(there.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
    return None


def test_a_listener_that_fails_ends_the_connection_and_never_leaves_it_looking_alive(
    tmp_path: Path,
) -> None:
    ends: list[Lost] = []

    def note(link: Link, happening: Heard) -> None:
        match happening:
            case Connected():
                link.publish(Letter("to/us", b"x"))
            case Received():
                raise RuntimeError("a mistake of ours")
            case Lost():
                ends.append(happening)

    with mosquitto(tmp_path) as broker:
        link = Link(broker.settings(), note, subscribe=("to/us",))
        link.start()
        eventually(lambda: ends and not link.alive)
        assert not link.connected
        assert ["a mistake of ours" in end.sentence for end in ends] == [True]


@pytest.fixture(scope="module")
def embedded() -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker()
    broker.start()
    yield broker
    broker.stop()
    broker.join()


def near(broker: EmbeddedBroker) -> DeliverySettings:
    return DeliverySettings("127.0.0.1", broker.port, "hq", "kiosk-07", protocol="3.1.1")


def test_the_embedded_broker_carries_a_message_there_and_back(embedded: EmbeddedBroker) -> None:
    assert [well for well, _ in probe(near(embedded))] == [True, True]


def test_a_broker_that_knows_no_mqtt_5_is_named_with_the_setting_to_change(
    embedded: EmbeddedBroker,
) -> None:
    ((well, sentence),) = probe(replace(near(embedded), protocol="5"))
    assert not well
    assert "set mqtt.protocol: 3.1.1" in sentence


def test_the_embedded_broker_is_not_reachable_from_elsewhere(embedded: EmbeddedBroker) -> None:
    with closing(socket.socket()) as sock:
        assert sock.connect_ex(("127.0.0.2", embedded.port)) != 0


def test_a_taken_port_is_said(embedded: EmbeddedBroker) -> None:
    with pytest.raises(EmbeddedError, match=r"127\.0\.0\.1.*is another kioskd running"):
        EmbeddedBroker(embedded.port).start()


def test_a_missing_amqtt_is_said_with_the_command_that_installs_it() -> None:
    script = (
        "import sys; sys.modules['amqtt'] = None\n"
        "from kioskd.delivery.embedded_broker import EmbeddedBroker, EmbeddedError\n"
        "try: EmbeddedBroker().start()\n"
        "except EmbeddedError as error: print(error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=True,
    )
    assert to_add("demo") in run.stdout


def test_what_stood_in_the_way_is_followed_in_sentences() -> None:
    record = {
        "seq": 7,
        "kind": "result",
        "verdict": "undecided",
        "reasons": ["time_over", "blurry"],
    }
    line = as_line(Letter("p/s/d/audit", json.dumps(record).encode()), "p/s/d/#")
    assert line.endswith(
        "audit  7  result  undecided  (The attempt's time was over before a decision; "
        "The face is blurred; hold still, clean the lens or set the focus)"
    )


def test_health_is_followed_as_what_stands_in_the_way() -> None:
    why = [{"code": "feed", "doorId": "main", "detail": "front is stalled: it hangs"}]
    told = {"ready": False, "why": why, "at": 0}
    line = as_line(Letter("p/s/d/health", json.dumps(told).encode()), "p/s/d/#")
    assert line.endswith("health  not ready; front is stalled: it hangs")


def test_alarms_are_followed_as_those_that_ring() -> None:
    over = {"code": "disk", "detail": "it was full", "began": 0, "ended": 1}
    rings = {"code": "feed_error", "doorId": "main", "detail": "it hangs", "began": 0}
    for alarms, words in (([over], "no alarm rings"), ([rings, over], "main  it hangs")):
        told = {"alarms": alarms, "x": {"issuedAt": 0}}
        line = as_line(Letter("p/s/d/alarms", json.dumps(told).encode()), "p/s/d/#")
        assert line.endswith(f"alarms  {words}")
        assert "--" not in line


def test_events_are_followed_as_lines_to_read_or_as_json(embedded: EmbeddedBroker) -> None:
    topic = "liveness/v1/hq/kiosk-07/door-3/action"
    payload = {
        "actionId": "rgbLiveness",
        "endTime": 0,
        "liveness": 0.93,
        "livenessConfirmed": "true",
        "x": {"latencyMs": 1180},
    }
    stop = threading.Event()
    reading = follow(near(embedded), stop)
    parsing = follow(near(embedded), stop, as_json=True)
    assert next(reading).startswith("# following liveness/v1/hq/kiosk-07/# at 127.0.0.1:")
    lines: list[str] = []
    thread = threading.Thread(target=lambda: lines.append(next(parsing)))
    thread.start()
    happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
    link = Link(near(embedded), lambda _, happening: happenings.put(happening))
    link.start()
    assert isinstance(happenings.get(timeout=DEADLINE_S), Connected)

    def say_again() -> bool:  # the JSON follower does not tell when it is connected
        link.publish(Letter(topic, json.dumps(payload).encode()))
        thread.join(0.1)
        return bool(lines)

    eventually(say_again)
    read = next(reading)
    assert read.endswith(
        "door-3/action  rgbLiveness  liveness=0.93  livenessConfirmed=true  after 1180 ms"
    )
    heard = {"topic": topic, "retained": False, "payload": payload, "body": json.dumps(payload)}
    assert json.loads(lines[0]) == heard
    link.close(timeout=5)
    stop.set()
    assert [line for line in reading if line.startswith("#")] == []
    assert list(parsing) == []
