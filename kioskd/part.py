"""What the daemon is made of: parts that work by themselves until they are stopped."""

from threading import Thread
from typing import Protocol


class Part(Protocol):
    """One of them. All of it is for the daemon's main thread, and each call but `join` is quick.

    name         for the log and the watchdog
    stop_s       seconds that it is given to end
    progress_at  when it last got something done, seconds on the monotonic clock; one that says
                 nothing for too long has the daemon restarted. None: nobody waits for it
    failure      why it cannot go on, and so the daemon cannot, in a sentence; None: all is well
    """

    @property
    def name(self) -> str: ...

    @property
    def stop_s(self) -> float: ...

    @property
    def progress_at(self) -> float | None: ...

    @property
    def failure(self) -> str | None: ...

    def start(self) -> object: ...

    def stop(self, failure: str | None = None) -> None:
        """Ask it to end; `failure`: why, if it is not on purpose."""

    def join(self, timeout: float) -> None:
        """Wait so long for its end."""

    def is_alive(self) -> bool: ...


def failure_of(thread: Thread, does: str, error: Exception | None, on_purpose: bool) -> str | None:
    """Why a part that is a thread cannot go on, in a sentence; an end that nobody asked for is one.

    does        what nobody does any more, as in "judging front"
    error       what ended it, where that is known
    on_purpose  whether it was asked to end
    """
    if error is not None:
        how = f"failed ({type(error).__name__})"
    elif thread.ident is not None and not thread.is_alive() and not on_purpose:
        how = "ended by itself"
    else:
        return None
    return f"{does} {how}: report what the log says"
