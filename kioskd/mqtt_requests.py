"""Requests over MQTT: each comes on one topic, and is answered on another below it.

The broker's access list says who may write there; a credential in each message says it again, for
brokers that have none. A request is {"id", "credential", ...}, its answer {"id", "status", "body"}.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from kioskd import log
from kioskd.credentials import whose
from kioskd.delivery.mqtt import Letter
from kioskd.refused import RefusedError

MOST_WAITING = 8  # requests, which may be pictures: more are refused, or they would fill the memory
REMEMBERED = 200  # answers, by the request's id: a request that arrives twice is answered the same
MOST_ID, MOST_CORRELATION, MOST_CREDENTIAL = 128, 256, 1024

Json = dict[str, Any]
Publish = Callable[[str, Json, bytes], None]


class MqttRequests:
    """Those of one topic.

    response  where they are answered, or below it, if a request asks for that
    read      makes a request of bytes; raises RefusedError
    answered  status and body of a request; raises RefusedError
    publish   called with a topic, a payload and MQTT 5 correlation data
    later     has work done on a thread that may wait
    """

    def __init__(
        self,
        response: str,
        read: Callable[[bytes], Json],
        answered: Callable[[Json], tuple[int, Json]],
        publish: Publish,
        later: Callable[[Callable[[], None]], None],
    ) -> None:
        self._response, self._read, self._answered = response, read, answered
        self._publish, self._later = publish, later
        self._answers: OrderedDict[str, Json] = OrderedDict()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)

    def take(self, letter: Letter) -> None:
        """A request came; on the courier's thread."""
        if letter.retain:
            return  # of an earlier time; who asks now does not retain
        if not self._waiting.acquire(blocking=False):
            busy = RefusedError(429, "TooManyRequests", "too many requests wait; ask again")
            self._say(letter, {"id": "", "status": busy.status, "body": busy.body})
            return
        self._later(lambda: self._served(letter))

    def _served(self, letter: Letter) -> None:
        try:
            self._serve(letter)
        finally:
            self._waiting.release()

    def _serve(self, letter: Letter) -> None:
        request_id, answer = "", {}
        try:
            said = self._read(letter.body)
            request_id = text(said, "id", MOST_ID)
            if (known := self._answers.get(request_id)) is not None and request_id:
                answer = known
            else:
                status, body = self._answered(said)
                answer = {"status": status, "body": body}
        except RefusedError as error:
            answer = {"status": error.status, "body": error.body}
        except Exception:  # a mistake of ours: it is told, and costs this one answer
            log.logger().exception("a request could not be answered", topic=letter.topic)
            answer = {"status": 500, "body": {}}
        if request_id:
            self._answers[request_id] = answer
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
        self._say(letter, {"id": request_id, **answer})

    def _say(self, letter: Letter, told: Json) -> None:
        self._publish(answer_topic(self._response, letter), told, correlation(letter))


def answer_topic(usual: str, letter: Letter) -> str:
    """Where a request wants its answer, below the usual topic: we write nowhere else."""
    wanted = letter.answer_to
    below = wanted.startswith(f"{usual}/") and not set(wanted) & set("+#\0")
    return wanted if below and len(wanted) <= 512 else usual


def correlation(letter: Letter) -> bytes:
    """By which whoever asked knows the answer; none where it is too long to be sent back."""
    return letter.correlation if len(letter.correlation) <= MOST_CORRELATION else b""


def hold_secret(said: Json, known: Mapping[str, bytes], key: str) -> None:
    """Raises RefusedError unless the request shows a secret whose digest is known.

    key  of config.yaml that holds it, for whoever forgot it
    """
    if whose(text(said, "credential", MOST_CREDENTIAL), known) is None:
        raise RefusedError(401, "Unauthorized", f"show {key} as credential")


def text(said: Json, key: str, most: int) -> str:
    """Text at a key, "" without it; RefusedError for what is none, or is too long."""
    value = said.get(key, "")
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise RefusedError(400, "BadRequest", f"{key}: is to be text of at most {most} characters")
    return value
