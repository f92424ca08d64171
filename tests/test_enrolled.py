"""Who of the enrolled stands at a door, and to whom it opens: the rules, without a camera.

Looks are SYNTHETIC; tests/test_people_road.py has the whole road.
"""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kioskd.delivery.clock import Reading
from kioskd.event import Recognised, Result
from kioskd.identity.enrolled import Enrolled
from kioskd.identity.people import IdClass, Person
from kioskd.identity.people_file import PeopleFile
from kioskd.identity.people_settings import PeopleSettings
from models.embedding import Embedding
from tests.support.broker import eventually
from tests.support.somebody import somebody

KEY, NEXT_KEY = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
NOW = 1_800_000_000.0  # of 2027
ONE, TWO, THREE = 1, 2, 3


class Clock:
    """One that is set by hand."""

    def __init__(self) -> None:
        self.now, self.synchronised = NOW, True
        self.run_s = 0.0

    def monotonic(self) -> float:
        return self.run_s

    def wall(self) -> float:
        return self.now

    def reading(self) -> Reading:
        return Reading(self.now, 0.0, "boot", self.synchronised)


def between(one: int, other: int, likeness: float) -> Embedding:
    """A look that is so like the first, and the rest of the other."""
    rest = np.sqrt(1.0 - likeness**2)
    return Embedding((likeness * np.eye(128)[one] + rest * np.eye(128)[other]).astype(np.float32))


def passed(look: Embedding | None, **more: Any) -> Result:
    plain = Result(
        "rgbLiveness", "cam", "secure_access_rgb_liveness", 1, 1, "passed", True,
        {"liveness": 0.9, "livenessConfirmed": "true"}, 0.0, 1.0, NOW, 10, look=look,
    )  # fmt: skip
    return replace(plain, **more)


class Kiosk:
    def __init__(self, folder: Path, **settings: Any) -> None:
        self.clock = Clock()
        self.settings = PeopleSettings(key=KEY, **settings)
        self.file = PeopleFile(folder, self.settings)
        self.troubles: list[str | None] = []
        doors, trouble = {"main"}, self.troubles.append
        self.enrolled = Enrolled(self.file, self.settings, doors, trouble, self.clock)

    def enrol(self, who: int, id_class: IdClass = "staff", **more: Any) -> None:
        with self.file.change() as people:
            people.add(Person(f"p-{who}", id_class, **more), [somebody(who)])
        self.enrolled.refresh()

    def said(self, result: Result, door: str = "main") -> tuple[str, bool, Recognised | None]:
        """What opens, or the first reason why nothing does; whether it is told; who it is."""
        checked = self.enrolled.check(door, result)
        first = checked.verdict if checked.verdict == "passed" else checked.reasons[0]
        return first, checked.emits, checked.person


@pytest.fixture
def kiosk(tmp_path: Path) -> Kiosk:
    return Kiosk(tmp_path)


@pytest.mark.parametrize("id_class", ["staff", "visitor", "no_concern"])
def test_who_is_enrolled_is_known_and_let_in(kiosk: Kiosk, id_class: IdClass) -> None:
    kiosk.enrol(ONE, id_class)
    kiosk.enrol(TWO)
    assert kiosk.said(passed(somebody(ONE))) == ("passed", True, Recognised("p-1", id_class))


@pytest.mark.parametrize("nobody", [True, False])
def test_a_stranger_opens_nothing_and_is_nobody(kiosk: Kiosk, nobody: bool) -> None:
    if not nobody:
        kiosk.enrol(ONE)
    assert kiosk.said(passed(somebody(TWO))) == ("stranger", False, None)
    refused = kiosk.enrolled.check("main", passed(somebody(TWO)))
    assert (refused.verdict, refused.attributes) == ("undecided", {})


def test_who_is_enrolled_as_a_threat_or_stranger_opens_nothing(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE, "threat")
    kiosk.enrol(TWO, "stranger")
    threat = Recognised("p-1", "threat")
    assert kiosk.said(passed(somebody(ONE))) == ("threat", False, threat)
    known = Recognised("p-2", "stranger")
    assert kiosk.said(passed(somebody(TWO))) == ("not_admitted", False, known)


def test_dates_hold_by_the_wall_clock(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE, valid_from=NOW, valid_until=NOW + 60.0)
    for at, expected in ((-1.0, "not_admitted"), (0.0, "passed"), (60.0, "not_admitted")):
        kiosk.clock.now = NOW + at
        assert kiosk.said(passed(somebody(ONE)))[0] == expected


@pytest.mark.parametrize("synchronised", [None, False])
def test_dates_count_for_nothing_by_a_clock_in_doubt(
    kiosk: Kiosk, synchronised: bool | None
) -> None:
    kiosk.enrol(ONE, valid_until=NOW + 60.0)
    kiosk.enrol(TWO)
    kiosk.clock.synchronised = synchronised  # type: ignore[assignment]
    kiosk.enrolled.refresh()
    assert kiosk.said(passed(somebody(ONE)))[0] == "not_admitted"
    assert kiosk.said(passed(somebody(TWO)))[0] == "passed"


def test_a_clock_that_was_not_set_at_boot_lets_no_dated_person_in(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE, valid_until=NOW)  # long over, by a right clock
    kiosk.clock.now = 0.0
    kiosk.enrolled.refresh()
    assert kiosk.said(passed(somebody(ONE)))[0] == "not_admitted"


def test_other_doors_are_not_for_them(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE, doors=frozenset({"back"}))
    assert kiosk.said(passed(somebody(ONE)))[0] == "not_admitted"


def test_a_door_that_opens_to_anyone_knows_nobody(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE)
    result = passed(somebody(TWO))
    assert kiosk.enrolled.check("side", result) is result


def test_what_did_not_pass_stays_as_it_is(kiosk: Kiosk) -> None:
    result = replace(passed(somebody(ONE)), verdict="failed")
    assert kiosk.enrolled.check("main", result) is result


def test_without_a_look_nobody_is_let_in(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE)
    assert kiosk.said(passed(None)) == ("not_compared", False, None)


@pytest.mark.parametrize(
    ("likeness", "more", "expected"),
    [
        (0.52, {}, "passed"),
        (0.48, {}, "stranger"),
        (0.48, {"action": "smileToActivate"}, "passed"),
        (0.48, {"challenges": ("nod", "smile")}, "passed"),
        (0.48, {"challenges": ("nod",)}, "stranger"),
        (0.44, {"action": "smileToActivate"}, "stranger"),
    ],
)
def test_a_smile_may_be_a_little_less_alike(
    kiosk: Kiosk, likeness: float, more: dict[str, Any], expected: str
) -> None:
    kiosk.enrol(ONE)
    assert kiosk.said(passed(between(ONE, TWO, likeness), **more))[0] == expected


def test_the_boost_and_the_likeness_are_the_site_s(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, likeness=0.7, smile_likeness_boost=0.0)
    kiosk.enrol(ONE)
    look = between(ONE, TWO, 0.68)
    assert kiosk.said(passed(look, action="smileToActivate"))[0] == "stranger"


def test_who_was_asked_for_by_name_is_not_looked_for_among_all(kiosk: Kiosk) -> None:
    result = passed(somebody(ONE), person=Recognised("p-1", "staff"))
    assert kiosk.enrolled.check("main", result) is result


def test_somebody_enrolled_is_compared_with_their_own_looks(kiosk: Kiosk) -> None:
    kiosk.enrol(ONE)
    same, other = (kiosk.enrolled.match("p-1", somebody(who)) for who in (ONE, TWO))
    assert same is not None
    assert other is not None
    assert (same.identical, other.identical) == (True, False)
    assert kiosk.enrolled.match("p-9", somebody(ONE)) is None


def test_a_changed_file_counts_without_a_restart(kiosk: Kiosk) -> None:
    kiosk.enrolled.start()
    try:
        with kiosk.file.change() as people:
            people.add(Person("p-1", "staff"), [somebody(ONE)])
        eventually(lambda: kiosk.said(passed(somebody(ONE)))[0] == "passed")
        with kiosk.file.change() as people:
            people.remove("p-1")
        eventually(lambda: kiosk.said(passed(somebody(ONE)))[0] == "stranger")
        assert kiosk.enrolled.failure is None
    finally:
        kiosk.enrolled.stop()
        kiosk.enrolled.join()


def _damage(file: PeopleFile) -> None:
    file.path.write_bytes(file.path.read_bytes()[:-1] + b"\0")


def _no_file_of_ours(file: PeopleFile) -> None:
    file.path.write_bytes(b"something else")


def _another_key(file: PeopleFile) -> None:
    with PeopleFile(file.path.parent, PeopleSettings(key=NEXT_KEY, old_key=KEY)).change():
        pass  # sealed anew by the next key


@pytest.mark.parametrize("spoil", [_damage, _no_file_of_ours, _another_key])
def test_a_file_that_cannot_be_read_shuts_the_doors_and_is_told(
    kiosk: Kiosk, spoil: Callable[[PeopleFile], None]
) -> None:
    kiosk.enrol(ONE)
    whole = kiosk.file.path.read_bytes()
    spoil(kiosk.file)
    kiosk.enrolled.refresh()
    assert kiosk.said(passed(somebody(ONE)))[0] == "stranger"
    assert "doors to the enrolled stay shut" in str(kiosk.troubles[-1])
    kiosk.file.path.write_bytes(whole)
    kiosk.enrolled.refresh()
    assert kiosk.said(passed(somebody(ONE)))[0] == "passed"
    assert kiosk.troubles[-1] is None


def test_a_thread_that_fails_is_told_and_is_no_silent_door(
    kiosk: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk.enrolled.start()
    monkeypatch.setattr(kiosk.file, "read", lambda: 1 / 0)
    kiosk.file.path.write_bytes(b"changed")
    eventually(lambda: kiosk.enrolled.failure is not None)
    kiosk.enrolled.join()  # so that what it writes into the log is this test's
    assert "ZeroDivisionError" in str(kiosk.enrolled.failure)
