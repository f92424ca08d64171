"""The whole road of sessions: a client asks, the real daemon looks at a real clip, a door opens.

The badges' photographs are of another recording of the man of the clip, and of somebody else
(docs/connect/desk). Real broker, real server; a clip stands for the camera.
"""

import asyncio
import base64
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import paho.mqtt.client as paho
import pytest
import schemathesis
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from schemathesis.specs.openapi.checks import positive_data_acceptance

from feeds import imaging
from kioskd.client import AsyncClient, Client, NotGranted, Refused, Unreachable, granted
from kioskd.token_http import openapi
from tests.support.broker import Mosquitto, eventually, mosquitto, witness
from tests.support.clips import images_of
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, kioskd
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[1]
DESK = ROOT / "docs/connect/desk"
HIM, HER = ((DESK / "badges" / f"{badge}.jpg").read_bytes() for badge in (1001, 1002))
SECRET = "a-secret-of-the-front-desk"


def asking(broker: Mosquitto, port: int, clip: Path = LIVE, **door: object) -> dict[str, Any]:
    return {
        "site": "hq",
        "device": "kiosk-07",
        "state_dir": "state",
        "mqtt": {"broker": "127.0.0.1", "port": broker.port},
        "feeds": {"cam": file_feed(clip)},
        "doors": {
            "main": {
                "mode": "secure_access_rgb_liveness", "feed": "cam", "arm": "session", **door,
            }
        },
        "page": {"enabled": True, "port": port},
        "sessions": {
            "enabled": True,
            "per_minute": 600,
            "clients": {"front-desk": {"secret": "${DESK}"}, "app": {"secret": "x" * 16}},
        },
    }  # fmt: skip


@dataclass
class Place:
    """A kiosk that takes sessions, and its front desk."""

    daemon: Kioskd
    client: Client
    url: str
    port: int
    trusted: dict[str, str] = field(default_factory=dict)


@contextmanager
def place(folder: Path, broker: Mosquitto, clip: Path = LIVE, **door: object) -> Iterator[Place]:
    port = free_port()
    config = asking(broker, port, clip, **door)
    with kioskd(folder, config, {"DESK": SECRET}) as daemon:
        url = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(port))
        yield Place(daemon, Client(url, SECRET), url, port, keys(daemon))


def put_away(client: Client) -> None:
    """No session of the client is open any more."""
    for each in client.listed():
        with suppress(Refused):  # it may end by itself meanwhile
            client.cancel(each["id"])


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
    try:
        connection.request("GET", "/api/sessions/openapi.json")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def keys(daemon: Kioskd, **secrets: str) -> dict[str, str]:
    command = [sys.executable, "-m", "kioskd", "keys", "-c", str(daemon.config)]
    environment = {**os.environ, "DESK": SECRET, **secrets}
    printed = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    return {key["keyId"]: key["publicKey"] for key in json.loads(printed)["keys"]}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("live")
    with mosquitto(folder) as broker, place(folder / "k", broker) as made:
        yield made


def test_who_was_asked_for_is_let_in_and_the_result_is_proved(live: Place) -> None:
    opened = live.client.create(
        "main", verify_image=HIM, nonce="n-1", numberOfClientAttemptsAllowed=3
    )
    assert opened["verifyImage"]["qualityForRecognition"] == "medium"
    session = live.client.wait(opened["sessionId"], timeout_s=240.0)
    told = granted(session, live.trusted, nonce="n-1", door="main")
    body = told["result"]["response"]["body"]
    assert body["verifyResult"]["isIdentical"] is True
    assert len(told["result"]["digest"]) == 64
    with pytest.raises(NotGranted) as again:
        granted(session, live.trusted, nonce="n-2", door="main")
    assert again.value.code == "other_nonce"
    with pytest.raises(NotGranted) as forged:
        granted({**session, "signed": {**session["signed"], "keyId": "0"}}, live.trusted,
                nonce="n-1", door="main")  # fmt: skip
    assert forged.value.code == "not_signed"


def test_another_person_s_reference_opens_nothing(live: Place) -> None:
    opened = live.client.create("main", verify_image=HER, nonce="n-3")
    session = live.client.wait(opened["sessionId"], timeout_s=240.0)
    with pytest.raises(NotGranted) as refusal:
        granted(session, live.trusted, nonce="n-3", door="main")
    assert refusal.value.code in ("not_them", "not_ended")


def test_an_attack_with_the_right_person_s_picture_opens_nothing(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        place(tmp_path / "k", broker, ATTACK) as made,
    ):
        # On a busy machine an attempt may come to no decision; another session then asks again.
        asked: list[str] = []
        code = "not_ended"
        while code == "not_ended" and len(asked) < 20:
            asked.append(made.client.create("main", verify_image=HIM, nonce="n")["sessionId"])
            session = made.client.wait(asked[-1], timeout_s=240.0)
            with pytest.raises(NotGranted) as refusal:
                granted(session, made.trusted, nonce="n", door="main")
            code = refusal.value.code
        assert code == "not_live"
        assert made.daemon.stop() == 0
    told = seen.payloads("action")
    assert {action["livenessConfirmed"] for action in told} == {"false"}
    assert {action["x"]["sessionId"] for action in told} == {asked[-1]}  # type: ignore[index]


def come_and_gone(path: Path) -> Path:
    """The live clip, and then four seconds of black."""
    images = images_of(LIVE)
    imaging.write_video(str(path), [*images, *[np.zeros_like(images[0])] * 72], fps=18)
    return path


def test_a_door_that_waits_for_sessions_tells_nothing_unasked(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        place(tmp_path / "k", broker, come_and_gone(tmp_path / "clip.avi")) as made,
    ):
        # The man of the clip has come and gone before anybody asks: behind him it is dark.
        eventually(lambda: made.daemon.log.count("feed stalled") >= 2)
        assert seen.of("action") == []
        session_id = made.client.create("main", numberOfClientAttemptsAllowed=3)["sessionId"]
        made.client.wait(session_id, timeout_s=240.0)
        eventually(lambda: seen.of("action"))
        assert made.daemon.stop() == 0
    assert {a["x"]["sessionId"] for a in seen.payloads("action")} == {session_id}  # type: ignore[index]
    assert all("sessionId" in r for r in seen.payloads("audit") if r["kind"] == "result")


def test_the_samples_run_as_the_page_says(live: Place) -> None:
    def ask(badge: str) -> tuple[int, str]:
        command = [
            sys.executable, str(DESK / "desk.py"), badge, "--kiosk", live.url,
            "--config", str(live.daemon.config),
        ]  # fmt: skip
        environment = {**os.environ, "DESK_SECRET": SECRET, "DESK": SECRET}
        ran = subprocess.run(command, capture_output=True, text=True, env=environment)
        return ran.returncode, ran.stdout

    assert ask("1001")[0] == 0
    status, said = ask("1002")
    assert status == 1
    assert said.startswith("shut: ")
    assert ask("../1001")[0] == 1


def test_what_is_asked_over_http_is_answered_by_code(live: Place) -> None:
    def ask(method: str, path: str, body: object = None, secret: str | None = SECRET) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60.0)
        headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
        connection.close()
        return response.status, answer.get("error", {}).get("code")

    base = "/api/sessions"
    good = {"door": "main", "livenessOperationMode": "Passive"}
    assert ask("POST", base, good, secret=None) == (401, "Unauthorized")
    assert ask("POST", base, good, secret="wrong") == (401, "Unauthorized")
    assert ask("POST", base, b" " * 60_000, secret="wrong") == (401, "Unauthorized")
    assert ask("PUT", base, good) == (405, "MethodNotAllowed")
    assert ask("POST", base, b"{") == (400, "BadRequest")
    assert ask("POST", base, b"[1]") == (400, "BadRequest")
    assert ask("POST", base, b'{"door": NaN}') == (400, "BadRequest")
    assert ask("POST", base, b"[" * 100_000) == (400, "BadRequest")
    assert ask("POST", base, b" " * 9_000_000) == (413, "RequestTooLarge")
    assert ask("GET", f"{base}/nobody") == (404, "SessionNotFound")
    assert ask("POST", f"{base}/a%0Ab/cancel") == (404, "SessionNotFound")
    assert ask("OPTIONS", base) == (405, "MethodNotAllowed")
    assert ask("GET", f"{base}/a/b/c") == (404, "SessionNotFound")
    assert ask("GET", "/api/session", secret="no token") == (401, "Unauthorized")
    for picture, code in (
        (b"", "ImageEmpty"),
        (b"no picture at all", "UnsupportedImageFormat"),
        (HIM[:3000], "ImageUnreadable"),
    ):
        said = {**good, "verifyImage": base64.b64encode(picture).decode() or "===="}
        status, found = ask("POST", base, said)
        assert found in (code, "ImageUnreadable"), picture[:10]
        assert status in (415, 422)
    assert ask("POST", base, {**good, "verifyImage": "?"}) == (422, "ImageUnreadable")


def test_another_site_s_page_cannot_ask(live: Place) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60.0)
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        told = {"Authorization": f"Bearer {SECRET}", **headers}
        connection.request("GET", "/api/sessions", headers=told)
        response = connection.getresponse()
        response.read()
        assert response.status in (403, 421)
    connection.close()


def test_the_client_library_awaits_and_says_why_not(live: Place) -> None:
    async def ask() -> list[str]:
        desk = AsyncClient(live.url, SECRET)
        opened = await desk.create("main", authTokenTimeToLiveInSeconds=60)
        try:
            ended = (await desk.cancel(opened["sessionId"]))["state"]
        except Refused as error:  # the man of the clip may have been quicker
            ended = error.code
        listed = [each["id"] for each in await desk.listed()]
        await desk.delete(opened["sessionId"])
        assert opened["sessionId"] in listed
        return [ended, (await desk.wait(await first(desk), 240.0))["state"]]

    async def first(desk: AsyncClient) -> str:
        return str((await desk.create("main"))["sessionId"])

    ended, waited = asyncio.run(ask())
    assert ended in ("Canceled", "SessionEnded")
    assert waited in ("Succeeded", "Failed")
    with pytest.raises(Refused) as refusal:
        live.client.create("cellar")
    assert refusal.value.code == "DoorNotFound"
    with pytest.raises(Unreachable):
        Client(f"http://127.0.0.1:{free_port()}", SECRET).listed()
    with pytest.raises(ValueError, match="address"):
        Client("kiosk-07", SECRET)


def test_a_thousand_asked_at_once_leave_the_kiosk_as_it_was(live: Place) -> None:
    def ask(_: int) -> str:
        try:
            return str(live.client.create("main", userCorrelationId="flood")["state"])
        except (Refused, Unreachable) as error:
            return getattr(error, "code", "unreachable")

    with ThreadPoolExecutor(16) as pool:
        answers_ = list(pool.map(ask, range(1000)))
    assert set(answers_) <= {"NotStarted", "DoorBusy", "TooManyRequests", "unreachable"}
    put_away(live.client)
    opened = live.client.create("main", verify_image=HIM, nonce="n", deviceCorrelationId="d")
    assert live.client.wait(opened["sessionId"], timeout_s=240.0)["attempts"]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_sessions_are_asked_for_over_mqtt(tmp_path: Path, version: str) -> None:
    with mosquitto(tmp_path) as broker, place(tmp_path / "k", broker) as made:
        told: list[tuple[str, Any, bytes]] = []
        five = version == "5"
        protocol = MQTTProtocolVersion.MQTTv5 if five else MQTTProtocolVersion.MQTTv311
        client = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)

        def note(_client: object, _userdata: object, message: Any) -> None:
            data = getattr(message.properties, "CorrelationData", b"") if five else b""
            told.append((message.topic.rsplit("/", 1)[-1], json.loads(message.payload), data))

        base = "liveness/v1/hq/kiosk-07/session/front-desk"
        ready: list[bool] = []
        client.on_message = note
        client.on_subscribe = lambda *_: ready.append(True)
        client.connect("127.0.0.1", broker.port)
        client.subscribe([(f"{base}/response", 1), (f"{base}/result", 1)])
        client.loop_start()
        eventually(lambda: ready)

        def ask(body: object, correlation: bytes = b"") -> Any:
            properties = None
            if five:
                properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
                properties.CorrelationData = correlation
                properties.ResponseTopic = "somewhere/else"
            content = body if isinstance(body, bytes) else json.dumps(body)
            before = len([each for each in told if each[0] == "response"])
            client.publish(f"{base}/request", content, 1, properties=properties)
            found = eventually(lambda: [each for each in told if each[0] == "response"][before:])
            return found[0]

        def request(op: str, request_id: str, **more: object) -> dict[str, object]:
            return {"id": request_id, "op": op, "credential": SECRET, **more}

        session = {"door": "main", "livenessOperationMode": "Passive", "nonce": "n"}
        _, created, correlation = ask(request("create", "1", session=session), b"\x01corr")
        assert (created["id"], created["status"]) == ("1", 201)
        assert correlation == (b"\x01corr" if five else b"")
        session_id = created["body"]["sessionId"]
        assert ask(request("create", "1", session=session))[1] == created  # it came twice
        assert ask(request("get", "2", sessionId=session_id))[1]["status"] == 200
        _, ended, _ = eventually(lambda: [each for each in told if each[0] == "result"])[0]
        assert ended["sessionId"] == session_id
        assert ended["session"]["signed"]["keyId"] in made.trusted
        assert ask(request("list", "3"))[1]["body"]["sessions"][0]["id"] == session_id
        assert ask(request("delete", "4", sessionId=session_id))[1]["status"] == 204
        picture = {**session, "verifyImage": base64.b64encode(HIM).decode()}
        answered = ask(request("create", "10", session=picture))[1]
        assert answered["body"]["verifyImage"]["qualityForRecognition"] == "medium"
        for wrong, code in (
            ({**request("list", "5"), "credential": "wrong"}, "Unauthorized"),
            (request("open", "6"), "BadRequest"),
            (request("create", "7"), "BadRequest"),
            (request("get", "8", sessionId="x"), "SessionNotFound"),
            (b"{", "BadRequest"),
            (b"\xff\xfe", "BadRequest"),
            ({**request("list", "9"), "credential": "\ud800"}, "BadRequest"),
        ):
            assert ask(wrong)[1]["body"]["error"]["code"] == code
        client.disconnect()
        client.loop_stop()
        assert made.daemon.running


def test_a_broker_that_goes_and_comes_costs_no_session(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, place(tmp_path / "k", broker) as made:
        opened = made.client.create("main", numberOfClientAttemptsAllowed=3, nonce="n")
        broker.kill()
        session = made.client.wait(opened["sessionId"], timeout_s=240.0)
        assert session["signed"]["keyId"] in made.trusted
        broker.start()


def test_a_kiosk_that_is_killed_in_mid_session_has_failed_it(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        port = free_port()
        config = asking(broker, port, rgb_liveness={"evaluate_liveness_over_n_frames": 100})
        with kioskd(tmp_path / "k", config, {"DESK": SECRET}):
            eventually(lambda: answers(port))
            client = Client(f"http://127.0.0.1:{port}", SECRET)
            session_id = client.create("main")["sessionId"]
        with kioskd(tmp_path / "k", config, {"DESK": SECRET}):
            eventually(lambda: answers(port))
            told = client.get(session_id)
    assert (told["state"], told["attempts"]) == ("Failed", [])


def test_the_server_answers_as_its_document_says(live: Place) -> None:
    """Whatever the OpenAPI document allows, and what it does not, asked by schemathesis."""

    schema = schemathesis.openapi.from_dict(openapi("kioskd.sessions"))
    ours = {"Authorization": f"Bearer {SECRET}"}
    quick = hypothesis.settings(
        max_examples=25, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    for result in schema.get_all_operations():
        operation = result.ok()  # type: ignore[union-attr]

        @quick
        @hypothesis.given(operation.as_strategy())
        def holds(case: Any) -> None:
            # A document cannot say what is a picture with a face in it.
            beyond = [positive_data_acceptance] if case.method == "POST" else []
            case.call_and_validate(base_url=live.url, headers=ours, excluded_checks=beyond)

        holds()
    put_away(live.client)
