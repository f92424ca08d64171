"""What is wrong at the moment, told once at each change."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ProblemCode = Literal[
    "alarm_url",  # alarms cannot be posted there
    "broker",  # not connected
    "broker_acl",  # connected, but the broker refuses a topic
    "broker_limits",  # what the broker lacks, or what is too large for it
    "broker_rejects",  # messages that it answers by hanging up; it goes on without them
    "client_id",  # another client uses our name
    "audit",  # the audit log cannot be written: no action leaves
    "audit_damaged",  # a damaged audit log was moved aside
    "audit_begun",  # the audit log was gone, empty or an older copy: numbers have a new epoch
    "audit_aside",  # rows of the audit log cannot be read or sent, and were put aside
    "audit_size",  # the audit log is larger than it was allowed to be
    "camera",  # a feed has another camera than before, a virtual one, or one that shows a loop
    "certificate",  # one ends soon, or has ended
    "certificate_files",  # new certificates for the broker cannot be used: those before go on
    "clock",  # nothing says that the wall clock is right
    "commands",  # which doors are disabled is not known or not kept, or nobody can give commands
    "configuration",  # a changed config.yaml was refused: the one before stands
    "courier",  # a mistake of ours in delivery
    "action_dropped",  # an action grew too old before the broker took it
    "nobody_listens",  # the broker took an action, and nobody had subscribed
    "disk",  # the disk of the audit log is nearly full
    "fleet_audit",  # how far the fleet has the audit log cannot be read or noted
    "fleet_broker",  # there is a road to the fleet, and it is not connected
    "fleet_lost",  # records were deleted before the fleet had them
    "fleet_mistake",  # a mistake of ours on the road to the fleet
    "fleet_refuses",  # what the fleet's cluster does not take
    "layers",  # a layer of the fleet was refused, or does not fit this file: it is not applied
    "listener",  # a mistake of ours in what only listens to the doors
    "memory",  # the machine has little memory left
    "metrics",  # the metrics cannot be served
    "locked_out",  # a door stays shut for a while after repeated attacks
    "network",  # a mode was put in, and a network that it needs cannot be loaded: a door is shut
    "network_file",  # the file of a network that runs is not the one that was loaded
    "no_progress",  # a worker is stuck
    "overloaded",  # the machine is too busy for its cameras
    "page",  # the aiming page cannot be served
    "people",  # the file of enrolled people cannot be read: doors to them stay shut
    "picture",  # a feed's pictures cannot be judged
    "recording",  # a recording is played to a real broker
    "restart",  # what was changed in config.yaml waits for a restart
    "snapshots",  # pictures of refused attempts cannot be kept, or old ones not deleted
    "trial",  # the broker is the embedded one
    "unsigned",  # events carry no signature
]


@dataclass(frozen=True, slots=True)
class ProblemChanged:
    """A problem came or has another sentence now; None: it is over."""

    code: ProblemCode
    sentence: str | None


class Problems:
    """Tells each change; from any thread. The changes of all threads are told one after another."""

    def __init__(self, tell: Callable[[ProblemChanged], object]) -> None:
        self._tell = tell
        self._present: dict[str, str] = {}
        self._lock = threading.RLock()  # held while telling, so that the newest is told last

    @property
    def present(self) -> dict[str, str]:
        """Sentence by code."""
        with self._lock:
            return dict(self._present)

    def set(self, code: ProblemCode, sentence: str | None) -> None:
        with self._lock:
            if self._present.get(code) == sentence:
                return
            if sentence is None:
                del self._present[code]
            else:
                self._present[code] = sentence
            self._tell(ProblemChanged(code, sentence))
