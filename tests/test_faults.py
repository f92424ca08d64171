"""What breaks at a door breaks here, for real: the door stays shut, and nothing is lost."""

import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kioskd import time_service
from kioskd.config.load import load
from kioskd.daemon import Daemon
from kioskd.event import Step
from kioskd.happenings import FrameJudged
from kioskd.judge import Stop, UseMode
from kioskd.modes import catalogue
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.spec import Needs
from kioskd.state_dir import LOCK_FILE, StateDir, StateDirError
from models.manifest import shipped
from models.observation import Conversation, Observation
from tests.support import rtsp
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.clips import as_h264
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, gone, kioskd, settings, wait_gone
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
FEED = "door-3"


def often(broker: Mosquitto) -> dict[str, Any]:
    """A door that keeps being told: the attack clip, judged again and again."""
    feeds = {FEED: file_feed(ATTACK)}
    forgetful = {"attack_ends_tries": False, "evidence_adds_up": False, "rest_s": 0}
    return settings(broker, feeds, cool_down_s=0, attempts_per_track=100, **forgetful)


def seqs(seen: Witness) -> set[object]:
    return {record["seq"] for record in seen.payloads("audit")}


def numbers_are_whole(seen: Witness, but: Collection[int] = ()) -> bool:
    """Every audit number from 1 to the newest has arrived, whether or not these have."""
    got = seqs(seen)
    return bool(got) and got | set(but) == set(range(1, len(got | set(but)) + 1))


def taken(daemon: Kioskd) -> list[int]:
    """The numbers of the records that a broker has taken."""
    with closing(sqlite3.connect(daemon.folder / "state" / "audit.db")) as db:
        query = "SELECT id FROM record WHERE delivered_at IS NOT NULL"
        return [row[0] for row in db.execute(query)]


def problems(seen: Witness) -> dict[str, str]:
    """What the newest status complains of."""
    listed: Any = seen.payloads("status")[-1]["problems"] if seen.of("status") else []
    return {problem["code"]: problem["detail"] for problem in listed}


def test_a_killed_daemon_is_reported_offline_and_loses_no_result(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: len(seen.of("action")) >= 3)
            captures = daemon.capture_pids()
            assert captures
            daemon.kill()
        eventually(lambda: seen.payloads("status")[-1]["state"] == "offline")
        wait_gone(captures)
        told = len(seen.of("action"))
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: len(seen.of("action")) >= told + 2)
            assert daemon.stop() == 0
        with kioskd(tmp_path / "k", config):  # what the last moment left over arrives now
            eventually(lambda: numbers_are_whole(seen))
    ids = [action["eventId"] for action in seen.payloads("action")]
    assert len(ids) == len(set(ids))
    audited = {record["eventId"] for record in seen.payloads("audit")}
    assert set(ids) <= audited


def test_a_killed_capture_process_is_started_again(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        kioskd(tmp_path / "k", often(broker)) as daemon,
    ):
        eventually(lambda: seen.of("action"))
        (capture,) = daemon.capture_pids()
        os.kill(capture, signal.SIGKILL)
        eventually(lambda: offline(seen))
        told = len(seen.of("action"))
        eventually(lambda: len(seen.of("action")) > told)
        assert daemon.capture_pids() != [capture]
        assert daemon.stop() == 0


def offline(seen: Witness) -> bool:
    return any(
        (state["state"], state["reason"]) == ("offline", "crashed")
        for state in seen.payloads("state")
    )


def test_a_broker_away_for_longer_than_the_expiry_gets_no_late_event(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        config["mqtt"]["action_expiry_s"] = 4.0  # a busy machine needs some of it to send one
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: len(seen.of("action")) >= 2)
            broker.kill()
            # Only then is an attempt sure to have ended, and its event to have expired, unsent.
            eventually(lambda: daemon.log.count("it was never sent") >= 2)
            # A broker that is killed has what it took last with it, where a subscriber was slow.
            gone_with_it = taken(daemon)
            # What comes before the witness is back, nobody hears: so the daemon lets it go first.
            with daemon.held():
                seen.subscribed = False
                broker.start()
                eventually(lambda: seen.subscribed)
            told = len(seen.of("action"))
            eventually(lambda: len(seen.of("action")) >= told + 2)
            waited = logged(daemon, "the event waits for the broker")
            # Each of them ends: it grew too old, or the broker took it when it was back.
            eventually(lambda: set(waited) <= set(ends(daemon)))
            assert daemon.stop() == 0
            assert set(waited) <= set(logged(daemon, "attempt ended"))
            assert daemon.log.count("connected to the broker") == 2
        with kioskd(tmp_path / "k", config):
            eventually(lambda: numbers_are_whole(seen, but=gone_with_it))
            eventually(lambda: "it was never sent" in expired(seen).values())
    assert waited
    # One that was on its way when the broker was killed may have arrived, and the record says so.
    told_of = expired(seen)
    never_sent = {event for event, detail in told_of.items() if detail == "it was never sent"}
    assert set(told_of.values()) <= {"it was never sent", "it was sent once and may have arrived"}
    assert never_sent.isdisjoint(action["eventId"] for action in seen.payloads("action"))


def ends(daemon: Kioskd) -> list[str]:
    """The ids of events that came to an end, so or so."""
    return logged(daemon, "the event expired") + logged(daemon, "the broker took the event")


def expired(seen: Witness) -> dict[object, object]:
    """By its id, what the record says of each event that grew too old."""
    return {
        record["eventId"]: record["detail"]
        for record in seen.payloads("audit")
        if record["kind"] == "delivery" and record["outcome"] == "expired"
    }


def logged(daemon: Kioskd, line: str) -> list[str]:
    """The event ids in the log's lines of this kind."""
    return re.findall(rf"\b{line}\b.* event_id=(\S+)", daemon.log)


def test_a_camera_that_stops_is_stalled_and_comes_back(tmp_path: Path) -> None:
    clip = as_h264(LIVE, tmp_path / "live.mp4")
    port = free_port()
    with (
        rtsp.playing(port, clip) as camera,
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
    ):
        waits = {"retry_most_s": 1.0, "open_s": 3.0}
        # The clip begins anew with each connection, and that is a loop.
        feed = {"kind": "rtsp", "url": rtsp.url(port), "loops": "ignore", **waits}
        with kioskd(tmp_path / "k", settings(broker, {FEED: feed})) as daemon:
            eventually(lambda: seen.of("action"))
            camera.freeze()
            eventually(lambda: last_state(seen) in ("stalled", "offline"))
            told = len(seen.of("action"))
            eventually(lambda: last_state(seen) == "offline")
            assert len(seen.of("action")) == told
            camera.thaw()
            eventually(lambda: last_state(seen) == "online")
            eventually(lambda: len(seen.of("action")) > told)
            assert daemon.stop() == 0


def last_state(seen: Witness) -> object:
    return seen.payloads("state")[-1]["state"] if seen.of("state") else None


def test_a_broker_that_refuses_the_action_topic_is_named(tmp_path: Path) -> None:
    users = {"kiosk": "one", "door": "two"}
    acl = (
        "user kiosk\ntopic write liveness/v1/hq/kiosk-07/status\n"
        "topic write liveness/v1/hq/kiosk-07/audit\n"
        "user door\ntopic read liveness/v1/#\n"
    )
    with (
        mosquitto(tmp_path, users, acl) as broker,
        witness(broker, "door", "two") as seen,
    ):
        config = often(broker)
        config["mqtt"] |= {"username": "kiosk", "password": "${DOOR_PASSWORD}"}
        with kioskd(tmp_path / "k", config, {"DOOR_PASSWORD": "one"}) as daemon:
            eventually(lambda: f"{FEED}/action" in problems(seen).get("broker_acl", ""))
            eventually(lambda: refused(seen))
            assert daemon.stop() == 0
    assert seen.of("action") == []


def refused(seen: Witness) -> bool:
    return any(
        record["kind"] == "delivery" and record["outcome"] == "refused"
        for record in seen.payloads("audit")
    )


def test_no_event_leaves_while_the_audit_log_cannot_be_written(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: seen.of("action"))
            # The journal is larger already, so no record can be written; what the daemon says can.
            daemon.limit_files(32_768)
            eventually(lambda: "audit" in problems(seen))
            told = len(seen.of("action"))
            eventually(lambda: attempts_unrecorded(daemon) >= 3)
            assert len(seen.of("action")) == told
            daemon.limit_files(resource.RLIM_INFINITY)
            eventually(lambda: len(seen.of("action")) > told)
            eventually(lambda: "audit" not in problems(seen))
            assert daemon.stop() == 0
        with kioskd(tmp_path / "k", config):
            eventually(lambda: numbers_are_whole(seen))


def attempts_unrecorded(daemon: Kioskd) -> int:
    return daemon.log.count("outcome=unrecorded")


def test_a_changed_network_file_is_refused_by_name(tmp_path: Path) -> None:
    for room in ("feeds", "models", "kioskd"):
        shutil.copytree(ROOT / room, tmp_path / room)
    network = tmp_path / shipped().file("hybrid").path.relative_to(ROOT)
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    with mosquitto(tmp_path) as broker:
        daemon = Kioskd(tmp_path / "k", settings(broker, {FEED: file_feed(LIVE)}))
    command = [sys.executable, "-m", "kioskd", "run", "-c", str(daemon.config)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE_S)
    assert run.returncode == 2
    assert network.name in run.stderr
    assert "Traceback" not in run.stderr


def test_a_second_daemon_on_the_same_folder_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        with kioskd(tmp_path / "k", config) as first:
            eventually(lambda: seen.of("action"))
            with kioskd(tmp_path / "second", {**config, "state_dir": "../k/state"}) as second:
                assert second.wait(DEADLINE_S) == 1
                assert re.search(r"not started: another kioskd uses \S*state: stop it", second.log)
            told = len(seen.of("action"))
            eventually(lambda: len(seen.of("action")) > told)
            assert "client_id" not in problems(seen)
            first.kill()
        with kioskd(tmp_path / "k", config):  # nothing of the killed one holds the folder
            told = len(seen.of("action"))
            eventually(lambda: len(seen.of("action")) > told)


def test_a_file_in_the_place_of_the_state_folder_is_a_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with mosquitto(tmp_path) as broker:
        for place in ("../file", "../file/deeper"):
            with kioskd(tmp_path / "k", {**often(broker), "state_dir": place}) as daemon:
                assert daemon.wait(DEADLINE_S) == 2
            assert re.search(r"state_dir\b.* must be a folder, and .*file", daemon.log)
            assert "Traceback" not in daemon.log


def test_a_folder_in_the_place_of_the_lock_is_called_one(tmp_path: Path) -> None:
    lock = tmp_path / LOCK_FILE
    lock.mkdir()
    with pytest.raises(StateDirError, match=f"{lock} is a folder"):
        StateDir(tmp_path)


def test_a_recording_before_a_real_broker_is_a_problem_and_a_camera_is_none(
    tmp_path: Path,
) -> None:
    nobody = {"kind": "rtsp", "url": rtsp.url(free_port())}
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        feeds = {FEED: file_feed(LIVE), "door-4": nobody}
        with kioskd(tmp_path / "k", settings(broker, feeds)):
            said = f"a recording, not a camera: feed {FEED}"
            eventually(lambda: problems(seen).get("recording") == said)
        # The broker has said that the first one is gone: what comes from here on is the second's.
        eventually(lambda: seen.payloads("status")[-1]["state"] == "offline")
        told = len(seen.of("state"))
        with kioskd(tmp_path / "k", settings(broker, {"door-4": nobody})):
            eventually(lambda: len(seen.of("state")) > told)
            seen.catch_up()
            assert {state["sourceId"] for state in seen.payloads("state")[told:]} == {"door-4"}
            eventually(lambda: seen.payloads("status")[-1]["state"] == "online")
            kept = time_service.synchronised() is True  # this machine's own clock
            eventually(lambda: problems(seen).keys() == (set() if kept else {"clock"}))


class Broken:
    """A mode with a bug."""

    def step(self, seen: Observation) -> Conversation[Step]:
        raise ZeroDivisionError
        yield  # it is a conversation, if a short one


def test_a_judge_that_fails_leaves_the_kiosk_offline_with_the_reason(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        daemon = Daemon(load(Kioskd(tmp_path / "k", often(broker)).config))
        daemon.start()
        eventually(lambda: daemon.courier.connected)
        (judge,) = daemon.judges
        judge.send(UseMode(Broken(), Needs(frozenset())))
        eventually(lambda: not daemon.tend())
        daemon.stop()
        eventually(lambda: seen.payloads("status")[-1]["state"] == "offline")
    failed = f"judging {FEED} failed (ZeroDivisionError): report what the log says"
    assert problems(seen)["failed"] == failed
    (state,) = newest_states(seen)
    assert (state["state"], state["reason"], state["detail"]) == ("offline", "bug", failed)
    assert "stopped" not in {status["state"] for status in seen.payloads("status")}


def test_a_door_stays_shut_while_a_network_of_its_new_mode_is_missing(tmp_path: Path) -> None:
    """It is told, and so is, in each event, the network that decides once it is there."""
    ours = shipped().file("hybrid")
    added = tmp_path / "k" / "networks.yaml"
    rgb = RgbSettings(detection_scheme="fused_multimodal")
    gate = GateSettings(hybrid_margin_below=0.2)

    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        door = config["doors"][f"{FEED}-door"]
        door["rgb_liveness"]["detection_scheme"] = "hybrid_unimodal"
        door["gate"] = {"hybrid_margin_below": 0.2}  # the clip frames the face tighter
        config["perception"] = {"added_networks": str(added)}
        kiosk = Kioskd(tmp_path / "k", config)
        added.write_text(ADDED.format(sha256=ours.sha256))
        daemon = Daemon(load(kiosk.config))
        daemon.start()
        eventually(lambda: daemon.tend() and len(seen.of("action")) >= 1)
        (judge,) = daemon.judges
        judge.send(UseMode(catalogue.make(rgb, gate, lambda _: 0), catalogue.needs(rgb)))
        eventually(lambda: "network" in problems(seen))
        said = problems(seen)["network"]
        shutil.copy(ours.path, added.with_name("theirs.onnx"))
        judge.send(UseMode(catalogue.make(rgb, gate, lambda _: 0), catalogue.needs(rgb)))
        eventually(lambda: "network" not in problems(seen))
        eventually(lambda: [a for a in seen.payloads("action") if "theirs:" in version(a)])
        daemon.stop()
    assert f"door {FEED}-door stays shut: network file " in said
    assert "theirs.onnx cannot be read" in said
    assert "theirs:" not in version(seen.payloads("action")[0])


ADDED = """
networks:
  theirs:
    path: theirs.onnx
    sha256: "{sha256}"
    crop: {{ scale: 2.7, shape: box, resize: linear }}
    size: 80
    colours: bgr
    range: [0, 255]
    output: logits
    bona_fide: 1
    weight: 0.5
"""


def version(action: Any) -> str:
    return str(action["x"]["modelVersion"])


def test_a_listener_that_fails_or_hangs_stops_no_door_and_is_told(tmp_path: Path) -> None:
    def fail(_: FrameJudged) -> None:
        raise ZeroDivisionError

    hold = threading.Event()
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        daemon = Daemon(load(Kioskd(tmp_path / "k", often(broker)).config))
        daemon.stream.listen("the page", FrameJudged, fail)
        daemon.add(daemon.stream.follow("snail", lambda _: hold.wait(), FrameJudged, most=1))
        daemon.start()
        eventually(lambda: daemon.tend() and len(seen.of("action")) >= 2)
        assert "the page (ZeroDivisionError)" in problems(seen)["listener"]
        assert "no_progress" not in problems(seen)
        daemon.stop()
        hold.set()
        eventually(lambda: seen.payloads("status")[-1]["state"] == "stopped")


def test_a_door_that_is_stopped_at_run_time_leaves_the_others_at_work(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        config |= settings(broker, {FEED: file_feed(ATTACK), "door-4": file_feed(LIVE)})
        daemon = Daemon(load(Kioskd(tmp_path / "k", config).config))
        daemon.start()
        first, second = daemon.judges
        eventually(lambda: daemon.tend() and len(newest_states(seen)) == 2)
        second.send(Stop())
        eventually(lambda: daemon.tend() and daemon.judges == [first])
        told = len(results(seen))
        eventually(lambda: daemon.tend() and len(results(seen)) > told)
        assert "no_progress" not in problems(seen)
        states = {
            state["sourceId"]: (state["state"], state["reason"]) for state in newest_states(seen)
        }
        assert states == {FEED: ("online", ""), "door-4": ("offline", "stopped")}
        daemon.stop()


def test_a_door_may_come_at_run_time(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = often(broker)
        config |= settings(broker, {FEED: file_feed(ATTACK), "door-4": file_feed(LIVE)})
        daemon = Daemon(load(Kioskd(tmp_path / "k", config).config))
        later = daemon.judges[1]
        daemon.parts.remove(later)
        daemon.start()
        eventually(lambda: daemon.tend() and newest_states(seen))
        daemon.add(later)
        eventually(lambda: daemon.tend() and len(newest_states(seen)) == 2)
        assert daemon.judges[1] is later
        daemon.stop()


def test_frames_that_nobody_has_time_for_are_told(tmp_path: Path) -> None:
    """A camera faster than any machine, for decoding a frame is less work than judging it."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        feed = file_feed(ATTACK, pace="realtime")
        config = load(Kioskd(tmp_path / "k", settings(broker, {FEED: feed}, cool_down_s=0)).config)
        (door,) = config.doors
        source = replace(door.feed.source, fps=2000.0)  # type: ignore[arg-type]
        doors = (replace(door, feed=replace(door.feed, source=source)),)
        daemon = Daemon(replace(config, doors=doors))
        daemon.start()
        eventually(lambda: daemon.tend() and "overloaded" in problems(seen))
        eventually(lambda: [r for r in results(seen) if "overloaded" in r["reasons"]])
        daemon.stop()
    said = [problem for status in seen.payloads("status") for problem in told(status)]
    assert re.match(rf"the machine is too busy for feed {FEED}: \d+ % of its frames are ", said[-1])


def told(status: Any) -> list[str]:
    return [each["detail"] for each in status["problems"] if each["code"] == "overloaded"]


def results(seen: Witness) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = seen.payloads("audit")
    return [record for record in records if record["kind"] == "result"]


def test_a_hang_up_ends_nothing_and_has_the_configuration_read_again(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        kioskd(tmp_path / "k", often(broker)) as daemon,
    ):
        eventually(lambda: seen.of("action"))
        for pid in (daemon.pid, *daemon.capture_pids()):
            os.kill(pid, signal.SIGHUP)
        eventually(lambda: "configuration read again" in daemon.log)
        told = len(seen.of("action"))
        eventually(lambda: len(seen.of("action")) > told)
        assert daemon.stop() == 0
    assert "crashed" not in {state["reason"] for state in seen.payloads("state")}


@pytest.mark.parametrize("around", ["<&- >&- 2>&-", "2>/dev/full"])
def test_a_door_is_served_whatever_standard_input_and_output_are(
    tmp_path: Path, around: str
) -> None:
    """Closed, as some supervisors start programs, or on a disk that is full."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = Kioskd(tmp_path / "k", often(broker)).config
        run = [sys.executable, "-m", "kioskd", "run", "-c", str(config)]
        with subprocess.Popen(["sh", "-c", f'exec "$@" {around}', "sh", *run]) as daemon:
            eventually(lambda: seen.of("action"))
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(DEADLINE_S) == 0
        seen.catch_up()
        assert seen.payloads("status")[-1]["state"] == "stopped"


def test_systemd_hears_ready_then_life_signs_then_stopping(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = str(tmp_path / "notify")
        manager.bind(address)
        manager.settimeout(DEADLINE_S)
        config = settings(broker, {FEED: file_feed(LIVE)})
        with kioskd(tmp_path / "k", config, {"NOTIFY_SOCKET": address}) as daemon:
            heard = manager.recv(4096).decode()
            assert heard.startswith("READY=1")
            eventually(lambda: manager.recv(4096) == b"WATCHDOG=1")
            assert daemon.stop() == 0
        # On a machine that is busy elsewhere, it may say in between who makes no progress.
        life_signs = ("WATCHDOG=1", "STATUS=No progress")
        while (heard := manager.recv(4096).decode()).startswith(life_signs):
            pass
        assert heard == "STOPPING=1"


def test_a_stop_told_to_the_whole_group_is_no_crash_of_the_captures(tmp_path: Path) -> None:
    """As from `kill -- -PGID` or a container's end; here the captures even hear it first."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        feeds = {FEED: file_feed(LIVE), "door-4": file_feed(ATTACK)}
        with kioskd(tmp_path / "k", settings(broker, feeds)) as daemon:
            eventually(lambda: {s["state"] for s in newest_states(seen)} == {"online"})
            captures = daemon.capture_pids()
            assert len(captures) == 2
            for pid in captures:
                os.kill(pid, signal.SIGTERM)
            assert daemon.stop() == 0
        assert all(gone(pid) for pid in captures)
        eventually(lambda: seen.payloads("status")[-1]["state"] == "stopped")
    assert {s["state"] for s in newest_states(seen)} == {"offline"}
    assert "crashed" not in {state["reason"] for state in seen.payloads("state")}


def newest_states(seen: Witness) -> list[dict[str, Any]]:
    """The last state of each feed."""
    return list({message.topic: message.payload for message in seen.of("state")}.values())


def test_stopping_leaves_no_process_and_says_so(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        feeds = {FEED: file_feed(LIVE), "door-4": file_feed(ATTACK)}
        with kioskd(tmp_path / "k", settings(broker, feeds)) as daemon:
            eventually(lambda: len(daemon.capture_pids()) == 2)
            eventually(lambda: len(seen.of("action")) >= 2)
            captures = daemon.capture_pids()
            assert daemon.stop() == 0
        assert all(gone(pid) for pid in captures)
        eventually(lambda: seen.payloads("status")[-1]["state"] == "stopped")
        states = {state["sourceId"]: state for state in seen.payloads("state")}  # the last of each
    assert states.keys() == feeds.keys()
    assert {(s["state"], s["reason"]) for s in states.values()} == {("offline", "stopped")}


def test_the_state_folder_and_all_in_it_are_the_owners_alone_and_other_folders_stay_as_they_are(
    tmp_path: Path,
) -> None:
    umask = os.umask(0)
    try:
        ours, shared = tmp_path / "ours", tmp_path / "shared"
        for folder in (ours, shared):
            folder.mkdir()
            (folder / "kioskd.lock").touch()
        (shared / "letters").touch()
        for folder in (tmp_path / "new", ours, shared):
            StateDir(folder).close()
    finally:
        os.umask(umask)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == {"new": "0o700", "ours": "0o700", "shared": "0o777"}
    assert {oct(lock.stat().st_mode & 0o777) for lock in tmp_path.glob("*/*.lock")} == {"0o600"}
