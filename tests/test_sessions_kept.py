"""Sessions: who may open, read and end them, what becomes of them, and what survives.

The judge is left out here: what it would be asked is noted, and what it would tell is told.
tests/test_sessions_road.py has the whole road.
"""

import json
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.config.config import Door
from kioskd.config.load import load
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.outcome import Delivery
from kioskd.delivery.wire import Topics
from kioskd.event import FramesBound, Result, Verdict
from kioskd.happenings import AttemptEnded, ModeChanged
from kioskd.judge import Shut, UseMode
from kioskd.modes.reasons import Reason
from kioskd.modes.spec import Needs
from kioskd.sessions import session_life as machine
from kioskd.sessions.keeper import Keeper, Looked
from kioskd.sessions.session_error import SessionError
from kioskd.sessions.session_life import AttemptRecord, Session, VerifyImage
from kioskd.sessions.session_mqtt import SessionMqtt
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.sessions.session_store import SessionStore
from tests.support.broker import eventually
from tests.support.patience import DEADLINE_S
from tests.support.somebody import somebody
from tests.test_courier import ShiftedClock

OWNER, OTHER = "desk", "app"
PASSIVE = {"door": "main", "livenessOperationMode": "Passive"}
ONE, TWO = 1, 2
NOBODY = UseMode(Shut(Reason.NOT_ARMED), Needs(frozenset()))


@dataclass
class Kept:
    """A keeper, and what it asked and told."""

    keeper: Keeper
    clock: ShiftedClock
    asked: list[tuple[str, UseMode]] = field(default_factory=list)
    told: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def open(self, client: str = OWNER, **more: object) -> dict[str, Any]:
        return self.keeper.create(client, {**PASSIVE, **more})

    def ready(self) -> None:
        """The main door's judge has the mode that it was asked to use last."""
        asked = next(mode for door, mode in reversed(self.asked) if door == "main")
        self.keeper.mode_changed(ModeChanged("main", asked.needs, None, asked.session))

    def ends(self, verdict: Verdict = "passed", **how: object) -> Result:
        """An attempt ends at the main door."""
        result = self.keeper.check("main", a_result(verdict, **how))
        self.keeper.attempt_ended(AttemptEnded("main", result, Delivery("recorded", "event-1")))
        return result

    def state(self, session_id: str, client: str = OWNER) -> str:
        return str(self.keeper.get(client, session_id)["state"])


def a_result(verdict: Verdict = "passed", **more: Any) -> Result:
    plain = Result(
        "rgbLiveness", "cam", "secure_access_rgb_liveness", 1, 1, verdict, verdict != "undecided",
        {"liveness": 0.9, "livenessConfirmed": "true" if verdict == "passed" else "false"},
        0.0, 0.5, 1000.0, 6, look=somebody(ONE),
        frames_bound=FramesBound("ab" * 32, 6, (10, 20, 200, 240)),
    )  # fmt: skip
    return replace(plain, **more)


def looked(picture: str) -> Looked:
    return VerifyImage((1, 2, 3, 4), "high"), somebody(int(picture))


def doors(folder: Path) -> dict[str, Door]:
    path = folder / "config.yaml"
    feeds = "".join(f"  {name}: {{kind: usb, device: {n}}}\n" for n, name in enumerate("ab"))
    text = (
        f"site: hq\ndevice: k\nmqtt: {{broker: localhost}}\nfeeds:\n{feeds}doors:\n"
        "  main: {feed: a, mode: secure_access_rgb_liveness}\n"
        "  side: {feed: b, mode: secure_access_smile}\n"
    )
    path.write_text(text, "utf-8")
    return {door.name: door for door in load(path, {}).doors}


def kept(folder: Path, **settings: Any) -> Kept:
    clock = ShiftedClock()
    there: list[Kept] = []
    every = {"per_minute": 600, **settings}
    known = doors(folder)
    keeper = Keeper(
        SessionsSettings({OWNER: "x" * 16, OTHER: "y" * 16}, **every),
        SessionStore(folder / "sessions.db"),
        known,
        dict.fromkeys(known, NOBODY),
        lambda door, mode: there[0].asked.append((door, mode)),
        looked,
        lambda: "networks",
        lambda *told: there[0].told.append(told),
        lambda told: {"signed over": told["id"]},
        clock,
        lambda _: 0,
    )
    there.append(Kept(keeper, clock))
    return there[0]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kept]:
    made = kept(tmp_path)
    made.keeper.start()
    yield made
    made.keeper.stop()
    made.keeper.join(5.0)


def refused(code: str) -> Any:
    return pytest.raises(SessionError, check=lambda error: error.code == code)


def test_a_session_is_opened_arms_its_door_and_ends_with_what_was_decided(desk: Kept) -> None:
    opened = desk.open(nonce="n-1", deviceCorrelationId="dev")
    session_id = opened["sessionId"]
    assert (opened["status"], opened["state"]) == ("NotStarted", "NotStarted")
    assert [door for door, _ in desk.asked] == ["main"]
    assert desk.asked[0][1].binds
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(session_id) == "Succeeded")
    told = desk.keeper.get(OWNER, session_id)
    assert told["status"] == "ResultAvailable"
    assert told["nonce"] == "n-1"
    body = told["result"]["response"]["body"]
    assert body["livenessDecision"] == "realface"
    rectangle = {"top": 20, "left": 10, "width": 200, "height": 240}
    assert body["target"]["faceRectangle"] == rectangle
    assert told["result"]["digest"] == "AB" * 32
    assert told["signed"] == {"signed over": session_id}
    assert desk.asked[-1] == ("main", NOBODY)  # what decides there by itself
    assert [(client, sid) for client, sid, _ in desk.told] == [(OWNER, session_id)]


def test_only_who_was_asked_for_passes(desk: Kept) -> None:
    first = desk.open(verifyImage="1")
    desk.ready()
    passed = desk.ends()
    assert (passed.verdict, passed.emits) == ("passed", True)
    assert passed.match is not None
    assert passed.match.identical
    eventually(lambda: desk.state(first["sessionId"]) == "Succeeded")
    second = desk.open(verifyImage="2")
    desk.ready()
    other = desk.ends()
    assert (other.verdict, other.emits, other.reasons[0]) == ("undecided", False, "not_the_person")
    assert other.attributes == {}
    eventually(lambda: desk.state(second["sessionId"]) == "Succeeded")
    body = desk.keeper.get(OWNER, second["sessionId"])["result"]["response"]["body"]
    assert body["livenessDecision"] == "realface"
    assert body["verifyResult"]["isIdentical"] is False
    assert body["verifyResult"]["matchConfidence"] < 0.5


def test_a_result_without_a_look_opens_nothing_where_somebody_was_asked_for(desk: Kept) -> None:
    desk.open(verifyImage="1", numberOfClientAttemptsAllowed=1)
    desk.ready()
    result = desk.ends(look=None)
    assert (result.verdict, result.emits, result.reasons[0]) == (
        "undecided", False, "not_compared",
    )  # fmt: skip


def test_what_the_door_decided_before_the_session_had_it_is_not_the_session_s(desk: Kept) -> None:
    session_id = desk.open(verifyImage="2")["sessionId"]
    own = a_result()
    assert desk.keeper.check("main", own) is own  # the judge has not taken the message yet
    desk.keeper.attempt_ended(AttemptEnded("main", own, Delivery("sent", "event-0")))
    desk.ready()
    desk.ends("undecided", reasons=("time_over",))
    eventually(lambda: desk.state(session_id) == "Failed")
    assert len(desk.keeper.get(OWNER, session_id)["attempts"]) == 1


def test_attempts_are_a_result_or_an_error_and_end_when_they_are_used_up(desk: Kept) -> None:
    session_id = desk.open(numberOfClientAttemptsAllowed=2)["sessionId"]
    desk.ready()
    desk.ends("undecided", reasons=("time_over", "moving"))
    eventually(lambda: len(desk.keeper.get(OWNER, session_id)["attempts"]) == 1)
    assert desk.state(session_id) == "Running"
    desk.ends("undecided", reasons=("undecided",))
    eventually(lambda: desk.state(session_id) == "Succeeded")
    first, second = desk.keeper.get(OWNER, session_id)["attempts"]
    assert first["error"]["code"] == "time_over"
    assert "result" not in first
    assert second["result"]["livenessDecision"] == "uncertain"
    assert "error" not in second


def test_an_attack_ends_the_session_whatever_attempts_are_left(desk: Kept) -> None:
    session_id = desk.open(numberOfClientAttemptsAllowed=3)["sessionId"]
    desk.ready()
    desk.ends("failed", state="NOTLIVE_CONFIRMED")
    eventually(lambda: desk.state(session_id) == "Succeeded")
    told = desk.keeper.get(OWNER, session_id)
    assert told["result"]["response"]["body"]["livenessDecision"] == "spoofface"


def test_one_session_a_door_and_the_others_wait_for_their_turn(desk: Kept) -> None:
    first, second, elsewhere = desk.open(), desk.open(), desk.open(door="side")
    assert [door for door, _ in desk.asked] == ["main", "side"]
    desk.keeper.cancel(OWNER, first["sessionId"])
    assert [door for door, _ in desk.asked] == ["main", "side", "main"]
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(second["sessionId"]) == "Succeeded")
    assert desk.state(elsewhere["sessionId"]) == "NotStarted"
    assert desk.state(first["sessionId"]) == "Canceled"


def test_a_session_goes_on_by_the_rules_that_its_door_is_given_meanwhile(tmp_path: Path) -> None:
    desk, told = kept(tmp_path), list[UseMode]()
    door = doors(tmp_path)["main"]
    stricter = replace(door, mode=replace(door.mode, liveness_detection_threshold=0.9))
    first, second = desk.open(), desk.open()
    desk.keeper.use(stricter, NOBODY, told.append)
    desk.keeper.cancel(OWNER, first["sessionId"])
    (running,), (_, (_, waiting)) = told, desk.asked
    for mode in (running.mode, waiting.mode):
        assert mode.plan.live == 0.9  # type: ignore[attr-defined]
    assert desk.state(second["sessionId"]) == "NotStarted"
    desk.keeper.use(door, UseMode(Shut(), Needs(frozenset())), told.append)
    desk.keeper.cancel(OWNER, second["sessionId"])
    assert desk.asked[-1][1] is not NOBODY  # but what decides there by itself now
    desk.keeper.use(stricter, NOBODY, told.append)
    assert told[-1] is NOBODY


def test_what_the_doors_own_mode_decides_late_is_no_result_of_a_session(desk: Kept) -> None:
    session_id = desk.open()["sessionId"]
    own = ModeChanged("main", Needs(frozenset()), None)  # of a reload, told of after it was opened
    desk.keeper.mode_changed(own)
    desk.ends()
    assert desk.keeper.check("main", a_result()).session == ""
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(session_id) == "Succeeded")
    assert len(desk.keeper.get(OWNER, session_id)["attempts"]) == 1


def test_a_door_may_refuse_who_comes_second(tmp_path: Path) -> None:
    desk = kept(tmp_path, busy="refuse")
    desk.open()
    with refused("DoorBusy"):
        desk.open()
    desk.open(door="side")


def test_only_so_many_wait(tmp_path: Path) -> None:
    desk = kept(tmp_path, most_waiting=2)
    for _ in range(3):
        desk.open()
    with refused("DoorBusy"):
        desk.open()


def test_another_client_s_session_is_none(desk: Kept) -> None:
    session_id = desk.open()["sessionId"]
    for ask in (desk.keeper.get, desk.keeper.cancel, desk.keeper.delete):
        with refused("SessionNotFound"):
            ask(OTHER, session_id)
    assert desk.keeper.listed(OTHER) == {"sessions": []}
    assert [each["id"] for each in desk.keeper.listed(OWNER)["sessions"]] == [session_id]


def test_a_session_that_is_deleted_while_it_runs_is_gone_and_the_next_has_its_turn(
    desk: Kept, tmp_path: Path
) -> None:
    first = desk.open(userCorrelationId="person-with-a-name")
    second = desk.open()
    desk.ready()
    desk.keeper.delete(OWNER, first["sessionId"])
    with refused("SessionNotFound"):
        desk.keeper.get(OWNER, first["sessionId"])
    with refused("Unauthorized"):
        desk.keeper.of_token(first["authToken"])
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(second["sessionId"]) == "Succeeded")
    desk.keeper.stop()
    desk.keeper.join(5.0)
    content = b"".join(file.read_bytes() for file in tmp_path.glob("sessions.db*"))
    assert b"person-with-a-name" not in content


def test_its_time_ends_a_session_and_its_token(desk: Kept) -> None:
    opened = desk.open(authTokenTimeToLiveInSeconds=60)
    desk.clock.ahead = 59.0
    assert desk.keeper.of_token(opened["authToken"])["status"] == "NotStarted"
    desk.clock.ahead = 61.0
    eventually(lambda: desk.state(opened["sessionId"]) == "Failed")
    told = desk.keeper.get(OWNER, opened["sessionId"])
    assert told["sessionExpired"] is True
    with refused("Unauthorized"):
        desk.keeper.of_token(opened["authToken"])


def test_a_clock_that_is_set_neither_ends_nor_prolongs_a_session(desk: Kept) -> None:
    """Its time runs on the clock that nobody sets."""
    opened = desk.open(authTokenTimeToLiveInSeconds=60)
    desk.clock.set_by = 365 * 86_400.0
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(opened["sessionId"]) == "Succeeded")


@pytest.mark.parametrize("wanted", [False, True])
def test_the_token_s_holder_learns_the_decision_once_and_only_if_that_is_wanted(
    desk: Kept, wanted: bool
) -> None:
    opened = desk.open(sendResultsToClient=wanted, nonce="secret", userCorrelationId="u")
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(opened["sessionId"]) == "Succeeded")
    told = [desk.keeper.of_token(opened["authToken"]) for _ in range(2)]
    given = [each.get("livenessDecision") for each in told]
    assert given == (["realface", None] if wanted else [None, None])
    assert not {"nonce", "userCorrelationId", "signed", "attempts"} & set(told[0])


@pytest.mark.parametrize("token", ["", "x", "\ud800", "é" * 100])
def test_a_token_of_no_session_opens_nothing(desk: Kept, token: str) -> None:
    desk.open()
    with refused("Unauthorized"):
        desk.keeper.of_token(token)


def test_neither_token_nor_look_is_on_the_disk(desk: Kept, tmp_path: Path) -> None:
    opened = desk.open(verifyImage="1")
    content = b"".join(file.read_bytes() for file in tmp_path.glob("sessions.db*"))
    assert opened["sessionId"].encode() in content
    assert opened["authToken"].encode() not in content
    record = machine.as_record(desk.keeper.at_door("main") or pytest.fail("no session"))
    assert not [key for key in record if "look" in key]


def test_a_restart_fails_what_had_not_ended_and_keeps_what_had(tmp_path: Path) -> None:
    desk = kept(tmp_path)
    desk.keeper.start()
    done = desk.open()
    desk.ready()
    desk.ends()
    eventually(lambda: desk.state(done["sessionId"]) == "Succeeded")
    running, waiting = desk.open(), desk.open()
    desk.ready()
    desk.keeper.stop()
    desk.keeper.join(5.0)
    again = kept(tmp_path)
    again.keeper.start()
    assert again.state(done["sessionId"]) == "Succeeded"
    for each in (running, waiting):
        told = again.keeper.get(OWNER, each["sessionId"])
        assert (told["state"], told["attempts"]) == ("Failed", [])
        assert "restarted" in told["detail"]
    assert again.asked == []
    again.keeper.stop()
    again.keeper.join(5.0)


def test_a_mode_that_cannot_be_had_fails_the_session(desk: Kept) -> None:
    session_id = desk.open()["sessionId"]
    asked = desk.asked[-1][1]
    why = "a network is missing"
    desk.keeper.mode_changed(ModeChanged("main", asked.needs, why, asked.session))
    eventually(lambda: desk.state(session_id) == "Failed")
    assert desk.keeper.get(OWNER, session_id)["detail"] == "a network is missing"


def test_who_asks_too_often_is_refused_and_others_are_not(tmp_path: Path) -> None:
    desk = kept(tmp_path, per_minute=3, most_waiting=1000)
    for _ in range(3):
        desk.open(deviceCorrelationId="one")
    with refused("TooManyRequests"):
        desk.open(deviceCorrelationId="one")
    desk.open(deviceCorrelationId="two")
    desk.open(OTHER, deviceCorrelationId="one")
    desk.clock.ahead = 60.1
    desk.open(deviceCorrelationId="one")


def test_a_thousand_at_once_are_answered_each_and_the_door_serves_the_first(
    tmp_path: Path,
) -> None:
    desk = kept(tmp_path, most_waiting=20)
    desk.keeper.start()
    answers: list[str] = []

    def ask() -> None:
        for _ in range(125):
            try:
                answers.append(desk.open()["state"])
            except SessionError as error:
                answers.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 1000
    assert answers.count("NotStarted") == 21
    assert set(answers) == {"NotStarted", "DoorBusy", "TooManyRequests"}
    desk.ready()
    desk.ends()
    eventually(lambda: len(desk.told) == 1)
    desk.keeper.stop()
    desk.keeper.join(5.0)


def test_repeated_failures_of_one_person_are_flagged(desk: Kept) -> None:
    ids = []
    for _ in range(3):
        ids.append(desk.open(userCorrelationId="u-1", deviceCorrelationId="d")["sessionId"])
        desk.ready()
        desk.ends("failed", state="NOTLIVE_CONFIRMED")
        eventually(lambda: desk.state(ids[-1]) == "Succeeded")
    other = desk.open(userCorrelationId="u-2")["sessionId"]
    flagged = desk.keeper.get(OWNER, ids[-1])["abuseMonitoringResult"]
    assert flagged["isAbuseDetected"] is True
    assert [each["sessionId"] for each in flagged["otherFlaggedSessions"]] == ids[:2]
    assert not desk.keeper.get(OWNER, other)["abuseMonitoringResult"]["isAbuseDetected"]


def test_a_judge_waits_for_nobody_who_writes_to_the_disk(desk: Kept) -> None:
    """Whoever opens a session holds the lock while it is written; a decision goes on meanwhile."""
    desk.open(verifyImage="1")
    desk.ready()
    with desk.keeper._lock:
        told: list[Result] = []
        judge = threading.Thread(target=lambda: told.append(desk.ends()))
        judge.start()
        judge.join(DEADLINE_S)
        assert [result.verdict for result in told] == ["passed"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "BadRequest"),
        ({"door": "main"}, "BadRequest"),
        ({**PASSIVE, "door": "cellar"}, "DoorNotFound"),
        ({**PASSIVE, "livenessOperationMode": "Depth"}, "OperationNotSupported"),
        ({**PASSIVE, "livenessOperationMode": "passive"}, "BadRequest"),
        ({**PASSIVE, "authTokenTimeToLiveInSeconds": 59}, "BadRequest"),
        ({**PASSIVE, "authTokenTimeToLiveInSeconds": 86_401}, "BadRequest"),
        ({**PASSIVE, "authTokenTimeToLiveInSeconds": "600"}, "BadRequest"),
        ({**PASSIVE, "authTokenTimeToLiveInSeconds": True}, "BadRequest"),
        ({**PASSIVE, "numberOfClientAttemptsAllowed": 4}, "BadRequest"),
        ({**PASSIVE, "numberOfClientAttemptsAllowed": 1.0}, "BadRequest"),
        ({**PASSIVE, "nonce": "a b"}, "BadRequest"),
        ({**PASSIVE, "deviceCorrelationId": "\n"}, "BadRequest"),
        ({**PASSIVE, "sendResultsToClient": "yes"}, "BadRequest"),
        ({**PASSIVE, "unknown": 1}, "BadRequest"),
        ({**PASSIVE, "personId": "p-1"}, "PersonNotFound"),
        ({**PASSIVE, "personId": "p-1", "verifyImage": "1"}, "BadRequest"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_code(
    desk: Kept, asked: dict[str, Any], code: str
) -> None:
    with refused(code) as error:
        desk.keeper.create(OWNER, asked)
    assert str(error.value)
    assert desk.asked == []
    assert desk.keeper.listed(OWNER) == {"sessions": []}


@given(st.dictionaries(st.text(max_size=30), st.none() | st.integers() | st.text(max_size=50)))
def test_whatever_is_asked_is_a_session_or_a_code(
    tmp_path_factory: pytest.TempPathFactory, asked: dict[str, Any]
) -> None:
    with pytest.raises(SessionError):
        kept(tmp_path_factory.mktemp("kept")).keeper.create(OWNER, asked)


def test_a_store_that_cannot_be_written_is_told_and_opens_nothing(
    desk: Kept, tmp_path: Path
) -> None:
    for file in tmp_path.glob("sessions.db*"):
        file.unlink()
    (tmp_path / "sessions.db").mkdir()
    with refused("StoreFailed"):
        desk.open()
    assert desk.asked == []
    (tmp_path / "sessions.db").rmdir()
    desk.open()
    assert len(desk.asked) == 1


def a_session(**more: Any) -> Session:
    plain = Session("s", "desk", "main", "Passive", 0.0, 600, 1, "0" * 64)
    return replace(plain, **more)


def an_attempt(decision: str | None, match: tuple[float, bool] | None = None) -> AttemptRecord:
    error = None if decision else "time_over"
    return AttemptRecord(1, "event", 0.0, 3, decision, error, match=match)  # type: ignore[arg-type]


# The sample bodies of the seed (Azure Face's tutorial on liveness), without what is of an upload.
SEEDS_RESULT = """{ "status": "ResultAvailable", "result": { "id": 1,
"sessionId": "3847ffd3-4657-4e6c-870c-8e20de52f567",
"requestId": "f71b855f-5bba-48f3-a441-5dbce35df291",
"receivedDateTime": "2023-10-31T17:03:51.5859307+00:00",
"response": { "body": { "livenessDecision": "realface", "target": { "faceRectangle": { "top": 59,
"left": 121, "width": 409, "height": 395 }, "timeOffsetWithinFile": 0, "imageType": "Color" },
"modelVersionUsed": "2022-10-15-preview.04", "verifyResult": { "matchConfidence": 0.9304124,
"isIdentical": true } }, "statusCode": 200, "latencyInMilliseconds": 1306 },
"digest": "2B39F2E0EFDFDBFB9B079908498A583545EBED38D8ACA800FF0B8E770799F3BF" },
"id": "3847ffd3-4657-4e6c-870c-8e20de52f567",
"createdDateTime": "2023-10-31T16:58:19.8942961+00:00", "authTokenTimeToLiveInSeconds": 600,
"deviceCorrelationId": "723d6d03-ef33-40a8-9682-23a1feb7bccd", "sessionExpired": true }"""
SEEDS_CREATED = """{ "verifyImage": { "faceRectangle": { "top": 506, "left": 51, "width": 680,
"height": 475 }, "qualityForRecognition": "high" },
"sessionId": "3847ffd3-4657-4e6c-870c-8e20de52f567", "authToken": "<token>" }"""
WORDS = {  # that have a meaning of their own, and those that they may be
    "status": {"NotStarted", "Started", "ResultAvailable"},
    "livenessDecision": {"realface", "spoofface", "uncertain"},
    "imageType": {"Color", "Infrared", "Depth"},
    "qualityForRecognition": {"low", "medium", "high"},
}
FORMS = (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+\+00:00", r"[0-9A-F]{64}", r"[0-9a-f-]{36}")


def fields(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from fields(inner, f"{path}.{key}")
    else:
        yield path, value


def has_form(sample: object, found: object, path: str) -> bool:
    """Whether a leaf reads as the sample's does."""
    if (words := WORDS.get(path.rpartition(".")[2])) is not None:
        return found in words
    if not isinstance(sample, str) or not isinstance(found, str):
        return type(found) is type(sample)
    return all(re.fullmatch(form, found) for form in FORMS if re.fullmatch(form, sample))


@pytest.mark.parametrize("who", [ONE, TWO])
def test_the_seed_s_own_bodies_are_read_field_by_field(desk: Kept, who: int) -> None:
    device = "723d6d03-ef33-40a8-9682-23a1feb7bccd"
    opened = desk.open(verifyImage="1", deviceCorrelationId=device)
    ours = dict(fields(opened))
    for path, sample in fields(json.loads(SEEDS_CREATED)):
        assert has_form(sample, ours[path], path), path
    desk.ready()
    desk.ends(look=somebody(who))
    eventually(lambda: desk.state(opened["sessionId"]) == "Succeeded")
    told = desk.keeper.get(OWNER, opened["sessionId"])
    told["result"]["requestId"] = str(uuid.uuid4())  # of the courier, which is left out here
    ours = dict(fields(told))
    for path, sample in fields(json.loads(SEEDS_RESULT)):
        assert has_form(sample, ours[path], path), path
    assert ours[".deviceCorrelationId"] == device
    assert ours[".authTokenTimeToLiveInSeconds"] == 600


def test_what_goes_over_mqtt_is_as_its_document_says(tmp_path: Path) -> None:
    """Topics and messages of asyncapi.json, beside what is really read and sent."""
    text = resources.files("kioskd.sessions").joinpath("asyncapi.json").read_text("utf-8")
    document = json.loads(text)
    create = document["components"]["schemas"]["CreateSession"]
    messages = document["components"]["messages"]
    named = '{"$ref": "#/components/schemas/CreateSession"}'
    whole = json.dumps(messages["request"]["payload"]).replace(named, json.dumps(create))
    desk, sent = kept(tmp_path), list[tuple[str, dict[str, Any], bytes]]()
    topics = Topics("liveness/v1", "hq", "k")
    settings = SessionsSettings({OWNER: "x" * 16})
    mqtt = SessionMqtt(settings, topics, desk.keeper, lambda *told: sent.append(told))
    for name, channel in document["channels"].items():
        values = {"prefix": "liveness/v1", "site": "hq", "device": "k", "client": OWNER}
        assert channel["address"].format(**values) == topics.sessions(OWNER, name)
    (topic,) = mqtt.readers
    said = {"id": "1", "credential": "x" * 16, "op": "create", "session": PASSIVE}
    jsonschema.validate(said, json.loads(whole))
    desk.keeper.start()
    mqtt.readers[topic](Letter(topic, json.dumps(said).encode()))
    eventually(lambda: sent)
    jsonschema.validate(sent[0][1], messages["response"]["payload"])
    session_id = sent[0][1]["body"]["sessionId"]
    mqtt.tell(OWNER, session_id, desk.keeper.get(OWNER, session_id))
    jsonschema.validate(sent[1][1], messages["result"]["payload"])
    mqtt.readers[topic](Letter(topic, json.dumps({**said, "id": "2"}).encode(), retain=True))
    desk.keeper.stop()
    desk.keeper.join(5.0)
    assert len(sent) == 2  # what was retained is of an earlier time


STEPS = st.sampled_from(["armed", "face", "live", "other", "spoof", "none", "over", "cancel"])


@given(st.lists(STEPS, max_size=12), st.integers(1, 3))
def test_an_ended_session_stays_as_it_ended(steps: list[str], allowed: int) -> None:
    """Whatever happens in whatever order, and a session ends well by one way alone."""
    session, now = a_session(attempts_allowed=allowed), 0.0
    for step in steps:
        before, now = session, now + 1.0
        session = happened(session, step, now)
        if before.phase == "ended":
            assert session == before
        assert len(session.attempts) <= allowed
    if session.outcome == "Succeeded":
        assert any(each.decision is not None for each in session.attempts)
    if session.phase != "ended":
        assert session.outcome is None
    assert machine.of_record(json.loads(json.dumps(machine.as_record(session)))) == session


def happened(session: Session, step: str, now: float) -> Session:
    match step:
        case "armed":
            return machine.armed(session)
        case "face":
            return machine.face_came(session)
        case "live":
            return machine.attempt_ended(session, an_attempt("realface"), now)
        case "other":
            other = an_attempt("realface", (0.1, False))
            return machine.attempt_ended(session, other, now)
        case "spoof":
            return machine.attempt_ended(session, an_attempt("spoofface"), now)
        case "none":
            return machine.attempt_ended(session, an_attempt(None), now)
        case "over":
            return machine.overdue(session, now)
        case _:
            return machine.ended(session, "Canceled", now)


def test_rows_that_cannot_be_read_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    from kioskd.delivery.database import Database

    store = SessionStore(tmp_path / "sessions.db")
    store.put(a_session())
    with Database(tmp_path / "sessions.db", lambda *_: None).changing() as db:
        db.execute("INSERT INTO session VALUES ('t', 'desk', 0, 0, '{\"id\": 1}')")
    assert [each.id for each in store.unended()] == ["s"]
    assert store.get("t") is None
    with closing(store):
        assert [each.id for each in store.of_client("desk", 10)] == ["s"]
