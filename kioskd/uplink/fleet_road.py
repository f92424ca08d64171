"""The road to the fleet as the daemon sees it: there or not, replaced when config.yaml changes.

No door is restarted for it: systemd's watchdog does not ask for it. A road that is stuck is told
and begun anew.
"""

import threading
import time
from collections.abc import Callable

from kioskd.delivery import broker_sentences
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.wire import Topics
from kioskd.problems import Problems
from kioskd.uplink.uplink import Uplink

STUCK_S = 30.0  # a road that got nothing done for so long

Make = Callable[[DeliverySettings], Uplink]


class FleetRoad:
    """A part (kioskd/part.py) on which nothing depends, and which may have nothing to do.

    settings  of the cluster; None: there is no road
    make      makes a road by such settings
    local     the topics of the values that are to be kept there
    """

    name = "fleet"
    stop_s = 2.0  # a cluster is slower than a broker beside the door to take our last words
    progress_at = None
    failure = None

    def __init__(
        self, settings: DeliverySettings | None, make: Make, local: Topics, problems: Problems
    ) -> None:
        self._wanted, self._make, self._local, self._problems = settings, make, local, problems
        self._uplink: Uplink | None = None
        self._by: DeliverySettings | None = None  # what the present one was made by
        self._said: dict[str, bytes] = {}  # newest of each value, by its local topic
        self._lock = threading.Lock()  # of the values, and of whom they are told
        self._working = False

    @property
    def connected(self) -> bool | None:
        """Whether the cluster has us; None: there is no road."""
        uplink = self._uplink
        return None if uplink is None else uplink.connected

    @property
    def certificate_ends(self) -> float | None:
        uplink = self._uplink
        return None if uplink is None else uplink.certificate_ends

    def waiting(self, most: int) -> int | None:
        """How many records the fleet lacks, counted up to `most`; may raise AuditError."""
        uplink = self._uplink
        return None if uplink is None else uplink.waiting(most)

    def keep(self, topic: str, body: bytes) -> None:
        """A retained value was said on a local topic; from any thread, and waits for nothing."""
        with self._lock:
            self._said[topic] = body
            if self._uplink is not None and self._by is not None:
                self._uplink.keep(self._there(topic, self._by), body)

    def use(self, settings: DeliverySettings | None) -> None:
        """The configuration says so now; from any thread. It holds from the next `tend` on."""
        self._wanted = settings

    def start(self) -> None:
        self._working = True
        self.tend()

    def tend(self) -> None:
        """On the main thread, now and then: have the road be as it is wanted."""
        try:
            self._tend()
        except Exception as error:  # a mistake of ours must not end the thread that tends doors
            self._problems.set("fleet_mistake", broker_sentences.our_mistake(error))

    def _tend(self) -> None:
        uplink, wanted = self._uplink, self._wanted
        if uplink is not None and wanted == self._by:
            self._look(uplink)
            return
        if uplink is not None:
            self._end(uplink)
        if wanted is not None and self._uplink is None:
            self._begin(wanted)

    def stop(self, failure: str | None = None) -> None:
        if self._uplink is not None:
            self._uplink.stop()

    def join(self, timeout: float) -> None:
        if self._uplink is not None:
            self._uplink.join(timeout)
        self._working = False

    def is_alive(self) -> bool:
        return self._working

    def _there(self, topic: str, settings: DeliverySettings) -> str:
        """The cluster's name of a topic."""
        return settings.topics.base + topic.removeprefix(self._local.base)

    def _begin(self, wanted: DeliverySettings) -> None:
        uplink = self._make(wanted)
        with self._lock:
            self._uplink, self._by = uplink, wanted
            for topic, body in self._said.items():
                uplink.keep(self._there(topic, wanted), body)
        uplink.start()

    def _end(self, uplink: Uplink) -> None:
        with self._lock:
            self._uplink = self._by = None
        uplink.stop()
        uplink.join(self.stop_s)

    def _look(self, uplink: Uplink) -> None:
        silent_s = time.monotonic() - uplink.progress_at
        if silent_s < STUCK_S:
            return
        told = f"the road to the fleet got nothing done for {silent_s:.0f} s and is begun anew"
        self._problems.set("fleet_mistake", f"{told}: report it with the log")
        with self._lock:
            self._uplink = self._by = None  # its thread may never end: it is left to itself
        uplink.stop()
