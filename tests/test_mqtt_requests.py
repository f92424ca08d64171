"""Requests over MQTT: each answered once, and no more waiting than the memory holds."""

from collections.abc import Callable
from functools import partial
from typing import Any

from kioskd.delivery.mqtt import Letter
from kioskd.json_object import json_object
from kioskd.mqtt_requests import MOST_WAITING, MqttRequests
from kioskd.refused import RefusedError


class Desk:
    """Answers what it is asked when it is told to; notes what was said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any], bytes]] = []
        self.waiting: list[Callable[[], None]] = []
        self.asked: list[dict[str, Any]] = []
        self.requests = MqttRequests(
            "k/response", partial(json_object, most=1000), self.answer,
            lambda *told: self.said.append(told), self.waiting.append,
        )  # fmt: skip

    def answer(self, said: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.asked.append(said)
        if said.get("op") == "break":
            raise ZeroDivisionError
        if said.get("op") == "refuse":
            raise RefusedError(409, "Busy", "not now")
        return 200, {"n": len(self.asked)}

    def comes(self, body: bytes, **more: Any) -> None:
        self.requests.take(Letter("k/request", body, **more))

    def works(self) -> list[dict[str, Any]]:
        while self.waiting:
            self.waiting.pop(0)()
        told, self.said = self.said, []
        return [payload for _, payload, _ in told]


def test_a_request_that_comes_twice_is_done_once() -> None:
    desk = Desk()
    desk.comes(b'{"id": "1"}')
    desk.comes(b'{"id": "1"}')
    desk.comes(b'{"id": "2"}')
    assert [each["body"] for each in desk.works()] == [{"n": 1}, {"n": 1}, {"n": 2}]


def test_without_an_id_each_is_a_request_of_its_own() -> None:
    desk = Desk()
    desk.comes(b"{}")
    desk.comes(b"{}")
    assert [each["body"] for each in desk.works()] == [{"n": 1}, {"n": 2}]


def test_what_goes_wrong_costs_one_answer() -> None:
    desk = Desk()
    for body in (b"{", b"[]", b'{"id": 1}', b'{"id": "\\u0000"}', b'{"op": "refuse"}',
                 b'{"op": "break"}', b"{}"):  # fmt: skip
        desk.comes(body)
    assert [each["status"] for each in desk.works()] == [400, 400, 400, 400, 409, 500, 200]


def test_who_asks_too_much_is_refused_at_once_and_served_when_there_is_room() -> None:
    desk = Desk()
    for number in range(MOST_WAITING + 2):
        desk.comes(b'{"id": "%d"}' % number)
    assert [told["status"] for _, told, _ in desk.said] == [429, 429]
    assert [each["status"] for each in desk.works()] == [429, 429] + [200] * MOST_WAITING
    desk.comes(b'{"id": "again"}')
    assert desk.works()[0]["status"] == 200


def test_a_retained_request_is_of_an_earlier_time() -> None:
    desk = Desk()
    desk.comes(b'{"id": "1"}', retain=True)
    assert desk.works() == []


def test_an_answer_goes_where_it_is_wanted_but_never_elsewhere() -> None:
    desk = Desk()
    for wanted in ("k/response/desk-1", "k/other", "k/response", "k/response/#", ""):
        desk.comes(b"{}", answer_to=wanted, correlation=b"c")
    desk.comes(b"{}", correlation=b"c" * 300)
    while desk.waiting:
        desk.waiting.pop(0)()
    assert [topic for topic, _, _ in desk.said] == ["k/response/desk-1"] + ["k/response"] * 5
    assert [data for _, _, data in desk.said] == [b"c"] * 5 + [b""]
