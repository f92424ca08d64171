"""A verifier opens on what a kiosk signed for its door, now, once; and on nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.signing.ed25519 import Signer, signer_at
from kioskd.verify import Door, KeyFileError, Verifier, read_keys
from tests.support.signed import (
    ACTION,
    BASE,
    BOOT,
    COMPACT,
    KEY,
    NOW,
    ONLINE,
    OTHER,
    STATUS,
    TOPIC,
    but,
    public,
    signed,
)

DOOR = Door(TOPIC, "rgbLiveness", "livenessConfirmed", (public(),), camera="1c0d5a2b7f3e4d96")
GOOD = signed(TOPIC, ACTION)


def verifier(door: Door = DOOR, *, online: bool = True) -> Verifier:
    made = Verifier(door)
    if online:
        assert made.heard(STATUS, signed(STATUS, ONLINE), True, NOW).code == "noted"
    return made


def code(payload: bytes, topic: str = TOPIC, retained: bool = False, now: int = NOW) -> str:
    return verifier().heard(topic, payload, retained, now).code


@pytest.mark.parametrize("payload", [ACTION, COMPACT], ids=["full", "compact"])
def test_a_door_opens_on_what_its_kiosk_signed(payload: dict[str, Any]) -> None:
    verdict = verifier().heard(TOPIC, signed(TOPIC, payload), False, NOW)
    assert verdict.opens
    assert verdict.said["eventId"] == ACTION["eventId"]


def resigned(**changes: Any) -> bytes:
    return signed(TOPIC, but(ACTION, **changes))


ELSEWHERE = f"{BASE}/door-4/action"
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "another topic": ("other_topic", {"payload": GOOD, "topic": ELSEWHERE}),
    "retained": ("retained", {"payload": GOOD, "retained": True}),
    "no signature": ("not_signed", {"payload": json.dumps(ACTION).encode()}),
    "cut short": ("not_signed", {"payload": GOOD[:-1]}),
    "nothing": ("not_signed", {"payload": b""}),
    "too large": ("not_signed", {"payload": b" " * 70000 + GOOD}),
    "another key": ("bad_signature", {"payload": signed(TOPIC, ACTION, OTHER)}),
    "signed for another door": ("bad_signature", {"payload": signed(ELSEWHERE, ACTION)}),
    "a changed word": ("bad_signature", {"payload": GOOD.replace(b'"true"', b'"True"', 1)}),
    "another kiosk's name": ("other_kiosk", {"payload": resigned(x_deviceId="kiosk-08")}),
    "another source's name": ("other_door", {"payload": resigned(sourceId="door-4")}),
    "another camera": ("other_door", {"payload": resigned(x_cameraId="0" * 16)}),
    "no camera": ("other_door", {"payload": resigned(x_cameraId=None)}),
    "another action": ("other_action", {"payload": resigned(actionId="poseLiveness")}),
    "an attack": ("not_confirmed", {"payload": resigned(livenessConfirmed="false")}),
    "a boolean": ("not_confirmed", {"payload": resigned(livenessConfirmed=True)}),
    "late": ("late", {"payload": GOOD, "now": NOW + 4900}),
    "of the future": ("future", {"payload": GOOD, "now": NOW - 2101}),
    "for too long": ("future", {"payload": resigned(x_expiresAt=NOW + 7001)}),
    "no time": ("unreadable", {"payload": resigned(x_expiresAt=None)}),
    "a time in words": ("unreadable", {"payload": resigned(x_expiresAt="soon")}),
    "no number": ("unreadable", {"payload": resigned(x_seq=None)}),
    "no id": ("unreadable", {"payload": resigned(eventId=None)}),
    "another start": ("not_online", {"payload": resigned(x_bootId="b" + BOOT[1:])}),
    "half a boot id": ("unreadable", {"payload": resigned(x_bootId=BOOT[:4])}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_everything_else_is_refused_with_a_code(name: str) -> None:
    expected, message = REFUSED[name]
    assert code(**message) == expected


def test_one_event_opens_once_and_an_older_one_never_after_it() -> None:
    one = verifier()
    assert one.heard(TOPIC, GOOD, False, NOW).opens
    assert one.heard(TOPIC, GOOD, False, NOW + 1).code == "seen"
    older = resigned(eventId="another", x_seq=4710)
    assert one.heard(TOPIC, older, False, NOW + 2).code == "out_of_order"
    assert one.heard(TOPIC, resigned(eventId="a third", x_seq=4712), False, NOW + 3).opens


@pytest.mark.parametrize("state", ["offline", "stopped"])
def test_nothing_opens_without_the_word_of_a_kiosk_that_is_online(state: str) -> None:
    assert verifier(online=False).heard(TOPIC, GOOD, False, NOW).code == "not_online"
    gone = verifier()
    will = signed(STATUS, but(ONLINE, state=state, x_seq=None))
    assert gone.heard(STATUS, will, False, NOW).code == "noted"
    assert gone.heard(TOPIC, GOOD, False, NOW).code == "not_online"
    assert gone.heard(STATUS, signed(STATUS, ONLINE), True, NOW).code == "noted"
    assert gone.heard(TOPIC, GOOD, False, NOW).opens


def test_a_status_that_is_forged_or_old_changes_nothing() -> None:
    one = verifier()
    assert one.heard(STATUS, signed(STATUS, ONLINE, OTHER), True, NOW).code == "bad_signature"
    assert one.heard(STATUS, signed(TOPIC, ONLINE), True, NOW).code == "bad_signature"
    stopped = signed(STATUS, but(ONLINE, state="stopped", x_seq=8))
    assert one.heard(STATUS, stopped, False, NOW).code == "noted"
    assert one.heard(STATUS, signed(STATUS, ONLINE), True, NOW).code == "old_status"
    assert one.heard(TOPIC, GOOD, False, NOW).code == "not_online"


def test_an_action_that_says_nothing_but_that_it_came_needs_no_attribute() -> None:
    pose = Door(TOPIC, "poseLiveness", None, (public(),))
    payload = resigned(actionId="poseLiveness", liveness=None, livenessConfirmed=None)
    assert verifier(pose).heard(TOPIC, payload, False, NOW).opens


def test_two_keys_are_trusted_while_one_takes_the_other_s_place() -> None:
    both = Door(TOPIC, "rgbLiveness", "livenessConfirmed", (public(OTHER), public()))
    one = verifier(both)
    assert one.heard(TOPIC, GOOD, False, NOW).opens
    newer = signed(TOPIC, but(ACTION, eventId="another", x_seq=4712), OTHER)
    assert one.heard(TOPIC, newer, False, NOW).opens


def test_a_payload_that_names_another_key_than_its_own_is_refused() -> None:
    """Made with the trusted key: nothing of ours would say so."""
    assert code(GOOD.replace(b'"alg":"Ed25519"', b'"alg":"none"   ')) == "bad_signature"


@given(st.binary(max_size=600), st.sampled_from((TOPIC, STATUS)))
def test_bytes_of_any_kind_open_nothing(payload: bytes, topic: str) -> None:
    assert not verifier().heard(topic, payload, False, NOW).opens


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_changed_bit_opens(at: int, change: int) -> None:
    changed = bytearray(GOOD)
    changed[at] ^= change
    assert not verifier().heard(TOPIC, bytes(changed), False, NOW).opens


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.dictionaries(st.sampled_from(sorted({*ACTION, *ONLINE})), anything), anything)
def test_whatever_a_trusted_key_signs_is_read_without_a_mistake(
    said: dict[str, Any], ours: object
) -> None:
    """A mistake in a verifier would be a door that nobody watches."""
    body = {**ACTION, **said, "x": {**ACTION["x"], **(ours if isinstance(ours, dict) else {})}}
    verifier().heard(TOPIC, signed(TOPIC, body), False, NOW)
    verifier().heard(STATUS, signed(STATUS, body), False, NOW)


@given(
    st.sampled_from(sorted({"eventId", "endTime", *(f"x_{name}" for name in ACTION["x"])})),
    anything,
)
def test_any_value_in_any_place_opens_only_where_the_rules_still_hold(
    name: str, value: object
) -> None:
    payload = but(ACTION, **{name: value})
    if verifier().heard(TOPIC, signed(TOPIC, payload), False, NOW).opens:
        ours = payload["x"]
        assert ours["expiresAt"] > NOW
        assert ours.get("capturedAt", payload.get("endTime")) <= NOW + DOOR.apart_ms
        assert (ours["bootId"], ours["cameraId"], ours["deviceId"]) == (
            BOOT,
            DOOR.camera,
            "kiosk-07",
        )


@pytest.mark.parametrize(
    "topic", ["", "liveness/v1/hq/kiosk-07/status", "other/hq/kiosk-07/door-3/action", "a/b"]
)
def test_a_door_without_a_topic_of_actions_is_no_door(topic: str) -> None:
    with pytest.raises(ValueError, match="action"):
        Door(topic, "rgbLiveness", "livenessConfirmed", (public(),))


def test_keys_are_read_from_what_the_kiosk_prints(tmp_path: Path) -> None:
    trust = Signer(KEY).trust, signer_at(tmp_path / "other.key").trust
    keys = read_keys(json.dumps({"keys": trust}).encode())
    assert keys[0] == public()
    assert len(keys) == 2


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", b'{"keys": []}', b'{"keys": [{"publicKey": "AAAA"}]}', b'{"keys": 5}'],
)
def test_a_file_that_holds_no_keys_is_refused(content: bytes) -> None:
    with pytest.raises(KeyFileError):
        read_keys(content)


def test_a_controller_needs_cryptography_and_the_standard_library_alone() -> None:
    script = "import sys, kioskd.verify; print(*{name.partition('.')[0] for name in sys.modules})"
    script = f"import sys; sys.path.insert(0, {str(Path.cwd())!r}); {script}"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split()) - set(sys.stdlib_module_names)
    theirs = {name for name in loaded if not name.startswith("_")} - {"sitecustomize"}
    assert theirs <= {"kioskd", "cryptography", "cffi", "__main__"}
