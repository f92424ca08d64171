"""What counts as a thread's work, and what is waiting for others."""

from time import monotonic, sleep, thread_time

from feeds.work import Work


def test_computing_is_work() -> None:
    work = Work()
    done_s, began_s = work.done_s(), thread_time()
    while thread_time() < began_s + 0.05:
        pass
    assert work.done_s() - done_s >= 0.05


def test_waiting_for_others_is_none() -> None:
    """However long the machine then takes to give this thread its turn."""
    work = Work()
    began_at = monotonic()
    done_s = work.done_s()
    sleep(0.2)
    done_s = work.done_s() - done_s
    assert monotonic() - began_at - done_s > 0.19
