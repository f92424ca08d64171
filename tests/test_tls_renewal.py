"""New certificates are taken without a restart, and nobody hears that the kiosk was gone."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from kioskd.broker_kit.authority import make_authority, sign_client, sign_server
from kioskd.delivery.delivery_settings import TlsSettings
from kioskd.delivery.tls_renewal import LOOK_S, Renewal
from tests.support.broker import Certificates, eventually, mosquitto
from tests.support.results import result_now
from tests.test_courier import kiosk


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an authority made over the years, and nobody uses yet."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("old", "new"):
        authority = folder / f"{name}-ca.pem", folder / f"{name}-ca.key"
        make_authority(*authority, name)
        server = folder / f"{name}-server.pem", folder / f"{name}-server.key"
        sign_server(("127.0.0.1",), authority, server)
    authority = folder / "old-ca.pem", folder / "old-ca.key"
    for name in ("first", "second"):
        sign_client(name, authority, (folder / f"{name}.pem", folder / f"{name}.key"))
    return folder


def renewed(site: Path, name: str, used: TlsSettings) -> None:
    assert used.certificate is not None
    assert used.key is not None
    shutil.copy(site / f"{name}.pem", used.certificate)
    shutil.copy(site / f"{name}.key", used.key)


@pytest.fixture
def used(site: Path, tmp_path: Path) -> TlsSettings:
    tls = TlsSettings(tmp_path / "ca.pem", tmp_path / "kiosk.pem", tmp_path / "kiosk.key")
    assert tls.ca is not None
    shutil.copy(site / "old-ca.pem", tls.ca)
    renewed(site, "first", tls)
    return tls


def looks(renewal: Renewal, since: float, times: int = 3) -> list[bool]:
    return [renewal.due(since + turn * LOOK_S) for turn in range(times)]


def test_without_tls_and_without_new_files_nothing_is_due(used: TlsSettings) -> None:
    assert not any(looks(Renewal(None), 100.0))
    assert not any(looks(Renewal(used), 100.0))


def test_new_files_are_due_once_they_have_settled(site: Path, used: TlsSettings) -> None:
    renewal = Renewal(used)
    renewed(site, "second", used)
    assert looks(renewal, 100.0) == [False, True, True]
    renewal.used()
    assert not any(looks(renewal, 200.0))


def test_half_of_a_pair_is_told_and_not_used(site: Path, used: TlsSettings) -> None:
    renewal = Renewal(used)
    assert used.key is not None
    shutil.copy(site / "second.key", used.key)
    assert not any(looks(renewal, 100.0))
    assert renewal.fault is not None
    assert "kiosk.key is not the key of the certificate in kiosk.pem" in renewal.fault
    renewed(site, "second", used)
    assert looks(renewal, 200.0)[-1]
    assert renewal.fault is None


def test_files_that_are_gone_for_a_moment_are_waited_for(used: TlsSettings) -> None:
    renewal = Renewal(used)
    assert used.certificate is not None
    content = used.certificate.read_bytes()
    used.certificate.unlink()
    assert not any(looks(renewal, 100.0))
    assert renewal.fault is not None
    used.certificate.write_bytes(content)
    assert looks(renewal, 200.0)[-1]


def test_a_kiosk_goes_over_to_its_new_certificate_and_to_a_new_authority(
    site: Path, used: TlsSettings, tmp_path: Path
) -> None:
    server = tmp_path / "server.pem", tmp_path / "server.key"
    for file in server:
        shutil.copy(site / f"old-{file.name}", file)
    certificates = Certificates(
        site / "old-ca.pem", *server, site / "first.pem", site / "first.key"
    )
    more = "require_certificate true\nuse_identity_as_username true"
    log = tmp_path / "mosquitto.log"

    def came_in(name: str) -> bool:
        return f"u'{name}'" in log.read_text()

    with (
        mosquitto(tmp_path, certificates=certificates, more=more) as broker,
        kiosk(replace(broker.settings(), tls=used), tmp_path) as k,
    ):
        eventually(lambda: came_in("first"))
        assert used.key is not None
        shutil.copy(site / "second.key", used.key)  # the other half is not there yet
        eventually(lambda: "certificate_files" in k.problems)
        assert k.courier.connected
        renewed(site, "second", used)
        eventually(lambda: came_in("second"))
        eventually(lambda: k.courier.connected and "certificate_files" not in k.problems)
        assert "kioskd-hq-kiosk-07 disconnected" in log.read_text()  # it said goodbye
        assert k.courier.deliver(result_now()).outcome == "sent"
        eventually(k.all_taken)
        assert used.ca is not None
        both = [(site / f"{name}-ca.pem").read_text() for name in ("old", "new")]
        used.ca.write_text("".join(both))
        broker.kill()
        for file in server:
            shutil.copy(site / f"new-{file.name}", file)
        broker.start()
        eventually(lambda: k.courier.connected)
        assert "broker" not in k.problems
