"""What a controller answers is told, recorded, and changes nothing; what is none is told seldom."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kioskd.delivery import connection, replies, reply_message, wire
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.delivery_context import Shared, nobody
from kioskd.delivery.delivery_settings import DeliverySettings, Protocol
from kioskd.delivery.embedded_broker import EmbeddedBroker
from kioskd.delivery.incoming import LARGEST_PACKET, LARGEST_REQUEST, MOST_A_SECOND, Incoming
from kioskd.delivery.ledger import Ledger
from kioskd.delivery.message_lines import as_line
from kioskd.delivery.mqtt import Letter, Link
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.delivery.replies import EVENTS_MOST, Replies
from kioskd.delivery.reply_message import BYTES_MOST, TEXT_MOST, Reply, ReplyError, read
from kioskd.delivery.seldom import EVERY_S, Seldom
from kioskd.happenings import BrokerMet, Happening, Replied, ReplyRefused
from kioskd.log_lines import lines
from kioskd.problems import Problems
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.results import result_now, unknown_now
from tests.support.schemas import check, readers
from tests.support.scripted_broker import scripted_broker
from tests.test_courier import Kiosk, ShiftedClock, kiosk, outcomes

EVENT = "0d5c1c4e-8a43-4a86-9a3e-1f4bd1c7a001"
TOPIC = "liveness/v1/hq/kiosk-07/door-3/reply"
OTHER = "liveness/v1/hq/kiosk-07/door-4/reply"
FIRST = ("door-4", reply_message.NO_JSON)
DOORS = {"door-3": "side-entrance", "door-4": "lift"}
BEFORE = {"eventId": EVENT, "granted": True}


def body(**keys: object) -> bytes:
    return json.dumps(keys).encode()


def listening(settings: DeliverySettings) -> DeliverySettings:
    return replace(settings, replies=True, doors=DOORS)


@dataclass
class StillClock(ShiftedClock):
    """Stands, but for what it is put forward: however slow the machine is, no time passes."""

    began: float = field(default_factory=time.monotonic)

    def monotonic(self) -> float:
        return self.began + self.ahead


@dataclass
class Door:
    """A kiosk that listens to replies, and a controller beside it, which hears all."""

    kiosk: Kiosk
    watching: Witness
    clock: ShiftedClock

    def event(self, feed: str = "door-3") -> str:
        """The id of an event that the broker has taken."""
        told = self.kiosk.courier.deliver(replace(result_now(feed=feed), decided_at=self.now))
        eventually(lambda: outcomes(self.watching, told.event_id) == ["published"])
        return told.event_id

    @property
    def now(self) -> float:
        return self.clock.monotonic()

    def say(self, payload: bytes, topic: str = TOPIC) -> None:
        """Publish it, and wait until the broker has it."""
        self.watching.client.publish(topic, payload, qos=1).wait_for_publish(20)

    @property
    def replied(self) -> list[Replied]:
        return [news for news in self.kiosk.news if isinstance(news, Replied)]

    @property
    def refused(self) -> list[ReplyRefused]:
        return [told for told in self._all_refused if (told.feed, told.why) != FIRST]

    @property
    def subscribed(self) -> bool:
        """Whether what is published from now on reaches the kiosk: something before it did."""
        self.clock.ahead += 1  # in a second of its own
        self.say(b"?", OTHER)
        return bool(self._all_refused)

    @property
    def _all_refused(self) -> list[ReplyRefused]:
        return [news for news in self.kiosk.news if isinstance(news, ReplyRefused)]

    def refusal(self) -> str:
        """Why the one thing that was said was not taken."""
        eventually(lambda: self.refused)
        (told,) = self.refused
        assert told.times == 1
        return told.why


@contextmanager
def door(broker: Mosquitto, folder: Path, protocol: Protocol = "5") -> Iterator[Door]:
    clock = StillClock()
    patient = replace(broker.settings(), ack_timeout_s=1e9)  # for a clock that is put forward
    settings = replace(listening(patient), protocol=protocol)
    with witness(broker) as watching, kiosk(settings, folder, clock) as k:
        eventually(lambda: k.courier.connected)
        found = Door(k, watching, clock)
        eventually(lambda: found.subscribed)
        yield found
        assert found.kiosk.courier.failure is None


@given(st.binary(max_size=2 * BYTES_MOST))
@example(b"")
@example(b"[" * BYTES_MOST)
@example(b'{"a":' * 200)
@example(b"\xef\xbb\xbf{}")
@example(b'{"eventId":NaN,"granted":true}')
@example(b"9" * BYTES_MOST)
@example(b"\xff\xfe{\0}\0")
def test_any_bytes_are_a_reply_or_are_refused_in_words(payload: bytes) -> None:
    _read_or_refused(payload)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(EVENT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["eventId", "granted", "text", "more"])


@given(st.dictionaries(KEYS, VALUES), st.booleans())
def test_whatever_is_taken_is_what_the_schema_says(
    payload: dict[str, object], granted: bool
) -> None:
    for said in (payload, {"eventId": EVENT, "granted": granted, **payload}):
        if _read_or_refused(json.dumps(said).encode()) is not None:
            readers("reply")(said)


def _read_or_refused(payload: bytes) -> Reply | None:
    try:
        reply = read(payload)
    except ReplyError:
        return None
    assert len(payload) <= BYTES_MOST
    assert reply.text.isprintable() or not reply.text.isascii()
    assert len(reply.text) <= TEXT_MOST
    return reply


LINES = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=60)


@given(st.booleans(), LINES, st.booleans())
def test_a_reply_is_read_as_it_was_meant(granted: bool, text: str, escaped: bool) -> None:
    said = {"eventId": EVENT, "granted": granted, "text": text, "more": {"of": ["theirs"]}}
    payload = json.dumps(said, ensure_ascii=escaped).encode()
    assert read(payload) == Reply(EVENT, granted, text)
    readers("reply")(said)
    check("reply", {"eventId": EVENT, "granted": granted, "text": text})


def test_the_longest_text_and_the_largest_payload_are_taken() -> None:
    said = body(**BEFORE, text="é" * TEXT_MOST)
    assert read(said.replace(b"\\u00e9", "é".encode()).ljust(BYTES_MOST)).text == "é" * TEXT_MOST
    with pytest.raises(ReplyError, match="more than 1024 bytes"):
        read(body(**BEFORE).ljust(BYTES_MOST + 1))


NOT_TAKEN = {
    "no JSON": (b"open sesame", reply_message.NO_JSON),
    "no object": (b'["granted"]', reply_message.NO_JSON),
    "not UTF-8": (body(**BEFORE).decode().encode("utf-16"), reply_message.NO_JSON),
    "deeper than any reader goes": (b"[" * BYTES_MOST, reply_message.NO_JSON),
    "a number that is none": (b'{"granted": NaN}', reply_message.NO_JSON),
    "two answers in one": (
        f'{{"eventId": "{EVENT}", "granted": false, "granted": true}}'.encode(),
        reply_message.TWICE,
    ),
    "of no event": (body(granted=True), reply_message.NO_EVENT_ID),
    "an id in capitals": (body(eventId=EVENT.upper(), granted=True), reply_message.NO_EVENT_ID),
    "an id with more behind it": (
        body(eventId=f"{EVENT}\n", granted=True),
        reply_message.NO_EVENT_ID,
    ),
    "an answer in quotes": (body(eventId=EVENT, granted="true"), reply_message.NO_ANSWER),
    "an answer as a number": (body(eventId=EVENT, granted=1), reply_message.NO_ANSWER),
    "no answer": (body(eventId=EVENT, text="Hello"), reply_message.NO_ANSWER),
    "a text that is none": (body(**BEFORE, text=7), reply_message.NO_TEXT),
    "a text of null": (body(**BEFORE, text=None), reply_message.NO_TEXT),
    "a long text": (body(**BEFORE, text="x" * (TEXT_MOST + 1)), reply_message.NO_TEXT),
    "two lines": (body(**BEFORE, text="one\ntwo"), reply_message.NO_TEXT),
    "a terminal's command": (body(**BEFORE, text="\x1b[2J"), reply_message.NO_TEXT),
    "a terminal's command, short": (body(**BEFORE, text="\x9b2J"), reply_message.NO_TEXT),
    "half a character": (body(**BEFORE, text="\ud800"), reply_message.NO_TEXT),
    "writing turned round": (body(**BEFORE, text="\u202edeined"), reply_message.NO_TEXT),
    "too large": (body(**BEFORE, more="x" * BYTES_MOST), reply_message.TOO_LARGE),
    "an event that never was": (body(**BEFORE), replies.UNKNOWN),
}


def test_what_is_no_reply_is_said_to_be_none_and_why(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path) as at:
        for payload, why in NOT_TAKEN.values():
            at.clock.ahead += 1  # in a second of its own
            at.say(payload)
            eventually(lambda: why in {told.why for told in at.refused})  # noqa: B023
        assert {told.why for told in at.refused} == {why for _, why in NOT_TAKEN.values()}
        assert {(told.door, told.feed) for told in at.refused} == {("side-entrance", "door-3")}
        assert at.replied == []
        event = at.event()
        at.say(body(eventId=event, granted=True))
        eventually(lambda: at.replied)
        assert at.kiosk.problems == {}
    for told in at.refused:
        (line,) = lines(told)
        assert (line.event, line.level) == ("a reply was not taken", "warning")
        assert line.fields["detail"] == told.why


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_each_is_refused_for_what_it_is(name: str) -> None:
    payload, why = NOT_TAKEN[name]
    if why == replies.UNKNOWN:
        assert read(payload) == Reply(EVENT, True)
    else:
        with pytest.raises(ReplyError) as error:
            read(payload)
        assert str(error.value) == why


@pytest.mark.parametrize("protocol", get_args(Protocol))
def test_a_reply_is_told_and_recorded_and_changes_nothing(
    tmp_path: Path, protocol: Protocol
) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path, protocol) as at:
        event = at.event()
        eventually(at.kiosk.all_taken)
        at.watching.catch_up()
        at.watching.seen.clear()
        told, news = list(at.kiosk.told), list(at.kiosk.news)
        at.say(body(eventId=event, granted=False, text="Badge? Zutritt ab 7 Uhr", more=1))
        eventually(lambda: at.watching.of("audit") and at.kiosk.all_taken())
        (reply,) = at.replied
        assert (reply.door, reply.feed, reply.event_id) == ("side-entrance", "door-3", event)
        assert (reply.granted, reply.text) == (False, "Badge? Zutritt ab 7 Uhr")
        assert reply.at == at.now
        (line,) = lines(reply)
        assert (line.event, line.level) == ("the controller answered", "info")
        assert line.fields["text"] == "Badge? Zutritt ab 7 Uhr"
        (record,) = at.watching.payloads("audit")
        assert (record["kind"], record["eventId"], record["doorId"]) == (
            "reply",
            event,
            "side-entrance",
        )
        assert (record["granted"], record["text"]) == (False, "Badge? Zutritt ab 7 Uhr")
        assert {seen.kind for seen in at.watching.seen} == {"reply", "audit"}
        check("audit", record)
        assert at.kiosk.told == told
        assert at.kiosk.news == [*news, reply]


def test_an_answer_comes_in_time_or_not_at_all(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path) as at:
        in_time = at.event()
        at.clock.ahead += replies.ANSWER_S - 0.1
        at.say(body(eventId=in_time, granted=True))
        eventually(lambda: at.replied)
        late = at.event()
        at.clock.ahead += replies.ANSWER_S + 0.1
        at.say(body(eventId=late, granted=True))
        assert at.refusal() == replies.LATE
        at.kiosk.news.clear()
        at.clock.ahead += replies.KNOWN_S
        at.event()
        at.say(body(eventId=late, granted=True))
        assert at.refusal() == replies.UNKNOWN


def test_only_the_doors_own_camera_answers_and_only_to_what_the_door_was_told(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path) as at:
        event, silent = at.event(), at.kiosk.courier.deliver(unknown_now()).event_id
        at.say(body(eventId=event, granted=True), OTHER)
        assert at.refusal() == replies.OTHER_CAMERA
        at.kiosk.news.clear()
        at.say(body(eventId=silent, granted=True))
        assert at.refusal() == replies.UNKNOWN
        at.say(body(eventId=event, granted=True))
        eventually(lambda: at.replied)


def test_the_first_answer_stands_and_the_same_once_more_is_nothing(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path) as at:
        event = at.event()
        for _ in range(3):
            at.say(body(eventId=event, granted=False, text="Badge?"))
        at.say(body(eventId=event, granted=True))
        assert at.refusal() == replies.ANSWERED
        (reply,) = at.replied
        assert (reply.granted, reply.text) == (False, "Badge?")
        eventually(at.kiosk.all_taken)

        def records() -> list[object]:
            told = at.watching.payloads("audit")
            return [record["granted"] for record in told if record["kind"] == "reply"]

        at.watching.catch_up()
        assert records() == [False]


@pytest.mark.parametrize("protocol", get_args(Protocol))
def test_what_a_broker_kept_is_no_answer(tmp_path: Path, protocol: Protocol) -> None:
    with mosquitto(tmp_path) as broker:
        with witness(broker) as before:
            before.client.publish(TOPIC, body(**BEFORE), qos=1, retain=True).wait_for_publish(20)
        settings = replace(listening(broker.settings()), protocol=protocol)
        with kiosk(settings, tmp_path) as k:
            eventually(lambda: [news for news in k.news if isinstance(news, ReplyRefused)])
            refused = [news for news in k.news if isinstance(news, ReplyRefused)]
            assert [told.why for told in refused] == [replies.RETAINED]


def test_an_event_of_before_a_restart_is_unknown(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        with door(broker, tmp_path) as at:
            event = at.event()
        with door(broker, tmp_path) as at:
            at.say(body(eventId=event, granted=True))
            assert at.refusal() == replies.UNKNOWN


@pytest.mark.parametrize("protocol", get_args(Protocol))
def test_a_flood_is_read_in_part_told_once_and_keeps_no_event_back(
    tmp_path: Path, protocol: Protocol
) -> None:
    flood = 500
    with mosquitto(tmp_path) as broker, door(broker, tmp_path, protocol) as at:
        for _ in range(flood):
            at.watching.client.publish(TOPIC, b"open!", qos=0)
        events = [at.event() for _ in range(3)]
        eventually(lambda: len(at.watching.of("reply")) >= flood)
        eventually(lambda: len(at.refused) == 2)
        at.clock.ahead += EVERY_S
        eventually(lambda: sum(said.times for said in at.refused) == flood)
        told = {why: [said.times for said in at.refused if said.why == why] for why in REASONS}
        assert told[reply_message.NO_JSON] == [1, MOST_A_SECOND - 1]
        assert sum(told[replies.TOO_MANY]) == flood - MOST_A_SECOND
        assert len(told[replies.TOO_MANY]) <= 2
        at.say(body(eventId=events[-1], granted=True), OTHER)  # another's flood is not theirs
        eventually(lambda: replies.OTHER_CAMERA in {said.why for said in at.refused})
        assert at.kiosk.courier.connected
        assert at.kiosk.problems == {}


REASONS = (reply_message.NO_JSON, replies.TOO_MANY)


def test_a_packet_that_would_fill_the_memory_never_leaves_an_mqtt_5_broker(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path) as at:
        event = at.event()
        at.say(b"x" * LARGEST_PACKET)
        at.say(body(eventId=event, granted=True))
        eventually(lambda: at.replied)
        assert at.refused == []
        assert len([news for news in at.kiosk.news if isinstance(news, BrokerMet)]) == 1


def test_a_reply_of_a_megabyte_ends_nothing_with_mqtt_3(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, door(broker, tmp_path, "3.1.1") as at:
        event = at.event()
        at.say(b"x" * 1_000_000)
        at.say(body(eventId=event, granted=True))
        eventually(lambda: at.replied)
        assert at.refusal() == reply_message.TOO_LARGE


def test_who_does_not_ask_for_replies_hears_none(tmp_path: Path) -> None:
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as watching,
        kiosk(replace(broker.settings(), doors=DOORS), tmp_path) as k,
    ):
        at = Door(k, watching, ShiftedClock())
        eventually(lambda: k.courier.connected)
        at.say(body(eventId=at.event(), granted=True))
        at.event()  # whose answer would have come behind the reply
        assert at.replied == []
        assert at.refused == []
        eventually(k.all_taken)
        watching.catch_up()
        assert {record["kind"] for record in watching.payloads("audit")} == {"result", "delivery"}


def test_the_embedded_broker_carries_replies(tmp_path: Path) -> None:
    broker = EmbeddedBroker()
    broker.start()
    settings = DeliverySettings("127.0.0.1", broker.port, "hq", "kiosk-07", protocol="3.1.1")
    controller = Link(replace(settings, client_id="controller"), lambda *_: None)
    controller.start()
    try:
        with kiosk(listening(settings), tmp_path) as k:
            event = k.courier.deliver(result_now()).event_id
            said = Letter(TOPIC, body(eventId=event, granted=True))
            eventually(
                lambda: (
                    controller.publish(said)
                    and [news.granted for news in k.news if isinstance(news, Replied)]
                )
            )
    finally:
        controller.close(timeout=5)
        broker.stop()
        broker.join()


@pytest.mark.parametrize("protocol", get_args(Protocol))
def test_a_broker_that_refuses_the_subscription_is_told(tmp_path: Path, protocol: Protocol) -> None:
    with scripted_broker(grants=False) as broker:
        settings = replace(broker.settings(), replies=True, protocol=protocol)
        with kiosk(replace(settings, doors={"door-3": "side-entrance"}), tmp_path) as k:
            eventually(lambda: TOPIC in k.problems.get("broker_acl", ""))


def test_a_subscription_that_was_refused_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NATS refuses one while it chooses a leader, and grants it a little later."""
    monkeypatch.setattr(connection, "ASK_AGAIN_S", 0.1)
    with scripted_broker(grants=False) as broker:
        settings = replace(broker.settings(), replies=True, doors={"door-3": "side-entrance"})
        with kiosk(settings, tmp_path) as k:
            eventually(lambda: TOPIC in k.problems.get("broker_acl", ""))
            broker.grants = True
            eventually(lambda: "broker_acl" not in k.problems)


def test_what_is_so_again_and_again_is_said_seldom_and_none_of_it_is_lost() -> None:
    said: list[tuple[str, int]] = []
    seldom = Seldom[str](lambda what, times: said.append((what, times)))
    for n in range(25):
        seldom.note("late", float(n))
        seldom.tend(n + 0.5)
    seldom.note("flood", 25.0, 7)
    assert said == [("late", 1), ("late", 10), ("late", 10), ("flood", 7)]
    seldom.tend(60.0)
    seldom.tend(99.0)
    seldom.note("late", 100.0)
    assert said[4:] == [("late", 4), ("late", 1)]


def test_each_topic_has_so_many_messages_a_second_and_the_others_are_counted() -> None:
    unread: list[dict[str, int]] = []
    way_in = Incoming({"a": print, "b": print}, lambda left: unread.append(dict(left)))
    admitted = [way_in.admits("a", n / 100) for n in range(100)]
    assert admitted == [True] * MOST_A_SECOND + [False] * (100 - MOST_A_SECOND)
    assert way_in.admits("b", 0.99)
    assert way_in.admits("a", 1.0)
    assert not way_in.admits("c", 1.0)
    assert way_in.largest_packet == LARGEST_PACKET
    assert Incoming({"a": print}, pictures=True).largest_packet == LARGEST_REQUEST
    assert Incoming({}).largest_packet is None
    way_in.tend()
    way_in.tend()
    assert unread == [{"a": 100 - MOST_A_SECOND}, {}]
    assert not way_in.admits("a", 3.0, LARGEST_REQUEST + 1)


def test_what_is_known_of_events_stays_small(tmp_path: Path) -> None:
    told: list[Happening] = []
    settings = replace(DeliverySettings("", 0, "hq", "kiosk-07"), replies=True, doors=DOORS)
    shared = Shared(settings, ShiftedClock(), Problems(nobody), told.append)
    with closing(AuditLog(tmp_path / "audit.db")) as log:
        sender = wire.Sender("hq", "kiosk-07", EVENT, "")
        ledger = Ledger(shared, log, sender, PatientDisk(shared))
        read = Replies(shared, ledger, wire.Topics(settings.prefix, "hq", "kiosk-07"))
        events = [str(uuid.uuid4()) for _ in range(EVENTS_MOST + 1)]
        for event in events:
            read.expect(event, "door-3")
        for event in events[:2]:
            read.readers[TOPIC](Letter(TOPIC, body(eventId=event, granted=True)))
    assert [type(news) for news in told] == [ReplyRefused, Replied]


def test_a_reply_is_a_line_to_read_and_draws_nothing_on_a_terminal() -> None:
    said = Letter(TOPIC, body(**BEFORE, text="Please come in"))
    everything = "liveness/v1/hq/kiosk-07/#"
    assert as_line(said, everything).endswith(
        f"door-3/reply  granted  Please come in  for event {EVENT}"
    )
    drawn = as_line(Letter(TOPIC, body(**BEFORE, text="\x9b2J")), everything)
    assert drawn.endswith(f"no reply: {reply_message.NO_TEXT}")
    assert drawn.isprintable()
