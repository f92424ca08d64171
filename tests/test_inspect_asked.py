"""Pictures judged for others: over HTTP and MQTT, by the real daemon."""

import base64
import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

from kioskd.inspect.inspect_desk import InspectImage
from kioskd.loopback import listens
from kioskd.token_http import openapi
from kioskd.worker import Worker
from tests.support.broker import Witness, eventually, mosquitto, witness
from tests.support.commands import kioskd as command
from tests.support.daemon import LIVE, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.test_people_commands import HER, HIM

TOKEN = "a-secret-of-who-sends-pictures"


@dataclass
class Place:
    port: int
    seen: Witness

    def ask(
        self, body: object, method: str = "POST", token: str = TOKEN, path: str = "", kind: str = ""
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60.0)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind or "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, f"/api/inspect{path}", content, headers)
        response = connection.getresponse()
        said = json.loads(response.read())
        connection.close()
        return response.status, said


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, port = tmp_path_factory.mktemp("inspect"), free_port()
    with mosquitto(folder) as broker, witness(broker) as seen:
        config = settings(broker, {"cam": file_feed(LIVE, pace="realtime", repeat="once")})
        config["page"] = {"enabled": True, "port": port}
        config["inspect"] = {"enabled": True, "token": "${SENDS}", "profile": "door"}
        with kioskd(folder / "k", config, {"SENDS": TOKEN}):
            eventually(lambda: listens(port))
            yield Place(port, seen)


def test_a_picture_is_judged_as_the_command_does(place: Place) -> None:
    picture = HIM.read_bytes()
    status, said = place.ask(picture, kind="image/jpeg")
    assert status == 200
    assert said["sha256"] == sha256(picture).hexdigest()
    by_command = json.loads(command("inspect", HIM, "--profile", "door", "--json").out)
    assert {**said, "name": ""} == {**by_command, "name": ""}
    selfie = {"image": base64.b64encode(picture).decode(), "profile": "selfie"}
    assert "megapixels" in place.ask(selfie)[1]["against"]


def test_a_reference_says_whether_it_is_them(place: Place) -> None:
    him, her = (base64.b64encode(each.read_bytes()).decode() for each in (HIM, HER))

    def likeness(image: str, reference: str) -> float:
        found = place.ask({"image": image, "reference": reference})[1]["findings"]
        return float(next(each["found"] for each in found if each["code"] == "likeness"))

    assert likeness(him, him) > 0.9
    assert likeness(him, her) < 0.4
    status, said = place.ask({"image": him, "reference": base64.b64encode(b"text").decode()})
    assert (status, said["error"]["code"]) == (422, "NoReference")


@pytest.mark.parametrize(
    ("body", "how", "told"),
    [
        (b"{", {}, (400, "BadRequest")),
        ({}, {}, (400, "BadRequest")),
        ({"image": "?"}, {}, (400, "BadRequest")),
        ({"image": "aGk=", "model": "depth"}, {}, (422, "WrongModel")),
        ({"image": "aGk="}, {"token": "wrong"}, (401, "Unauthorized")),
        ({"image": "aGk="}, {"method": "PUT"}, (405, "MethodNotAllowed")),
        ({"image": "aGk="}, {"path": "/more"}, (404, "NotFound")),
        (b" " * (19 * 2**20), {}, (413, "RequestTooLarge")),
    ],
)
def test_what_cannot_be_judged_is_refused_by_code(
    place: Place, body: object, how: dict[str, Any], told: tuple[int, str]
) -> None:
    status, said = place.ask(body, **how)
    assert (status, said["error"]["code"]) == told


def test_what_is_no_picture_is_rejected_and_no_error(place: Place) -> None:
    status, said = place.ask(b"text", kind="image/jpeg")
    assert (status, said["recommendation"], said["against"]) == (200, "reject", ["unknown_format"])


def test_a_picture_is_judged_over_mqtt(place: Place) -> None:
    base = "liveness/v1/hq/kiosk-07/inspect"

    def ask(request_id: str, **more: object) -> tuple[int, Any]:
        said = {"id": request_id, **more}
        place.seen.client.publish(f"{base}/request", json.dumps(said), qos=1)

        def answers() -> list[dict[str, Any]]:
            told: list[dict[str, Any]] = place.seen.payloads("response")
            return [one for one in told if one["id"] == request_id]

        found = eventually(answers)[0]
        return found["status"], found["body"]

    picture = {"image": base64.b64encode(HIM.read_bytes()).decode()}
    status, said = ask("1", credential=TOKEN, picture=picture)
    assert (status, said["sha256"]) == (200, sha256(HIM.read_bytes()).hexdigest())
    assert ask("2", credential="wrong", picture=picture)[0] == 401
    assert ask("3", credential=TOKEN)[0] == 400


def test_whatever_the_document_allows_is_answered_as_it_says(place: Place) -> None:
    schema = schemathesis.openapi.from_dict(openapi("kioskd.inspect"))

    @hypothesis.settings(deadline=None, max_examples=10)
    @hypothesis.given(case=schema.as_strategy())
    def asked(case: Any) -> None:
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{place.port}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            excluded_checks=[positive_data_acceptance],
        )

    asked()


def test_the_document_says_what_the_server_takes() -> None:
    said = openapi("kioskd.inspect")["components"]["schemas"]["InspectImage"]["properties"]
    assert {name: key["description"] for name, key in said.items()} == {
        name: key.description for name, key in InspectImage.model_fields.items()
    }


def test_a_worker_goes_on_after_work_that_fails() -> None:
    worker, done = Worker("w"), []
    worker.start()
    worker.later(lambda: 1 / 0)
    worker.later(lambda: done.append(1))
    eventually(lambda: done)
    assert worker.failure is None
    assert worker.progress_at is not None
    worker.stop()
    worker.join()
    assert worker.failure is None


def test_who_sends_work_that_takes_long_has_no_daemon_restarted() -> None:
    worker, done = Worker("w", watched=False), threading.Event()
    worker.start()
    worker.later(done.wait)
    assert worker.progress_at is None
    done.set()
    worker.stop()
    worker.join()
