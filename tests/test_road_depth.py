"""The whole road for depth: the real daemon on generated recordings, its events at a real broker.

The scenes are SYNTHETIC and drawn for the test; the recordings are played by the camera's own
library, through the very feed, networks and modes that a camera would be.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from feeds.realsense.recording_writer import Scene
from models.making.scenes.attacks import FLAT_AND_BENT
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import kioskd
from tests.support.scenes import GATE, recorded, scenes
from tests.test_road import check_against_schemas, first_action

FRAMES = 20  # a decision against takes 17: five differences first, then both windows
WINDOWS = {"attempt_deadline_s": 1.0}


@pytest.fixture(scope="module")
def head() -> list[Scene]:
    """What all doors see of the one person; drawing takes most of these tests' time."""
    return scenes(None, 3, FRAMES)


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A recording of each attack that is flat or bent, by a name for its feed."""
    folder = tmp_path_factory.mktemp("sheets")
    return {
        species.replace("_", "-"): recorded(folder / f"{species}.db3", scenes(species, 3, FRAMES))
        for species in FLAT_AND_BENT
    }


def feed(path: Path) -> dict[str, object]:
    """`stall_s` is long enough for a door to say itself that depth is missing."""
    fast = {"pace": "fast", "repeat": "loop", "stall_s": 5.0}
    return {"kind": "realsense", "recording": str(path), **fast}


def settings(
    broker: Mosquitto,
    recordings: Mapping[str, Path],
    mode: str = "secure_access_3d_liveness",
    **sections: object,
) -> dict[str, Any]:
    door = {"mode": mode, "gate": dict(GATE), **sections}
    return {
        "site": "hq",
        "device": "kiosk-07",
        "state_dir": "state",
        "mqtt": {"broker": "127.0.0.1", "port": broker.port},
        "feeds": {name: feed(path) for name, path in recordings.items()},
        "doors": {f"{name}-door": {**door, "feed": name} for name in recordings},
    }


def result_of(seen: Witness, feed: str) -> dict[str, Any]:
    """The first audited result of a feed."""

    def found() -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = seen.payloads("audit")
        return [r for r in records if r["kind"] == "result" and r["sourceId"] == feed]

    return eventually(found)[0]


def test_a_head_is_live(head: list[Scene], tmp_path: Path) -> None:
    recordings = {"head": recorded(tmp_path / "head.db3", head)}
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        kioskd(tmp_path / "k", settings(broker, recordings)) as daemon,
    ):
        action = first_action(seen, "head")
        assert daemon.stop() == 0
    assert (action["actionId"], action["livenessConfirmed"]) == ("3dLiveness", "true")
    assert action["liveness"] > 0.9
    assert "rgbLivenessState" not in action["x"]
    check_against_schemas(seen)


def test_no_sheet_is(sheets: dict[str, Path], tmp_path: Path) -> None:
    """Each flat and each bent one, at a door of its own."""
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        kioskd(tmp_path / "k", settings(broker, sheets)) as daemon,
    ):
        actions = [first_action(seen, sheet) for sheet in sheets]
        assert daemon.stop() == 0
    for action in actions:
        assert (action["actionId"], action["livenessConfirmed"]) == ("3dLiveness", "false")
        assert action["liveness"] < 0.1
    assert len(actions) == len(FLAT_AND_BENT)
    assert {action["livenessConfirmed"] for action in seen.payloads("action")} == {"false"}


def test_without_fresh_depth_nobody_is_let_in(head: list[Scene], tmp_path: Path) -> None:
    """The head, whose depth is all zeros at one door, and late at the other, for longer than an
    attempt may last.
    """
    long = head * 2
    blank = [replace(scene, depth=np.zeros_like(scene.depth)) for scene in long]
    late = [replace(scene, depth_lag_s=0.1) for scene in long]
    recordings = {
        "blank": recorded(tmp_path / "blank.db3", blank),
        "late": recorded(tmp_path / "late.db3", late),
    }
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = settings(broker, recordings, liveness_3d=WINDOWS)
        with kioskd(tmp_path / "k", config) as daemon:
            told = {name: result_of(seen, name) for name in recordings}
            assert daemon.stop() == 0
    assert told["blank"]["reasons"][:2] == ["time_over", "depth_missing"]
    assert told["late"]["reasons"][0] == "time_over"
    assert told["late"]["reasons"][1] in ("depth_late", "depth_missing")  # as sets fall together
    assert {result["verdict"] for result in told.values()} == {"undecided"}
    assert seen.payloads("action") == []


def test_a_camera_without_depth_is_offline_and_never_shows_colours_instead(
    head: list[Scene], tmp_path: Path
) -> None:
    colours = recorded(tmp_path / "colours.db3", head[:6], with_depth=False)
    with (
        mosquitto(tmp_path) as broker,
        witness(broker) as seen,
        kioskd(tmp_path / "k", settings(broker, {"colours": colours})) as daemon,
    ):
        eventually(lambda: [s for s in seen.payloads("state") if s["state"] == "offline"])
        assert daemon.stop() == 0
    assert {state["state"] for state in seen.payloads("state")} <= {"starting", "offline"}
    assert seen.payloads("action") == []


def test_rgb_and_3d_must_both_find_life(sheets: dict[str, Path], tmp_path: Path) -> None:
    """A sheet that shows a live face's very picture: its depth is enough to refuse it."""
    mode = "secure_access_rgb_3d_liveness"
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = settings(broker, {"sheet": sheets["bent-upright"]}, mode)
        with kioskd(tmp_path / "k", config) as daemon:
            action = first_action(seen, "sheet")
            assert daemon.stop() == 0
    assert (action["actionId"], action["livenessConfirmed"]) == ("rgb3dLiveness", "false")
