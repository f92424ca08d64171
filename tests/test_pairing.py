"""Images that belong together are put together, in whatever order their streams run."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from feeds.realsense.pairing import RUN_AHEAD, Pairing

Pairs = list[tuple[float, str | None, str | None]]


def played(
    pairing: Pairing[str, str], images: Iterator[tuple[str, float]] | list[tuple[str, float]]
) -> Pairs:
    """Each colour's key, and what was found for it in depth and infrared."""
    pairs: Pairs = []
    for stream, key in images:
        if stream == "color":
            pairing.add_color(key, "color")
        else:
            pairing.add_plane(stream, key, f"{stream} {key:g}")
        pairs += shown(pairing)
    return pairs + shown(pairing, ended=True)


def shown(pairing: Pairing[str, str], *, ended: bool = False) -> Pairs:
    pairs: Pairs = []
    while (found := pairing.next(ended=ended)) is not None:
        key, _, planes = found
        pairs.append((key, planes.get("depth"), planes.get("infrared")))
    return pairs


def numbered() -> Pairing[str, str]:
    return Pairing(["depth", "infrared"], 0.5)


@st.composite
def races(draw: st.DrawFn) -> tuple[list[tuple[str, float]], dict[str, set[int]]]:
    """Images of three streams, some missing, each stream in its order but ahead or behind."""
    kept = {
        stream: set(range(24)) - draw(st.sets(st.integers(1, 22), max_size=8))
        for stream in ("color", "depth", "infrared")
    }
    waiting = {stream: sorted(kept[stream]) for stream in kept}
    images: list[tuple[str, float]] = []
    while any(waiting.values()):
        least = min(numbers[0] for numbers in waiting.values() if numbers)
        ready = [s for s, numbers in waiting.items() if numbers and numbers[0] <= least + 10]
        stream = draw(st.sampled_from(ready))
        images.append((stream, float(waiting[stream].pop(0))))
    return images, kept


@given(races())
def test_every_image_finds_what_has_its_number_and_nothing_else(
    race: tuple[list[tuple[str, float]], dict[str, set[int]]],
) -> None:
    images, kept = race
    assert played(numbered(), images) == [
        (
            float(number),
            f"depth {number}" if number in kept["depth"] else None,
            f"infrared {number}" if number in kept["infrared"] else None,
        )
        for number in sorted(kept["color"])
    ]


def test_colours_are_not_held_for_a_stream_that_has_stopped() -> None:
    pairing = numbered()
    pairs = []
    for number in range(100):
        pairing.add_color(float(number), "color")
        pairs += shown(pairing)
    assert [key for key, _, _ in pairs] == list(range(100 - RUN_AHEAD))


def test_by_time_the_nearest_is_taken_and_nothing_farther_than_half_a_period() -> None:
    images = [
        *(("color", 0.000), ("depth", 0.012)),
        *(("depth", 0.031), ("color", 0.033), ("depth", 0.037)),
        *(("color", 0.066), ("depth", 0.090)),
        *(("color", 0.100), ("depth", 0.101)),
    ]
    pairs = played(Pairing(["depth"], 0.0166), images)
    assert [depth for _, depth, _ in pairs] == ["depth 0.012", "depth 0.031", None, "depth 0.101"]


def test_whether_a_stream_had_begun_is_told() -> None:
    pairing = numbered()
    assert not pairing.began("depth", 5.0)
    pairing.add_plane("depth", 3.0, "depth")
    assert not pairing.began("depth", 2.0)
    assert pairing.began("depth", 3.0)
