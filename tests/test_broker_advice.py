"""What the person is told whose broker does not take the kiosk. Never to take security away."""

import socket
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kioskd.config import load
from kioskd.delivery import broker_sentences
from kioskd.delivery.delivery_settings import DeliverySettings, Protocol, TlsSettings
from kioskd.delivery.mqtt import Connected
from kioskd.delivery.tls import tls_context
from kioskd.loopback import listens
from tests.support.broker import Certificates, eventually, make_certificates, mosquitto, program
from tests.support.ports import free_port
from tests.support.scripted_broker import scripted_broker
from tests.test_mqtt import connect, refusal

PROTOCOLS: tuple[Protocol, ...] = ("5", "3.1.1")
LESS_SECURE = ("leave", "without tls", "allow_insecure", "remove", "turn off", "anonymous")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates") / "ours")


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates") / "others")


def dated(ours: Certificates, folder: Path, start: str, end: str) -> Certificates:
    """The same server with a certificate for another time; only `openssl ca` sets the begin."""
    folder.mkdir()
    (folder / "index").touch()
    (folder / "ca.conf").write_text(
        "[ca]\ndefault_ca = here\n[here]\n"
        f"database = {folder}/index\nnew_certs_dir = {folder}\nrand_serial = yes\n"
        "default_md = sha256\npolicy = any\n[any]\ncommonName = supplied\n"
    )
    source = ours.ca.parent
    command = (
        f"ca -batch -notext -config {folder}/ca.conf -cert {ours.ca} -keyfile {source}/ca.key "
        f"-in {source}/server.csr -extfile {source}/server.ext "
        f"-startdate {start} -enddate {end} -out {folder}/server.pem"
    )
    run = [program("openssl"), *command.split()]
    subprocess.run(run, check=True, capture_output=True, timeout=30)
    return replace(ours, server=folder / "server.pem")


@pytest.mark.parametrize("version", ["tlsv1.2", "tlsv1.3"])
def test_a_broker_that_asks_for_a_certificate_says_so(
    tmp_path: Path, certificates: Certificates, others: Certificates, version: str
) -> None:
    more = f"require_certificate true\ntls_version {version}"
    with mosquitto(tmp_path, certificates=certificates, more=more) as broker:
        settings = broker.settings()
        told = refusal(settings)
        assert "mqtt.tls.cert_file and mqtt.tls.key_file" in told
        assert "asks for a certificate of this kiosk" in told
        assert not any(word in told for word in LESS_SECURE)
        strange = TlsSettings(certificates.ca, others.client, others.client_key)
        told = refusal(replace(settings, tls=strange))
        assert "mqtt.tls.cert_file" in told
        assert not any(word in told for word in LESS_SECURE)
        good = TlsSettings(certificates.ca, certificates.client, certificates.client_key)
        assert isinstance(connect(replace(settings, tls=good)), Connected)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("20900101000000Z", "20910101000000Z", "not valid yet: this kiosk's clock says 20"),
        ("20200101000000Z", "20210101000000Z", "has expired: renew it at the broker, unless"),
    ],
)
def test_a_certificate_of_another_time_leads_to_the_clock(
    tmp_path: Path, certificates: Certificates, start: str, end: str, words: str
) -> None:
    wrong = dated(certificates, tmp_path / "dated", start, end)
    with mosquitto(tmp_path, certificates=wrong) as broker:
        assert words in refusal(broker.settings())


def test_a_certificate_for_another_name_is_told_apart_from_one_of_another_authority(
    tmp_path: Path, certificates: Certificates, others: Certificates
) -> None:
    with mosquitto(tmp_path, certificates=certificates) as broker:
        settings = broker.settings()
        told = refusal(replace(settings, host="localhost"))
        assert "is for another name" in told
        assert "subjectAltName" in told
        told = refusal(replace(settings, tls=TlsSettings(others.ca)))
        assert "check that mqtt.tls.ca_file is the authority that signed it" in told


@pytest.mark.parametrize("secure", [False, True])
def test_a_websocket_listener_is_named(
    tmp_path: Path, certificates: Certificates, secure: bool
) -> None:
    """mosquitto 2.0.11 does not start with nothing else, so it has a plain listener too."""
    ours, port = certificates if secure else None, free_port()
    more = f"listener {port} 127.0.0.1\nprotocol websockets"
    with mosquitto(tmp_path, certificates=ours, more=more) as broker:
        eventually(lambda: listens(port))
        for protocol in PROTOCOLS:
            told = refusal(replace(broker.settings(), port=port, protocol=protocol))
            assert "as a websocket listener does" in told
            assert "name the broker's MQTT port in mqtt.port" in told


def test_a_port_without_tls_is_told_without_the_advice_to_do_without(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        told = refusal(replace(broker.settings(), tls=TlsSettings()))
    assert "name its TLS port in mqtt.port" in told
    assert not any(word in told for word in LESS_SECURE)


def test_a_broker_that_hangs_up_never_leads_to_less_security() -> None:
    settings = DeliverySettings("broker.example", 8883, "hq", "kiosk-07")
    own = TlsSettings(Path("ca.pem"), Path("kiosk.pem"), Path("kiosk.key"))
    for tls in (None, TlsSettings(), own):
        told = broker_sentences.gave_no_answer(replace(settings, tls=tls))
        assert not any(word in told for word in LESS_SECURE)
        for alert in ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "TLSV1_ALERT_UNKNOWN_CA", "OTHER"):
            told = broker_sentences.tls_alert(alert, replace(settings, tls=tls))
            assert not any(word in told for word in LESS_SECURE)


CONFIG = """\
site: hq
device: kiosk-07
mqtt:
  broker: {broker}
  username: me
  password: secret
  tls:
    {tls}
feeds: {{front: {{kind: usb, device: 0}}}}
doors: {{main: {{feed: front, mode: secure_access_rgb_liveness}}}}
"""


def complaints(folder: Path, tls: str, broker: str = "broker.example") -> list[str]:
    path = folder / "config.yaml"
    path.write_text(CONFIG.format(broker=broker, tls=tls))
    return [
        str(p) for p in load.check(path, {}) if p.path.startswith("mqtt.") and p.weight != "note"
    ]


@pytest.fixture
def files(tmp_path: Path, certificates: Certificates, others: Certificates) -> Path:
    for name, source in (
        ("ca.pem", certificates.ca),
        ("kiosk.pem", certificates.client),
        ("kiosk.key", certificates.client_key),
        ("other.key", others.client_key),
    ):
        (tmp_path / name).write_bytes(source.read_bytes())
    openssl = program("openssl")
    for command in (
        "x509 -in ca.pem -outform der -out ca.der",
        "pkey -in kiosk.key -aes256 -passout pass:x -out locked.key",
    ):
        subprocess.run([openssl, *command.split()], cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "empty.pem").touch()
    (tmp_path / "page.pem").write_text("<html>not found</html>")
    whole = (tmp_path / "ca.pem").read_text()
    (tmp_path / "cut.pem").write_text(whole[:200])
    return tmp_path


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        ("ca_file: empty.pem", "tls.ca_file: empty.pem is empty"),
        ("ca_file: page.pem", "page.pem holds no certificate (it is not PEM)"),
        ("ca_file: cut.pem", "cut.pem holds no certificate (the one in it is damaged)"),
        ("ca_file: ca.der", "ca.der holds no certificate (it is DER: openssl x509"),
        ("ca_file: kiosk.key", "kiosk.key holds no certificate (it holds a private key"),
        ("{cert_file: kiosk.pem, key_file: other.key}", "other.key is not the key of the certif"),
        ("{cert_file: kiosk.pem, key_file: locked.key}", "locked.key has a passphrase"),
        ("{cert_file: kiosk.key, key_file: kiosk.pem}", "tls.cert_file: kiosk.key holds no cert"),
        ("{cert_file: kiosk.pem, key_file: ca.pem}", "ca.pem holds no private key in PEM (it hol"),
        ("{cert_file: cut.pem, key_file: kiosk.key}", "kiosk.key and cut.pem cannot be used toge"),
    ],
)
def test_check_finds_a_file_that_is_no_use_and_names_it(files: Path, tls: str, words: str) -> None:
    (told,) = complaints(files, tls)
    assert words in told


def test_check_has_nothing_against_files_that_are_good(files: Path) -> None:
    good = "{ca_file: ca.pem, cert_file: kiosk.pem, key_file: kiosk.key}"
    assert complaints(files, good) == []
    assert complaints(files, "{}") == []


@pytest.mark.parametrize("broker", ["2001:db8::7", "'[2001:db8::7]'", "'fe80::1%eth0'", "'[::1]'"])
def test_an_ipv6_address_may_stand_in_brackets_and_have_a_zone(files: Path, broker: str) -> None:
    assert complaints(files, "ca_file: ca.pem", broker) == []
    host = load.load(files / "config.yaml", {}).delivery.host
    assert host == broker.strip("'[]")


@pytest.mark.parametrize("broker", ["'[::1'", "'[::1]:8883'", "'[kiosk]'", "'::1%'", "a:1"])
def test_what_is_no_ipv6_address_is_refused_with_the_form_to_give(files: Path, broker: str) -> None:
    (told, *_) = complaints(files, "ca_file: ca.pem", broker)
    assert "without mqtt:// and without a port" in told


def test_a_zone_is_not_looked_for_in_the_certificate(certificates: Certificates) -> None:
    context = tls_context(TlsSettings(certificates.ca), lambda _: None)
    with closing(socket.socket()) as plain:
        wrapped = context.wrap_socket(plain, server_hostname="fe80::1%eth0")
        with closing(wrapped):
            assert wrapped.server_hostname == "fe80::1"


def test_a_broker_at_an_ipv6_address_is_reached_and_named_in_brackets() -> None:
    with scripted_broker(host="::1") as broker:
        settings = broker.settings()
        assert isinstance(connect(settings), Connected)
    assert f"listens at [::1]:{settings.port}" in refusal(settings)
