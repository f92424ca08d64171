"""The face gate: which frames are fit to be evidence, and what is said of the others."""

import math
from dataclasses import replace

import pytest

from kioskd.modes.gate import Gate
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.reasons import Reason
from models.observation import Box, Face, HeadPose, ImageQuality, Measure, Observation
from tests.support.stage import refusal, wanted_or_refusal

BOX: Box = (540.0, 200.0, 740.0, 440.0)  # 200 x 240 in the middle of 1280 x 720
SHARP = ImageQuality(sharpness=0.8, contrast=0.5, brightness=0.5)
FACING = HeadPose(yaw=0.0, pitch=0.0, roll=0.0)
NAN = float("nan")
FIT = Face(1, BOX, 0.9, True, quality=SHARP, change=1.0, pose=FACING, centre_pose_quality=0.9)


def seen(face: Face, at: float = 0.0, size: tuple[int, int] = (1280, 720)) -> Observation:
    return Observation("front-door", round(at * 30), 0, at, 1e9 + at, *size, (face,))


def reasons(
    face: Face,
    settings: GateSettings | None = None,
    *,
    margins: bool = True,
    size: tuple[int, int] = (1280, 720),
) -> tuple[Reason, ...]:
    return refusal(Gate(settings or GateSettings(), margins), seen(face, size=size), face)


def boxed(x1: float, y1: float, x2: float, y2: float) -> Face:
    return replace(FIT, box=(x1, y1, x2, y2))


def quality(**values: float) -> Face:
    return replace(FIT, quality=replace(SHARP, **values))


def turned(**values: float) -> Face:
    return replace(FIT, pose=replace(FACING, **values))


def test_a_fit_face_passes() -> None:
    assert reasons(FIT) == ()


@pytest.mark.parametrize(
    ("face", "reason"),
    [
        (boxed(540, 200, 689, 440), Reason.FACE_TOO_SMALL),
        (boxed(540, 200, 740, 349), Reason.FACE_TOO_SMALL),
        (replace(FIT, missed=True), Reason.FACE_MISSED),
        (quality(sharpness=0.1), Reason.BLURRY),
        (quality(contrast=0.05), Reason.LOW_CONTRAST),
        (quality(brightness=0.05), Reason.TOO_DARK),
        (quality(brightness=0.97), Reason.TOO_BRIGHT),
        (replace(FIT, change=0.14), Reason.STILL_PICTURE),
        (replace(FIT, change=0.0), Reason.STILL_PICTURE),
        (replace(FIT, change=None), Reason.JUST_SEEN),
        (replace(FIT, change=NAN), Reason.STILL_PICTURE),
        (turned(yaw=20.1), Reason.HEAD_TURNED),
        (turned(yaw=-20.1), Reason.HEAD_TURNED),
        (turned(pitch=20.1), Reason.HEAD_PITCHED),
        (turned(pitch=-20.1), Reason.HEAD_PITCHED),
        (turned(roll=20.1), Reason.HEAD_TILTED),
        (turned(roll=-20.1), Reason.HEAD_TILTED),
        (replace(FIT, centre_pose_quality=0.58), Reason.CENTRE_POSE_LOW),
        (replace(FIT, quality=None), Reason.NOT_MEASURED),
        (replace(FIT, pose=None), Reason.NOT_MEASURED),
        (replace(FIT, centre_pose_quality=None), Reason.NOT_MEASURED),
        (quality(sharpness=NAN), Reason.NOT_MEASURED),
        (quality(contrast=NAN), Reason.NOT_MEASURED),
        (quality(brightness=NAN), Reason.NOT_MEASURED),
        (turned(yaw=NAN), Reason.NOT_MEASURED),
        (turned(pitch=float("inf")), Reason.NOT_MEASURED),
        (replace(FIT, centre_pose_quality=NAN), Reason.NOT_MEASURED),
    ],
)
def test_each_unfit_face_is_refused_for_its_own_reason(face: Face, reason: Reason) -> None:
    assert reasons(face) == (reason,)


@pytest.mark.parametrize(
    ("box", "reason"),
    [  # the face is 200 x 240: 70 px at the sides, 48 above, 120 below
        ((69.0, 200.0, 269.0, 440.0), Reason.MARGIN_LEFT),
        ((1011.0, 200.0, 1211.0, 440.0), Reason.MARGIN_RIGHT),
        ((540.0, 47.0, 740.0, 287.0), Reason.MARGIN_ABOVE),
        ((540.0, 361.0, 740.0, 601.0), Reason.MARGIN_BELOW),
    ],
)
def test_the_hybrid_model_needs_room_around_the_face(box: Box, reason: Reason) -> None:
    assert reasons(boxed(*box)) == (reason,)
    assert reasons(boxed(*box), margins=False) == ()


@pytest.mark.parametrize(
    "box",
    [
        (70.0, 200.0, 270.0, 440.0),
        (1010.0, 200.0, 1210.0, 440.0),
        (540.0, 48.0, 740.0, 288.0),
        (540.0, 360.0, 740.0, 600.0),
    ],
)
def test_the_margin_itself_is_room_enough(box: Box) -> None:
    assert reasons(boxed(*box)) == ()


@pytest.mark.parametrize(
    "box",
    [
        (9.0, 200.0, 209.0, 440.0),
        (1071.0, 200.0, 1271.0, 440.0),
        (540.0, 9.0, 740.0, 249.0),
        (540.0, 471.0, 740.0, 711.0),
        (-50.0, 200.0, 150.0, 440.0),
    ],
)
def test_a_face_at_any_border_is_refused(box: Box) -> None:
    assert reasons(boxed(*box), margins=False) == (Reason.FACE_NEAR_BORDER,)


def test_a_face_over_half_of_the_picture_is_refused() -> None:
    large, half = boxed(100, 40, 421, 240), boxed(100, 40, 420, 240)
    assert reasons(large, margins=False, size=(640, 200)) != ()
    assert Reason.FACE_TOO_LARGE in reasons(large, margins=False, size=(640, 200))
    assert Reason.FACE_TOO_LARGE not in reasons(half, margins=False, size=(640, 200))


def test_all_failures_of_one_stage_are_said_together() -> None:
    assert reasons(quality(sharpness=0.0, brightness=0.0)) == (Reason.BLURRY, Reason.TOO_DARK)


def test_a_box_that_is_no_number_never_passes() -> None:
    assert Reason.FACE_TOO_SMALL in reasons(boxed(NAN, NAN, NAN, NAN))
    assert Reason.FACE_TOO_SMALL in reasons(boxed(740, 440, 540, 200))


class TestAsking:
    """Nothing is measured before what is cheaper has passed."""

    BARE = Face(1, BOX, 0.9, True)

    def says(self, face: Face) -> Measure | tuple[Reason, ...]:
        return wanted_or_refusal(Gate(GateSettings(), margins=True), seen(face), face)

    def test_a_bad_box_costs_no_measure(self) -> None:
        small = replace(self.BARE, box=(540.0, 200.0, 600.0, 260.0))
        assert self.says(small) == (Reason.FACE_TOO_SMALL,)

    def test_quality_comes_before_the_network(self) -> None:
        assert self.says(self.BARE) is Measure.QUALITY

    def test_a_blurred_face_costs_no_network(self) -> None:
        blurred = replace(self.BARE, quality=replace(SHARP, sharpness=0.0), change=1.0)
        assert self.says(blurred) == (Reason.BLURRY,)

    def test_a_sharp_face_is_measured_for_its_pose(self) -> None:
        assert self.says(replace(self.BARE, quality=SHARP, change=1.0)) is Measure.POSE

    def test_a_fit_face_needs_nothing_more(self) -> None:
        assert self.says(FIT) == ()


class TestAskingAgain:
    """One gate may be asked about one frame many times, and about others in between."""

    def test_what_was_measured_meanwhile_counts(self) -> None:
        gate = Gate(GateSettings(), margins=True)
        steps = (replace(FIT, quality=None), replace(FIT, pose=None), turned(yaw=30.0), FIT)
        assert [wanted_or_refusal(gate, seen(face), face) for face in steps] == [
            Measure.QUALITY,
            Measure.POSE,
            (Reason.HEAD_TURNED,),
            (),
        ]

    @pytest.mark.parametrize(
        ("face", "reason"),
        [
            (boxed(0, 200, 200, 440), Reason.FACE_NEAR_BORDER),
            (boxed(540, 200, 640, 440), Reason.FACE_TOO_SMALL),
            (boxed(NAN, NAN, NAN, NAN), Reason.FACE_TOO_SMALL),
            (replace(FIT, missed=True), Reason.FACE_MISSED),
        ],
    )
    def test_another_box_in_the_same_frame_is_judged_by_itself(
        self, face: Face, reason: Reason
    ) -> None:
        gate = Gate(GateSettings(), margins=False)
        for _ in range(2):
            assert refusal(gate, seen(FIT), FIT) == ()
            assert reason in refusal(gate, seen(face), face)

    def test_the_same_box_in_a_smaller_frame_is_judged_by_itself(self) -> None:
        gate = Gate(GateSettings(), margins=False)
        assert refusal(gate, seen(FIT), FIT) == ()
        assert refusal(gate, seen(FIT, size=(745, 720)), FIT) == (Reason.FACE_NEAR_BORDER,)

    def test_the_same_box_at_another_time_or_of_another_track_has_another_drift(self) -> None:
        gate, moved = Gate(GateSettings(), margins=False), boxed(640, 200, 840, 440)
        assert refusal(gate, seen(FIT, 0.0), FIT) == ()
        gate.follow(seen(FIT, 0.0), FIT)
        assert refusal(gate, seen(moved, 0.9), moved) == (Reason.MOVING,)
        assert refusal(gate, seen(moved, 1.1), moved) == ()
        other = replace(moved, track_id=2)
        assert refusal(gate, seen(other, 0.9), other) == ()

    def test_what_was_followed_since_counts(self) -> None:
        gate, moved = Gate(GateSettings(), margins=False), boxed(640, 200, 840, 440)
        assert refusal(gate, seen(FIT, 0.5), FIT) == ()
        gate.follow(seen(moved, 0.4), moved)
        assert refusal(gate, seen(FIT, 0.5), FIT) == (Reason.MOVING,)


class TestStillness:
    """The box's centre over the frames that count, in face widths (200 px here)."""

    def after(self, *path: tuple[float, float], track: int = 1) -> tuple[Reason, ...]:
        """What is said of the last of some (time, shift to the right in pixels)."""
        return self.each(*path, track=track)[-1]

    def each(self, *path: tuple[float, float], track: int = 1) -> list[tuple[Reason, ...]]:
        """What is said of each."""
        gate = Gate(GateSettings(), margins=True)
        said: list[tuple[Reason, ...]] = []
        for number, (at, shift) in enumerate(path):
            last = number == len(path) - 1
            face = replace(boxed(540 + shift, 200, 740 + shift, 440), track_id=track if last else 1)
            said.append(refusal(gate, seen(face, at), face))
            gate.follow(seen(face, at), face)
        return said

    def test_a_face_just_seen_is_still(self) -> None:
        assert self.after((0.0, 0.0)) == ()

    def test_a_tenth_of_the_width_is_still(self) -> None:
        assert self.after((0.0, 0.0), (0.5, 20.0)) == ()

    def test_more_is_moving(self) -> None:
        assert self.after((0.0, 0.0), (0.5, 20.5)) == (Reason.MOVING,)

    def test_slow_steps_add_up_over_the_second(self) -> None:
        assert self.after(*((n / 10, n * 3.0) for n in range(8))) == (Reason.MOVING,)

    def test_what_was_longer_than_a_second_ago_is_forgotten(self) -> None:
        assert self.after((0.0, 0.0), (1.1, 100.0), (1.2, 100.0)) == ()

    def test_coming_back_does_not_undo_the_movement_away_from_frames_that_count(self) -> None:
        said = self.each((0.0, 0.0), (0.1, 50.0), (0.2, 50.0), (0.3, 0.0))
        assert said == [(), (Reason.MOVING,), (Reason.MOVING,), (Reason.MOVING,)]

    def test_somebody_who_walked_up_and_stands_counts_after_a_quarter_of_a_second(self) -> None:
        walks = [(n / 30, n * 8.0 - 240.0) for n in range(60)]  # 1.2 face widths a second
        stands = [(2.0 + n / 30, 60 * 8.0 - 240.0) for n in range(30)]
        said = self.each(*walks, *stands)
        counts = [at for (at, _), refused in zip(walks + stands, said, strict=True) if not refused]
        early = [at for at in counts if at > 1.0]
        assert 2.1 < min(early) < 2.3

    def test_a_sheet_that_is_moved_about_counts_hardly_ever(self) -> None:
        swings = [(n / 30, 100 * math.sin(n / 5)) for n in range(150)]  # 2 face widths a second
        assert sum(not refused for refused in self.each(*swings)) <= 10

    def test_another_track_begins_a_history_of_its_own(self) -> None:
        assert self.after((0.0, 0.0), (0.1, 200.0), track=2) == ()
