"""The fleet's commands, as somebody types them, before a real PostgreSQL."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feeds.installation import to_add
from kioskd.cli import main
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.seal import Seal
from kioskd.delivery.wire import JsonValue
from kioskd.fleet.collector import batch
from kioskd.fleet.database.library import connected
from kioskd.signing.ed25519 import Signer
from tests.support.collecting import HQ, asked, trusting
from tests.support.fleet_records import AT, FleetKiosk
from tests.support.postgres import Postgres, postgres
from tests.support.project import ROOT
from tests.support.signed import KEY, OTHER, public

SIGNER = Signer(KEY)
SEAL = partial(Seal(SIGNER.key_id, SIGNER.signature).encoded, "hq/kiosk-07/audit")
SAID = {"kind": "delivery", "eventId": "e", "siteId": "hq", "deviceId": "kiosk-07", "bootId": "b"}
RECORD: dict[str, JsonValue] = {**SAID, "schema": 1, "sourceId": "door-3", "x": {}}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def database(server: Postgres) -> str:
    return server.fresh()


def fleet(database: str | None, *words: str) -> Result:
    address = [] if database is None else ["--database", database]
    return CliRunner().invoke(main, ["fleet", *words, *address])


def test_a_kiosks_exported_key_is_trusted_and_forgotten(database: str, tmp_path: Path) -> None:
    assert fleet(database, "migrate").output.startswith("applied: 0001_record")
    assert fleet(database, "migrate").output == "as it was\n"
    (tmp_path / "config.yaml").write_text((ROOT / "config.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "kioskd").symlink_to(ROOT / "kioskd")  # the clip that it plays
    config = ["-c", str(tmp_path / "config.yaml")]
    assert CliRunner().invoke(main, ["keys", "create", *config]).exit_code == 0
    exported = CliRunner().invoke(main, ["keys", "export", *config]).output
    (named,) = (key["keyId"] for key in json.loads(exported)["keys"])
    keys = tmp_path / "keys.json"
    keys.write_text(exported)
    done = fleet(database, "trust", str(keys), "--kiosk", "hq/kiosk-07")
    assert (done.exit_code, done.output) == (0, f"hq/kiosk-07: {named}\n")
    again = fleet(database, "trust", str(keys), "--kiosk", "hq/kiosk-07")
    assert again.output == "hq/kiosk-07: nothing new\n"
    gone = fleet(database, "trust", "--kiosk", "hq/kiosk-07", "--forget", named)
    assert (gone.exit_code, gone.output) == (0, f"hq/kiosk-07: {named} is forgotten\n")
    assert fleet(database, "trust", "--kiosk", "hq/kiosk-07", "--forget", named).exit_code == 1


def test_what_waited_is_taken_once_a_kiosk_is_trusted(database: str, tmp_path: Path) -> None:
    trusting(database)
    kiosk = FleetKiosk(key=OTHER)
    with connected(database) as connection:
        batch.store(connection, [(kiosk.subject, body, AT) for body in kiosk.records(3)])
    keys = [{"algorithm": "Ed25519", "publicKey": _base64(public(OTHER))}]
    many = tmp_path / "many.json"
    many.write_text(json.dumps({"kiosks": [{"site": "hq", "device": "kiosk-07", "keys": keys}]}))
    done = fleet(database, "trust", str(many))
    assert done.output.endswith("; 3 records that waited were taken\n")
    assert asked(database, "SELECT seq FROM fleet.audit_row ORDER BY seq") == [(1,), (2,), (3,)]


@pytest.mark.parametrize(
    ("content", "kiosk", "said"),
    [
        ("nothing", "hq/kiosk-07", "this is not what `kioskd keys export` prints"),
        ('{"keys": []}', "hq/kiosk-07", "one at least is needed"),
        ('{"keys": []}', None, "does not say whose keys these are"),
        ('{"kiosks": [{"site": "hq"}]}', None, "lacks its site, device or keys"),
        ('{"kiosks": []}', "hq/kiosk-07", "leave --kiosk out"),
        ('{"keys": []}', "hq", "a kiosk is named SITE/DEVICE, such as hq/kiosk-07 (got 'hq')"),
    ],
)
def test_a_file_that_holds_no_keys_is_refused(
    database: str, tmp_path: Path, content: str, kiosk: str | None, said: str
) -> None:
    trusting(database)
    keys = tmp_path / "keys.json"
    keys.write_text(content)
    named = [] if kiosk is None else ["--kiosk", kiosk]
    done = fleet(database, "trust", str(keys), *named)
    assert (done.exit_code, said in done.output) == (2, True), done.output


def test_a_gap_is_filled_by_hand_from_the_kiosks_own_log(database: str, tmp_path: Path) -> None:
    trusting(database, HQ)
    path = tmp_path / "audit.db"
    with closing(AuditLog(path, encode=SEAL)) as log:
        for _ in range(10):
            log.commit(RECORD | {"recordedAt": int(AT.timestamp() * 1000)}, AT.timestamp())
        bodies = [row.payload for row in log.pending(0, 100)]
    with connected(database) as connection:
        came = bodies[:3] + bodies[7:]
        batch.store(connection, [("hq/kiosk-07/audit", body, AT) for body in came])
    assert asked(database, "SELECT from_seq, to_seq FROM fleet.gap") == [(4, 7)]
    done = fleet(database, "fill", str(path), "--kiosk", "hq/kiosk-07")
    assert (done.exit_code, done.output) == (0, "taken 4, there already 6\n")
    assert asked(database, "SELECT * FROM fleet.gap") == []
    other = fleet(database, "fill", str(ROOT / "README.md"), "--kiosk", "hq/kiosk-07")
    assert (other.exit_code, "is no audit log" in other.output) == (2, True)


def test_who_is_silent_is_known(database: str) -> None:
    trusting(database, HQ, ("hq", "kiosk-08"), ("hq", "never-heard"))
    with connected(database) as connection:
        connection.execute("UPDATE fleet.kiosk SET last_heard = now() WHERE device = 'kiosk-08'")
        connection.execute(
            "UPDATE fleet.kiosk SET last_heard = now() - interval '3 minutes', status = 'online'"
            " WHERE device = 'kiosk-07'"
        )
    assert asked(database, "SELECT device FROM fleet.silent") == [("kiosk-07",)]
    with connected(database) as connection:
        connection.execute("UPDATE fleet.kiosk SET status = 'stopped'")
    assert asked(database, "SELECT device FROM fleet.silent") == []


def test_how_long_rows_are_kept_is_said_and_set(database: str) -> None:
    fleet(database, "migrate")
    assert re.sub(" +", " ", fleet(database, "retain").output) == "every other site 400 days\n"
    set_ = fleet(database, "retain", "30", "--site", "annex", "--now")
    assert re.sub(" +", " ", set_.output) == "every other site 400 days\nannex 30 days\n"
    assert fleet(database, "retain", "0").exit_code == 2


def test_what_cannot_be_reached_or_was_not_named_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KIOSKD_FLEET_DATABASE", "KIOSKD_FLEET_NATS"):
        monkeypatch.delenv(name, raising=False)
    unnamed = fleet(None, "migrate")
    assert (unnamed.exit_code, "--database, or $KIOSKD_FLEET_DATABASE" in unnamed.output) == (
        2,
        True,
    )
    nowhere = fleet(None, "apply")
    assert (nowhere.exit_code, "$KIOSKD_FLEET_NATS" in nowhere.output) == (2, True)
    away = fleet("postgresql://fleet@127.0.0.1:9/none", "migrate")
    assert (away.exit_code, away.output.startswith("PostgreSQL: ")) == (1, True)
    gone = CliRunner().invoke(main, ["fleet", "apply", "--nats", "nats://127.0.0.1:9"])
    assert (gone.exit_code, gone.output.startswith("the cluster: ")) == (1, True)


@pytest.mark.parametrize("library", ["nats", "psycopg"])
def test_without_the_extra_it_is_named(library: str) -> None:
    words = ["fleet", "migrate", "--database", "x"]
    blocked = f"import sys; sys.modules['{library}'] = None"
    script = f"{blocked}; from kioskd.cli import main; main({words})"
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    said = f"this command needs {library}, which is not installed: {to_add('fleet')}\n"
    assert run.stderr == said


def _base64(key: bytes) -> str:
    import base64

    return base64.b64encode(key).decode()


@pytest.mark.parametrize("wrong", ["here", "localhost:9481", "127.0.0.1:0", "9481x", "::1:99999"])
def test_a_place_for_metrics_that_is_none_is_told(wrong: str) -> None:
    collect = ("collect", "--nats", "nats://127.0.0.1:1", "--database", "dbname=none")
    done = CliRunner().invoke(main, [*collect, "--metrics", wrong])
    assert done.exit_code == 2
    assert f"--metrics {wrong}: say PORT or ADDRESS:PORT" in done.output
