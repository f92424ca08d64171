"""Calls of one network that come while another is under way, run together as one batch.

Nobody waits for a batch to fill: a call finds the network free and runs at once, or it waits for
the run under way, as it must, and then runs with whatever else has come meanwhile. For CUDA, where
a batch costs little more than one; a CPU gains nothing by it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
MOST = 8  # calls in a batch: each size is a shape that CUDA prepares for


@dataclass(eq=False, slots=True)
class _Call:
    array: Array
    outputs: list[Array] = field(default_factory=list)
    error: Exception | None = None
    done: bool = False


class Batching:
    """`run` takes an array whose first axis is the batch's, and gives outputs of the same.

    Thread-safe. An error of a run is raised in every call that was in it.
    """

    def __init__(self, run: Callable[[Array], list[Array]]) -> None:
        self._run = run
        self._running = Lock()
        self._lock = Lock()  # of what follows
        self._waiting: list[_Call] = []

    @property
    def waiting(self) -> int:
        """Calls that no run has taken yet."""
        with self._lock:
            return len(self._waiting)

    def __call__(self, array: Array) -> list[Array]:
        call = _Call(array)
        with self._lock:
            self._waiting.append(call)
        with self._running:
            while not call.done:  # else the run before this one took it along
                self._run_waiting()
        if call.error is not None:
            raise call.error
        return call.outputs

    def _run_waiting(self) -> None:
        with self._lock:
            calls, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        try:
            outputs = self._run(np.concatenate([call.array for call in calls]))
        except Exception as error:  # raised again where it belongs, in each call
            for call in calls:
                call.error, call.done = error, True
            return
        bounds = np.cumsum([len(call.array) for call in calls])[:-1]
        parts = [np.split(output, bounds) for output in outputs]
        for number, call in enumerate(calls):
            call.outputs, call.done = [part[number] for part in parts], True
