"""Brings simulated kiosks' words to a real broker, many kiosks over each connection."""

import queue
import time
from collections import deque
from dataclasses import replace
from itertools import count

from kioskd.delivery.backoff import Backoff
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.mqtt import Acked, Connected, Heard, Letter, Link, Lost

WINDOW = 64  # messages on their way on one connection, where the broker names no fewer
LOOK_S = 0.05  # how soon one that waits for room sees that a connection is to be made again


class Carrier:
    """One connection after another to one broker, for one thread's use.

    What a broken connection did not see acknowledged is sent again on the next: at least once,
    and in order. The connection's own thread only puts what it heard into a queue.

    again    messages that were sent once more for it
    refused  that the broker did not take (MQTT 5)
    trouble  why there is no connection, in a sentence; None while there is one
    """

    def __init__(self, settings: DeliverySettings, number: int) -> None:
        self._settings = replace(settings, client_id=f"{settings.name_on_broker}-{number}")
        self._flying: dict[int, Letter] = {}
        self._waiting: deque[Letter] = deque()
        self._window, self._up = WINDOW, False
        self._backoff = Backoff()
        self._again_at: float | None = None
        self.trouble: str | None = None
        self.again = self.refused = self.acknowledged = 0
        self._connect()

    @property
    def idle(self) -> bool:
        return not self._flying and not self._waiting

    def send(self, letter: Letter) -> None:
        """Hand over a message, waiting while many are on their way."""
        while len(self._waiting) + len(self._flying) >= self._window:
            self.tend(LOOK_S)
        self._waiting.append(letter)
        self.tend()

    def tend(self, wait_s: float = 0.0) -> None:
        """Take note of what the broker answered, and send what waits."""
        try:
            while True:
                self._take(self._heard.get(timeout=wait_s) if wait_s else self._heard.get(False))
                wait_s = 0.0
        except queue.Empty:
            pass
        if self._again_at is not None and time.monotonic() >= self._again_at:
            self._connect()
        self._push()

    def close(self) -> None:
        self._link.close(2.0)

    def _connect(self) -> None:
        self._heard: queue.SimpleQueue[Heard] = queue.SimpleQueue()
        heard = self._heard
        self._again_at = None
        self._link = Link(self._settings, lambda _, happening: heard.put(happening))
        self._link.start()

    def _push(self) -> None:
        while self._up and self._waiting and len(self._flying) < self._window:
            number = self._link.publish(self._waiting[0])
            if number is None:
                return
            self._flying[number] = self._waiting.popleft()

    def _take(self, heard: Heard) -> None:
        match heard:
            case Connected(limits=limits):
                self._window = limits.window if self._settings.protocol == "5" else WINDOW
                self._up, self.trouble = True, None
            case Acked() if heard.mid in self._flying:
                del self._flying[heard.mid]
                self._backoff.reset()
                self.acknowledged += 1
                self.refused += not heard.taken
            case Lost(sentence=sentence):
                self._fall_back(sentence)
            case _:
                pass

    def _fall_back(self, sentence: str) -> None:
        self._up, self.trouble = False, sentence
        self.again += len(self._flying)
        self._waiting.extendleft(reversed(self._flying.values()))
        self._flying.clear()
        self._again_at = time.monotonic() + self._backoff.wait()


class Carriers:
    """As many connections as asked for. All words of a kiosk go over one, and keep their order."""

    def __init__(self, settings: DeliverySettings, connections: int) -> None:
        self._all = [Carrier(settings, number) for number in range(connections)]
        self._next = count()
        self._of: dict[str, Carrier] = {}

    def send(self, kiosk: str, letter: Letter) -> None:
        """Waits while the broker is away or slow."""
        if kiosk not in self._of:
            self._of[kiosk] = self._all[next(self._next) % len(self._all)]
        self._of[kiosk].send(letter)

    def tend(self) -> None:
        for one in self._all:
            one.tend()

    def drain(self, timeout_s: float) -> bool:
        """Wait until all is acknowledged; whether it is."""
        until = time.monotonic() + timeout_s
        while not all(one.idle for one in self._all):
            if time.monotonic() >= until:
                return False
            self.tend()
            time.sleep(LOOK_S)
        return True

    def close(self) -> None:
        for one in self._all:
            one.close()

    @property
    def acknowledged(self) -> int:
        return sum(one.acknowledged for one in self._all)

    @property
    def again(self) -> int:
        return sum(one.again for one in self._all)

    @property
    def refused(self) -> int:
        return sum(one.refused for one in self._all)

    @property
    def trouble(self) -> str | None:
        return next((one.trouble for one in self._all if one.trouble), None)
