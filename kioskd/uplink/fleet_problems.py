"""What is wrong on the road to the fleet, under codes of its own, so that nobody takes it for the
door's broker."""

import threading
from collections.abc import Mapping

from kioskd.problems import ProblemCode, Problems

_OWN: Mapping[ProblemCode, ProblemCode] = {
    "broker": "fleet_broker",
    "client_id": "fleet_broker",
    "certificate_files": "fleet_broker",
    "broker_acl": "fleet_refuses",
    "broker_limits": "fleet_refuses",
    "broker_rejects": "fleet_refuses",
    "audit": "fleet_audit",
    "courier": "fleet_mistake",
}


class FleetProblems:
    """As Problems, for what delivery says of its broker; from any thread."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._present: dict[ProblemCode, str] = {}
        self._lock = threading.Lock()  # held while telling, so that the newest is told last

    def set(self, code: ProblemCode, sentence: str | None) -> None:
        """Delivery's codes; there are others that no road to a fleet ever has."""
        if (own := _OWN.get(code)) is None:
            return
        with self._lock:
            self._present.pop(code, None)
            if sentence is not None:
                self._present[code] = sentence
            told = [
                self._present[each]
                for each, into in _OWN.items()
                if into == own and each in self._present
            ]
            self._problems.set(own, f"the road to the fleet: {'; '.join(told)}" if told else None)

    def clear(self) -> None:
        """The road has ended."""
        for code in _OWN:
            self.set(code, None)
