"""Enrolment over MQTT (kioskd/mqtt_requests.py).

docs/install/people.md has the messages.
"""

from collections.abc import Callable, Mapping
from functools import partial

from kioskd.credentials import digest
from kioskd.delivery.incoming import Reader
from kioskd.delivery.wire import Topics
from kioskd.identity.people_desk import LARGEST, Json, PeopleDesk
from kioskd.json_object import json_object
from kioskd.mqtt_requests import MqttRequests, Publish, hold_secret, text
from kioskd.refused import RefusedError

LISTED = 50  # people in one answer: a broker may take no large one


class PeopleMqtt:
    """Reads requests on the courier's thread, answers them where `later` has them done."""

    def __init__(
        self,
        token: str,
        topics: Topics,
        desk: PeopleDesk,
        publish: Publish,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._known, self._desk, self._topics = {"token": digest(token)}, desk, topics
        response = topics.people("response")
        read = partial(json_object, most=LARGEST)
        self._requests = MqttRequests(response, read, self._answered, publish, later)

    @property
    def readers(self) -> Mapping[str, Reader]:
        return {self._topics.people("request"): self._requests.take}

    def _answered(self, said: Json) -> tuple[int, Json]:
        hold_secret(said, self._known, "people.token")
        op, person_id = text(said, "op", 20), text(said, "personId", 128)
        match op:
            case "list":
                return 200, self._page(person_id)
            case "get":
                return 200, self._desk.get(person_id)
            case "enrol":
                return self._desk.put(person_id, said.get("person", {}))
            case "erase":
                self._desk.erase(person_id)
                return 204, {}
        raise RefusedError(400, "BadRequest", "op: is to be list, get, enrol or erase")

    def _page(self, after: str) -> Json:
        """Those who follow `after`, in the order of their ids; "" begins."""
        people = sorted(self._desk.everybody(), key=lambda one: str(one["personId"]))
        rest = [one for one in people if one["personId"] > after]
        return {"people": rest[:LISTED], "more": len(rest) > LISTED}
