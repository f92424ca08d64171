"""Calls that come together run together, each gets its own answer, and none waits for company."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from models.batching import MOST, Array, Batching
from models.session import Networks
from tests.support.broker import eventually

THREADS = 11


class Held:
    """The shipped Hybrid model; its first run lasts until the test lets it go."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.free = Event()
        self._network = Networks.load({"hybrid"}, "cpu")["hybrid"]

    def __call__(self, array: Array) -> list[Array]:
        self.sizes.append(len(array))
        assert self.free.wait(30)
        return self._network.run(array)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(THREADS) as threads:
        yield threads


def crops(count: int) -> list[Array]:
    random = np.random.default_rng(5)
    return [random.uniform(0, 255, (1, 3, 80, 80)).astype(np.float32) for _ in range(count)]


def begun(pool: ThreadPoolExecutor, held: Held, given: list[Array]) -> list[Future[list[Array]]]:
    """The first call runs and is held; all the others wait for it."""
    batching = Batching(held)
    first = pool.submit(batching, given[0])
    eventually(lambda: held.sizes)
    rest = [pool.submit(batching, array) for array in given[1:]]
    eventually(lambda: batching.waiting == len(rest))
    return [first, *rest]


def test_calls_that_wait_for_one_run_as_one_batch_and_each_gets_its_own(
    pool: ThreadPoolExecutor,
) -> None:
    held = Held()
    given = crops(6)
    calls = begun(pool, held, given)
    held.free.set()
    alone = Networks.load({"hybrid"}, "cpu")["hybrid"]
    for array, call in zip(given, calls, strict=True):
        (logits,) = call.result(30)
        assert logits.shape == (1, 3)
        assert logits == pytest.approx(alone.run(array)[0], abs=1e-4)
    assert held.sizes == [1, 5]


def test_a_call_alone_runs_at_once() -> None:
    held = Held()
    held.free.set()
    batching = Batching(held)
    for array in crops(3):
        batching(array)
    assert held.sizes == [1, 1, 1]


def test_more_calls_than_a_batch_holds_are_run_in_turn(pool: ThreadPoolExecutor) -> None:
    held = Held()
    calls = begun(pool, held, crops(1 + MOST + 2))
    held.free.set()
    assert [len(call.result(30)[0]) for call in calls] == [1] * len(calls)
    assert held.sizes == [1, MOST, 2]


def test_an_error_is_told_to_every_call_of_its_batch_and_to_no_other(
    pool: ThreadPoolExecutor,
) -> None:
    held = Held()
    wrong = np.zeros((1, 3, 7, 7), np.float32)  # cannot even be put into one batch with the rest
    calls = begun(pool, held, [*crops(2), wrong])
    held.free.set()
    assert calls[0].result(30)[0].shape == (1, 3)
    for call in calls[1:]:
        with pytest.raises(ValueError, match="must match exactly"):
            call.result(30)
    assert held.sizes == [1]
