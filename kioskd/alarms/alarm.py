"""What an alarm is, and by what it is known. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kioskd.problems import ProblemCode

AlarmCode = Literal[
    "unresponsive",  # a worker is stuck
    "feed_error",  # a camera gives no pictures
    "sensor_missing",  # a camera of this machine is not there, or its depth is not
    "low_memory",  # less than 0.5 GB
    "overloaded",  # the machine is too busy for its cameras
    "clock",  # nothing keeps the clock
    "disk",  # nearly full
    "network_file",  # one is missing, or not the one that is vouched for
    "broker",  # away
    "publish_denied",  # the broker refuses a topic
    "audit",  # the audit log cannot be written: no event leaves
    "locked_out",  # a door, after repeated attacks
    "certificate",  # close to its end, or past it
]

# The problems that make an alarm; feed_error and sensor_missing are made by the states of feeds.
OF_PROBLEMS: Mapping[AlarmCode, tuple[ProblemCode, ...]] = {
    "unresponsive": ("no_progress",),
    "low_memory": ("memory",),
    "overloaded": ("overloaded",),
    "clock": ("clock",),
    "disk": ("disk",),
    "network_file": ("network", "network_file"),
    "broker": ("broker",),
    "publish_denied": ("broker_acl",),
    "audit": ("audit",),
    "locked_out": ("locked_out",),
    "certificate": ("certificate",),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, at the whole kiosk or at a door.

    sentence  for the person who must act
    began     and ended: seconds since 1970; ended is None while it rings
    door      "" where it is the whole kiosk's
    """

    code: AlarmCode
    sentence: str
    began: float
    ended: float | None = None
    door: str = ""

    @property
    def rings(self) -> bool:
        return self.ended is None
