"""The conformance file, and who must pass it: the verifier, the command, the samples to copy."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any, get_args

import jinja2
import pytest
import yaml

from kioskd.signing.ed25519 import signer_at
from kioskd.verify import Door, Verifier, read_keys
from kioskd.verify.chain import ChainCode
from kioskd.verify.proof import Code
from tests.support.broker import eventually, mosquitto, program, witness
from tests.support.commands import kioskd as command
from tests.support.daemon import LIVE, file_feed, kioskd, settings

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/connect/controllers"
FILE, KEYS = FOLDER / "conformance.jsonl", FOLDER / "conformance.keys.json"
LINES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
TOPIC = "liveness/v1/hq/kiosk-07/door-3/action"
# Where Debian puts what its package node-mqtt holds; `npm install` puts it beside the sample.
ENVIRON = os.environ | {"NODE_PATH": "/usr/share/nodejs"}
NAMED = {"DOOR": "side-entrance", "CAMERA": "1c0d5a2b7f3e4d96"}


def test_the_file_is_what_its_script_makes() -> None:
    loader = SourceFileLoader("make_conformance", str(ROOT / "scripts/make_conformance"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    made = module_from_spec(spec)
    loader.exec_module(made)
    assert list(made.lines()) == LINES


def test_every_refusal_that_there_is_stands_in_the_file_but_one() -> None:
    """What a trusted key signed and is no message: only a kiosk with a mistake would say it."""
    assert {line["expect"] for line in LINES} == {*get_args(Code), "opens", "noted"} - {
        "unreadable"
    }


def test_every_code_is_explained() -> None:
    page = (ROOT / "docs/connect/mqtt.md").read_text("utf-8")
    for code in (*get_args(Code), *get_args(ChainCode)):
        assert f"`{code}`" in page


def test_the_verifier_passes_it() -> None:
    keys = read_keys(KEYS.read_bytes())
    door = Door(
        TOPIC, "rgbLiveness", "livenessConfirmed", keys, door=NAMED["DOOR"], camera=NAMED["CAMERA"]
    )
    verifier = Verifier(door)
    for line in LINES:
        payload = line["payload"].encode()
        verdict = verifier.heard(line["topic"], payload, line["retained"], line["at"])
        assert verdict.code == line["expect"], line["name"]
        assert verdict.sentence or verdict.code in ("opens", "noted")


def test_the_command_passes_it() -> None:
    run = command(
        *("verify", str(FILE), "--keys", str(KEYS), "--json", "--topic", TOPIC),
        *("--action", "rgbLiveness", "--attribute", "livenessConfirmed"),
        *("--door", NAMED["DOOR"], "--camera", NAMED["CAMERA"]),
    )
    said = [json.loads(line)["code"] for line in run.out.splitlines()]
    assert said == [line["expect"] for line in LINES]
    assert run.status == 1  # some were refused


def sample(*more: str, keys: Path = KEYS, topic: str = TOPIC) -> list[str]:
    told = [str(keys), topic, "rgbLiveness", "livenessConfirmed"]
    return [sys.executable, str(FOLDER / "controller.py"), *told, *more]


def answers(arguments: list[str], asked: str) -> list[str]:
    """What a sample says to messages, which it reads from standard input."""
    run = subprocess.run(
        arguments, input=asked, env=os.environ | NAMED, capture_output=True, text=True, check=True
    )
    return run.stdout.splitlines()


def passes(said: list[str]) -> None:
    words = {"opens": "open", "noted": "status"}
    for answer, line in zip(said, LINES, strict=True):
        assert answer.partition(":")[0] == words.get(line["expect"], "shut"), line["name"]


def test_the_sample_passes_it() -> None:
    passes(answers(sample(), FILE.read_text("utf-8")))


def in_javascript(*more: str, keys: Path = KEYS, topic: str = TOPIC) -> list[str]:
    told = [str(keys), topic, "rgbLiveness", "livenessConfirmed"]
    return [program("node"), str(FOLDER / "controller.mjs"), *told, *more]


def test_the_sample_in_javascript_passes_it() -> None:
    passes(answers(in_javascript(), FILE.read_text("utf-8")))


def in_node_red(**told: str) -> list[str]:
    """The function node's text, run as Node-RED runs one."""
    (key,) = json.loads(KEYS.read_text())["keys"]
    env = {
        "KIOSK_KEYS": key["publicKey"],
        "DOOR_TOPIC": TOPIC,
        "DOOR_ACTION": "rgbLiveness",
        "DOOR_ATTRIBUTE": "livenessConfirmed",
        "DOOR_NAME": NAMED["DOOR"],
        "DOOR_CAMERA": NAMED["CAMERA"],
    }
    runs = str(ROOT / "tests/support/node_red.mjs")
    return [program("node"), runs, str(FOLDER / "node-red.js"), json.dumps(env | told)]


def test_the_function_node_passes_it() -> None:
    passes(answers(in_node_red(), FILE.read_text("utf-8")))


def test_a_function_node_that_was_told_nothing_opens_for_nobody() -> None:
    for missing in ({"KIOSK_KEYS": ""}, {"DOOR_ACTION": ""}, {"DOOR_ATTRIBUTE": ""}):
        assert "open" not in answers(in_node_red(**missing), FILE.read_text("utf-8"))


def test_home_assistant_refuses_what_it_can_see_and_believes_a_forged_event() -> None:
    """As docs/connect/mqtt.md says: it has no way to check a signature."""
    package = yaml.safe_load((FOLDER / "home-assistant.yaml").read_text("utf-8"))
    (sensor,), (automation,) = package["mqtt"]["sensor"], package["automation"]
    ((trigger,), (condition,)) = automation["triggers"], automation["conditions"]
    states, opened = {"sensor.kioskd_hq_kiosk_07": "unknown"}, set()
    for line in LINES:
        try:
            said = json.loads(line["payload"])
        except ValueError:
            continue  # it leaves payload_json out
        if line["topic"] == sensor["state_topic"]:
            told = rendered(sensor["value_template"], value_json=said)
            states["sensor.kioskd_hq_kiosk_07"] = told
        elif line["topic"] == trigger["topic"]:
            now = datetime.fromtimestamp(line["at"] / 1000, UTC)
            names = {"trigger": {"payload_json": said}, "states": states.get, "now": lambda: now}  # noqa: B023
            if rendered(condition["value_template"], **names) == "True":
                opened.add(line["expect"])
    assert opened >= {"opens", "bad_signature", "not_signed", "retained"}
    sees = {"other_topic", "other_kiosk", "other_action", "not_confirmed", "late", "future"}
    assert opened.isdisjoint(sees)


def rendered(template: str, **names: object) -> str:
    """What Home Assistant makes of a template; a mistake in one is no condition that holds."""
    try:
        return jinja2.Environment(autoescape=False).from_string(template).render(names).strip()
    except (jinja2.UndefinedError, TypeError):
        return ""


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample in C, built as its head says, with every warning an error."""
    made = tmp_path_factory.mktemp("c") / "controller"
    build = ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(made)]
    source = [str(FOLDER / "controller.c"), "-lmosquitto", "-lcrypto"]
    subprocess.run(build + source, check=True)
    return made


def told_in_c(made: Path, keys: Path, topic: str, *more: str) -> list[str]:
    (key,) = json.loads(keys.read_text())["keys"]
    return [str(made), key["publicKey"], topic, "rgbLiveness", "livenessConfirmed", *more]


def test_the_sample_in_c_passes_it(in_c: Path) -> None:
    lines = [
        f"{line['at']} {line['retained']:d} {line['topic']} {line['payload'].encode().hex()}\n"
        for line in LINES
    ]
    passes(answers(told_in_c(in_c, KEYS, TOPIC, *NAMED.values()), "".join(lines)))


@contextmanager
def following(out: Path, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A program that writes into a file until it is ended."""
    with out.open("wb") as file:
        process = subprocess.Popen(arguments, stdout=file, stderr=file, cwd=ROOT, env=ENVIRON)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The kiosk's own, made before its first start so that a controller can have it."""
    (tmp_path / "state").mkdir(mode=0o700)
    trust = signer_at(tmp_path / "state" / "signing.key").trust
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [trust]}))
    return tmp_path / "keys.json"


def test_the_samples_open_for_a_live_person_before_the_real_daemon_and_for_no_replay(
    tmp_path: Path, keys: Path, in_c: Path
) -> None:
    names = ("python.txt", "c.txt", "javascript.txt", "verify.txt")
    one, other, third, seen = (tmp_path / name for name in names)
    topic = "liveness/v1/hq/kiosk-07/live/action"
    with mosquitto(tmp_path) as broker, witness(broker) as watching:
        config = settings(broker, {"live": file_feed(LIVE)})
        place = ("127.0.0.1", str(broker.port))
        with (
            following(one, sample(*place, keys=keys, topic=topic)),
            following(other, told_in_c(in_c, keys, topic, "live-door", "-", *place)),
            following(third, in_javascript(*place, keys=keys, topic=topic)),
        ):
            waited_for("listening", one, other, third)
            with kioskd(tmp_path, config) as kiosk:
                verify = [sys.executable, "-m", "kioskd", "verify", "-c", str(kiosk.config)]
                with following(seen, verify):
                    waited_for("OPEN", one, third)
                    waited_for("open\n", other)
                    first = watching.of("action")[0]
                    watching.client.publish(topic, first.body, 1)
                    eventually(lambda: all(map(replays_refused, (one, other, third))))
                    eventually(lambda: codes(seen) >= {"proved", "begins", "kept"})
                    kiosk.stop()
            before = {out: replays_refused(out) for out in (one, other, third)}
            watching.client.publish(topic, first.body, 1)
            eventually(lambda: all(replays_refused(out) > n for out, n in before.items()))
        events = {str(action["eventId"]) for action in watching.payloads("action")}
    assert 1 <= one.read_text().count("OPEN") <= len(events)
    assert 1 <= other.read_text().count("open\n") <= len(events)
    assert 1 <= third.read_text().count("OPEN") <= len(events)
    assert codes(seen) == {"proved", "begins", "kept"}


def replays_refused(out: Path) -> int:
    """How often it said so; on a busy machine a replay may be late before it is one."""
    said = out.read_text()
    return said.count("shut: seen") + said.count("shut: late")


def waited_for(text: str, *outs: Path) -> None:
    eventually(lambda: all(text in out.read_text() for out in outs))


def codes(out: Path) -> set[str]:
    return {line.split(" ")[0] for line in out.read_text().splitlines()}


def test_verify_says_what_it_needs(tmp_path: Path) -> None:
    for arguments, said in (
        ((), "--keys"),
        (("--keys", tmp_path / "none"), "none"),
        (("--keys", FILE), "kioskd keys"),
        (("--keys", KEYS), "FILE"),
        ((tmp_path / "none", "--keys", KEYS), "none"),
        ((KEYS, "--keys", KEYS), "line 1"),
        ((FILE, "--keys", KEYS, "--topic", TOPIC), "--action"),
        ((FILE, "--keys", KEYS, "--topic", "a", "--action", "b", "--attribute", "c"), "SOURCE"),
    ):
        run = command("verify", *arguments)
        assert run.status == 2
        assert said in run.err


def test_messages_are_read_as_other_programs_write_them(tmp_path: Path) -> None:
    status = next(line for line in LINES if line["expect"] == "noted")
    text = status["payload"]
    lines: list[dict[str, object]] = [
        {"topic": status["topic"], "payload": text, "retain": 1, "qos": 1},  # mosquitto_sub -F %j
        {"topic": status["topic"], "retained": True, "payload": json.loads(text), "body": text},
        {"topic": "liveness/v1/hq/kiosk-07/door-3/prompt", "payload": "{}"},  # never signed
    ]
    file = tmp_path / "heard.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    run = command("verify", file, "--keys", KEYS)
    assert (run.status, run.err) == (0, "")
    assert [line.split()[0] for line in run.out.splitlines()] == ["proved", "proved"]
