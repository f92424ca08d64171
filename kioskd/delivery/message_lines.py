"""Follow what a kiosk says on the broker, as lines to read."""

import json
import queue
import secrets
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from kioskd.delivery import broker_sentences, reply_message, wire
from kioskd.delivery.backoff import Backoff
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Connected, Heard, Letter, Link, Lost, Received
from kioskd.delivery.reply_message import ReplyError
from kioskd.modes.reasons import sentence

LOOK_S = 0.25  # how soon a stop is noticed


def follow(
    settings: DeliverySettings, stop: threading.Event, as_json: bool = False
) -> Iterator[str]:
    """One line per message, until `stop` is set. Connects again whenever it must.

    as_json  each line is {"topic", "retained", "payload", "body"}, the last as it came, for
             `kioskd verify`; else it is for reading, and lines
             about the connection itself stand between, after a #
    """
    topic = settings.topics.everything
    for happening in _happenings(settings, topic, stop):
        yield from _lines(happening, settings, topic, as_json)


def letters(settings: DeliverySettings, topic: str, stop: threading.Event) -> Iterator[Letter]:
    """Each message on a topic, until `stop` is set. Connects again whenever it must."""
    for happening in _happenings(settings, topic, stop):
        if isinstance(happening, Received):
            yield happening.letter


def _happenings(settings: DeliverySettings, topic: str, stop: threading.Event) -> Iterator[Heard]:
    backoff = Backoff()
    guest = replace(settings, client_id=f"{settings.name_on_broker}-{secrets.token_hex(4)}")
    while not stop.is_set():
        happenings: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        link = _listening(guest, topic, happenings)
        try:
            for happening in _until_lost(happenings, stop):
                if isinstance(happening, Connected):
                    backoff.reset()
                yield happening
        finally:
            link.close(timeout=2.0)
        stop.wait(backoff.wait())


def _listening(
    settings: DeliverySettings, topic: str, happenings: queue.SimpleQueue[Heard]
) -> Link:
    link = Link(settings, lambda _, happening: happenings.put(happening), subscribe=(topic,))
    link.start()
    return link


def _until_lost(happenings: queue.SimpleQueue[Heard], stop: threading.Event) -> Iterator[Heard]:
    while not stop.is_set():
        try:
            happening = happenings.get(timeout=LOOK_S)
        except queue.Empty:
            continue
        yield happening
        if isinstance(happening, Lost):
            return


def _lines(
    happening: Heard, settings: DeliverySettings, topic: str, as_json: bool
) -> Iterator[str]:
    match happening:
        case Received(letter):
            yield as_line(letter, topic) if not as_json else as_json_line(letter)
        case Connected() if not as_json:
            yield f"# following {topic} at {broker_sentences.place(settings)}"
        case Lost(sentence) if not as_json:
            yield f"# {sentence}"
        case _:
            pass


def as_json_line(letter: Letter) -> str:
    payload = _payload(letter)
    text = letter.body.decode(errors="replace")
    line = {"topic": letter.topic, "retained": letter.retain, "payload": payload, "body": text}
    return json.dumps(line, ensure_ascii=False)


def as_line(letter: Letter, everything: str) -> str:
    """The time it is about, the topic under the kiosk's own, and what matters of the payload."""
    name = letter.topic.removeprefix(everything.removesuffix("#"))
    payload = _payload(letter)
    if not isinstance(payload, dict):
        return f"{_clock(None)}  {name}  {letter.body[:200]!r}"
    if letter.topic.endswith("/reply"):
        return f"{_clock(None)}  {name}  {_reply(letter.body)}"
    kept = "  (retained)" if letter.retain else ""
    return f"{_clock(_about(payload))}  {name}  {_gist(name.rsplit('/', 1)[-1], payload)}{kept}"


def _payload(letter: Letter) -> wire.JsonValue:
    try:
        payload: wire.JsonValue = json.loads(letter.body)
    except ValueError:
        return letter.body.decode(errors="replace")
    return payload


def _about(payload: wire.Payload) -> wire.JsonValue:
    for key in ("endTime", "recordedAt", "at", "since"):
        if key in payload:
            return payload[key]
    ours = payload.get("x")
    return ours.get("issuedAt") if isinstance(ours, dict) else None


def _clock(unix_ms: wire.JsonValue) -> str:
    if not isinstance(unix_ms, int):
        return "--:--:--.---"
    return datetime.fromtimestamp(unix_ms / 1000).strftime("%H:%M:%S.%f")[:-3]


def _gist(kind: str, payload: wire.Payload) -> str:
    match kind:
        case "action":
            return _action(payload)
        case "status":
            return _status(payload)
        case "state":
            return _words(payload, "state", "reason", "detail")
        case "audit":
            names = (
                "seq",
                "kind",
                "command",
                "way",
                "code",
                "verdict",
                "currentState",
                "outcome",
                "detail",
                "granted",
                "refusal",
                "text",
            )
            return _words(payload, *names) + _why(payload)
        case "diag":
            return _words(payload, "phase", "verdict", "frames", "scores") + _why(payload)
        case "prompt":
            return _words(payload, "prompt", "text")
        case "health":
            return _health(payload)
        case "alarms":
            return _alarms(payload)
        case "person":
            return _words(payload, "idClass", "personId")
        case _:
            return json.dumps(payload, ensure_ascii=False)


def _action(payload: wire.Payload) -> str:
    ours = payload.get("x")
    took = ours.get("latencyMs") if isinstance(ours, dict) else None
    names = ("liveness", "livenessConfirmed", "smile", "challengeConfirmed")
    told = "  ".join(f"{name}={payload[name]}" for name in names if name in payload)
    if payload.get("personId") is not None:
        told += f"  {_words(payload, 'personId', 'idClass')}"
    after = "" if took is None else f"  after {took} ms"
    return f"{payload.get('actionId')}  {told}{after}"


def _reply(body: bytes) -> str:
    """What a controller says, held to the same rules as by the kiosk: others could draw anything
    on a terminal.
    """
    try:
        reply = reply_message.read(body)
    except ReplyError as error:
        return f"no reply: {error}"
    answer = "granted" if reply.granted else "not granted"
    return "  ".join(filter(None, (answer, reply.text, f"for event {reply.event_id}")))


def _health(payload: wire.Payload) -> str:
    why = payload.get("why")
    obstacles = [one for one in why if isinstance(one, dict)] if isinstance(why, list) else []
    ready = "ready" if payload.get("ready") is True else "not ready"
    return "; ".join([ready, *(str(one.get("detail")) for one in obstacles)])


def _alarms(payload: wire.Payload) -> str:
    alarms = payload.get("alarms")
    each = [one for one in alarms if isinstance(one, dict)] if isinstance(alarms, list) else []
    rings = [_words(one, "doorId", "detail") for one in each if one.get("ended") is None]
    return "; ".join(rings) or "no alarm rings"


def _status(payload: wire.Payload) -> str:
    problems = payload.get("problems")
    details = [
        str(problem.get("detail") or problem.get("code"))
        for problem in (problems if isinstance(problems, list) else [])
        if isinstance(problem, dict)
    ]
    return "; ".join([str(payload.get("state")), *details])


def _why(payload: wire.Payload) -> str:
    """What stood in the way, in sentences."""
    reasons = payload.get("reasons")
    told = [sentence(str(code)) for code in reasons] if isinstance(reasons, list) else []
    return f"  ({'; '.join(told)})" if told else ""


def _words(payload: wire.Payload, *names: str) -> str:
    """The values under these names, where there is something to say."""
    told = [payload[name] for name in names if payload.get(name) not in (None, "", [], {})]
    return "  ".join(_word(value) for value in told)


def _word(value: wire.JsonValue) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={item}" for key, item in value.items())
    return str(value)
