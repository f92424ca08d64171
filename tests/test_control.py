"""Commands: which are taken over MQTT and the local socket, what is refused, and what is recorded.

What they do is tried with the real daemon in tests/test_control_road.py; here stand the ways in,
with commands that only take note. The sockets are real.
"""

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import hypothesis
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.commanded import Commanded
from kioskd.commands import ctl
from kioskd.control import command_socket
from kioskd.control.client import Answer, NoAnswerError, asked
from kioskd.control.command_arguments import Nothing, OneDoor
from kioskd.control.command_desk import REFUSALS, CommandDesk
from kioskd.control.command_mqtt import LARGEST, MOST_WAITING, CommandMqtt
from kioskd.control.command_socket import CommandSocket
from kioskd.control.control_part import Troubles
from kioskd.control.registry import Command
from kioskd.delivery import wire
from kioskd.delivery.mqtt import Letter
from kioskd.log_lines import lines
from kioskd.quota import Quota
from kioskd.refused import RefusedError
from tests.support.broker import eventually
from tests.support.page import CONFIG
from tests.support.patience import DEADLINE_S

TOKEN = "a secret of an operator"
TOPICS = wire.Topics("p", "hq", "kiosk-07")
ANSWERS = TOPICS.commands("response")
ROOT = Path(__file__).parent.parent
Json = dict[str, Any]


class Desk:
    """A desk with commands that take note, and what was recorded of them."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.records: list[Commanded] = []
        named = [
            Command("list", "Lists.", Nothing, self._note),
            Command("disable", "Disables.", OneDoor, self._note),
            Command("refuse", "Refuses.", Nothing, self._refuse),
            Command("break", "Breaks.", Nothing, self._break),
        ]
        self.desk = CommandDesk({each.name: each for each in named}, self.records.append)

    def _note(self, asked_for: object, _at: int) -> Json:
        self.done.append(asked_for)
        return {"n": len(self.done)}

    def _refuse(self, _asked: object, _at: int) -> Json:
        raise RefusedError(409, "NotNewer", "not now")

    def _break(self, _asked: object, _at: int) -> Json:
        raise ZeroDivisionError

    @property
    def codes(self) -> list[str]:
        return [each.code for each in self.records]


class Broker(Desk):
    """The same behind MQTT; `now` is the kiosk's clock in ms, after it has run for 2 s."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_800_000_000_000
        self.waiting: list[Callable[[], None]] = []
        self.said: list[tuple[str, Json, bytes]] = []
        made = CommandMqtt(
            TOKEN, TOPICS, self.desk, lambda *told: self.said.append(told),
            self.waiting.append, lambda: self.now / 1000,
        )  # fmt: skip
        made._began_at -= 2.0
        (self.topic, self.take), = made.readers.items()  # fmt: skip

    def message(self, **more: object) -> Json:
        told: Json = {"id": "1", "credential": TOKEN, "issuedAt": self.now - 100}
        told |= {"expiresAt": self.now + 5000, "command": "disable", "door": "side", **more}
        return {key: value for key, value in told.items() if value is not None}

    def comes(self, body: bytes | Json, **how: Any) -> Json:
        """A message comes, and is worked off; the answer to it."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.take(Letter(self.topic, content, **how))
        self.work()
        return self.said[-1][1]

    def work(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


def test_a_command_of_this_moment_with_the_secret_is_done_and_recorded() -> None:
    broker = Broker()
    assert broker.comes(broker.message()) == {"id": "1", "status": 200, "body": {"n": 1}}
    assert broker.topic == "p/hq/kiosk-07/commands/request"
    assert broker.said[0][0] == "p/hq/kiosk-07/commands/response"
    assert broker.records == [Commanded("disable", "side", "mqtt", "", "1", 200, "", "")]


HOUR = 3_600_000
REFUSED: dict[str, tuple[dict[str, object], int, str]] = {
    "late": ({"issuedAt": -1_000, "expiresAt": -1}, 409, "Late"),
    "made before this start": ({"issuedAt": -3_000, "expiresAt": 5_000}, 409, "Late"),
    "ahead": ({"issuedAt": HOUR, "expiresAt": HOUR + 1}, 409, "AheadOfClock"),
    "for ever": ({"issuedAt": 0, "expiresAt": HOUR}, 400, "BadRequest"),
    "over before it began": ({"issuedAt": 0, "expiresAt": 0}, 400, "BadRequest"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_command_of_another_time_is_refused(name: str) -> None:
    times, status, code = REFUSED[name]
    broker = Broker()
    told = {key: broker.now + int(at) for key, at in times.items()}  # type: ignore[call-overload]
    answer = broker.comes(broker.message(**told))
    assert (answer["status"], answer["body"]["error"]["code"]) == (status, code)
    assert (broker.done, broker.codes) == ([], [code])


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"credential": "a guess"}, 401, "Unauthorized"),
        ({"credential": None}, 401, "Unauthorized"),
        ({"credential": 5}, 400, "BadRequest"),
        ({"id": None}, 400, "BadRequest"),
        ({"id": "\0"}, 400, "BadRequest"),
        ({"id": "x" * 129}, 400, "BadRequest"),
        ({"issuedAt": None}, 400, "BadRequest"),
        ({"issuedAt": True}, 400, "BadRequest"),
        ({"expiresAt": "soon"}, 400, "BadRequest"),
        ({"command": "open"}, 400, "UnknownCommand"),
        ({"command": ["disable"]}, 400, "UnknownCommand"),
        ({"door": None}, 400, "BadRequest"),
        ({"door": 7}, 400, "BadRequest"),
        ({"force": True}, 400, "BadRequest"),
        ({"command": "refuse", "door": None}, 409, "NotNewer"),
        ({"command": "break", "door": None}, 500, "Broken"),
    ],
)
def test_what_is_not_right_is_refused_by_a_code_and_recorded(
    more: dict[str, object], status: int, code: str
) -> None:
    broker = Broker()
    answer = broker.comes(broker.message(**more))
    assert (answer["status"], answer["body"].get("error", {}).get("code")) == (status, code)
    assert (broker.done, broker.codes) == ([], [code])
    assert broker.comes(broker.message(id="2"))["status"] == 200


def test_a_retained_or_oversized_command_is_refused() -> None:
    broker = Broker()
    assert broker.comes(broker.message(), retain=True)["body"]["error"]["code"] == "Retained"
    large = json.dumps(broker.message()).encode() + b" " * LARGEST
    assert broker.comes(large)["body"]["error"]["code"] == "RequestTooLarge"
    assert (broker.done, broker.codes) == ([], ["Retained", "RequestTooLarge"])


def test_an_id_is_taken_once_and_one_that_was_refused_for_the_secret_is_not_used_up() -> None:
    broker = Broker()
    assert broker.comes(broker.message(credential="a guess"))["status"] == 401
    assert broker.comes(broker.message())["status"] == 200
    assert broker.comes(broker.message())["body"]["error"]["code"] == "Repeated"
    assert broker.comes(broker.message(command="list", door=None))["status"] == 409
    broker.now += 66_000
    assert broker.comes(broker.message())["status"] == 200  # another of the same name
    assert len(broker.done) == 2


def test_more_than_can_wait_are_refused_at_once_and_counted_in_the_next_record() -> None:
    broker = Broker()
    for number in range(MOST_WAITING + 3):
        body = json.dumps(broker.message(id=str(number))).encode()
        broker.take(Letter(broker.topic, body, answer_to=f"{ANSWERS}/a", correlation=b"c"))
    assert [told["status"] for _, told, _ in broker.said] == [429] * 3
    broker.work()
    assert [told["status"] for _, told, _ in broker.said[3:]] == [200] * MOST_WAITING
    assert {(topic, data) for topic, _, data in broker.said} == {(f"{ANSWERS}/a", b"c")}
    assert [each.left_out for each in broker.records] == [3] + [0] * (MOST_WAITING - 1)


def test_whoever_guesses_cannot_fill_the_record() -> None:
    broker = Broker()
    for number in range(REFUSALS + 12):
        broker.comes(broker.message(id=str(number), credential="a guess"))
    assert len(broker.records) == REFUSALS
    broker.comes(broker.message(id="mine"))
    assert (broker.records[-1].code, broker.records[-1].left_out) == ("", 12)


@given(st.binary(max_size=200))
def test_noise_is_refused_and_does_nothing(noise: bytes) -> None:
    broker = Broker()
    assert broker.comes(noise)["status"] == 400
    assert broker.done == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(Broker().message())), JSON))
def test_whatever_stands_at_its_keys_a_message_is_done_or_refused_by_a_code(said: Json) -> None:
    broker = Broker()
    answer = broker.comes(json.dumps({**broker.message(), **said}).encode())
    done = answer["status"] == 200
    assert done == (len(broker.done) == 1)
    assert done or answer["body"]["error"]["code"] != "Broken"
    assert len(broker.records) == 1


def test_the_messages_are_those_of_the_asyncapi_document() -> None:
    text = resources.files("kioskd.control").joinpath("asyncapi.json").read_text("utf-8")
    document = json.loads(text)
    addresses = [channel["address"] for channel in document["channels"].values()]
    where = {"prefix": "p", "site": "hq", "device": "kiosk-07"}
    assert [address.format(**where) for address in addresses] == [
        TOPICS.commands("request"),
        TOPICS.commands("response"),
    ]
    request, response = (
        document["components"]["messages"][name]["payload"] for name in ("request", "response")
    )
    broker = Broker()
    for said in (broker.message(), broker.message(command="open")):
        jsonschema.validate(said, request)
        jsonschema.validate(broker.comes(said), response)


# on the machine itself


@contextmanager
def listening(folder: Path) -> Iterator[tuple[Desk, Path, list[str | None]]]:
    made, troubles = Desk(), list[str | None]()
    place = folder / "control.sock"
    part = CommandSocket(place, made.desk, troubles.append)
    part.start()
    try:
        yield made, place, troubles
    finally:
        part.stop()
        part.join(DEADLINE_S)
        assert not part.is_alive()


def test_the_socket_is_its_owners_and_groups_and_the_record_says_who_it_was(
    tmp_path: Path,
) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100)  # longer than a socket's address may be
    deep.mkdir(parents=True)
    before = os.umask(0)
    try:
        with listening(deep) as (made, place, troubles):
            assert place.stat().st_mode & 0o777 == 0o660
            said = {"command": "disable", "door": "side", "id": "mine"}
            assert asked(place, said) == Answer(200, {"n": 1})
            assert asked(place, {"command": "open"}).body["error"]["code"] == "UnknownCommand"
            who = f"uid {os.getuid()}, pid {os.getpid()}"
            assert made.records[0] == Commanded(
                "disable", "side", "socket", who, "mine", 200, "", ""
            )
            assert (made.records[1].who, made.records[1].code) == (who, "UnknownCommand")
            assert troubles == [None]
    finally:
        os.umask(before)
    assert not place.exists()


def test_whoever_is_silent_or_sends_too_much_is_told_and_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_socket, "TALK_S", 0.05)
    with listening(tmp_path) as (made, place, _):
        for said in (b"", b"{", b"\xff\n", b"[]\n", b'{"id": 5}\n', b"x" * (LARGEST + 9000)):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(DEADLINE_S)
                client.connect(str(place))
                client.sendall(said)
                assert json.loads(client.recv(65536))["status"] in (400, 413)
        with socket.socket(socket.AF_UNIX) as gone:
            gone.connect(str(place))  # and hangs up without a word
        assert asked(place, {"command": "list"}).done
        assert made.done == [Nothing()]
        eventually(lambda: len(made.records) == 8)


def test_noise_on_the_socket_is_refused_and_the_next_command_is_done(tmp_path: Path) -> None:
    with listening(tmp_path) as (made, place, _):

        @given(st.binary(max_size=60))
        @hypothesis.settings(max_examples=40)
        def noise(said: bytes) -> None:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(DEADLINE_S)
                client.connect(str(place))
                client.sendall(said + b"\n")
                assert json.loads(client.recv(65536))["status"] == 400

        noise()
        assert made.done == []
        assert asked(place, {"command": "list"}).done


def test_a_socket_that_a_killed_daemon_left_is_taken_over_and_anything_else_is_not(
    tmp_path: Path,
) -> None:
    place = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(place))
    with pytest.raises(NoAnswerError, match="is it running"):
        asked(place, {"command": "list"})
    with listening(tmp_path) as (_, place, troubles):
        assert asked(place, {"command": "list"}).done
    place.write_text("a file of somebody else's")
    with listening(tmp_path) as (_, place, troubles):
        assert "nobody can give commands" in str(troubles[0])
    assert place.read_text() == "a file of somebody else's"


def test_ctl_says_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*words: str, as_json: bool = False) -> tuple[int, str]:
        status = ctl.run(place, words[0], words[1:], None, as_json=as_json)
        told = capsys.readouterr()
        return status, (told.out or told.err).strip()

    place = tmp_path / "control.sock"
    assert said("list") == (1, f"no kioskd takes commands at {place}: is it running?")
    with listening(tmp_path):
        assert said("disable", "side") == (0, "n: 1")
        assert said("list", as_json=True) == (0, '{"status": 200, "body": {"n": 2}}')
        assert said("refuse") == (1, "NotNewer: not now")
        assert said("disable")[0] == 2
        assert said("list", "side")[0] == 2
        assert said("set", "side=open")[0] == 2


def test_ctl_shows_doors_as_a_table() -> None:
    door = {"door": "side", "feed": "cam", "enabled": False, "modified": 1_800_000_000_000}
    camera = {"state": "stalled", "reason": "no_frames", "detail": "silent"}
    other = {**door, "door": "main", "enabled": True, "modified": 0, "state": "online"}
    told: Json = {"doors": [{**door, **camera}, {**other, "reason": ""}], "ready": False}
    told["why"] = [{"code": "feed", "door": "side", "detail": "cam is stalled: silent"}]
    assert list(ctl._lines(told)) == [
        "door  feed  enabled  camera               since",
        "side  cam   no       stalled (no_frames)  2027-01-15T08:00:00+00:00",
        "main  cam   yes      online               -",
        "ready: False",
        "feed: cam is stalled: silent",
    ]


def test_ctl_means_the_units_daemon_unless_a_configuration_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    (tmp_path / "config.yaml").write_text(CONFIG)
    by_hand = tmp_path / "var" / "control.sock"
    monkeypatch.setattr(ctl, "SYSTEM", tmp_path / "run")
    assert ctl.place(tmp_path / "config.yaml", given=False) == by_hand
    (tmp_path / "run").mkdir()
    assert ctl.place(tmp_path / "config.yaml", given=False) == tmp_path / "run" / "control.sock"
    assert ctl.place(tmp_path / "config.yaml", given=True) == by_hand


def test_what_is_too_much_is_counted_until_it_is_told() -> None:
    quota = Quota(2, 60.0)
    assert [quota.admits(at) for at in (0.0, 1.0, 2.0, 59.9)] == [True, True, False, False]
    assert (quota.take_left_out(), quota.take_left_out()) == (2, 0)
    assert quota.admits(60.0)


def test_troubles_are_told_together_and_the_last_that_ends_ends_the_problem() -> None:
    told: list[str | None] = []
    troubles = Troubles(told.append)
    one, other = troubles.of("one"), troubles.of("other")
    one("a")
    other("b")
    one(None)
    other(None)
    assert told == ["a", "a; b", "b", None]


def test_the_log_says_who_had_what_done_or_asked_in_vain() -> None:
    done = Commanded("disable", "side", "socket", "uid 0, pid 7", "", 200, "", "")
    (line,) = lines(done)
    assert (line.event, line.level) == ("a command was done", "info")
    assert line.fields == {
        "command": "disable", "door": "side", "way": "socket", "who": "uid 0, pid 7",
    }  # fmt: skip
    (line,) = lines(Commanded("", "", "mqtt", "", "1", 401, "Unauthorized", "show it", 3))
    assert (line.event, line.level) == ("a command was refused", "warning")
    assert (line.fields["code"], line.fields["left_out"]) == ("Unauthorized", 3)


def test_every_code_and_every_command_is_on_the_page() -> None:
    page = (ROOT / "docs/connect/commands.md").read_text("utf-8")
    sources = [*(ROOT / "kioskd/control").glob("*.py"), ROOT / "kioskd/door_guard.py"]
    told = {
        code
        for path in sources
        for code in re.findall(r'RefusedError\(\s*\d+, "(\w+)"', path.read_text("utf-8"))
    }
    assert {"NotNewer", "Late", "EndsByTime"} <= told
    assert [code for code in sorted(told) if f"`{code}`" not in page] == []
    source = (ROOT / "kioskd/control/registry.py").read_text("utf-8")
    commands = re.findall(r'Command\(\s*"([\w-]+)"', source)
    assert len(commands) == 10
    assert [name for name in commands if f"| `{name}` |" not in page] == []
