"""What the doctor says of how many doors this machine can serve."""

from kioskd.doctor.speed import Speed, sentence


def test_the_measured_machine_serves_what_it_was_measured_to_serve() -> None:
    """docs/measure/performance.md: two cores judged four cameras at 30 frames, not eight."""
    speed = Speed(work_s=0.0087, takes_s=0.0087, cores=2)
    assert 4 <= speed.doors(30) < 8


def test_doors_fit_by_their_rate_and_the_cores() -> None:
    slow = Speed(work_s=0.05, takes_s=0.05, cores=1)
    assert [slow.doors(rate) for rate in (5, 10, 30)] == [3, 1, 0]
    assert Speed(work_s=0.05, takes_s=0.05, cores=4).doors(10) == 6


def test_it_is_said_in_numbers_of_doors_and_never_fails_a_machine_that_is_fast_enough() -> None:
    well, said = sentence(Speed(work_s=0.0087, takes_s=0.0088, cores=2), doors=1)
    assert well
    assert said == (
        "a frame with a face takes 8.7 ms of one core, so 2 cores fit this many doors at so many "
        "frames a second: 14 at 10, 9 at 15, 4 at 30; 1 is configured"
    )


def test_a_machine_that_is_busy_now_is_told_to_be() -> None:
    well, said = sentence(Speed(work_s=0.01, takes_s=0.03, cores=2), doors=2)
    assert well
    assert said.endswith(
        "2 are configured. At the moment it takes 3.0 times as long, for other programs are at work"
    )


def test_more_doors_than_fit_even_slowly_are_a_failure_with_what_to_do() -> None:
    well, said = sentence(Speed(work_s=0.1, takes_s=0.1, cores=1), doors=2)
    assert not well
    assert said.endswith("give this machine fewer doors, or take a faster one")
