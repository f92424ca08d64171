"""Home Assistant: its own rules for a device, its templates over what is sent, and a clean end."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest

from feeds.state import FeedState
from kioskd.alarms.alarm import Alarm
from kioskd.config.load import check, load
from kioskd.delivery import wire
from kioskd.event import ActionId
from kioskd.health import DoorHealth, Health
from kioskd.home_assistant.announcer import Announcer
from kioskd.home_assistant.device import Told, components, device, topic
from kioskd.home_assistant.home_assistant_settings import HomeAssistantSettings
from kioskd.modes.catalogue import ACTIONS
from kioskd.time_service import ClockQuality
from tests.support.broker import Mosquitto, Seen, eventually, mosquitto, witness
from tests.support.results import LIVE
from tests.test_courier import kiosk

SCHEMA = json.loads((Path(__file__).parent / "data/home_assistant_device.schema.json").read_text())
TOPICS = wire.Topics("liveness/v1", "hq", "kiosk-07")
DOORS = {"main": "front", "side": "street"}
TOLD = Told(TOPICS, "0.1.0", DOORS, health=True, alarms=True)
SENDER = wire.Sender("hq", "kiosk-07", "af7792a9-e2c9-46ff-b8c4-00c98b51aed5", "0.1.0", doors={})
ON = HomeAssistantSettings()


def held(payload: object) -> dict[str, Any]:
    """The payload as it arrives, by Home Assistant's rules."""
    arrived: dict[str, Any] = json.loads(json.dumps(payload))
    jsonschema.Draft202012Validator(SCHEMA).validate(arrived)
    return arrived


def rendered(template: str, message: Mapping[str, Any]) -> str:
    """What Home Assistant makes of a template, which for it too has no undefined value in it."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["to_json"] = json.dumps
    said = json.loads(wire.encode(message))
    return environment.from_string(template).render(value_json=said).strip()


def state(name: str, message: wire.Payload, key: str = "value_template") -> str:
    return rendered(str(components(TOLD)[name][key]), message)


@pytest.mark.parametrize("health", [True, False])
@pytest.mark.parametrize("alarms", [True, False])
def test_what_is_told_is_what_home_assistant_takes(health: bool, alarms: bool) -> None:
    told = replace(TOLD, health=health, alarms=alarms)
    payload = held(device(told, {"back_result": "event", "main_camera": "binary_sensor"}))
    ids = [one["unique_id"] for one in payload["components"].values() if len(one) > 1]
    assert len(ids) == len(set(ids)) == len(components(told))
    assert payload["components"]["back_result"] == {"platform": "event"}
    assert len(payload["components"]["main_camera"]) > 1  # it is there again
    health_read = any("health" in str(one.get("state_topic")) for one in components(told).values())
    assert health_read is health
    assert ("alarm" in payload["components"]) is alarms


def test_no_two_kiosks_and_no_two_doors_are_one() -> None:
    names = [("a-b", "c"), ("a", "b-c"), ("a", "b")]
    told = [replace(TOLD, topics=wire.Topics("p", *name)) for name in names]
    assert len({topic("homeassistant", one) for one in told}) == 3
    found = [one["unique_id"] for each in told for one in components(each).values()]
    assert len(found) == len(set(found))


def test_everything_is_unavailable_while_the_kiosk_is_away_but_that_it_is() -> None:
    present = components(TOLD)
    assert [name for name, one in present.items() if "availability" not in one] == ["online"]
    for said, expected in (("online", "online"), ("offline", "offline"), ("stopped", "offline")):
        status = wire.status(SENDER, said, {}, 1.0)  # type: ignore[arg-type]
        (availability,) = json.loads(json.dumps(present["problem"]["availability"]))
        assert availability["topic"] == TOPICS.status
        assert rendered(availability["value_template"], status) == expected
        assert state("online", status) == ("ON" if said == "online" else "OFF")


def action(name: ActionId, **attributes: str | float) -> wire.Payload:
    result = replace(LIVE, action=name, attributes=attributes, state=None)
    return wire.action(SENDER, result, wire.Issue("0d5c1c4e", 1, LIVE.captured_at, 1.2, 5.0))


@pytest.mark.parametrize("compact", [False, True])
def test_an_event_says_whether_the_attempt_was_passed(compact: bool) -> None:
    sent = wire.compact_action if compact else wire.whole
    said = {
        ("rgbLiveness", "livenessConfirmed", "true"): "passed",
        ("rgbLiveness", "livenessConfirmed", "false"): "failed",
        ("smileToActivate", "smile", "true"): "passed",
        ("smileToActivate", "smile", "false"): "failed",
        ("nodChallenge", "challengeConfirmed", "true"): "passed",
        ("nodChallenge", "challengeConfirmed", "false"): "failed",
    }
    for (name, attribute, value), expected in said.items():
        event = json.loads(state("main_result", sent(action(name, **{attribute: value}))))
        assert event["event_type"] == expected
        assert event["action"] == name
        assert set(event) == {"event_type", "action", "event_id"}  # nobody's name
    for name in ACTIONS:  # one without any attribute was passed where it is sent on success alone
        event = json.loads(state("main_result", sent(action(name))))
        assert event["event_type"] == ("passed" if name == "poseLiveness" else "failed")


def test_states_problems_and_alarms_are_read_as_they_are_sent() -> None:
    for phase in ("starting", "online", "stalled", "offline"):
        told = wire.feed_state(SENDER, FeedState("front", phase, "", "", 1.0))
        assert state("main_camera", told) == ("ON" if phase == "online" else "OFF")
    well = wire.status(SENDER, "online", {}, 1.0)
    ill = wire.status(SENDER, "online", {"disk": 'it\'s nearly "full"'}, 1.0)
    assert (state("problem", well), state("problem", ill)) == ("OFF", "ON")
    attributes = json.loads(state("problem", ill, "json_attributes_template"))
    assert attributes == {"problems": [{"code": "disk", "detail": 'it\'s nearly "full"'}]}
    over, rings = Alarm("disk", "full", 1.0, 2.0), Alarm("disk", "full", 1.0)
    for alarms, expected in (((), "OFF"), ((over,), "OFF"), ((over, rings), "ON")):
        payload = wire.alarms(SENDER, alarms, wire.Telling(1, 1.0, ClockQuality(True)))
        assert state("alarm", payload) == expected
        assert json.loads(state("alarm", payload, "json_attributes_template")).keys() == {"alarms"}


def test_health_is_read_door_by_door() -> None:
    doors = tuple(
        DoorHealth(door, DOORS[door], "online", 9, 9, n, n + 1, n + 2)
        for n, door in enumerate(DOORS, 5)
    )
    payload = wire.health(SENDER, Health((), doors, None, 1, 400_000_000, 41, 60.0), 1.0)
    assert [state(f"main_{it}", payload) for it in ("passed", "failed", "undecided")] == list("567")
    assert [state(f"side_{it}", payload) for it in ("passed", "failed", "undecided")] == list("678")
    assert [state(it, payload) for it in ("memory", "open_files", "up")] == ["400", "41", "60"]
    assert state("audit_rows", payload) == "None"  # which it takes for unknown


def config_of(broker: Mosquitto, prefix: str = "homeassistant") -> Seen | None:
    """What whoever comes now is told of the device; None: nothing is kept."""
    with witness(broker) as seen:
        seen.catch_up()
        kept = [one for one in seen.seen if one.topic.startswith(f"{prefix}/")]
    return kept[-1] if kept else None


def test_a_door_that_goes_is_removed_and_so_is_the_kiosk_when_it_is_switched_off(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "home_assistant.json"
    one_door = replace(TOLD, doors={"main": "front"})
    with mosquitto(tmp_path) as broker:
        with kiosk(broker.settings(), tmp_path) as running:
            announcer = Announcer(kept, running.courier)
            announcer.announce(ON, TOLD)
            eventually(lambda: config_of(broker))
        with kiosk(broker.settings(), tmp_path) as running:  # the door went in between
            Announcer(kept, running.courier).announce(ON, one_door)
            eventually(lambda: removed(broker) == {f"side_{it}" for it in OF_A_DOOR})
            Announcer(kept, running.courier).announce(ON, TOLD)  # and is there again
            eventually(lambda: removed(broker) == set())
            Announcer(kept, running.courier).announce(HomeAssistantSettings("ha"), TOLD)
            eventually(lambda: config_of(broker, "ha") and config_of(broker) is None)
            eventually(lambda: list(json.loads(kept.read_bytes())) == [topic("ha", TOLD)])
        with kiosk(broker.settings(), tmp_path) as running:
            Announcer(kept, running.courier).announce(None, TOLD)
            eventually(lambda: config_of(broker, "ha") is None)
            eventually(lambda: not kept.exists())
            broker.kill()
            broker.start()
            eventually(lambda: running.courier.connected)
            with witness(broker) as seen:
                eventually(lambda: seen.of("status"))
                seen.catch_up()
                assert seen.of("config") == []  # nor is it told again that there is nothing


OF_A_DOOR = ("result", "camera", "passed", "failed", "undecided")


def removed(broker: Mosquitto) -> set[str]:
    seen = config_of(broker)
    assert seen is not None
    present = held(seen.payload)["components"]
    return {name for name, one in present.items() if one.keys() == {"platform"}}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"a": 1}', b"\xff"])
def test_what_is_damaged_on_the_disk_holds_up_nobody(tmp_path: Path, content: bytes) -> None:
    kept: dict[str, bytes] = {}

    class Broker:
        def keep(self, topic: str, body: bytes) -> None:
            kept[topic] = body

        def clear(self, topic: str, then: object) -> None:
            raise AssertionError(topic)

    path = tmp_path / "home_assistant.json"
    path.write_bytes(content)
    Announcer(path, Broker()).announce(ON, TOLD)
    assert list(kept) == ["homeassistant/device/kioskd_hq_kiosk-07/config"]
    assert json.loads(path.read_bytes())


def test_it_is_off_until_somebody_asks_and_a_prefix_is_words(tmp_path: Path) -> None:
    head = (
        "site: hq\ndevice: k\nmqtt: {broker: localhost}\nfeeds: {front: {kind: usb, device: 0}}\n"
        "doors: {main: {feed: front, mode: secure_access_rgb_liveness}}\n"
    )
    path = tmp_path / "config.yaml"
    for more, expected in (("{}", None), ("{enabled: true}", HomeAssistantSettings())):
        path.write_text(f"{head}home_assistant: {more}\n")
        assert load(path, {}).home_assistant == expected
    path.write_text(f"{head}home_assistant: {{prefix: 'a/#'}}\n")
    (wrong,) = [one for one in check(path, {}) if one.weight == "error"]
    assert wrong.text.startswith("must be words of letters, digits, _ and -, with / between")
