"""Photographs for the tests of stills: one real face, given in whatever size and condition."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from feeds.frame import ColorImage
from feeds.imaging import encoded, read_image, resize
from kioskd.inspect.inspection import FacePolicy, Inspection, Request, inspect
from kioskd.inspect.profiles import Profile, rules
from kioskd.inspect.still_eye import StillEye
from tests.support.clips import images_of
from tests.support.daemon import ATTACK, LIVE

PORTRAIT = Path(__file__).parents[1] / "data" / "astronaut.png"  # public domain, NASA


@cache
def eye() -> StillEye:
    return StillEye()


@cache
def selfie() -> ColorImage:
    """(2048, 2048, 3): the portrait enlarged until its face has the pixels of a selfie's."""
    return resize(read_image(str(PORTRAIT)), (2048, 2048), "linear")


def jpeg(image: ColorImage, quality: int = 90) -> bytes:
    return encoded(image, ".jpg", quality=quality)


def judged(
    content: bytes,
    profile: Profile = "selfie",
    policy: FacePolicy = "largest",
    limits: Mapping[str, str] | None = None,
) -> Inspection:
    return inspect("it", content, eye(), Request(profile, rules(profile, limits), policy))


def bands(found: Inspection) -> dict[str, str]:
    """Every finding's band, by its code."""
    return {each.code: each.band for each in found.findings}


@cache
def living() -> bytes:
    """A living person before a webcam, from the demo's clip."""
    return jpeg(images_of(LIVE, 1)[0], 95)


@cache
def attacking() -> bytes:
    """The demo's SYNTHETIC attack: his picture on a drawn tablet."""
    return jpeg(images_of(ATTACK, 1)[0], 95)
