"""The doctor holds a depth camera against the limits of the door's own mode."""

from dataclasses import replace
from math import inf, nan

import numpy as np
import pytest

from feeds.frame import Frame, Intrinsics, Rig
from kioskd.doctor.depth_limits import lacking
from kioskd.modes.catalogue import ModeSettings
from kioskd.modes.depth.depth_settings import DepthSettings, InfraredSettings, Rgb3dSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings

COLOR = np.zeros((4, 4, 3), np.uint8)
DEPTH = np.ones((4, 4), np.uint16)
RIG = Rig(Intrinsics(4, 4, 4.0, 4.0, 2.0, 2.0))
GREY = np.zeros((4, 4), np.uint8)


def depth(gap_s: float | None) -> Frame:
    frame = Frame("vault", 0, 0, 1.0, 1.0, COLOR, RIG, DEPTH, infrared=GREY)
    return replace(frame, depth_gap_s=gap_s, infrared_gap_s=gap_s)


MODES = [DepthSettings(), Rgb3dSettings(), InfraredSettings()]


@pytest.mark.parametrize("mode", MODES)
def test_what_was_taken_together_lacks_nothing(mode: ModeSettings) -> None:
    assert lacking(depth(0.0), mode) == lacking(depth(0.034), mode) == ""


@pytest.mark.parametrize("mode", MODES)
def test_two_clocks_are_named(mode: ModeSettings) -> None:
    assert "with the times of two clocks" in lacking(depth(inf), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("gap_s", "told"), [(0.05, "0.050 s apart"), (None, "unknown"), (nan, "")])
def test_what_the_mode_would_refuse_is_told_with_its_limit(
    mode: ModeSettings, gap_s: float | None, told: str
) -> None:
    sentence = lacking(depth(gap_s), mode)
    assert told in sentence
    assert "_gap_s allows 0.034 s" in sentence


def test_a_mode_that_looks_at_colours_alone_has_no_such_limit() -> None:
    assert lacking(depth(inf), RgbSettings()) == ""


def test_a_missing_plane_is_named() -> None:
    bare = Frame("vault", 0, 0, 1.0, 1.0, COLOR, RIG, no_depth="empty")
    assert lacking(bare, DepthSettings()) == "gives images, but no depth with them (empty)"
    assert "no infrared" in lacking(bare, InfraredSettings())
    assert lacking(Frame("door", 0, 0, 1.0, 1.0, COLOR), DepthSettings()) == ""
