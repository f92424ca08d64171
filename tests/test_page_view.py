"""What the page is told of a door, from what happened there; who stands there is synthetic."""

from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from feeds.frame import Frame, Intrinsics, Rig
from feeds.imaging import decoded
from feeds.state import FeedState
from kioskd.config.load import load
from kioskd.delivery.outcome import Delivery
from kioskd.event import Progress, Step, Verdict
from kioskd.happenings import (
    ActionEnded,
    AttemptEnded,
    DoorSwitched,
    FeedChanged,
    FrameJudged,
    Replied,
)
from kioskd.modes.gate import Finding
from kioskd.modes.reasons import Reason
from kioskd.page import door_view
from kioskd.page.door_view import DoorView
from kioskd.page.kept import ATTEMPTS, KEPT_S, Kept
from kioskd.page.pictures import Pictures
from models.observation import Face, Observation
from models.schemes import Passive
from tests.support.page import CONFIG
from tests.support.results import LIVE
from tests.support.stage import person


@pytest.fixture
def view(tmp_path: Path) -> DoorView:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, "utf-8")
    return DoorView(load(path, {}).doors[0])


def frame(number: int = 1, **more: object) -> Frame:
    color = np.full((720, 1280, 3), 90, np.uint8)
    made = Frame("main", number, 0, 100.0 + number / 25, 1.7e9 + number / 25, color)
    return replace(made, **more)  # type: ignore[arg-type]


def judged(
    number: int, *faces: Face, step: Step | None = None, at: float | None = None
) -> FrameJudged:
    taken = frame(number) if at is None else frame(number, captured_at=at)
    seen = Observation(
        "main", number, 0, taken.captured_at, taken.wall_time, 1280, 720, tuple(faces)
    )
    now = taken.captured_at
    return FrameJudged("main", taken, seen, step or Step("QUALITY"), now, now + 0.01, now + 0.02)


def look(view: DoorView, kept: Kept) -> door_view.Json:
    door = kept.doors["main"]
    assert door.frame is not None
    assert door.looked is not None
    return view.look(door.frame, door.looked, door.frame.wall_time + 0.05)


def test_every_check_that_was_made_has_its_value_its_limit_and_whether_it_decided(
    view: DoorView,
) -> None:
    kept = Kept({"main": "main"})
    decided = Finding("minimum_sharpness", Reason.BLURRY, 0.1, 0.25)
    kept.frame_judged(judged(1, person(), step=Step("QUALITY", ("blurry",), found=(decided,))))
    told = look(view, kept)
    checks = {check["key"]: check for check in told["checks"]}
    assert checks["minimum_sharpness"] == {
        "key": "minimum_sharpness",
        "reason": "blurry",
        "value": 0.1,  # what decided, not what the page would find
        "limit": 0.25,
        "bound": "least",
        "unit": "",
        "passed": False,
        "decided": True,
    }
    assert checks["maximum_yaw_deg"]["passed"]
    assert not checks["maximum_yaw_deg"]["decided"]
    assert told["ageMs"] == 50
    assert told["track"] == 1
    assert told["pose"] == [0, 0, 0]


def test_a_check_that_is_not_made_in_every_frame_stands_for_a_moment_and_no_longer(
    view: DoorView,
) -> None:
    kept = Kept({"main": "main"})
    bare = replace(person(), pose=None, centre_pose_quality=None)

    def turned() -> bool:
        return any(check["key"] == "maximum_yaw_deg" for check in look(view, kept)["checks"])

    kept.frame_judged(judged(1, person()))
    assert turned()
    kept.frame_judged(judged(2, bare))
    assert turned()
    kept.frame_judged(judged(3, replace(bare, track_id=2)))
    assert not turned()  # that was somebody else
    kept.frame_judged(judged(40, bare))
    assert not turned()


def test_nobody_in_view_has_no_checks_and_somebody_behind_is_not_the_subject(
    view: DoorView,
) -> None:
    kept = Kept({"main": "main"})
    kept.frame_judged(judged(1))
    assert look(view, kept)["checks"] == []
    far = replace(person(track=2), box=(10.0, 10.0, 40.0, 50.0))
    kept.frame_judged(judged(2, person(), far))
    told = look(view, kept)
    assert told["track"] == 1
    assert [face["track"] for face in told["faces"]] == [1, 2]


def test_evidence_against_life_is_told(view: DoorView) -> None:
    kept = Kept({"main": "main"})
    against = Passive({"edges": 0.9}, {"edges": 0.75, "grid": 0.0}, 1.5)
    kept.frame_judged(judged(1, replace(person(), passive=against)))
    assert look(view, kept)["evidence"] == {"edges": 0.75, "grid": 0.0}


def test_what_is_kept_is_the_last_minutes_and_one_picture(view: DoorView) -> None:
    kept = Kept({"main": "main"})
    for number in range(50):
        kept.frame_judged(judged(number, person(), at=1000.0 + 10 * number))
    door = kept.doors["main"]
    assert 1490.0 - door.kept[0].seen.at <= KEPT_S
    assert door.frame is not None
    assert door.frame.number == 49
    assert not any(hasattr(one, "frame") for one in door.kept)


def ended(event_id: str, *reasons: str, verdict: Verdict = "undecided") -> AttemptEnded:
    made = replace(LIVE, reasons=reasons, verdict=verdict)
    return AttemptEnded("main", made, Delivery("sent", event_id))


def test_attempts_are_listed_with_what_became_of_them_and_reasons_counted(view: DoorView) -> None:
    kept = Kept({"main": "main"})
    for number in range(ATTEMPTS + 5):
        kept.attempt_ended(ended(f"event-{number}", "too_dark", "moving"))
    kept.attempt_ended(ended("the-last", "too_dark", verdict="passed"))
    kept.action_ended(ActionEnded("the-last", "main", "main", "published", ""))
    door = kept.doors["main"]
    now = door.ended[-1].at
    told = door_view.door(door, view, now, kept.outcomes)
    assert len(told["attempts"]) == ATTEMPTS
    assert told["attempts"][0]["outcome"] == "published"
    assert told["attempts"][1]["outcome"] == "sent"
    assert told["hour"] == {"too_dark": ATTEMPTS + 6, "moving": ATTEMPTS + 5}
    assert door_view.door(door, view, now + 3700, kept.outcomes)["hour"] == {}


def test_a_door_is_enabled_until_it_is_told_otherwise(view: DoorView) -> None:
    kept = Kept({"main": "main"})
    door = kept.doors["main"]
    assert door_view.door(door, view, 0.0, {})["enabled"] is True
    kept.door_switched(DoorSwitched("main", enabled=False))
    assert door_view.door(door, view, 0.0, {})["enabled"] is False


def test_a_screen_waits_for_the_answer_until_it_came() -> None:
    kept = Kept({"main": "main"})
    kept.attempt_ended(ended("one", verdict="passed"))
    door = kept.doors["main"]
    at = door.ended[-1].at
    assert door.passed_lately(at + 1.0, 8.0)
    assert not door.passed_lately(at + 9.0, 8.0)
    kept.replied(Replied("main", "main", "one", True, "Welcome", at + 0.5))
    assert not door.passed_lately(at + 1.0, 8.0)
    assert door.answer is not None
    assert (door.answer.granted, door.answer.text) == (True, "Welcome")


def test_progress_and_prompt_are_told_and_a_camera_that_fails_takes_the_prompt_away(
    view: DoorView,
) -> None:
    kept = Kept({"main": "main"})
    step = Step("LIVE_WINDOW", prompt="hold_still", progress=Progress(3, 10))
    for number in range(20):
        kept.frame_judged(judged(number, person(), step=step))
    assert look(view, kept)["progress"] == {"done": 3, "of": 10, "what": "frames"}
    assert kept.doors["main"].prompt == "hold_still"
    kept.feed_changed(FeedChanged("main", FeedState("main", "offline", "no_frames", "gone", 1.7e9)))
    assert kept.doors["main"].prompt is None
    assert kept.doors["main"].state is not None


def test_pictures_are_small_made_once_and_of_every_eye() -> None:
    depth = np.zeros((480, 640), np.uint16)
    depth[:, :320], depth[:, 320:480] = 400, 1400
    eyes = frame(
        color=np.full((480, 640, 3), 120, np.uint8),
        rig=Rig(Intrinsics(640, 480, 600.0, 600.0, 320.0, 240.0)),
        depth=depth,
        infrared=np.full((480, 640), 200, np.uint8),
    )
    pictures = Pictures()
    made = pictures.of(eyes)
    assert made is pictures.of(eyes)
    assert set(made) == {"picture", "depth", "infrared"}
    shown = decoded(_bytes(made["depth"]))
    assert shown is not None
    near, far, none = (float(shown[240, column].mean()) for column in (100, 400, 600))
    assert near > far > none
    large = pictures.of(frame(2, color=np.zeros((2160, 3840, 3), np.uint8)))["picture"]
    small = decoded(_bytes(large))
    assert small is not None
    assert max(small.shape) == 640


def _bytes(address: str) -> bytes:
    return b64decode(address.partition("base64,")[2])
