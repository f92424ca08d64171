"""Stories of tracks: detections in, ids out. Time comes with the data."""

import numpy as np
import pytest

from models.face.faces import Detection, Tracker, TrackSettings
from models.observation import Box, overlap

HERE: Box = (100.0, 100.0, 200.0, 240.0)
THERE: Box = (400.0, 100.0, 500.0, 240.0)


def face(box: Box = HERE, shift: float = 0.0) -> Detection:
    x1, y1, x2, y2 = box
    moved = (x1 + shift, y1, x2 + shift, y2)
    return Detection(moved, 0.9, np.zeros((5, 2), np.float32))


class Story:
    """A tracker fed at 25 frames a second."""

    def __init__(self, **settings: float) -> None:
        self.tracker = Tracker(TrackSettings(**settings))  # type: ignore[arg-type]
        self.at = 0.0

    def see(self, *faces: Detection, session: int = 0, after: float = 0.04) -> list[int]:
        """One more frame; the ids of the confirmed faces."""
        self.at += after
        self.tracker.advance(self.at, session)
        self.tracker.update(faces)
        return [track.track_id for track in self.tracker.confirmed]

    def now(self, track_id: int) -> tuple[Box, bool]:
        track = next(t for t in self.tracker.tracks if t.track_id == track_id)
        return track.box, track.missed


def test_a_face_counts_from_its_second_detection_on() -> None:
    story = Story()
    assert story.see(face()) == []
    assert len(story.see(face())) == 1


def test_a_flicker_of_one_frame_is_never_a_face() -> None:
    story = Story()
    assert [story.see(face()), story.see(), story.see(face()), story.see()] == [[]] * 4


def test_a_moving_face_keeps_its_id() -> None:
    story = Story()
    ids = [story.see(face(shift=8.0 * step)) for step in range(40)]
    assert {tuple(found) for found in ids[1:]} == {tuple(ids[1])}


def test_a_short_miss_is_waited_for_and_said() -> None:
    story = Story()
    story.see(face())
    (track_id,) = story.see(face())
    assert story.see() == [track_id]
    assert story.now(track_id) == (HERE, True)
    assert story.see(face(shift=5.0)) == [track_id]
    assert story.now(track_id) == (face(shift=5.0).box, False)


def test_a_face_that_stays_away_for_too_long_comes_back_as_another() -> None:
    story = Story(forget_s=0.5)
    story.see(face())
    (first,) = story.see(face())
    for _ in range(20):
        gone = story.see()
    assert gone == []
    story.see(face())
    (second,) = story.see(face())
    assert second != first


def test_a_gap_without_frames_ends_a_track_though_the_face_stands_in_the_same_place() -> None:
    story = Story(forget_s=0.5)
    story.see(face())
    (first,) = story.see(face())
    assert story.see(face(), after=0.6) == []
    (second,) = story.see(face())
    assert second != first


def test_a_jump_is_another_face() -> None:
    story = Story()
    story.see(face())
    (first,) = story.see(face())
    assert story.see(face(THERE)) == [first]  # the old one is waited for, the new one tentative
    assert story.now(first) == (HERE, True)
    assert len(set(story.see(face(THERE))) - {first}) == 1


def test_a_new_session_of_the_source_begins_with_nobody() -> None:
    story = Story()
    story.see(face())
    (first,) = story.see(face())
    assert story.see(face(), session=1) == []
    assert story.see(face(), session=1) not in ([], [first])


def test_time_that_runs_backwards_ends_all_tracks() -> None:
    story = Story()
    story.see(face())
    assert story.see(face()) != []
    assert story.see(face(), after=-1.0) == []


def test_no_id_is_used_twice_even_after_a_reset() -> None:
    story, ids = Story(), []
    for session in range(5):
        story.see(face(), face(THERE), session=session)
        ids += story.see(face(), face(THERE), session=session)
        story.tracker.reset()
    assert len(ids) == len(set(ids)) == 10


def test_two_faces_that_pass_each_other_side_by_side_keep_their_ids() -> None:
    story = Story()
    low: Box = (100.0, 300.0, 200.0, 440.0)
    story.see(face(), face(low, shift=300.0))
    first, second = story.see(face(), face(low, shift=300.0))
    for step in range(1, 31):
        story.see(face(low, shift=300.0 - 10 * step), face(shift=10.0 * step))
    assert story.now(first)[0][0] == pytest.approx(400)
    assert story.now(second)[0][0] == pytest.approx(100)


def test_the_better_overlap_wins_whatever_the_order_of_detections() -> None:
    for order in (1, -1):
        story = Story()
        story.see(face())
        (track_id,) = story.see(face())
        story.see(*[face(shift=4.0), face(shift=40.0)][::order])
        assert story.now(track_id)[0] == face(shift=4.0).box


def test_a_carried_track_is_not_settled_once_the_detector_has_not_seen_it_lately() -> None:
    story = Story(forget_s=0.5)
    story.see(face())
    story.see(face())
    assert story.tracker.settled
    story.tracker.advance(story.at + 0.3, 0)
    assert story.tracker.confirmed
    assert not story.tracker.settled


@pytest.mark.parametrize("side", range(4))
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_box_that_is_no_number_continues_no_track_and_hides_no_other(
    side: int, value: float
) -> None:
    x1, y1, x2, y2 = (value if n == side else here for n, here in enumerate(HERE))
    broken = face((x1, y1, x2, y2))
    story = Story()
    story.see(face(), face(THERE))
    first, second = story.see(face(), face(THERE))
    story.see(broken, face(THERE))
    assert story.now(first) == (HERE, True)
    assert story.now(second) == (THERE, False)


def test_overlap_is_what_two_boxes_share_of_what_they_cover() -> None:
    assert overlap(HERE, HERE) == 1.0
    assert overlap(HERE, THERE) == 0.0
    assert overlap(HERE, face(shift=50.0).box) == pytest.approx(1 / 3)
    assert overlap(HERE, (100.0, 100.0, 100.0, 240.0)) == 0.0
    turned_over = (200.0, 240.0, 100.0, 100.0)
    assert overlap(turned_over, turned_over) == 0.0
