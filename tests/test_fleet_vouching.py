"""A proved record vouches for the one before it, and for nothing else."""

import hashlib
import random
from typing import Any

import pytest

from kioskd.fleet.collector import record, vouching
from kioskd.fleet.collector.record import Aside, Heard, Keys, Record
from tests.support.fleet_records import AT, FleetKiosk
from tests.support.signed import BOOT, OTHER, public

TRUSTED = Keys((public(),))
BOTH = Keys((public(), public(OTHER)))


def read(heard: list[Heard], keys: Keys = TRUSTED) -> list[str]:
    """What became of each: its number, or why it is put aside."""
    found = vouching.read([(each, keys) for each in heard])
    return [each.reason if isinstance(each, Aside) else str(each.place.seq) for each in found]


def unproved(kiosk: FleetKiosk, **changes: Any) -> bytes:
    """The kiosk's next record, with a signature of nobody."""
    body = kiosk.record(**changes)
    body = body[:-80] + (b"A" if body[-80:-79] != b"A" else b"B") + body[-79:]
    return vouched_for(kiosk, body)


def vouched_for(kiosk: FleetKiosk, body: bytes) -> bytes:
    """What the kiosk's next record will name."""
    kiosk.previous = hashlib.sha256(body).hexdigest()
    return body


def test_who_signs_a_record_vouches_for_those_before_it() -> None:
    kiosk = FleetKiosk()
    bodies = [kiosk.record(), unproved(kiosk), unproved(kiosk), kiosk.record()]
    assert read(kiosk.heard(*bodies)) == ["1", "2", "3", "4"]
    assert read(kiosk.heard(*bodies[:3])) == ["1", "bad_signature", "bad_signature"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"bootId": "b" + BOOT[1:]}, id="another start of the daemon found it there"),
        pytest.param({"epoch": "e" * 36}, id="it is of another log"),
        pytest.param({"seq": 7}, id="its number is not the one before"),
        pytest.param({"bootId": None}, id="it names no start"),
    ],
)
def test_it_vouches_for_none_that_it_did_not_write_just_before(changes: dict[str, Any]) -> None:
    kiosk = FleetKiosk()
    bodies = [unproved(kiosk, **changes), kiosk.record()]
    assert read(kiosk.heard(*bodies)) == ["bad_signature", "2"]


def test_a_key_does_not_vouch_for_what_names_another() -> None:
    old, new = FleetKiosk(key=OTHER), FleetKiosk()
    first = unproved(old)
    new.seq, new.previous = old.seq, old.previous
    assert read(new.heard(first, new.record()), BOTH) == ["bad_signature", "2"]


def test_a_kiosk_does_not_vouch_for_what_came_from_another() -> None:
    one, other = FleetKiosk(), FleetKiosk(device="kiosk-08")
    strange = unproved(other)
    one.seq, one.previous = 1, other.previous
    heard = other.heard(strange) + one.heard(one.record())
    assert read(heard) == ["bad_signature", "2"]


def test_what_is_not_believed_vouches_for_nothing() -> None:
    kiosk = FleetKiosk()
    bodies = [unproved(kiosk), unproved(kiosk), kiosk.record()]
    forged = FleetKiosk(key=OTHER, seq=kiosk.seq - 1, previous=kiosk.previous).record()
    assert read(kiosk.heard(*bodies[:2], forged)) == ["bad_signature"] * 3


def test_a_byte_that_was_changed_is_vouched_for_by_nobody() -> None:
    kiosk = FleetKiosk()
    first, second = kiosk.record(), kiosk.record()
    changed = first.replace(b'"passed"', b'"failed"')
    assert read(kiosk.heard(changed, second)) == ["bad_signature", "2"]


def test_a_batch_in_any_order_is_what_each_is_alone() -> None:
    chance = random.Random(19)
    kiosks = [FleetKiosk(device=f"kiosk-{number}") for number in range(3)]
    heard = [one for _ in range(20) for kiosk in kiosks for one in kiosk.heard(kiosk.record())]
    heard += FleetKiosk(device="kiosk-1", key=OTHER).heard(FleetKiosk(key=OTHER).record(), at=AT)
    heard += heard[3:5]
    for _ in range(20):
        chance.shuffle(heard)
        alone: list[Record | Aside] = [record.read(each, TRUSTED) for each in heard]
        assert vouching.read([(each, TRUSTED) for each in heard]) == alone
