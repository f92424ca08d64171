"""The stream of all that happens: one teller after another, any number of listeners.

There are two kinds of listeners. What is quick (`listen`) is called by whoever tells, a judge
among them, so it may take note, and publish what need not arrive, but never wait: for no disk, no
network and nobody's lock. What may take long (`follow`) has a thread of its own and a bounded heap.
A listener that fails is told as a problem, and neither the teller nor the others notice.
"""

import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from kioskd.happenings import Happening, ListenerFailed, Missed

H = TypeVar("H", bound=Happening)
Listener = Callable[[Any], object]

HEAP = 1000  # happenings that wait for a slow listener; beyond, the oldest are lost to it


class Stream:
    """Safe to use from any thread.

    failed  called with a sentence when listeners begin to fail, None when none does any more
    """

    def __init__(self, failed: Callable[[str | None], object]) -> None:
        self._failed = failed
        self._listeners: dict[type, tuple[tuple[str, Listener], ...]] = {}
        self._failing: dict[str, str] = {}
        self._lock = threading.Lock()

    def listen(self, name: str, kind: type[H], listener: Callable[[H], object]) -> None:
        """From now on the listener is called with each happening of the kind; it must be quick."""
        with self._lock:
            present = self._listeners.get(kind, ())
            self._listeners = {**self._listeners, kind: (*present, (name, listener))}

    def follow(
        self,
        name: str,
        listener: Callable[[Happening], object],
        *kinds: type[Happening],
        most: int = HEAP,
    ) -> "Follower":
        """The same on a thread of its own, which the caller starts and stops."""
        follower = Follower(name, partial(self._call, name, listener), most)
        for kind in kinds:
            self.listen(name, kind, follower.put)
        return follower

    def tell(self, happening: Happening) -> None:
        """Never raises."""
        for name, listener in self._listeners.get(type(happening), ()):
            self._call(name, listener, happening)

    def _call(self, name: str, listener: Listener, happening: Happening) -> None:
        try:
            listener(happening)
        except Exception as error:
            self._note(name, error)
        else:
            if name in self._failing:
                self._note(name, None)

    def _note(self, name: str, error: Exception | None) -> None:
        """That a listener begins to fail, or works again."""
        with self._lock:
            before = dict(self._failing)
            self._failing.pop(name, None)
            if error is not None:
                self._failing[name] = type(error).__name__
            failing = dict(self._failing)
        if failing == before:
            return
        if error is not None:
            self.tell(ListenerFailed(name, error))
        self._failed(_sentence(failing) if failing else None)


def _sentence(failing: dict[str, str]) -> str:
    named = ", ".join(f"{name} ({error})" for name, error in failing.items())
    return f"what listens to the doors failed: {named}. The doors go on: report what the log says"


class Follower(threading.Thread):
    """A slow listener's thread, and what waits for it. It is a part of the daemon (part.py)."""

    stop_s = 1.0
    progress_at = None  # whatever it waits for, the doors do not
    failure = None

    def __init__(self, name: str, call: Callable[[Happening], None], most: int) -> None:
        super().__init__(name=name, daemon=True)
        self._call = call
        self._heap: deque[Happening] = deque()
        self._most = most
        self._missed = 0
        self._stopping = False
        self._changed = threading.Condition()

    def put(self, happening: Happening) -> None:
        """Take note of it, over the oldest if the heap is full."""
        with self._changed:
            if len(self._heap) == self._most:
                self._heap.popleft()
                self._missed += 1
            self._heap.append(happening)
            self._changed.notify()

    def run(self) -> None:
        while (happening := self._next()) is not None:
            self._call(happening)

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end after what waits; join it to know that it has."""
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def _next(self) -> Happening | None:
        with self._changed:
            self._changed.wait_for(lambda: self._heap or self._stopping)
            if self._missed:
                missed, self._missed = self._missed, 0
                return Missed(missed)
            return self._heap.popleft() if self._heap else None
