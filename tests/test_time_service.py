"""What the kernel says of the wall clock, and what is told of it."""

import pytest

from kioskd import time_service
from kioskd.delivery import wire
from kioskd.delivery.clock import SystemClock
from kioskd.time_service import UNKNOWN, ClockQuality
from tests.support.results import LIVE

SENDER = wire.Sender("hq", "kiosk-07", "boot", "0.1.0")


def timex(status: int, offset: int = 0, maxerror: int = 0) -> time_service._Timex:
    return time_service._Timex(status=status, offset=offset, maxerror=maxerror)


@pytest.mark.parametrize(
    ("state", "said", "told"),
    [
        (0, timex(0x0001, 1500, 31500), ClockQuality(True, 1.5, 31.5)),
        (0, timex(0x2001, -812000, 31500), ClockQuality(True, -0.812, 31.5)),  # nanoseconds
        (5, timex(0x0001, 1500, 31500), ClockQuality(False)),  # TIME_ERROR
        (0, timex(0x0041, 1500, 16000000), ClockQuality(False)),  # STA_UNSYNC
    ],
)
def test_units_and_doubts_of_the_kernel(
    state: int, said: time_service._Timex, told: ClockQuality
) -> None:
    assert time_service._told(state, said) == told


def test_this_machine_s_kernel_is_asked() -> None:
    told = time_service.quality()
    assert told.synchronised is time_service.synchronised()
    assert (told.error_ms is not None) == (told.synchronised is True)
    assert SystemClock().reading().quality.synchronised is told.synchronised


def test_all_that_is_told_says_how_far_its_times_can_be_believed() -> None:
    clock = ClockQuality(True, -0.81234, 31.5)
    issue = wire.Issue("e", 1, 1730000001.25, 1.25, 5.0, clock)
    said = [
        wire.action(SENDER, LIVE, issue),
        wire.audited_result(SENDER, LIVE, "e", 1.0, clock),
        wire.audited_delivery(SENDER, "e", "door", 1.0, "published", "", clock),
        wire.status(SENDER, "online", {}, 1.0, wire.Telling(1, 1.0, clock)),
    ]
    for payload in said:
        ours = payload["x"]
        assert isinstance(ours, dict)
        clocks = {name: ours[name] for name in ours if name.startswith("clock")}
        assert clocks == {
            "clockSynchronised": True,
            "clockOffsetMs": -0.8,
            "clockErrorMs": 31.5,
        }


def test_what_nobody_knows_is_left_out() -> None:
    for clock in (UNKNOWN, ClockQuality(False)):
        told = wire.audited_delivery(SENDER, "e", "door", 1.0, "published", "", clock)
        assert told["x"] == {"clockSynchronised": clock.synchronised}
