"""The models a still can be given to, by name. What one cannot judge is an error, not a score.

The order is the expected one of accuracy, least first, as the seed has it: a still < a sequence,
one eye < depth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PNG = b"\x89PNG\r\n\x1a\n"


class Model(StrEnum):
    """Which one judges."""

    RGB_SINGLE_IMAGE = "rgb-single-image"
    RGB_SEQUENCE = "rgb-sequence"
    INFRARED = "infrared"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a model needs, and what runs it."""

    media: str
    command: str


DEMANDS: Mapping[Model, Demand] = {
    Model.RGB_SINGLE_IMAGE: Demand("one colour picture with a face", "kioskd inspect"),
    Model.RGB_SEQUENCE: Demand(
        "frames of one camera in a row, or a video", "kioskd evaluate, or a door"
    ),
    Model.INFRARED: Demand(
        "an infrared frame beside its colour frame, as a depth camera takes them",
        "a door in a mode with infrared, or kioskd evaluate on a recording",
    ),
    Model.DEPTH: Demand(
        "a depth frame beside its colour frame, as a depth camera takes them",
        "a door in a depth mode, or kioskd evaluate on a recording",
    ),
}


class MediaError(Exception):
    """What was given is nothing that the named model could judge."""


def check_model(model: Model) -> None:
    """Raises MediaError for a model that no single still can be given to."""
    if model is not Model.RGB_SINGLE_IMAGE:
        demand = DEMANDS[model]
        raise MediaError(
            f"{model} needs {demand.media}, and a still is none of it: use {demand.command},"
            f" or --model {Model.RGB_SINGLE_IMAGE}"
        )


def check_media(content: bytes) -> None:
    """Raises MediaError for what rgb-single-image can never judge, whatever it shows."""
    if _is_video(content):
        raise MediaError(f"it is a video, which {Model.RGB_SEQUENCE} judges, and no still")
    if content[:8] == PNG and content[24:26] == b"\x10\x00":  # 16 bits, one channel
        raise MediaError(
            f"it has one channel of 16 bits, as depth has, which {Model.DEPTH} judges;"
            f" {Model.RGB_SINGLE_IMAGE} needs colours"
        )


def _is_video(content: bytes) -> bool:
    if content[4:8] == b"ftyp":
        return content[8:12] not in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
    riff = content[:4] == b"RIFF" and content[8:12] == b"AVI "
    return riff or content[4:8] == b"moov" or content[:4] == b"\x1aE\xdf\xa3"
