"""Enrolment over HTTP and on the page: the real daemon, its real server, and a real browser.

A clip stands for the camera; the pictures are those of the front desk's badges (docs/connect/desk).
"""

import base64
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from kioskd.identity.people_desk import EnrolPerson
from kioskd.loopback import listens
from kioskd.token_http import openapi
from tests.support.broker import Witness, eventually, mosquitto, witness
from tests.support.browser import chromium, complaints
from tests.support.daemon import LIVE, Kioskd, kioskd
from tests.support.ports import free_port
from tests.test_people_commands import HER, HIM
from tests.test_people_road import KEY, with_people
from tests.test_sessions_road import SECRET

TOKEN = "a-secret-of-who-enrols"


@dataclass
class Place:
    daemon: Kioskd
    port: int
    seen: Witness

    def ask(
        self, method: str, path: str, body: object = None, token: str | None = TOKEN
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60.0)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        said = response.read()
        connection.close()
        return response.status, json.loads(said) if said else None

    def code(self, method: str, path: str, body: object = None, **how: Any) -> tuple[int, str]:
        status, said = self.ask(method, path, body, **how)
        return status, said["error"]["code"]

    def empty(self) -> None:
        for person in self.ask("GET", "/api/people")[1]["people"]:
            self.ask("DELETE", f"/api/people/{person['personId']}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder, port = tmp_path_factory.mktemp("people"), free_port()
    with mosquitto(folder) as broker, witness(broker) as seen:
        config = with_people(broker, port, LIVE)
        config["people"]["token"] = "${ENROLS}"
        secrets = {"DESK": SECRET, "PEOPLE": KEY, "ENROLS": TOKEN}
        with kioskd(folder / "k", config, secrets) as daemon:
            eventually(lambda: listens(port))
            yield Place(daemon, port, seen)


@pytest.fixture
def nobody(place: Place) -> Place:
    place.empty()
    return place


def picture(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def test_who_is_enrolled_over_http_opens_the_door_and_who_is_erased_does_not(nobody: Place) -> None:
    place = nobody
    status, said = place.ask(
        "PUT", "/api/people/badge%201", {"images": [picture(HIM)], "idClass": "staff"}
    )
    assert (status, said["personId"], said["idClass"]) == (201, "badge 1", "staff")
    assert said["images"][0]["qualityForRecognition"] == "medium"
    seen = len(place.seen.of("action"))
    eventually(lambda: len(place.seen.of("action")) > seen)
    assert place.seen.payloads("action")[-1]["personId"] == "badge 1"
    assert place.ask("GET", "/api/people/badge%201")[1]["pictures"] == 1
    assert place.ask("DELETE", "/api/people/badge%201") == (204, None)
    strangers = len(place.seen.of("person"))
    eventually(lambda: len(place.seen.of("person")) > strangers)
    assert place.ask("GET", "/api/people") == (200, {"people": []})
    assert place.code("DELETE", "/api/people/badge%201") == (404, "PersonNotFound")


def test_what_is_said_of_somebody_is_changed_without_a_picture(nobody: Place) -> None:
    nobody.ask("PUT", "/api/people/a", {"images": [picture(HIM)], "name": "A. Man"})
    status, said = nobody.ask("PUT", "/api/people/a", {"doors": ["cellar"], "validUntil": ""})
    assert (status, said["doors"], said["name"], said["pictures"]) == (200, ["cellar"], "A. Man", 1)


def test_nobody_enrols_without_the_secret_for_it(nobody: Place) -> None:
    body = {"images": [picture(HIM)]}
    for token in (None, "", "wrong", SECRET, KEY):
        for method in ("GET", "PUT", "DELETE"):
            told = nobody.code(method, "/api/people/a", body, token=token)
            assert told == (401, "Unauthorized")
    assert nobody.ask("GET", "/api/people")[1] == {"people": []}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", (400, "BadRequest")),
        (b"[]", (400, "BadRequest")),
        ({}, (400, "BadRequest")),
        ({"images": "x"}, (400, "BadRequest")),
        ({"images": [], "admin": True}, (400, "BadRequest")),
        ({"images": ["?"]}, (422, "ImageUnreadable")),
        ({"images": [base64.b64encode(b"text").decode()]}, (422, "ImageUnreadable")),
        ({"images": [picture(HER)]}, (422, "Quality")),
        ({"images": [picture(HIM)], "validUntil": "soon"}, (400, "BadRequest")),
        ({"images": [picture(HIM)], "idClass": "king"}, (400, "BadRequest")),
        ({"images": [picture(HIM), picture(HER)], "least": "low"}, (422, "AnotherPerson")),
        (b" " * 10_000_000, (413, "RequestTooLarge")),
    ],
)
def test_a_request_that_enrols_nobody_says_why(
    nobody: Place, body: object, told: tuple[int, str]
) -> None:
    assert nobody.code("PUT", "/api/people/a", body) == told
    assert nobody.ask("GET", "/api/people")[1] == {"people": []}


def test_a_person_under_two_ids_is_refused(nobody: Place) -> None:
    nobody.ask("PUT", "/api/people/a", {"images": [picture(HIM)]})
    assert nobody.code("PUT", "/api/people/b", {"images": [picture(HIM)]}) == (409, "Duplicate")
    assert nobody.ask("PUT", "/api/people/b", {"images": [picture(HIM)], "twin": True})[0] == 201


def test_another_address_is_answered_by_code(nobody: Place) -> None:
    assert nobody.code("POST", "/api/people") == (405, "MethodNotAllowed")
    assert nobody.code("OPTIONS", "/api/people") == (405, "MethodNotAllowed")
    assert nobody.code("GET", "/api/people/a%0Ab") == (404, "PersonNotFound")


def test_the_document_says_what_the_server_takes() -> None:
    said = openapi("kioskd.identity")["components"]["schemas"]["EnrolPerson"]["properties"]
    assert set(said) == set(EnrolPerson.model_fields)
    for name, key in EnrolPerson.model_fields.items():
        assert said[name]["description"] == key.description


def test_whatever_the_document_allows_is_answered_as_it_says(nobody: Place) -> None:
    schema = schemathesis.openapi.from_dict(openapi("kioskd.identity"))

    @hypothesis.settings(deadline=None, max_examples=15)
    @hypothesis.given(case=schema.as_strategy())
    def asked(case: Any) -> None:
        case.call_and_validate(
            base_url=f"http://127.0.0.1:{nobody.port}",
            headers={"Authorization": f"Bearer {TOKEN}"},
            excluded_checks=[positive_data_acceptance],
        )

    asked()


def test_people_are_enrolled_changed_and_erased_over_mqtt(nobody: Place) -> None:
    """By a client of the broker, which the kiosk answers."""
    base = "liveness/v1/hq/kiosk-07/people"

    def ask(op: str, credential: str = TOKEN, **more: object) -> tuple[int, Any]:
        request_id = str(len(nobody.seen.of("response")))
        said = {"id": request_id, "credential": credential, "op": op, **more}
        nobody.seen.client.publish(f"{base}/request", json.dumps(said), qos=1)

        def answers() -> list[dict[str, Any]]:
            told: list[dict[str, Any]] = nobody.seen.payloads("response")
            return [one for one in told if one["id"] == request_id]

        found = eventually(answers)[0]
        return found["status"], found["body"]

    assert ask("list", "wrong")[0] == 401
    assert ask("enrol", personId="a", person={"images": [picture(HIM)]})[0] == 201
    status, said = ask("list", personId="")
    assert (status, [one["personId"] for one in said["people"]], said["more"]) == (
        200,
        ["a"],
        False,
    )
    assert ask("list", personId="a") == (200, {"people": [], "more": False})
    assert ask("enrol", personId="a", person={"idClass": "threat"})[1]["idClass"] == "threat"
    assert ask("get", personId="a")[1]["idClass"] == "threat"
    assert ask("enrol", personId="a", person={"images": ["?"]})[1]["error"]["code"] == (
        "ImageUnreadable"
    )
    assert ask("enrol", personId="a", person=[])[0] == 400
    assert ask("open", personId="a")[0] == 400
    assert ask("erase", personId="a") == (204, {})
    assert ask("get", personId="a")[0] == 404
    assert nobody.ask("GET", "/api/people")[1] == {"people": []}


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    with chromium() as driver:
        yield driver


def test_somebody_is_enrolled_and_erased_on_the_page(
    nobody: Place, browser: webdriver.Chrome
) -> None:
    def text(selector: str) -> str:
        return browser.find_element(By.CSS_SELECTOR, selector).text

    def open_by(token: str) -> None:
        browser.find_element(By.ID, "token").send_keys(token)
        browser.find_element(By.CSS_SELECTOR, "#login button").click()

    browser.get(f"http://localhost:{nobody.port}/")
    link = eventually(lambda: browser.find_elements(By.CSS_SELECTOR, 'a[href="/people"]'))
    link[0].click()
    eventually(lambda: browser.find_elements(By.CSS_SELECTOR, "#login button"))
    eventually(lambda: browser.title != "kioskd")
    open_by("wrong")
    eventually(lambda: text("#trouble"))
    assert not browser.find_element(By.ID, "enrolled").is_displayed()
    open_by(TOKEN)
    eventually(lambda: browser.find_element(By.ID, "enrolled").is_displayed())
    form = browser.find_element(By.ID, "enrol")
    form.find_element(By.NAME, "id").send_keys("badge 1")
    Select(form.find_element(By.NAME, "idClass")).select_by_value("staff")
    form.find_element(By.NAME, "images").send_keys(str(HER))
    form.find_element(By.TAG_NAME, "button").click()
    eventually(lambda: "low quality" in text("#trouble"))
    form.find_element(By.NAME, "images").clear()
    form.find_element(By.NAME, "images").send_keys(str(HIM))
    form.find_element(By.TAG_NAME, "button").click()
    eventually(lambda: "badge 1" in text("#people tbody"))
    assert text("#trouble") == ""
    assert "badge 1" in text("#answer")
    assert nobody.ask("GET", "/api/people")[1]["people"][0]["idClass"] == "staff"
    meant = ("401", "422")  # what the browser says of answers that the page was to get
    said = [str(one) for one in complaints(browser)]
    assert [one for one in said if not any(code in one for code in meant)] == []
    browser.find_element(By.CSS_SELECTOR, "#people tbody button").click()
    browser.switch_to.alert.accept()
    eventually(lambda: not browser.find_elements(By.CSS_SELECTOR, "#people tbody tr"))
    assert nobody.ask("GET", "/api/people")[1] == {"people": []}
