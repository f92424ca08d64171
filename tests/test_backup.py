"""A kiosk in one file: all of it comes back, or nothing is changed; and no key leaves unasked."""

import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kioskd.backup.named_files import NAMED, RECORDINGS
from kioskd.config import keys
from kioskd.delivery import audit_tables
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_check import Checked, check
from kioskd.delivery.seal import Seal
from kioskd.identity.gallery import Gallery
from kioskd.lockout import DoorLockout, as_bytes
from kioskd.signing.ed25519 import Signer, signer_at
from kioskd.state_dir import StateDir
from kioskd.verify import Chain
from tests.support.commands import Said, kioskd
from tests.support.signed import AUDIT, KEY, public

ROOT = Path(__file__).parent.parent
SIGNER = Signer(KEY)
SEAL = partial(Seal(SIGNER.key_id, SIGNER.signature).encoded, "hq/kiosk-07/audit")
PASSPHRASE = "correct horse battery staple"
SECRETS = ("the-broker's-password", "the-page's-token", "the-people's-key", "PRIVATE KEY")
NETWORK = b"a network of this site"


def settings() -> dict[str, Any]:
    return {
        "site": "hq",
        "device": "kiosk-07",
        "state_dir": "tls/../state",
        "mqtt": {
            "broker": "10.0.0.5",
            "tls": {"ca_file": "tls/ca.pem", "cert_file": "tls/own.pem", "key_file": "tls/own.key"},
            "username": "kiosk",
            "password_file": "mqtt-password",
        },
        "page": {"token": "${PAGE_TOKEN}"},
        "people": {"key": "${PEOPLE_KEY}"},
        "perception": {"added_networks": "networks.yaml"},
        "feeds": {"front": {"kind": "file", "path": "visitors.mp4"}},
        "doors": {"main": {"mode": "secure_access_rgb_liveness", "feed": "front"}},
    }


def networks() -> str:
    entry = {
        "path": "own.onnx",
        "sha256": hashlib.sha256(NETWORK).hexdigest(),
        "crop": {"scale": 2.7, "shape": "box", "resize": "linear"},
        "size": 80,
        "colours": "bgr",
        "range": [0, 255],
        "output": "logits",
        "bona_fide": 1,
        "weight": 0.5,
    }
    return json.dumps({"networks": {"site": entry}})


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    """The configuration of a kiosk that has been at work, with a file of every kind."""
    folder = tmp_path / "kiosk"
    state = folder / "state"
    for made in (folder / "tls", folder / "credentials", state):
        made.mkdir(parents=True)
    (folder / "config.yaml").write_text(json.dumps(settings(), indent=1))
    (folder / "networks.yaml").write_text(networks())
    (folder / "own.onnx").write_bytes(NETWORK)
    (folder / "tls" / "ca.pem").write_text("a certificate")
    (folder / "tls" / "own.pem").write_text("another")
    (folder / "visitors.mp4").write_text("pictures of people")
    for name, secret in (
        ("tls/own.key", SECRETS[3]),
        ("mqtt-password", SECRETS[0]),
        ("credentials/PAGE_TOKEN", SECRETS[1]),
        ("credentials/PEOPLE_KEY", SECRETS[2]),
    ):
        (folder / name).write_text(secret)
        (folder / name).chmod(0o600)
    signer_at(state / "signing.key")
    Gallery().keep(state / "people.sealed", bytes(32))
    (state / "lockout.json").write_bytes(as_bytes({"main": DoorLockout((), 1.9e9, 30.0)}))
    (state / "doors.json").write_text('{"format": 1, "doors": {}}')
    (state / "camera.front.pinned.json").write_text('{"format": 1, "facts": {"serial": "7"}}')
    (state / "audit.db.damaged-1").write_text("a log that was damaged")
    for passing in ("debug-main", "reload.json", "people.lock", "kioskd.lock"):
        (state / passing).touch()
    with closing(AuditLog(state / "audit.db", encode=SEAL)) as log:
        filled(log, 5)
    return folder / "config.yaml"


def filled(log: AuditLog, count: int) -> list[bytes]:
    """The bytes of so many new records."""
    given = [log.commit({"n": n, "x": {"clockSynchronised": True}}, 1.8e9) for n in range(count)]
    rows = {row.id: row.payload for row in log.pending(0, 100_000)}
    return [rows[number] for number in given]


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {each.name: b"".join(tar.extractfile(each) or ()) for each in tar}


def below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return file


def test_a_backup_has_what_cannot_be_made_anew_and_no_key(kiosk: Path, tmp_path: Path) -> None:
    target = tmp_path / "backup.tar"
    said = kioskd("backup", target, "-c", kiosk)
    assert said.status == 0, said.err
    assert target.stat().st_mode & 0o777 == 0o600
    found = contents(target)
    assert set(found) == {
        "manifest.json",
        "config/config.yaml",
        "config/networks.yaml",
        "config/own.onnx",
        "config/tls/ca.pem",
        "config/tls/own.pem",
        "state/audit.db",
        "state/camera.front.pinned.json",
        "state/doors.json",
        "state/lockout.json",
        "state/people.sealed",
    }
    assert list(found)[1:] == sorted(list(found)[1:])
    manifest = json.loads(found["manifest.json"])
    sums = {each["name"]: each["sha256"] for each in manifest["files"]}
    names = set(found) - {"manifest.json"}
    assert sums == {name: hashlib.sha256(found[name]).hexdigest() for name in names}
    assert not [secret for secret in SECRETS if secret.encode() in target.read_bytes()]
    for left in ("visitors.mp4", "tls/own.key", "state/signing.key", "audit.db.damaged-1"):
        assert re.search(rf"(?m)^not in it: .*{re.escape(left)}$", said.out), left
    assert {path.name for path in tmp_path.iterdir()} == {"kiosk", "backup.tar"}


def test_keys_leave_sealed_and_all_comes_back_on_another_machine(
    kiosk: Path, tmp_path: Path, passphrase: Path
) -> None:
    target, other = tmp_path / "backup.sealed", tmp_path / "other" / "config.yaml"
    refused = kioskd("backup", target, "-c", kiosk, "--keys")
    assert (refused.status, target.exists()) == (1, False)
    assert "--passphrase-file" in refused.err
    made = kioskd("backup", target, "-c", kiosk, "--keys", "--passphrase-file", passphrase)
    assert made.status == 0, made.err
    kept = target.read_bytes()
    assert not [plain for plain in (*SECRETS, "kiosk-07", "ustar") if plain.encode() in kept]

    wrong = tmp_path / "wrong"
    wrong.write_text("correct horse battery stable")
    for words in ((), ("--passphrase-file", wrong)):
        said = kioskd("restore", target, "-c", other, *words)
        assert (said.status, other.exists()) == (1, False)
        assert "passphrase" in said.err
    said = kioskd("restore", target, "-c", other, "--passphrase-file", passphrase)
    assert said.status == 0, said.err
    passing = {"debug-main", "reload.json", "people.lock", "kioskd.lock", "audit.db.damaged-1"}
    expected = below(kiosk.parent)
    left = {"visitors.mp4"} | {f"state/{name}" for name in passing}
    found = below(other.parent)
    assert set(found) - {"state/kioskd.lock"} == set(expected) - left
    same = set(expected) - left - {"state/audit.db", "state/audit.db.mark"}
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}
    assert (other.parent / "credentials").stat().st_mode & 0o777 == 0o700
    for name in ("state/signing.key", "credentials/PEOPLE_KEY", "mqtt-password", "state/audit.db"):
        assert (other.parent / name).stat().st_mode & 0o777 == 0o600, name


def test_a_restored_log_goes_on_under_a_new_epoch_whatever_came_after_the_backup(
    kiosk: Path, tmp_path: Path
) -> None:
    target, path = tmp_path / "backup.tar", kiosk.parent / "state" / "audit.db"
    with closing(AuditLog(path, encode=SEAL)) as log:
        old = [row.payload for row in log.pending(0, 100)]
        log.acknowledge([1, 2, 3], 1.8e9)
    assert kioskd("backup", target, "-c", kiosk).status == 0
    with closing(AuditLog(path, encode=SEAL)) as log:
        after = filled(log, 4)
    said = kioskd("restore", target, "-c", kiosk, "--replace")
    assert said.status == 0, said.err
    with closing(AuditLog(path, encode=SEAL)) as log:
        assert (log.begun, log.damaged) == (None, ())
        assert log.epoch in said.out
        again = [row.payload for row in log.pending(0, 100)]
        new = filled(log, 3)
    chain = Chain((public(),))
    codes = [chain.heard(AUDIT, each).code for each in [*old, *after, *again, *new]]
    assert codes == ["begins", *["kept"] * 8, "again", "again", "begins", "kept", "kept"]
    (aside,) = path.parent.glob("before-restore-*")
    assert check(aside / "audit.db") == Checked(9, 0, ())


def test_a_log_that_is_written_to_is_copied_as_it_was_at_one_moment(
    kiosk: Path, tmp_path: Path
) -> None:
    path, done = kiosk.parent / "state" / "audit.db", threading.Event()
    with closing(AuditLog(path, encode=SEAL)) as log:

        def write() -> None:
            while not done.is_set():
                log.commit({"x": {"clockSynchronised": True}}, 1.8e9)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            targets = [tmp_path / f"backup-{number}.tar" for number in range(3)]
            committed = []
            for target in targets:
                committed.append(log.count_pending())
                assert kioskd("backup", target, "-c", kiosk).status == 0
        finally:
            done.set()
            writer.join()
    for number, (target, least) in enumerate(zip(targets, committed, strict=True)):
        copy = tmp_path / f"{number}.db"
        copy.write_bytes(contents(target)["state/audit.db"])
        found = check(copy)
        assert (found.unreadable, found.broken) == (0, ())
        assert found.rows >= least


def test_a_log_that_somebody_changed_is_kept_and_named(kiosk: Path, tmp_path: Path) -> None:
    path, target = kiosk.parent / "state" / "audit.db", tmp_path / "backup.tar"
    with closing(AuditLog(tmp_path / "forged" / "audit.db", encode=SEAL)) as forger:
        filled(forger, 2)
    forged = tmp_path / "forged" / "audit.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"ATTACH '{forged}' AS forged")
        db.execute("DELETE FROM record WHERE id = 2")
        db.execute("INSERT INTO record SELECT * FROM forged.record WHERE id = 2")
    said = kioskd("backup", target, "-c", kiosk)
    assert (said.status, "somebody changed it: 2, 3 name" in said.out) == (0, True)
    said = kioskd("restore", target, "-c", tmp_path / "other" / "config.yaml")
    assert (said.status, "somebody changed it: 2, 3 name" in said.out) == (0, True)


def test_nothing_is_restored_under_a_daemon_or_over_what_is_there(
    kiosk: Path, tmp_path: Path
) -> None:
    target, state = tmp_path / "backup.tar", kiosk.parent / "state"
    assert kioskd("backup", target, "-c", kiosk).status == 0
    before = below(kiosk.parent)
    claim = StateDir(state)
    try:
        said = kioskd("restore", target, "-c", kiosk, "--replace")
        assert (said.status, "another kioskd uses" in said.err) == (1, True)
    finally:
        claim.close()
    said = kioskd("restore", target, "-c", kiosk)
    assert (said.status, "--replace" in said.err) == (1, True)
    assert "audit.db" in said.err
    before["state/kioskd.lock"] = (state / "kioskd.lock").read_bytes()
    assert below(kiosk.parent) == before


def test_what_is_replaced_lies_aside_and_what_shuts_a_door_stays(
    kiosk: Path, tmp_path: Path
) -> None:
    target, state = tmp_path / "backup.tar", kiosk.parent / "state"
    assert kioskd("backup", target, "-c", kiosk).status == 0
    kiosk.write_text(kiosk.read_text().replace("kiosk-07", "kiosk-08"))
    shut = '{"format": 1, "doors": {"main": {"enabled": false, "modified": 9}}}'
    (state / "doors.json").write_text(shut)
    (state / "audit.db-wal").write_bytes(b"of the log that goes")
    key = (state / "signing.key").read_bytes()
    said = kioskd("restore", target, "-c", kiosk, "--replace")
    assert said.status == 0, said.err
    assert "kiosk-07" in kiosk.read_text()
    assert (state / "doors.json").read_text() == shut
    assert (state / "signing.key").read_bytes() == key
    (config_aside,) = kiosk.parent.glob("before-restore-*")
    (state_aside,) = state.glob("before-restore-*")
    assert "kiosk-08" in (config_aside / "config.yaml").read_text()
    assert {path.name for path in config_aside.iterdir()} == {"config.yaml"}
    aside = {"audit.db", "audit.db-wal", "audit.db.mark"}
    assert {path.name for path in state_aside.iterdir()} == aside
    with closing(AuditLog(state / "audit.db")) as log:
        assert log.damaged == ()


def test_what_came_from_elsewhere_on_the_disk_is_never_put_there(
    kiosk: Path, tmp_path: Path
) -> None:
    far, target = tmp_path / "far" / "ca.pem", tmp_path / "backup.tar"
    far.parent.mkdir()
    far.write_text("of another folder")
    said = settings()
    said["mqtt"]["tls"]["ca_file"] = str(far)
    kiosk.write_text(json.dumps(said))
    assert kioskd("backup", target, "-c", kiosk).status == 0
    far.unlink()
    other = tmp_path / "other"
    told = kioskd("restore", target, "-c", other / "config.yaml")
    assert told.status == 0, told.err
    laid = other / "restored" / far.relative_to("/")
    assert (laid.read_text(), far.exists()) == ("of another folder", False)
    assert "by hand" in told.out
    assert "mqtt.tls.ca_file: no such file" in told.err


Changed = Callable[[dict[str, Any], dict[str, bytes]], None]


def rename(old: str, new: str) -> Changed:
    def change(said: dict[str, Any], files: dict[str, bytes]) -> None:
        files[new] = files.pop(old)
        (entry,) = [each for each in said["files"] if each["name"] == old]
        entry["name"] = new
        said["files"].sort(key=lambda each: each["name"])

    return change


def say(**more: object) -> Changed:
    return lambda said, _: said.update(more)


def newer_log(said: dict[str, Any], files: dict[str, bytes]) -> None:
    path = Path(os.environ["PYTEST_TMP"]) / "newer.db"
    path.write_bytes(files["state/audit.db"])
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {audit_tables.VERSION + 1}")
    put(said, files, "state/audit.db", path.read_bytes())


def log_that_acts(said: dict[str, Any], files: dict[str, bytes]) -> None:
    path = Path(os.environ["PYTEST_TMP"]) / "acting.db"
    path.write_bytes(files["state/audit.db"])
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TRIGGER gone AFTER INSERT ON record BEGIN DELETE FROM record; END")
    put(said, files, "state/audit.db", path.read_bytes())


def put(said: dict[str, Any], files: dict[str, bytes], name: str, content: bytes) -> None:
    files[name] = content
    (entry,) = [each for each in said["files"] if each["name"] == name]
    entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def other_byte(said: dict[str, Any], files: dict[str, bytes]) -> None:
    files["config/tls/ca.pem"] = b"A certificate"


BAD: Mapping[str, tuple[str, Changed]] = {
    "a way out": ("place where none may be", rename("config/own.onnx", "config/../../own.onnx")),
    "an absolute name": ("place where none may be", rename("config/own.onnx", "/etc/own.onnx")),
    "an empty step": ("place where none may be", rename("config/own.onnx", "config//own.onnx")),
    "a line break": ("place where none may be", rename("config/own.onnx", "config/own\n.onnx")),
    "a socket of ours": ("none may be", rename("state/doors.json", "state/control.sock")),
    "below the state": ("none may be", rename("state/doors.json", "state/x/doors.json")),
    "a changed byte": ("its sum is another", other_byte),
    "a newer format": ("install that version", say(format=2, kioskd="9.1")),
    "a newer kioskd": ("kioskd 0.10.0 made it", say(kioskd="0.10.0")),
    "no manifest": ("damaged, or no backup", say(files=None)),
    "a newer log": ("written by a newer kioskd", newer_log),
    "a log that acts": ("none of kioskd's", log_that_acts),
    "no configuration": ("out of order", say(config="config/other.yaml")),
}


def rewritten(archive: Path, change: Changed) -> None:
    """The same backup, changed by somebody who knows how it is made."""
    files = contents(archive)
    said = json.loads(files.pop("manifest.json"))
    change(said, files)
    with tarfile.open(archive, "w") as tar:
        for name, content in [("manifest.json", json.dumps(said).encode()), *sorted(files.items())]:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def refused(archive: Path, folder: Path, why: str) -> None:
    said = kioskd("restore", archive, "-c", folder / "config.yaml")
    assert said.status == 1, said.out
    assert why in said.err
    assert said.err.count("\n") == 1
    assert {"state/kioskd.lock"} >= set(below(folder))


@pytest.fixture
def archive(kiosk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_TMP", str(tmp_path))
    assert kioskd("backup", tmp_path / "backup.tar", "-c", kiosk).status == 0
    return tmp_path / "backup.tar"


def test_a_backup_that_was_made_to_do_harm_or_is_newer_changes_nothing(
    archive: Path, tmp_path: Path
) -> None:
    good = archive.read_bytes()
    for name, (why, change) in BAD.items():
        archive.write_bytes(good)
        rewritten(archive, change)
        refused(archive, tmp_path / name.replace(" ", "-"), why)


def test_a_backup_with_a_link_or_more_than_it_names_or_not_whole_changes_nothing(
    archive: Path, tmp_path: Path
) -> None:
    good = contents(archive)
    kinds = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "device": tarfile.CHRTYPE}
    for name, kind in kinds.items():
        with tarfile.open(tmp_path / name, "w") as tar:
            for each, content in good.items():
                member = tarfile.TarInfo(each)
                member.size = len(content)
                if each == "config/tls/ca.pem":
                    member.type, member.linkname = kind, "../../../etc/passwd"
                tar.addfile(member, io.BytesIO(content))
        refused(tmp_path / name, tmp_path / f"{name}-to", "config/tls/ca.pem")
    more = tmp_path / "more.tar"
    more.write_bytes(archive.read_bytes())
    with tarfile.open(more, "a") as tar:
        tar.addfile(tarfile.TarInfo("config/zz"))
    refused(more, tmp_path / "more-to", "more than its list names")
    for size in (0, 10, 700, len(archive.read_bytes()) // 2):
        cut = tmp_path / "cut.tar"
        cut.write_bytes(archive.read_bytes()[:size])
        refused(cut, tmp_path / "cut-to", str(cut))


def test_a_log_of_an_older_layout_comes_over(kiosk: Path, tmp_path: Path) -> None:
    path = kiosk.parent / "state" / "audit.db"
    for name in ("audit.db", "audit.db.mark"):
        path.with_name(name).unlink()
    with closing(sqlite3.connect(path)) as db:
        statements = ROOT / "tests" / "data" / "audit_layout_1.sql"
        db.executescript(statements.read_text(encoding="utf-8"))
    target, other = tmp_path / "old.tar", tmp_path / "other" / "config.yaml"
    assert kioskd("backup", target, "-c", kiosk).status == 0
    assert kioskd("restore", target, "-c", other).status == 0
    with closing(AuditLog(other.parent / "state" / "audit.db")) as log:
        assert [row.id for row in log.pending(0, 100)] == [4, 6, 7]
        assert (log.begun, log.damaged) == (None, ())


# Restores again and again, in a process that is killed before its first renaming, its second and so
# on; after each it says whether a daemon may start, and how often another is there.
KILLED = """
import os, sys
from pathlib import Path
import kioskd.commands.restore  # once, before all the forks
from kioskd.cli import main
from kioskd.state_dir import StateDir, StateDirError
state, words, number = Path(sys.argv[1]), sys.argv[2:], 0
while True:
    child = os.fork()
    if not child:
        left = iter(range(number))
        def before(event, _):
            if event == "os.rename" and next(left, None) is None:
                os.kill(os.getpid(), 9)
        sys.addaudithook(before)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        main(words)
    _, status = os.waitpid(child, 0)
    try:
        StateDir(state).close()
        print("starts", status)
    except StateDirError as error:
        print(error, status)
    if not status:
        break
    number += 1
"""


def test_a_restore_that_is_killed_anywhere_keeps_doors_shut_until_it_is_done_again(
    kiosk: Path, tmp_path: Path
) -> None:
    target, state = tmp_path / "backup.tar", kiosk.parent / "state"
    assert kioskd("backup", target, "-c", kiosk).status == 0
    kiosk.write_text("site: another\n")
    words = ("restore", target, "-c", kiosk, "--replace")
    command = [sys.executable, "-c", KILLED, str(state), *map(str, words)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    *cut_off, last = said.stdout.splitlines()
    assert last == "starts 0"
    assert len(cut_off) > 5
    refused = [line for line in cut_off if "was cut off" in line]
    started = [line for line in cut_off if line == "starts 9"]
    assert (len(refused) > 2, len(refused) + len(started)) == (True, len(cut_off)), cut_off
    assert "kiosk-07" in kiosk.read_text()
    assert check(state / "audit.db").rows == 5
    kept = below(kiosk.parent)
    assert b"site: another\n" in kept.values()
    assert len([name for name in kept if name.endswith("/audit.db")]) > 1
    assert not list(kiosk.parent.rglob("*restore.new"))


def test_a_backup_without_room_leaves_no_file(kiosk: Path, tmp_path: Path) -> None:
    target = tmp_path / "full" / "backup.tar"
    target.parent.mkdir()
    command = f'ulimit -f 16; exec {sys.executable} -m kioskd backup "{target}" -c "{kiosk}"'
    said = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (said.returncode, said.stderr.count("\n")) == (1, 1), said.stderr
    assert not list(target.parent.iterdir())


def test_a_kiosk_without_a_state_folder_or_a_name_that_is_taken_is_told(
    kiosk: Path, tmp_path: Path
) -> None:
    said = kioskd("backup", kiosk, "-c", kiosk)
    assert (said.status, "is there already" in said.err) == (1, True)
    kiosk.write_text(json.dumps({**settings(), "state_dir": "nowhere"}))
    said = kioskd("backup", tmp_path / "backup.tar", "-c", kiosk)
    assert (said.status, "STATE_DIRECTORY" in said.err) == (1, True)


def test_every_key_that_names_a_file_is_known_to_backups() -> None:
    """So that a key that is added later is in one or is left out on purpose."""
    names = {path for path, _, _ in keys.walk() if names_a_file(path)}
    recordings = {path for path in names if path[0] == "feeds"}
    assert {path[-1] for path in recordings} == set(RECORDINGS)
    assert names - recordings == set(NAMED)


def names_a_file(path: tuple[str | int, ...]) -> bool:
    name = str(path[-1])
    return name.endswith("_file") or name in ("path", "recording", "added_networks", "trust")


@pytest.fixture
def sealed(kiosk: Path, tmp_path: Path, passphrase: Path) -> Path:
    (kiosk.parent / "own.onnx").write_bytes(os.urandom(2_500_000))
    target = tmp_path / "backup.sealed"
    said = kioskd("backup", target, "-c", kiosk, "--passphrase-file", passphrase)
    assert said.status == 0, said.err
    return target


def test_a_sealed_backup_that_was_cut_or_changed_anywhere_changes_nothing(
    sealed: Path, tmp_path: Path, passphrase: Path
) -> None:
    whole, portion = sealed.read_bytes(), 2**20 + 16
    head = whole.index(b"\n") + 1 + 16
    changed = bytearray(whole)
    changed[-100] ^= 1
    parts = [whole[head + n * portion : head + (n + 1) * portion] for n in range(3)]
    for content in (
        whole[: head + 2 * portion],
        bytes(changed),
        whole[:head] + parts[1] + parts[0] + parts[2],
    ):
        sealed.write_bytes(content)
        to = tmp_path / "to"
        said: Said = kioskd(
            "restore", sealed, "-c", to / "config.yaml", "--passphrase-file", passphrase
        )
        assert said.status == 1
        assert "passphrase" in said.err or "changed or cut off" in said.err
        assert {"state/kioskd.lock"} >= set(below(to))
