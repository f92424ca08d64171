"""The whole road in the other modes: the real daemon on real clips, its events at a real broker."""

from pathlib import Path
from typing import Any

from tests.support.broker import eventually, mosquitto, witness
from tests.support.clips import DATA
from tests.support.daemon import ATTACK, file_feed, kioskd, settings
from tests.test_road import check_against_schemas, first_action

SMILES = DATA / "smiling.mp4"  # neutral for 1.2 s, then a smile for 1.6 s; the face is 160 px
LESS = {"pre_smile_delay_s": 0.2, "smile_threshold": 0.4}  # his smile is one of 0.55
CLOSE = {"minimum_face_size_px": 120}


def only_door(config: dict[str, Any], **door: object) -> dict[str, Any]:
    (name,) = config["doors"]
    config["doors"][name] = {"feed": config["doors"][name]["feed"], **door}
    return config


def own(action: dict[str, Any]) -> dict[str, object]:
    """What an action says beside the fields that all of them have."""
    common = {"eventId", "startTime", "endTime", "siteId", "sourceId", "personId", "idClass", "x"}
    return {key: value for key, value in action.items() if key not in common}


def test_a_person_who_smiles_is_told_to_the_door(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = only_door(
            settings(broker, {"door-3": file_feed(SMILES)}),
            mode="secure_access_smile",
            gate=CLOSE,
            smile=LESS,
        )
        with kioskd(tmp_path / "k", config) as daemon:
            action = first_action(seen, "door-3")
            assert daemon.stop() == 0
    assert own(action) == {"type": "action", "actionId": "smileToActivate", "smile": "true"}
    assert "rgbLivenessState" not in action["x"]
    assert action["x"]["mode"] == "secure_access_smile"
    check_against_schemas(seen)


def test_a_person_who_does_not_smile_is_told_to_the_door_too(tmp_path: Path) -> None:
    """On the clip that smiles, with a smile asked for that is longer than the one it has."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = only_door(
            settings(broker, {"door-3": file_feed(SMILES)}),
            mode="secure_access_smile",
            gate=CLOSE,
            smile={"smile_threshold": 0.4, "smile_duration_s": 5, "attempt_deadline_s": 1},
        )
        with kioskd(tmp_path / "k", config) as daemon:
            action = first_action(seen, "door-3")
            daemon.stop()
    assert own(action) == {"type": "action", "actionId": "smileToActivate", "smile": "false"}
    check_against_schemas(seen)


def test_a_live_person_who_smiles_is_confirmed_and_a_smiling_attack_is_not(tmp_path: Path) -> None:
    mode = {"mode": "secure_access_smile_rgb_liveness", "gate": CLOSE}
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = settings(broker, {"live": file_feed(SMILES), "attack": file_feed(ATTACK)})
        for door in config["doors"].values():
            del door["rgb_liveness"]
            door |= {**mode, "smile": LESS}
        with kioskd(tmp_path / "k", config) as daemon:
            live = eventually(lambda: confirmed(seen, "live"))[0]
            attack = first_action(seen, "attack")
            daemon.stop()
    assert own(live).keys() == {"type", "actionId", "liveness", "livenessConfirmed"}
    assert (live["actionId"], live["livenessConfirmed"]) == ("smileToActivate", "true")
    assert live["liveness"] > 0.6
    assert live["x"]["rgbLivenessState"] == {"currentState": "LIVENESS_CONFIRMED"}
    assert (attack["actionId"], attack["livenessConfirmed"]) == ("smileToActivate", "false")
    assert attack["liveness"] < 0.4
    assert not confirmed(seen, "attack")
    check_against_schemas(seen)


def confirmed(seen: Any, feed: str) -> list[dict[str, Any]]:
    actions = [action for action in seen.payloads("action") if action["sourceId"] == feed]
    return [action for action in actions if action["livenessConfirmed"] == "true"]


def test_a_head_that_turns_is_told_to_the_door_and_nothing_else_is_said(tmp_path: Path) -> None:
    """A real head, on a clip played backwards so that it turns from the camera into profile."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = only_door(
            settings(broker, {"door-3": file_feed(DATA / "turning_head.mp4")}),
            mode="secure_access_profile_pose",
            gate={"minimum_face_size_px": 50},
            profile_pose={"direction": "right"},
        )
        with kioskd(tmp_path / "k", config) as daemon:
            action = first_action(seen, "door-3")
            assert daemon.stop() == 0
    assert own(action) == {"type": "action", "actionId": "poseLiveness"}
    assert action["x"]["mode"] == "secure_access_profile_pose"
    assert "rgbLivenessState" not in action["x"]
    check_against_schemas(seen)


def test_people_who_do_not_turn_open_nothing_by_profile_pose(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = only_door(
            settings(broker, {"door-3": file_feed(SMILES)}), mode="secure_access_profile_pose"
        )
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: seen.payloads("audit"))
            daemon.stop()
    assert seen.of("action") == []
    assert {record["verdict"] for record in seen.payloads("audit")} == {"undecided"}
