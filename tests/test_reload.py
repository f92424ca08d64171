"""Reading config.yaml again: what holds at once, what waits, what is refused, and who notices.

tests/test_reload_plan.py has what a change may do, by itself; here the real daemon does it.
"""

import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kioskd.config.config import Door
from kioskd.config.load import load
from kioskd.daemon import Daemon
from kioskd.happenings import AttemptEnded, ConfigurationRead, FrameJudged, RulesChanged
from kioskd.reload.reloaded import Reloaded
from kioskd.reload.reloader import Reloader, Shell
from models.network_file import NetworkError
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import ATTACK, LIVE, Kioskd, file_feed, settings
from tests.support.patience import DEADLINE_S

GATE = {"hybrid_margin_below": 0.2}  # the clip frames the face tighter than a door should
KEY = "minimum_brightness"  # of the gate; the clip is brighter than any of the values here
USUAL, NEXT, OTHER = 0.15, 0.16, 0.17
LONG = 15  # frames of an attempt of the other door, which judges an attack again and again
FORGETFUL: dict[str, object] = {"attempts_per_track": 100, "attack_ends_tries": False, "rest_s": 0}
FORGETFUL["evidence_adds_up"] = False


@dataclass
class Site:
    """A daemon with two doors in this process, its file, and what happened in its order."""

    broker: Mosquitto
    file: Path
    said: dict[str, Any]
    daemon: Daemon
    happened: list[Any] = field(default_factory=list)

    def write(self, text: str | None = None) -> None:
        """Whole or not at all, as an editor should."""
        beside = self.file.with_suffix(".new")
        beside.write_text(json.dumps(self.said, indent=1) if text is None else text)
        beside.replace(self.file)

    def limit(self, value: float) -> Reloaded:
        """The changed door asks for so much light from here on."""
        self.said["doors"]["a-door"]["gate"][KEY] = value
        self.write()
        return self.daemon.reload()

    def of(self, door: str, *kinds: type) -> list[Any]:
        return [each for each in list(self.happened) if each.door == door and type(each) in kinds]

    def limits(self) -> list[float | str]:
        """What each frame of the changed door was held to, and where its rules changed."""
        told: list[float | str] = []
        for each in self.of("a-door", FrameJudged, RulesChanged):
            if isinstance(each, RulesChanged):
                told.append("rules")
            else:
                told += [one.limit for one in each.step.found if one.key == KEY]
        return told


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with mosquitto(folder) as broker:
        config = settings(broker, {"a": file_feed(LIVE), "b": file_feed(ATTACK)}, cool_down_s=0)
        a, b = config["doors"].values()
        a["gate"] = dict(GATE)
        b["rgb_liveness"] |= FORGETFUL | {"evaluate_liveness_over_n_frames": LONG}
        file = Kioskd(folder / "k", config).config
        daemon = Daemon(load(file), file)
        made = Site(broker, file, config, daemon)
        for kind in (FrameJudged, RulesChanged, AttemptEnded):
            daemon.stream.listen("test", kind, made.happened.append)
        daemon.start()
        eventually(lambda: made.of("a-door", AttemptEnded) and made.of("b-door", AttemptEnded))
        yield made
        assert daemon.tend(), daemon.failure
        daemon.stop()


def test_the_next_frame_is_judged_by_the_new_limit_and_no_camera_is_opened_again(
    site: Site,
) -> None:
    cameras = [judge.feed.capture_pid for judge in site.daemon.judges]
    before = len(site.limits())
    answer = site.limit(NEXT)
    assert answer.applied == (f"doors.a-door.gate.{KEY}",)
    assert (answer.waiting, answer.refused) == ((), ())
    assert answer.before != answer.after == load(site.file).digest
    eventually(lambda: NEXT in site.limits())
    told = site.limits()[before:]
    assert set(told[: told.index("rules")]) <= {USUAL}
    assert set(told[told.index("rules") + 1 :]) == {NEXT}
    assert [judge.feed.capture_pid for judge in site.daemon.judges] == cameras
    assert {judge.feed.counts.restarts for judge in site.daemon.judges} == {0}
    site.limit(USUAL)


def test_another_door_misses_no_frame_and_its_attempt_goes_on(site: Site) -> None:
    def goes_on() -> bool:
        """Whether the rules of the one changed while the other was in the middle of an attempt."""
        told = [each for each in list(site.happened) if counts(each) is not None]
        around = zip(told, told[1:], told[2:], strict=False)
        return any(
            isinstance(changed, RulesChanged) and 0 < (counts(one) or 0) == (counts(other) or 0) - 1
            for one, changed, other in around
        )

    def counts(each: object) -> int | None:
        """How many frames the other door's attempt has; of the change itself -1, else None."""
        if isinstance(each, RulesChanged):
            return -1
        if not isinstance(each, FrameJudged) or each.door != "b-door":
            return None
        return 0 if each.step.progress is None else each.step.progress.done

    values = iter((NEXT, OTHER) * 500)
    eventually(lambda: site.limit(next(values)).applied and goes_on())
    frames = [each.frame.number for each in site.of("b-door", FrameJudged)]
    assert frames == list(range(frames[0], frames[0] + len(frames)))
    site.limit(USUAL)


def test_the_attempt_of_a_changed_door_begins_anew(site: Site) -> None:
    """No result rests on frames of before and after: it has seen six by the new rules alone."""

    def judged_since() -> list[int]:
        """By how many frames each first result after a change came after it."""
        kinds = [type(each) for each in site.of("a-door", FrameJudged, RulesChanged, AttemptEnded)]
        starts = [at for at, kind in enumerate(kinds) if kind is RulesChanged]
        ends = (kinds[at:].index(AttemptEnded) for at in starts if AttemptEnded in kinds[at:])
        return [
            kinds[at : at + end].count(FrameJudged)
            for at, end in zip(starts, ends, strict=False)
            if RulesChanged not in kinds[at + 1 : at + end]
        ]

    known = len(judged_since())
    site.limit(NEXT)
    eventually(lambda: len(judged_since()) > known)
    assert min(judged_since()) >= 5  # and with the sixth it ended
    site.limit(USUAL)


def test_events_say_the_digest_that_their_judge_goes_by(site: Site) -> None:
    with witness(site.broker) as seen:
        first = site.limit(NEXT)
        eventually(lambda: first.after in digests(seen, "a"))
        eventually(lambda: first.after in digests(seen, "b"))  # of which nothing has changed
        site.said["mqtt"]["keepalive_s"] = 20
        held = site.limit(OTHER)
        assert held.applied == ()
        assert held.waiting == ("mqtt.keepalive_s", f"doors.a-door.gate.{KEY}")
        assert "keepalive_s" in site.daemon._problems.present["restart"]
        told = len(digests(seen, "b"))
        eventually(lambda: len(digests(seen, "b")) > told + 1)
        assert held.after not in digests(seen, "a") + digests(seen, "b")
        del site.said["mqtt"]["keepalive_s"]
        whole = site.limit(OTHER)
        assert (whole.applied, whole.waiting) == ((f"doors.a-door.gate.{KEY}",), ())
        eventually(lambda: whole.after in digests(seen, "a"))
        assert "restart" not in site.daemon._problems.present
    site.limit(USUAL)


def digests(seen: Witness, feed: str) -> list[str]:
    said: list[dict[str, Any]] = [*seen.payloads("action"), *seen.payloads("audit")]
    return [
        str(each["x"]["configDigest"])
        for each in said
        if each["sourceId"] == feed and "configDigest" in each["x"]
    ]


WRONG: dict[str, tuple[Callable[[str], str], str]] = {
    "half of it": (lambda text: text[: len(text) // 2], "ends in the middle of a line"),
    "half of it, to a line's end": (
        lambda text: text[: text.index('"doors"')] + "\n",
        "is not valid YAML",
    ),
    "an unknown key": (lambda text: text.replace('"feed"', '"fed"', 1), "is not a known key"),
    "nothing": (lambda text: "", "is empty"),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_bad_file_changes_nothing_and_the_answer_says_where(site: Site, how: str) -> None:
    harm, why = WRONG[how]
    good, standing = site.file.read_text(), site.daemon.reload().after
    site.write(harm(good))
    answer = site.daemon.reload()
    site.write(good)
    assert (answer.before, answer.after) == (standing, standing)
    assert answer.applied == answer.waiting == ()
    (first, *_) = answer.refused
    assert first.file == str(site.file)
    assert (first.line >= 1, first.column >= 1) == (True, True)
    assert any(why in each.text for each in answer.refused)
    assert "is refused" in site.daemon._problems.present["configuration"]
    assert site.daemon.reload().after == standing
    assert "configuration" not in site.daemon._problems.present


def test_hours_hold_at_once_and_a_door_that_is_new_waits(site: Site) -> None:
    door = site.said["doors"]["a-door"]
    door["hours"] = {"open": "mon 00:00-00:01", "closed_on": today_and_tomorrow()}
    site.said["feeds"]["c"] = file_feed(LIVE)
    site.said["doors"]["c-door"] = {"mode": "secure_access_smile", "feed": "c"}
    site.write()
    answer = site.daemon.reload()
    assert set(answer.applied) == {"doors.a-door.hours.open", "doors.a-door.hours.closed_on"}
    assert answer.waiting == ("feeds.c", "doors.c-door")

    def since() -> list[AttemptEnded]:
        told = site.of("a-door", AttemptEnded, RulesChanged)
        changed = max(at for at, each in enumerate(told) if isinstance(each, RulesChanged))
        return told[changed + 1 :]

    assert {each.result.reasons[0] for each in eventually(since)} == {"out_of_hours"}
    del door["hours"], site.said["feeds"]["c"], site.said["doors"]["c-door"]
    site.limit(USUAL)


def today_and_tomorrow() -> str:
    days = (datetime.now(UTC) + timedelta(days=n) for n in (-1, 0, 1))
    return ", ".join(f"{day:%Y-%m-%d}" for day in days)


def test_another_mode_is_put_in_at_once_and_a_changed_file_is_noticed_where_asked(
    site: Site,
) -> None:
    site.said["reload"] = {"watch": True}
    door = site.said["doors"]["a-door"]
    before = dict(door)
    site.said["doors"]["a-door"] = {"mode": "secure_access_smile", "feed": "a"}
    site.write()
    read: list[Reloaded] = []
    site.daemon.stream.listen("test", ConfigurationRead, lambda told: read.append(told.answer))
    answer = site.daemon.reload()
    assert "doors.a-door.mode" in answer.applied
    assert "reload.watch" in answer.applied
    smiles = {"NEUTRAL", "SMILE"}
    eventually(
        lambda: any(
            phase in each.step.phase
            for each in site.of("a-door", FrameJudged)[-20:]
            for phase in smiles
        )
    )
    site.said["doors"]["a-door"] = before
    site.said["reload"] = {"watch": False}
    site.write()
    eventually(lambda: read[-1].after == load(site.file).digest)
    assert "doors.a-door.mode" in read[-1].applied


# without a daemon


def reloader(folder: Path, prepare: Callable[[Collection[Door]], object]) -> tuple[Reloader, Path]:
    text = (
        "site: hq\ndevice: k\nmqtt: {broker: localhost}\nfeeds:\n  a: {kind: usb, device: 0}\n"
        "doors:\n  main: {feed: a, mode: secure_access_rgb_liveness, pause_s: 1.0}\n"
    )
    path = folder / "config.yaml"
    path.write_text(text)
    taken = threading.Event()
    taken.set()

    def nothing(_: object) -> None:
        pass

    shell = Shell(prepare, lambda *_: taken, nothing, nothing, nothing, nothing)
    return Reloader(path, folder, load(path), shell), path


def test_a_storm_of_requests_costs_two_readings(tmp_path: Path) -> None:
    began, go_on, readings = threading.Event(), threading.Event(), []

    def prepare(doors: Collection[Door]) -> None:
        readings.append(doors)
        began.set()
        assert go_on.wait(DEADLINE_S)

    part, path = reloader(tmp_path, prepare)
    part.start()
    first = part.ask()
    assert began.wait(DEADLINE_S)
    path.write_text(path.read_text().replace("1.0", "2.0"))
    storm = {id(part.ask()) for _ in range(10_000)}
    second = part.ask()
    go_on.set()
    assert first.result(DEADLINE_S).applied == ()
    assert second.result(DEADLINE_S).applied == ("doors.main.pause_s",)
    assert storm == {id(second)}
    assert len(readings) == 2
    part.stop()
    part.join(DEADLINE_S)


def test_a_network_that_cannot_be_loaded_leaves_all_as_it_was(tmp_path: Path) -> None:
    def prepare(doors: Collection[Door]) -> None:
        if doors:
            raise NetworkError("texture.onnx cannot be read")

    part, path = reloader(tmp_path, prepare)
    standing = load(path).digest
    path.write_text(path.read_text().replace("1.0", "2.0"))
    part.start()
    answer = part.reload()
    assert (answer.before, answer.after, answer.applied) == (standing, standing, ())
    assert [each.text for each in answer.refused] == ["texture.onnx cannot be read"]
    part.stop()
    part.join(DEADLINE_S)


def test_who_waits_while_it_is_stopped_is_told(tmp_path: Path) -> None:
    part, _ = reloader(tmp_path, lambda doors: None)
    waiting = part.ask()
    part.stop()
    part.start()
    part.join(DEADLINE_S)
    assert [each.text for each in waiting.result(DEADLINE_S).refused] in (
        [],
        ["kioskd is being stopped"],
    )
