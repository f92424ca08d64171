"""A thread that delivers: turn after turn, first what is to be known at once, then the record."""

import threading
from collections.abc import Callable
from contextlib import suppress

from kioskd.delivery import broker_sentences
from kioskd.delivery.connection import GOODBYE_S, Connection
from kioskd.delivery.delivery_context import Shared
from kioskd.delivery.outgoing import Outgoing
from kioskd.delivery.pump import Pump

TURN_S = 0.5  # it looks around at least so often


class DeliveryThread(threading.Thread):
    """`progress_at` is when it last got through a turn, seconds on the monotonic clock.

    settle  brings what is known to the disk, in each turn before rows are sent
    tend    does what else the audit log needs, after that
    """

    def __init__(
        self,
        name: str,
        shared: Shared,
        outgoing: Outgoing,
        connection: Connection,
        pump: Pump,
        settle: Callable[[], object],
        tend: Callable[[], object],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._clock = shared.clock
        self._problems = shared.problems
        self._outgoing = outgoing
        self._connection = connection
        self._pump = pump
        self._settle, self._tend = settle, tend
        self._quiet = threading.Event()
        self._ended = threading.Event()
        self.progress_at = shared.clock.monotonic()

    def run(self) -> None:
        while not self._ended.is_set():
            self._turn_safely()
        self._pump.give_up()
        self._keep_record()
        self._connection.close()

    def end(self, timeout: float) -> None:
        """Wait `timeout` seconds for the broker to take what it is owed, then end the thread."""
        self._connection.wake()
        if self.is_alive():
            self._quiet.wait(timeout)
            self._ended.set()
            self._connection.wake()
            self.join(timeout + GOODBYE_S)

    def _turn_safely(self) -> None:
        """A mistake of ours does not end the thread that the doors hang on: it is told.

        A turn that never succeeds makes no progress either, and the watchdog sees that.
        """
        try:
            self._turn()
        except Exception as error:
            self._tell_mistake(error)
            self._ended.wait(TURN_S)

    def _turn(self) -> None:
        self._connection.listen(TURN_S)
        self._connection.tend()
        self._pump.flush()
        self._keep_record()
        self._pump.tell_limits()
        if self._outgoing.stopping and self._outgoing.idle:
            self._quiet.set()
        self.progress_at = self._clock.monotonic()

    def _keep_record(self) -> None:
        """The audit log's share of a turn: nothing in a file of records keeps an event back."""
        try:
            self._settle()
            self._pump.drain()
            self._tend()
        except Exception as error:
            self._tell_mistake(error)
        else:
            self._problems.set("courier", None)

    def _tell_mistake(self, error: Exception) -> None:
        with suppress(Exception):  # whoever should hear it may be what fails: a log on a full disk
            self._problems.set("courier", broker_sentences.our_mistake(error))
