"""A judge takes its messages between two frames, and loses no frame by it."""

import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from feeds.feed import Feed
from feeds.feed_settings import FeedSettings, FileSource
from kioskd.delivery.outcome import Delivery
from kioskd.event import Result, Step
from kioskd.happenings import (
    AttemptEnded,
    FrameJudged,
    Happening,
    ModeChanged,
    Stepped,
    WatchChanged,
)
from kioskd.judge import Judge, Stop, UseMode, Watch
from kioskd.modes import catalogue
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.mode import Mode
from kioskd.modes.rgb.rgb_mode import RgbMode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.spec import Needs
from models.manifest import MANIFEST, read_manifest, shipped
from models.observation import Conversation, Face, Measure, Observation, Wanted
from models.perceive import Perceiver, PerceptionSettings, needs
from models.session import Networks
from tests.support.broker import eventually
from tests.support.daemon import LIVE, gone
from tests.support.patience import DEADLINE_S

NEEDS, NOTHING = catalogue.needs(RgbSettings()), Needs(frozenset())
GATE = GateSettings(hybrid_margin_below=0.2)  # the clip frames the face tighter than a door should


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks.load(needs(NEEDS.measures, NEEDS.schemes), "cpu", 1)


@dataclass
class Looker:
    """A mode that only notes what it sees, and says its name as the phase."""

    name: str
    seen: list[int] = field(default_factory=list)

    def step(self, seen: Observation) -> Conversation[Step]:
        self.seen.append(seen.number)
        return Step(self.name)
        yield  # never: it asks for nothing


@dataclass
class Told:
    """What a judge told, and what it handed over."""

    judge: Judge
    happenings: list[Happening] = field(default_factory=list)

    @property
    def frames(self) -> list[FrameJudged]:
        return [told for told in self.happenings if isinstance(told, FrameJudged)]

    @property
    def results(self) -> list[Result]:
        return [told.result for told in self.happenings if isinstance(told, AttemptEnded)]


@contextmanager
def judging(
    networks: Networks,
    mode: Mode,
    react: Callable[[Judge, Happening], object] = lambda j, h: None,
    perceiver: Perceiver | None = None,
) -> Iterator[Told]:
    """A judge at work on the live clip; `react` is called in its thread with what it tells."""

    def tell(happening: Happening) -> None:
        told.happenings.append(happening)
        react(judge, happening)

    source = FileSource(str(LIVE), pace="fast", repeat="loop")
    judge = Judge(
        "side-entrance",
        Feed(FeedSettings("door-3", source)),
        perceiver or Perceiver(networks, PerceptionSettings()),
        mode,
        lambda result: Delivery("recorded", "an-id"),
        tell,
    )
    told = Told(judge)
    judge.start()
    try:
        yield told
    finally:
        judge.stop()
        judge.join(DEADLINE_S)
        assert not judge.is_alive()


def test_another_mode_decides_from_the_next_frame_on_and_no_frame_is_lost_or_seen_twice(
    networks: Networks,
) -> None:
    first, second, third = Looker("first"), Looker("second"), Looker("third")

    def react(judge: Judge, told: Happening) -> None:
        if isinstance(told, FrameJudged) and told.frame.number == 5:
            judge.send(UseMode(second, NOTHING))
            judge.send(UseMode(third, NOTHING))

    with judging(networks, first, react) as told:
        eventually(lambda: len(third.seen) > 5)
    assert second.seen == []
    assert first.seen + third.seen == list(range(len(first.seen + third.seen)))
    assert first.seen[-1] == 5
    steps = [step for step in told.happenings if isinstance(step, Stepped)]
    assert [(step.before, step.phase) for step in steps] == [("", "first"), ("first", "third")]
    assert {(step.door, step.feed) for step in steps} == {("side-entrance", "door-3")}


def test_an_attempt_that_had_begun_comes_to_nothing_and_the_new_mode_begins_afresh(
    networks: Networks,
) -> None:
    """The frames that spoke for somebody under the old mode speak for nobody under the new one."""
    changed_at: list[float] = []

    def react(judge: Judge, told: Happening) -> None:
        if isinstance(told, FrameJudged) and told.step.phase == "LIVE_WINDOW" and not changed_at:
            changed_at.append(told.frame.captured_at)
            judge.send(UseMode(RgbMode(RgbSettings(), GATE), NEEDS))

    with judging(networks, RgbMode(RgbSettings(), GATE), react) as told:
        eventually(lambda: told.results)
    result = told.results[0]
    frames = told.frames
    after = [seen for seen in frames if seen.frame.captured_at > changed_at[0]]
    assert result.attempt == 1
    assert result.frames <= len(after)
    assert frames[0].frame.captured_at < changed_at[0]
    ended = next(seen for seen in frames if seen.step.result is not None)
    assert ended.step.result is not None
    assert ended.step.result.started_at > changed_at[0]


def test_who_is_in_the_middle_of_an_attempt_when_the_kiosk_stops_is_recorded_as_undecided(
    networks: Networks,
) -> None:
    mode = RgbMode(RgbSettings(evaluate_liveness_over_n_frames=100), GATE)
    with judging(networks, mode) as told:
        eventually(lambda: any(each.step.counted is not None for each in told.frames))
        assert told.results == []
    (result,) = told.results
    assert (result.verdict, result.emits) == ("undecided", False)
    assert "feed_restarted" in result.reasons


def test_who_has_not_begun_an_attempt_when_the_kiosk_stops_leaves_no_record(
    networks: Networks,
) -> None:
    far = RgbMode(RgbSettings(), GateSettings(minimum_face_size_px=2000))
    with judging(networks, far) as told:
        eventually(lambda: len(told.frames) > 5)
    assert told.results == []


def test_a_mode_decides_on_networks_that_were_loaded_for_it() -> None:
    networks, watching = Networks.load({"face"}, "cpu"), Looker("watching")

    with judging(networks, watching) as told:
        eventually(lambda: watching.seen)
        assert set(networks.roles) == {"face"}
        told.judge.send(UseMode(RgbMode(RgbSettings(), GATE), NEEDS))
        eventually(lambda: told.results)
    assert told.results[0].verdict == "passed"
    assert set(networks.roles) == needs(NEEDS.measures, NEEDS.schemes)
    assert changes_in(told)() == [ModeChanged("side-entrance", NEEDS, None)]


class Slow(Perceiver):
    """Loads when it is told to, as from a slow disk."""

    def __init__(self, networks: Networks) -> None:
        super().__init__(networks, PerceptionSettings())
        self.may_load = threading.Event()

    def prepare(self, measures: Collection[Measure], schemes: Collection[str] = ()) -> None:
        assert self.may_load.wait(DEADLINE_S)
        super().prepare(measures, schemes)


def test_frames_go_on_while_networks_are_loaded_and_nobody_is_decided_on_meanwhile() -> None:
    networks, before = Networks.load({"face"}, "cpu"), Looker("before")
    slow = Slow(networks)

    with judging(networks, before, perceiver=slow) as told:
        eventually(lambda: before.seen)
        told.judge.send(UseMode(RgbMode(RgbSettings(), GATE), NEEDS))
        eventually(lambda: told.frames[-1].step.phase == "SHUT")
        shut_from, progress_at = len(told.frames), told.judge.progress_at
        eventually(lambda: len(told.frames) >= shut_from + 50)
        assert {each.step.phase for each in told.frames[shut_from:]} == {"SHUT"}
        assert told.judge.progress_at > progress_at
        assert changes_in(told)() == []
        slow.may_load.set()
        eventually(lambda: told.results)
    assert changes_in(told)() == [ModeChanged("side-entrance", NEEDS, None)]


def test_what_was_loaded_for_a_mode_that_is_wanted_no_more_does_not_bring_it_back() -> None:
    networks, last = Networks.load({"face"}, "cpu"), Looker("last")
    slow = Slow(networks)

    with judging(networks, Looker("before"), perceiver=slow) as told:
        told.judge.send(UseMode(RgbMode(RgbSettings(), GATE), NEEDS))
        told.judge.send(UseMode(last, NOTHING))
        eventually(lambda: last.seen)
        slow.may_load.set()
        eventually(lambda: set(networks.roles) == needs(NEEDS.measures, NEEDS.schemes))
        went_on = len(last.seen)
        eventually(lambda: len(last.seen) > went_on + 50)
        assert told.frames[-1].step.phase == "last"
    assert changes_in(told)() == [ModeChanged("side-entrance", NOTHING, None)]


def test_decisions_go_on_while_a_watchers_networks_are_loaded() -> None:
    networks, mode = Networks.load({"face"}, "cpu"), Looker("mode")
    slow = Slow(networks)

    with judging(networks, mode, perceiver=slow) as told:
        told.judge.send(Watch(frozenset({Measure.POSE})))
        eventually(lambda: len(mode.seen) > 50)
        assert [face for seen in told.frames for face in seen.seen.faces if face.pose] == []
        slow.may_load.set()
        eventually(lambda: [face for face in told.frames[-1].seen.faces if face.pose])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_loading_ends_the_judge_and_is_named(networks: Networks) -> None:
    class Broken(Perceiver):
        def is_ready(self, measures: Collection[Measure], schemes: Collection[str] = ()) -> bool:
            return False

        def prepare(self, measures: Collection[Measure], schemes: Collection[str] = ()) -> None:
            raise ZeroDivisionError

    broken = Broken(networks, PerceptionSettings())
    with judging(networks, Looker("mode"), perceiver=broken) as told:
        told.judge.send(Watch(frozenset({Measure.POSE})))
        told.judge.join(DEADLINE_S)
        assert not told.judge.is_alive()
    why = "judging door-3 failed (ZeroDivisionError): report what the log says"
    assert told.judge.failure == why


def test_without_a_network_that_a_mode_needs_neither_it_nor_the_mode_before_decides(
    tmp_path: Path,
) -> None:
    """The file was changed after the start; once the right one lies there, all is well again."""
    manifest = read_manifest(copied(tmp_path))
    networks = Networks.load({"face"}, "cpu", manifest=manifest)
    hybrid = manifest.file("hybrid").path
    content = hybrid.read_bytes()
    before, wanted = Looker("before"), UseMode(RgbMode(RgbSettings(), GATE), NEEDS)

    with judging(networks, before) as told:
        eventually(lambda: before.seen)
        hybrid.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        told.judge.send(wanted)
        changed = eventually(changes_in(told))
        shut_from = len(told.frames)
        eventually(lambda: len(told.frames) >= shut_from + 100)  # the face was there, and is gone
        assert {each.step.phase for each in told.frames[shut_from:]} == {"SHUT"}
        assert set(networks.roles) == {"face"}
        assert told.results == []
        hybrid.write_bytes(content)
        told.judge.send(wanted)
        eventually(lambda: told.results)
    assert "hybrid_2026nov.onnx is not the one" in str(changed[0].failure)
    assert [change.failure is None for change in changes_in(told)()] == [False, True]
    assert told.results[0].verdict == "passed"


def copied(folder: Path) -> Path:
    """A copy of the manifest, and of all networks beside it."""
    for file in shipped().networks.values():
        target = folder / file.path.relative_to(MANIFEST.parent)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(file.path, target)
    return Path(shutil.copy(MANIFEST, folder))


def changes_in(told: Told) -> Callable[[], list[ModeChanged]]:
    return lambda: [each for each in told.happenings if isinstance(each, ModeChanged)]


def test_a_judge_that_is_told_to_stop_ends_its_feed_and_reads_no_further(
    networks: Networks,
) -> None:
    mode, never = Looker("mode"), Looker("never")

    def react(judge: Judge, told: Happening) -> None:
        if isinstance(told, FrameJudged) and told.frame.number == 3:
            judge.send(Stop())
            judge.send(UseMode(never, NOTHING))

    with judging(networks, mode, react) as told:
        capture = eventually(lambda: told.judge.feed.capture_pid)
        told.judge.join(DEADLINE_S)
        assert not told.judge.is_alive()
        assert capture is not None
        assert gone(capture)
    assert [each.frame.number for each in told.frames] == [0, 1, 2, 3]
    assert never.seen == []
    assert told.judge.failure is None


def test_what_somebody_watches_is_measured_of_each_frame_until_nobody_does(
    networks: Networks,
) -> None:
    def react(judge: Judge, told: Happening) -> None:
        if isinstance(told, FrameJudged) and told.frame.number == 9:
            judge.send(Watch(frozenset({Measure.POSE})))
        elif isinstance(told, FrameJudged) and told.frame.number == 29:
            judge.send(Watch(frozenset()))

    with judging(networks, Looker("mode"), react) as told:
        eventually(lambda: len(told.frames) >= 50)
    posed = [bool(seen.seen.faces and seen.seen.faces[0].pose) for seen in told.frames[:50]]
    assert posed == [False] * 10 + [True] * 20 + [False] * 20
    assert [each for each in told.happenings if isinstance(each, WatchChanged)] == [
        WatchChanged("side-entrance", frozenset({Measure.POSE}), None),
        WatchChanged("side-entrance", frozenset(), None),
    ]


class Sparing:
    """A mode that has a face measured in every third frame, and says what came of it."""

    MEASURES = frozenset({Measure.QUALITY, Measure.PICTURE, Measure.MOTION, Measure.POSE})

    def step(self, seen: Observation) -> Conversation[Step]:
        if not seen.faces or seen.number % 3:
            return Step("passed over")
        seen = yield Wanted(seen.faces[0].track_id, self.MEASURES)
        return Step("measured", tuple(map(repr, measured(seen.faces[0]).items())))


@pytest.mark.parametrize("mode", [lambda: RgbMode(RgbSettings(), GATE), Sparing])
def test_whoever_watches_changes_no_step_no_result_and_no_measure_of_the_mode(
    mode: Callable[[], Mode],
) -> None:
    """Everything is watched, also what tells how something changed since it was last measured."""
    count = 150  # somebody comes, is decided on, goes, and comes again
    everything = Watch(frozenset(Measure), RgbSettings().plan)

    def shown(watch: Watch | None) -> Told:
        def react(judge: Judge, told: Happening) -> None:
            if isinstance(told, FrameJudged) and told.frame.number == 0 and watch is not None:
                judge.send(watch)

        # all of them, or the frames would be over before those that are watched with had come
        loaded = Networks.load(needs(frozenset(Measure), NEEDS.schemes), "cpu", 1)
        with judging(loaded, mode(), react) as told:
            eventually(lambda: len(told.frames) >= count)
        return told

    alone, watched = shown(None).frames[:count], shown(everything).frames[:count]
    assert [timeless(each.step) for each in alone] == [timeless(each.step) for each in watched]
    assert len({each.step.phase for each in alone}) > 1
    pairs = [(a, b) for one, other in zip(alone, watched, strict=True)
             for a, b in zip(one.seen.faces, other.seen.faces, strict=True)]  # fmt: skip
    for face, richer in pairs:
        assert {name: measured(richer)[name] for name in measured(face)} == measured(face)
    assert sum(len(measured(richer)) for _, richer in pairs) > 2 * sum(
        len(measured(face)) for face, _ in pairs
    )


def timeless(step: Step) -> Step:
    """Each showing of a clip has times of its own."""
    if step.result is None:
        return step
    return replace(step, result=replace(step.result, started_at=0, decided_at=0, captured_at=0))


def measured(face: Face) -> dict[str, object]:
    """What was measured of a face, the mesh apart, which is an array, and all else hangs on it."""
    names = (*map(str, Measure), "change", "centre_pose_quality")
    return {name: found for name in names if (found := getattr(face, name)) is not None}


def test_a_door_goes_on_where_what_is_watched_cannot_be_measured(tmp_path: Path) -> None:
    """Its own networks are there; the one that only the watcher needs was changed."""
    networks = Networks.load({"face"}, "cpu", manifest=read_manifest(copied(tmp_path)))
    networks.manifest.file("mesh").path.write_bytes(b"")
    mode = Looker("mode")

    with judging(networks, mode) as told:
        told.judge.send(Watch(frozenset({Measure.POSE})))
        eventually(lambda: [each for each in told.happenings if isinstance(each, WatchChanged)])
        went_on = len(mode.seen)
        eventually(lambda: len(mode.seen) > went_on + 5)
    (changed,) = [each for each in told.happenings if isinstance(each, WatchChanged)]
    assert "face_landmarks_detector_2023may.onnx is not the one" in str(changed.failure)
    assert changed.measures == frozenset()
    assert [face.pose for seen in told.frames for face in seen.seen.faces if face.pose] == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_end_that_nobody_asked_for_is_a_failure(networks: Networks) -> None:
    """Or the daemon would take the door for one that was stopped on purpose."""

    class Leaving(Looker):
        def step(self, seen: Observation) -> Conversation[Step]:
            raise SystemExit
            yield

    with judging(networks, Leaving("leaving")) as told:
        told.judge.join(DEADLINE_S)
        assert not told.judge.is_alive()
        assert told.judge.failure == "judging door-3 ended by itself: report what the log says"


def test_a_bug_ends_a_judge_and_is_named(networks: Networks) -> None:
    class Broken(Looker):
        def step(self, seen: Observation) -> Conversation[Step]:
            raise ZeroDivisionError
            yield

    with judging(networks, Broken("broken")) as told:
        told.judge.join(DEADLINE_S)
        assert not told.judge.is_alive()
    said = "judging door-3 failed (ZeroDivisionError): report what the log says"
    assert told.judge.failure == said
