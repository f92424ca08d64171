"""What `kioskd doctor` finds of who may do what at a broker: mosquitto, set up well and badly."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kioskd.delivery.delivery_settings import Protocol, TlsSettings
from kioskd.delivery.rights import rights
from kioskd.doctor.round_trip import look_at_rights
from tests.support.broker import (
    Mosquitto,
    eventually,
    make_certificates,
    mosquitto,
    password_file,
    witness,
)

USERS = {"kiosk": "s3cret-door"}
OWN = "user kiosk\ntopic readwrite liveness/v1/hq/kiosk-07/#\n"
SITE = "user kiosk\ntopic readwrite liveness/v1/hq/#\n"
ANYBODY_WRITES = "topic write liveness/v1/#\n"
PROTOCOLS: tuple[Protocol, ...] = ("5", "3.1.1")


def found(broker: Mosquitto, protocol: Protocol = "5", named: bool = True) -> list[tuple[str, str]]:
    """(verdict, sentence) of what a kiosk finds."""
    who = ("kiosk", USERS["kiosk"]) if named else (None, None)
    settings = replace(broker.settings(*who), protocol=protocol)
    return [(right.verdict, right.sentence) for right in rights(settings, ["door-3", "yard"])]


@contextmanager
def lax(folder: Path, acl: str) -> Iterator[Mosquitto]:
    """A broker with users that lets others in beside them."""
    more = f"password_file {password_file(folder, USERS)}"
    with mosquitto(folder, acl=acl, more=more) as broker:
        yield broker


def test_a_broker_done_right_is_well(tmp_path: Path) -> None:
    with mosquitto(tmp_path, USERS, OWN) as broker:
        (stranger, said), (elsewhere, _) = found(broker)
        assert (stranger, elsewhere) == ("well", "well")
        assert "takes no client without a name" in said
        (stranger, _), (elsewhere, said) = found(broker, "3.1.1")
        assert (stranger, elsewhere) == ("well", "untold")
        assert "look into its ACL" in said


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_broker_open_to_everybody_is_found(tmp_path: Path, protocol: Protocol) -> None:
    with mosquitto(tmp_path) as broker:
        (comes, first), (here, second), (elsewhere, third) = found(broker, protocol, named=False)
    assert (comes, here, elsewhere) == ("open", "open", "open")
    assert "set allow_anonymous false" in first
    for topic in ("kiosk-07/probe", "kiosk-07/door-3/action/probe", "kiosk-07/yard/action/probe"):
        assert f"liveness/v1/hq/{topic}" in second
    assert "write below liveness/v1/hq/kiosk-07/ only" in third


def test_strangers_who_may_come_in_and_write_nothing_are_found(tmp_path: Path) -> None:
    with lax(tmp_path, OWN) as broker:
        verdicts = [verdict for verdict, _ in found(broker)]
    assert verdicts == ["open", "well", "well"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_strangers_who_may_write_where_the_events_go_are_found(
    tmp_path: Path, protocol: Protocol
) -> None:
    with lax(tmp_path, ANYBODY_WRITES + OWN) as broker:
        (comes, _), (here, said), (elsewhere, _) = found(broker, protocol)
    assert (comes, here) == ("open", "open")
    assert "door-3/action/probe" in said
    assert elsewhere == ("well" if protocol == "5" else "untold")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(("acl", "sites"), [("", 2), (SITE, 1)])
def test_a_kiosk_that_may_speak_for_others_is_found(
    tmp_path: Path, acl: str, sites: int, protocol: Protocol
) -> None:
    with mosquitto(tmp_path, USERS, acl) as broker:
        (stranger, _), (elsewhere, said) = found(broker, protocol)
    assert (stranger, elsewhere) == ("well", "open")
    assert said.count("/doctor-") == sites
    assert "liveness/v1/hq/doctor-" in said


def test_a_broker_that_asks_for_a_certificate_takes_no_stranger(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "certificates")
    more = "require_certificate true\nuse_identity_as_username true"
    acl = OWN.replace("user kiosk", "user client")
    with mosquitto(tmp_path, acl=acl, certificates=made, more=more) as broker:
        tls = TlsSettings(made.ca, made.client, made.client_key)
        settings = replace(broker.settings(), tls=tls)
        assert [right.verdict for right in rights(settings, ["door-3"])] == ["well", "well"]


def test_a_broker_that_is_gone_is_not_called_well(tmp_path: Path) -> None:
    with mosquitto(tmp_path, USERS, OWN) as broker:
        pass
    assert [verdict for verdict, _ in found(broker)] == ["untold", "untold"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nothing_that_is_tried_lies_where_a_controller_listens(
    tmp_path: Path, protocol: Protocol
) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as watching:
        found(broker, protocol, named=False)
        eventually(lambda: len(watching.seen) >= 5)
        watching.catch_up()
    assert {seen.kind for seen in watching.seen} == {"probe"}
    assert not any(seen.retained for seen in watching.seen)


def test_what_is_open_fails_the_doctor_but_on_the_kiosk_itself(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        near = broker.settings()
        afar = replace(near, host="127.1")  # the same address, written so that nobody knows it
        notes = [finding.verdict for finding in look_at_rights(near, ["door-3"])]
        failures = [finding.verdict for finding in look_at_rights(afar, ["door-3"])]
    assert notes == ["note", "note", "note"]
    assert failures == ["FAIL", "FAIL", "FAIL"]
