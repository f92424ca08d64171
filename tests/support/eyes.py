"""Real frames and the real networks, for the tests of perception."""

from functools import cache
from pathlib import Path

from feeds.frame import ColorImage, Frame
from feeds.imaging import read_image
from kioskd.event import Step
from kioskd.judge import judged
from kioskd.modes.mode import Mode
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.network_file import Role
from models.perceive import Perceiver
from models.schemes import SCHEMES
from models.session import Networks
from tests.support.clips import images_of

ROOT = Path(__file__).parents[2]
LIVE = ROOT / "kioskd/demo/clips/live.mov"  # a face in the first 72 frames, then none
FPS = 25.0
# What a door with RGB liveness asks with the settings that nobody wrote.
RGB_DOOR: tuple[Role, ...] = ("face", "mesh", *SCHEMES[RgbSettings().detection_scheme].models)


@cache
def networks(*roles: Role) -> Networks:
    """The shipped networks on the CPU, loaded once for each set of roles."""
    return Networks.load(roles, "cpu")


@cache
def astronaut() -> ColorImage:
    """A portrait, 512x512, looking slightly down and to nobody's side."""
    return read_image(str(ROOT / "tests/data/astronaut.png"))


@cache
def president() -> ColorImage:
    """An official portrait, 640x702, sharp and straight into the camera."""
    return read_image(str(ROOT / "tests/data/president.jpg"))


@cache
def live_clip(count: int) -> tuple[ColorImage, ...]:
    """The first images of the shipped live clip, 960x720."""
    return images_of(LIVE, count)


def frame(image: ColorImage, number: int = 0, session: int = 0) -> Frame:
    """A frame of one feed at 25 a second."""
    at = number / FPS
    return Frame("front", number, session, 100.0 + at, 1.7e9 + at, image)


def shown_to(mode: Mode, eye: Perceiver, frame: Frame) -> Step:
    """What a mode says of a frame, as the daemon's judge asks it."""
    return judged(mode, eye, frame)[1]
