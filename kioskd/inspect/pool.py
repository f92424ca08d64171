"""Many images at once, by a few threads, with few of them in memory.

The networks and OpenCV let other threads work meanwhile. Only so many images are begun as there are
threads, and as many again, so that a folder of any size takes the same memory.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def workers(count: int) -> int:
    """Threads for so many images: one per core of this process, and no more than images."""
    return max(1, min(count, len(os.sched_getaffinity(0))))


def in_order(
    make: Callable[[Given], Made], given: Sequence[Given], threads: int
) -> Generator[Made, None, None]:
    """What is made of each, in their order; what `make` raises comes out in its place."""
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="inspect") as pool:
        try:
            for each in given:
                waiting.append(pool.submit(make, each))
                if len(waiting) >= 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
