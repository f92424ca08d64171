"""The whole road of challenges: the real daemon on real clips, its prompts at a real broker."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.clips import DATA
from tests.support.daemon import ATTACK, file_feed, kioskd, settings
from tests.test_road import check_against_schemas, first_action
from tests.test_road_modes import CLOSE, only_door, own

MOUTH_THEN_LEFT = DATA / "asked" / "mouth_then_left.mp4"
BLINK = DATA / "asked" / "blink.mp4"
# A webcam of 400x300, compressed so hard that some frames repeat the one before.
SMALL = {
    "minimum_face_size_px": 60,
    "minimum_sharpness": 0.1,
    "minimum_change": 0.0,
}


def asking(broker: Mosquitto, clip: Path, **door: object) -> dict[str, Any]:
    return only_door(settings(broker, {"door-3": file_feed(clip)}), **door)


def prompts(seen: Witness) -> list[object]:
    """What stood on the screen, one after the other."""
    codes = [payload["prompt"] for payload in seen.payloads("prompt")]
    return [code for i, code in enumerate(codes) if i == 0 or codes[i - 1] != code]


def results(seen: Witness) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = seen.payloads("audit")
    return [record for record in records if record["kind"] == "result"]


def does(clip: str, action: str, name: str, gate: dict[str, Any]) -> object:
    """A real clip, what the person in it does, and how the door is told."""
    return pytest.param(DATA / clip, action, name, gate, id=action)


@pytest.mark.parametrize(
    ("clip", "action", "name", "gate"),
    [  # a blink and a sequence: below
        does("asked/head.mp4", "nod", "nodChallenge", SMALL),
        does("asked/head.mp4", "head_raise", "headRaiseChallenge", SMALL),
        does("asked/right.mp4", "right_turn", "rightTurnChallenge", SMALL),
        does("asked/mouth_then_left.mp4", "left_turn", "leftTurnChallenge", SMALL),
        does("asked/mouth_then_left.mp4", "mouth_opening", "mouthOpeningChallenge", SMALL),
        does("asked/brows.mp4", "eyebrow_raise", "eyebrowRaiseChallenge", SMALL),
        does("smiling.mp4", "smile", "smileChallenge", CLOSE),
        does("asked/closer.mp4", "flow", "flowChallenge", SMALL),
    ],
)
def test_a_person_who_does_as_asked_is_told_to_the_door(
    tmp_path: Path, clip: Path, action: str, name: str, gate: dict[str, Any]
) -> None:
    """Real people, none of them composed; the clip is shown again and again."""
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        challenge = {"action": action, "maximum_runtime_s": 20.0}  # longer than any of the clips
        config = asking(broker, clip, mode="challenge", gate=gate, challenge=challenge)
        with kioskd(tmp_path / "k", config) as daemon:
            told = first_action(seen, "door-3")
            eventually(lambda: "done" in prompts(seen))
            assert daemon.stop() == 0
    assert own(told) == {"type": "action", "actionId": name, "challengeConfirmed": "true"}
    assert (told["x"]["mode"], told["x"]["challenges"]) == ("challenge", [action])
    assert "rgbLivenessState" not in told["x"]
    assert action in prompts(seen)
    check_against_schemas(seen)


def test_the_screen_is_told_what_to_show_and_never_keeps_it(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = asking(broker, BLINK, mode="challenge", gate=SMALL, challenge={"action": "blink"})
        config["mqtt"]["prompt_language"] = "de"
        with kioskd(tmp_path / "k", config) as daemon:
            assert first_action(seen, "door-3")["actionId"] == "blinkChallenge"
            eventually(lambda: "done" in prompts(seen))
            daemon.stop()
        with witness(broker) as late:
            eventually(lambda: late.of("status"))
            assert late.of("prompt") == []
    shown = prompts(seen)
    told = [code for code in shown if code != "hold_still"]  # until his life is shown as well
    assert told[told.index("done") - 2 :][:3] == ["look_straight", "blink", "done"]
    texts = {payload["prompt"]: payload["text"] for payload in seen.payloads("prompt")}
    assert texts["blink"] == "Bitte beide Augen kurz schließen"
    assert {letter.qos for letter in seen.of("prompt")} == {0}
    check_against_schemas(seen)


def test_a_drawn_sequence_passes_only_in_the_order_that_was_drawn(tmp_path: Path) -> None:
    """The clip opens its mouth and then turns left, again and again; the draw decides."""
    sequence = {"actions": "mouth_opening, left_turn", "length": 2}
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = asking(
            broker, MOUTH_THEN_LEFT, mode="challenge_sequence", gate=SMALL, sequence=sequence
        )
        with kioskd(tmp_path / "k", config) as daemon:
            action = eventually(lambda: seen.payloads("action"))[0]
            eventually(lambda: "done" in prompts(seen))
            daemon.stop()
    assert own(action) == {
        "type": "action",
        "actionId": "sequenceChallenge",
        "challengeConfirmed": "true",
    }
    assert action["x"]["challenges"] == ["mouth_opening", "left_turn"]  # type: ignore[index]
    shown = prompts(seen)
    assert shown[shown.index("done") - 4 :][:5] == [
        "look_straight",
        "mouth_opening",
        "good_look_straight",
        "left_turn",
        "done",
    ]
    for result in results(seen):
        if result["challenges"] == ["left_turn", "mouth_opening"]:
            assert result["verdict"] != "passed"
    check_against_schemas(seen)


def test_another_action_than_the_one_asked_for_is_fraud_and_the_door_hears_nothing(
    tmp_path: Path,
) -> None:
    challenge = {"action": "left_turn", "unified": {"watch": True}}
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = asking(broker, MOUTH_THEN_LEFT, mode="challenge", gate=SMALL, challenge=challenge)
        with kioskd(tmp_path / "k", config) as daemon:
            failed = eventually(
                lambda: [r for r in results(seen) if "fraud_mouth" in r["reasons"]],
            )[0]
            daemon.stop()
    assert (failed["verdict"], failed["emits"]) == ("failed", False)
    assert failed["attributes"] == {"challengeConfirmed": "false"}
    assert failed["eventId"] not in {action["eventId"] for action in seen.payloads("action")}
    check_against_schemas(seen)


def test_a_picture_that_does_nothing_fails_and_the_door_hears_nothing(tmp_path: Path) -> None:
    """The synthetic attack: somebody's picture on a drawn tablet."""
    challenge = {"action": "left_turn", "maximum_runtime_s": 1}
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = asking(broker, ATTACK, mode="challenge", gate=CLOSE, challenge=challenge)
        with kioskd(tmp_path / "k", config) as daemon:
            failed = eventually(
                lambda: [r for r in results(seen) if r["verdict"] == "failed"],
            )[0]
            daemon.stop()
    assert failed["reasons"][0] == "time_over"
    assert seen.of("action") == []
    check_against_schemas(seen)
