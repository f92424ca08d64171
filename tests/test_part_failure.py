"""A part that is a thread says in one sentence why it cannot go on."""

from threading import Thread

from kioskd.part import failure_of

DOES = "judging front"


def ended() -> Thread:
    thread = Thread(target=lambda: None)
    thread.start()
    thread.join()
    return thread


def test_what_was_not_started_or_goes_on_has_not_failed() -> None:
    assert failure_of(Thread(), DOES, None, on_purpose=False) is None


def test_an_end_that_nobody_asked_for_is_a_failure() -> None:
    told = failure_of(ended(), DOES, None, on_purpose=False)
    assert told == "judging front ended by itself: report what the log says"
    assert failure_of(ended(), DOES, None, on_purpose=True) is None


def test_a_mistake_is_one_whether_an_end_was_asked_for_or_not() -> None:
    for on_purpose in (False, True):
        told = failure_of(ended(), DOES, KeyError("x"), on_purpose)
        assert told == "judging front failed (KeyError): report what the log says"
