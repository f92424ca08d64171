"""What happens reaches whoever listens, and no listener can harm a door."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kioskd.happenings import BrokerMet, ClockSet, Happening, ListenerFailed, Missed
from kioskd.log_lines import lines
from kioskd.problems import ProblemChanged, Problems
from kioskd.stream import Follower, Stream
from tests.support.broker import eventually
from tests.support.patience import DEADLINE_S


def quiet() -> Stream:
    return Stream(lambda sentence: None)


def test_each_listener_hears_what_it_asked_for_in_order_and_nothing_else() -> None:
    stream, first, second = quiet(), list[Happening](), list[Happening]()
    stream.listen("first", ClockSet, first.append)
    stream.tell(ClockSet(1.0))
    stream.listen("second", ClockSet, second.append)
    stream.listen("second", BrokerMet, second.append)
    for happening in (ClockSet(2.0), BrokerMet("here"), Missed(1)):
        stream.tell(happening)
    assert first == [ClockSet(1.0), ClockSet(2.0)]
    assert second == [ClockSet(2.0), BrokerMet("here")]


def test_a_listener_that_fails_is_told_once_and_the_others_hear_all_the_same() -> None:
    told: list[str | None] = []
    heard: list[float] = []
    stream = Stream(told.append)

    def fails(clock: ClockSet) -> None:
        if clock.by_s < 3:
            raise ZeroDivisionError

    stream.listen("the page", ClockSet, fails)
    stream.listen("another", ClockSet, lambda clock: heard.append(clock.by_s))
    failures: list[ListenerFailed] = []
    stream.listen("log", ListenerFailed, failures.append)
    for by_s in (1.0, 2.0):
        stream.tell(ClockSet(by_s))
    (failure,) = failures
    assert (failure.name, type(failure.error)) == ("the page", ZeroDivisionError)
    (line,) = lines(failure)
    assert line.fields == {"listener": "the page", "exc_info": failure.error}
    (sentence,) = told
    assert sentence is not None
    assert "the page (ZeroDivisionError)" in sentence
    for by_s in (3.0, 4.0):
        stream.tell(ClockSet(by_s))
    assert told == [sentence, None]
    assert heard == [1.0, 2.0, 3.0, 4.0]


def test_who_listens_to_problems_and_fails_makes_no_end_of_problems() -> None:
    told: list[ProblemChanged] = []

    def fails(_: ProblemChanged) -> None:
        raise ZeroDivisionError

    stream = Stream(lambda sentence: problems.set("listener", sentence))
    problems = Problems(stream.tell)
    stream.listen("bad", ProblemChanged, fails)
    stream.listen("good", ProblemChanged, told.append)
    problems.set("clock", "wrong")
    problems.set("clock", None)
    assert sorted(problem.code for problem in told) == ["clock", "clock", "listener"]
    assert problems.present.keys() == {"listener"}


@contextmanager
def at_work(follower: Follower, hold: threading.Event) -> Iterator[None]:
    follower.start()
    try:
        yield
    finally:
        hold.set()
        follower.stop()
        follower.join(DEADLINE_S)
        assert not follower.is_alive()


def test_a_slow_listener_holds_nobody_up_and_hears_how_much_it_missed() -> None:
    stream, heard, hold = quiet(), list[Happening](), threading.Event()

    def slow(happening: Happening) -> None:
        heard.append(happening)
        assert hold.wait(DEADLINE_S)

    follower = stream.follow("slow", slow, ClockSet, most=3)
    with at_work(follower, hold):
        stream.tell(ClockSet(0.0))
        eventually(lambda: heard)
        for by_s in range(1, 9):
            stream.tell(ClockSet(by_s))  # returns, though the listener is still at the first
        assert heard == [ClockSet(0.0)]
    assert heard[1:] == [Missed(5), ClockSet(6), ClockSet(7), ClockSet(8)]


def test_a_slow_listener_that_fails_is_told_and_goes_on() -> None:
    told: list[str | None] = []
    heard: list[Happening] = []
    stream, hold = Stream(told.append), threading.Event()

    def fails(happening: Happening) -> None:
        heard.append(happening)
        if happening == ClockSet(1.0):
            raise OSError("no space left on the device")

    with at_work(stream.follow("log", fails, ClockSet, BrokerMet), hold):
        for happening in (ClockSet(1.0), BrokerMet("here")):
            stream.tell(happening)
    assert heard == [ClockSet(1.0), BrokerMet("here")]
    assert told[0] is not None
    assert "log (OSError)" in told[0]
    assert told[1:] == [None]


def test_what_waits_for_a_slow_listener_is_heard_before_it_ends() -> None:
    stream, heard = quiet(), list[Happening]()
    follower = stream.follow("log", heard.append, ClockSet)
    for by_s in range(100):
        stream.tell(ClockSet(by_s))  # some of it before its thread has begun
    with at_work(follower, threading.Event()):
        pass
    assert heard == [ClockSet(by_s) for by_s in range(100)]
