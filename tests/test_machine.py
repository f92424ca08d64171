"""What is told where the machine has little left, once and until there is enough again."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from kioskd import machine
from kioskd.alarms.alarm_teller import AlarmTeller
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.audit_upkeep import Upkeep
from kioskd.delivery.clock import Reading, SystemClock
from kioskd.delivery.delivery_context import Shared, nobody
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.patient_disk import PatientDisk
from kioskd.overload import Overload
from kioskd.problems import Problems
from kioskd.stream import Stream
from tests.test_overload import load

MB = 10**6


@pytest.fixture
def looked(tmp_path: Path) -> Iterator[tuple[Upkeep, Problems]]:
    problems = Problems(nobody)
    settings = DeliverySettings("127.0.0.1", 1, site="hq", device="k")
    shared = Shared(settings, SystemClock(), problems, nobody)
    with closing(AuditLog(tmp_path / "audit.db")) as log:
        yield Upkeep(shared, log, PatientDisk(shared)), problems


def test_little_memory_is_told_until_there_is_enough(looked: tuple[Upkeep, Problems]) -> None:
    upkeep, problems = looked
    told = []
    for left in (900, 510, 499, 590, 601, 590, None):
        upkeep.look_at_machine(None if left is None else left * MB, 10**12)
        told.append("memory" in problems.present)
    assert told == [False, False, True, True, False, False, False]
    assert problems.present == {}


def test_a_disk_that_is_nearly_full_is_told_with_its_folder(
    looked: tuple[Upkeep, Problems], tmp_path: Path
) -> None:
    upkeep, problems = looked
    upkeep.look_at_machine(10**12, 120 * MB)
    assert problems.present.keys() == {"disk"}
    assert problems.present["disk"].startswith(f"the disk of {tmp_path} has 0.1 GB left: ")
    upkeep.look_at_machine(100 * MB, 900 * MB)
    assert problems.present.keys() == {"memory"}


def test_each_turn_of_the_courier_may_look_and_finds_what_this_machine_has(
    looked: tuple[Upkeep, Problems], tmp_path: Path
) -> None:
    upkeep, problems = looked
    upkeep.tend()
    memory, room = machine.available_bytes(), machine.free_bytes(tmp_path)
    assert memory is not None
    assert room is not None
    assert ("memory" in problems.present) is (memory < machine.LITTLE)
    assert ("disk" in problems.present) is (room < machine.LITTLE)
    assert machine.free_bytes(tmp_path / "nowhere") is None


def test_a_poor_machine_rings(tmp_path: Path) -> None:
    """From what is measured to the alarm: memory, disk, clock and load, each by its own judge."""

    class Unkept(SystemClock):
        def reading(self) -> Reading:
            return replace(super().reading(), synchronised=False)

    problems = Problems(nobody)
    settings = DeliverySettings("127.0.0.1", 1, site="hq", device="k")
    shared = Shared(settings, Unkept(), problems, nobody)
    with closing(AuditLog(tmp_path / "audit.db")) as log:
        upkeep = Upkeep(shared, log, PatientDisk(shared))
        upkeep.look_at_machine(100 * MB, 100 * MB)
        upkeep.look_at_clock()
    problems.set("overloaded", Overload().sentence({"door-3": load(0.38)}, 100.0))
    teller = AlarmTeller(lambda: problems.present, dict, Stream(nobody_fails), lambda *_: None)
    for second in range(130):
        teller.look(float(second), 1.8e9 + second)
    ringing = {alarm.code for alarm in teller.alarms if alarm.rings}
    assert ringing == {"low_memory", "disk", "clock", "overloaded"}


def nobody_fails(sentence: str | None) -> None:
    raise AssertionError(sentence)
