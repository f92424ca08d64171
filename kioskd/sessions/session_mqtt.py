"""Sessions over MQTT, by each client on topics of its own (kioskd/mqtt_requests.py).

docs/connect/sessions.md has the messages.
"""

from collections.abc import Mapping
from functools import partial

from kioskd.credentials import digest
from kioskd.delivery.incoming import Reader
from kioskd.delivery.wire import Topics
from kioskd.mqtt_requests import MOST_ID, MqttRequests, Publish, hold_secret, text
from kioskd.sessions.keeper import Keeper
from kioskd.sessions.session_error import SessionError
from kioskd.sessions.session_request import read
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.sessions.session_wire import Json


class SessionMqtt:
    """Reads requests on the courier's thread, answers them on the keeper's.

    publish  called with a topic, a payload and MQTT 5 correlation data
    """

    def __init__(
        self, settings: SessionsSettings, topics: Topics, keeper: Keeper, publish: Publish
    ) -> None:
        self._clients = {name: digest(secret) for name, secret in settings.clients.items()}
        self._topics = topics
        self._keeper, self._publish = keeper, publish

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Who reads which topic."""
        return {
            self._topics.sessions(client, "request"): MqttRequests(
                self._topics.sessions(client, "response"),
                read,
                partial(self._answered, client),
                self._publish,
                self._keeper.later,
            ).take
            for client in self._clients
        }

    def tell(self, client: str, session_id: str, told: Json) -> None:
        """A session ended: its creator is told, and may ask again if that is lost."""
        topic = self._topics.sessions(client, "result")
        self._publish(topic, {"sessionId": session_id, "session": told}, b"")

    def _answered(self, client: str, said: Json) -> tuple[int, Json]:
        hold_secret(said, {client: self._clients[client]}, "the client's secret")
        op = text(said, "op", 20)
        if op == "create":
            asked = said.get("session")
            if not isinstance(asked, dict):
                raise SessionError("BadRequest", "session: is to be an object")
            return 201, self._keeper.create(client, asked)
        if op == "list":
            return 200, self._keeper.listed(client)
        session_id = text(said, "sessionId", MOST_ID)
        if op == "get":
            return 200, self._keeper.get(client, session_id)
        if op == "cancel":
            return 200, self._keeper.cancel(client, session_id)
        if op == "delete":
            self._keeper.delete(client, session_id)
            return 204, {}
        raise SessionError("BadRequest", "op: is to be create, get, list, cancel or delete")
