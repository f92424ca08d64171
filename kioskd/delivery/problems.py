"""What is wrong with delivery at the moment, told once at each change."""

import threading
from collections.abc import Callable
from typing import Literal

ProblemCode = Literal[
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
    "clock",  # nothing says that the wall clock is right
    "courier",  # a mistake of ours in delivery
    "action_dropped",  # an action grew too old before the broker took it
    "nobody_listens",  # the broker took an action, and nobody had subscribed
]
Report = Callable[[str, str | None], None]


class Problems:
    """Calls `report(code, sentence)` when a problem comes or changes, (code, None) when it ends."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._present: dict[str, str] = {}
        self._lock = threading.RLock()  # held while reporting, so that reports keep their order

    def set(self, code: ProblemCode, sentence: str | None) -> None:
        with self._lock:
            if self._present.get(code) == sentence:
                return
            if sentence is None:
                del self._present[code]
            else:
                self._present[code] = sentence
            self._report(code, sentence)
