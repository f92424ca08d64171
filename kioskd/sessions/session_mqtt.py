"""Sessions over MQTT: a request on the client's own topic, its answer on another of them.

The broker's access list says who may write to which client's topic; the credential in the message
says it again, for brokers that have none. docs/connect/sessions.md has the messages.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from kioskd import log
from kioskd.credentials import digest, whose
from kioskd.delivery.incoming import Reader
from kioskd.delivery.mqtt import Letter
from kioskd.delivery.wire import Topics
from kioskd.sessions.keeper import Keeper
from kioskd.sessions.session_error import SessionError
from kioskd.sessions.session_request import read
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.sessions.session_wire import Json

REMEMBERED = 200  # answers, by the request's id: a request that arrives twice is answered the same
MOST_ID, MOST_CORRELATION = 128, 256

Publish = Callable[[str, Json, bytes], None]


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
        self._answers: OrderedDict[tuple[str, str], Json] = OrderedDict()

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Who reads which topic."""
        return {
            self._topics.sessions(client, "request"): partial(self._take, client)
            for client in self._clients
        }

    def tell(self, client: str, session_id: str, told: Json) -> None:
        """A session ended: its creator is told, and may ask again if that is lost."""
        topic = self._topics.sessions(client, "result")
        self._publish(topic, {"sessionId": session_id, "session": told}, b"")

    def _take(self, client: str, letter: Letter) -> None:
        self._keeper.later(lambda: self._serve(client, letter))

    def _serve(self, client: str, letter: Letter) -> None:
        if letter.retain:
            return  # of an earlier time; who asks now does not retain
        request_id, answer = "", {}
        try:
            said = read(letter.body)
            request_id = _text(said, "id", MOST_ID)
            if (known := self._answers.get((client, request_id))) is not None and request_id:
                answer = known
            else:
                answer = self._answered(client, said)
        except SessionError as error:
            answer = {"status": error.status, "body": error.body}
        except Exception:  # a mistake of ours: it is told, and costs this one answer
            log.logger().exception("a request for a session could not be answered", client=client)
            answer = {"status": 500, "body": {}}
        if request_id:
            self._answers[client, request_id] = answer
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        told = {"id": request_id, **answer}
        self._publish(self._answer_topic(client, letter), told, _correlation(letter))

    def _answered(self, client: str, said: dict[str, Any]) -> Json:
        shown = _text(said, "credential", 1024)
        if whose(shown, {client: self._clients[client]}) is None:
            raise SessionError("Unauthorized", "show the client's secret as credential")
        op = _text(said, "op", 20)
        if op == "create":
            asked = said.get("session")
            if not isinstance(asked, dict):
                raise SessionError("BadRequest", "session: is to be an object")
            return {"status": 201, "body": self._keeper.create(client, asked)}
        if op == "list":
            return {"status": 200, "body": self._keeper.listed(client)}
        session_id = _text(said, "sessionId", MOST_ID)
        if op == "get":
            return {"status": 200, "body": self._keeper.get(client, session_id)}
        if op == "cancel":
            return {"status": 200, "body": self._keeper.cancel(client, session_id)}
        if op == "delete":
            self._keeper.delete(client, session_id)
            return {"status": 204, "body": {}}
        raise SessionError("BadRequest", "op: is to be create, get, list, cancel or delete")

    def _answer_topic(self, client: str, letter: Letter) -> str:
        """Where the request wants it, below the client's own topics: we write nowhere else."""
        usual = self._topics.sessions(client, "response")
        wanted = letter.answer_to
        below = wanted.startswith(f"{usual}/") and not set(wanted) & set("+#\0")
        return wanted if below and len(wanted) <= 512 else usual


def _correlation(letter: Letter) -> bytes:
    return letter.correlation if len(letter.correlation) <= MOST_CORRELATION else b""


def _text(said: dict[str, Any], key: str, most: int) -> str:
    value = said.get(key, "")
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise SessionError("BadRequest", f"{key}: is to be text of at most {most} characters")
    return value
