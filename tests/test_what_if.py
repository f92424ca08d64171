""" "What if" agrees with the mode: it is the mode, over what was measured."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.config import reference
from kioskd.config.load import Door, check, load
from kioskd.event import Result
from kioskd.modes import catalogue
from kioskd.modes.mode import drive
from kioskd.modes.replay import Replay
from kioskd.page.door_keys import ChangeError, changed, door_keys, yaml
from kioskd.page.door_view import DoorView
from kioskd.page.what_if import what_if
from models.observation import Face, Observation
from models.schemes import evaluate
from tests.support.wandering import wanderings

MODES = tuple(reference.modes())
HEAD = """\
site: hq
device: k
mqtt: {broker: localhost}
feeds: {front: {kind: realsense, serial: '821212060000'}}
"""


def door(mode: str, folder: Path, more: str = "") -> Door:
    path = folder / "config.yaml"
    path.write_text(f"{HEAD}doors:\n  main:\n    feed: front\n    mode: {mode}\n{more}", "utf-8")
    return load(path, {}).doors[0]


def as_at_a_door(one: Door, frames: list[Observation]) -> tuple[list[Observation], list[Result]]:
    """What a judge would have kept, each frame measured as far as was asked; and its results."""
    mode = catalogue.make(one.mode, one.gate, lambda _: 0)
    kept, results = [], []
    for truth in frames:
        replay = Replay(truth)
        seen, step = drive(mode, replay.bare, replay.measure)
        kept.append(seen)
        if step.result is not None:
            results.append(step.result)
    return kept, results


def frames_of(one: Door, seed: int, count: int) -> list[Observation]:
    """People before this door, of whom all networks say the same."""
    plan = DoorView(one).plan

    def judged(face: Face) -> Face:
        if face.liveness is None or face.liveness.score is None:
            return face
        said = dict.fromkeys(("texture", "context", "hybrid", "detail"), face.liveness.score)
        scored = face.liveness if plan is None else evaluate(plan, said.get)
        return replace(face, liveness=replace(scored, by_model=said))

    return [
        replace(seen, faces=tuple(map(judged, seen.faces)))
        for seen in wanderings(seed, count, 15.0, ())
    ]


@pytest.mark.parametrize("mode", MODES)
def test_with_nothing_changed_it_is_what_happened(mode: str, tmp_path: Path) -> None:
    one = door(mode, tmp_path)
    for seed in range(3):
        kept, results = as_at_a_door(one, frames_of(one, seed, 600))
        would = what_if(kept, one)
        assert list(would.results) == results
        assert would.frames == len(kept)


def test_a_changed_threshold_gives_what_a_door_with_it_gives(tmp_path: Path) -> None:
    """Where all was measured; so it is while somebody looks."""
    one = door("secure_access_rgb_liveness", tmp_path)
    frames = frames_of(one, 1, 900)
    strict = changed(one, {"rgb_liveness.evaluate_liveness_over_n_frames": 40})
    would = what_if(frames, strict)
    _, expected = as_at_a_door(strict, frames)
    assert [each.verdict for each in would.results] == [each.verdict for each in expected]
    assert [each.frames for each in would.results] != [
        each.frames for each in what_if(frames, one).results
    ]


def test_what_was_not_measured_is_counted_and_never_live(tmp_path: Path) -> None:
    """A gate that let nobody pass had no liveness measured: a looser one cannot know it."""
    shut = changed(
        door("secure_access_rgb_liveness", tmp_path), {"gate.minimum_face_size_px": 2000.0}
    )
    kept, results = as_at_a_door(shut, frames_of(shut, 2, 600))
    assert all(each.verdict == "undecided" for each in results)
    would = what_if(kept, changed(shut, {"gate.minimum_face_size_px": 100.0}))
    assert would.unmeasured > 0
    assert all(each.verdict == "undecided" for each in would.results)


def test_a_scheme_that_was_not_asked_is_scored_from_what_its_networks_said(tmp_path: Path) -> None:
    one = door("secure_access_rgb_liveness", tmp_path)
    frames = [
        replace(seen, faces=tuple(map(_with_networks, seen.faces)))
        for seen in frames_of(one, 3, 600)
    ]
    texture = changed(one, {"rgb_liveness.detection_scheme": "texture_unimodal"})
    verdicts = {each.verdict for each in what_if(frames, texture).results}
    assert "passed" not in verdicts
    assert "passed" in {each.verdict for each in what_if(frames, one).results}


def _with_networks(face: Face) -> Face:
    """All networks sure of life, but for Texture, which is sure of an attack."""
    said = {"hybrid": 0.999, "context": 0.999, "texture": 0.01, "detail": 0.999}
    return replace(face, liveness=face.liveness and replace(face.liveness, by_model=said))


@pytest.mark.parametrize("mode", MODES)
def test_every_key_that_may_be_tried_can_be_and_its_yaml_is_taken(
    mode: str, tmp_path: Path
) -> None:
    """Each alone, at a limit; what the file says then is what was tried."""
    one, taken = door(mode, tmp_path), 0
    for key in door_keys(one):
        name = ".".join(key.path)
        value = next(each for each in key.among or (key.low, key.high) if each != key.value)
        assert value is not None
        try:
            tried = changed(one, {name: value})
        except ChangeError:
            continue  # it does not go with another key: `kioskd check` would say so too
        text = yaml(one, {name: value})
        assert text.startswith("doors:\n  main:\n    ")
        again = door(mode, tmp_path, text.partition("main:\n")[2])
        assert (again.gate, again.mode) == (tried.gate, tried.mode), text
        taken += 1
    assert taken > 10


@given(st.dictionaries(st.text(max_size=30), st.one_of(st.text(), st.floats(), st.booleans())))
def test_changes_that_no_door_can_have_are_refused_in_a_sentence(
    changes: dict[str, object],
) -> None:
    one = _RGB[0]
    if not changes:
        return
    with pytest.raises(ChangeError, match="is no key of this door"):
        changed(one, changes)  # type: ignore[arg-type]


_RGB: list[Door] = []


@pytest.fixture(autouse=True)
def _rgb(tmp_path: Path) -> None:
    if not _RGB:
        _RGB.append(door("secure_access_rgb_liveness", tmp_path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"gate.minimum_brightness": 7.0}, "minimum_brightness is from 0 to 1"),
        ({"gate.minimum_brightness": "dark"}, "minimum_brightness is a number"),
        ({"gate.minimum_brightness": True}, "minimum_brightness is a number"),
        ({"gate.minimum_brightness": float("nan")}, "minimum_brightness is from 0 to 1"),
        ({"gate.face_policy": "two"}, "face_policy is one of one, largest"),
        ({"rgb_liveness.attempts_per_track": 2.5}, "attempts_per_track is a whole number"),
        ({"rgb_liveness.fake_detection_threshold": 0.9}, "fake"),
    ],
)
def test_a_wrong_value_names_its_key(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChangeError, match=sentence):
        changed(_RGB[0], changes)  # type: ignore[arg-type]


def test_the_configuration_of_these_tests_is_a_right_one(tmp_path: Path) -> None:
    door("secure_access_rgb_liveness", tmp_path)
    found = check(tmp_path / "config.yaml", {})
    assert [problem for problem in found if problem.weight == "error"] == []
