"""Presentations as the models might have seen them, with scores of a test's choice."""

from collections.abc import Sequence
from pathlib import Path

from kioskd.evaluation.dataset import Label, Presentation, Truth
from kioskd.evaluation.sight import Sighting
from models.observation import Face, HeadPose, ImageQuality, Observation
from models.schemes import Liveness
from tests.support.stage import PICTURE

BOX = (250.0, 150.0, 450.0, 350.0)  # of a frame of 700x600: room for every gate


def seen(number: int, score: float | None, fps: float = 10.0) -> Observation:
    """A frame whose one face every network gives this score; None: nobody is there."""
    face = Face(
        track_id=1,
        box=BOX,
        score=0.9,
        detected=True,
        quality=ImageQuality(0.8, 0.8, 0.5),
        change=1.0,
        picture=PICTURE,
        pose=HeadPose(0.0, 0.0, 0.0),
        centre_pose_quality=1.0,
        liveness=Liveness(
            None, dict.fromkeys(("texture", "context", "hybrid", "detail"), score or 0)
        ),
    )
    faces = () if score is None else (face,)
    return Observation("evaluate", number, 0, number / fps, 0.0, 700, 600, faces)


def sighting(
    label: Label,
    scores: Sequence[float | None],
    *,
    species: str = "",
    subject: str = "anna",
    source: str = "lab",
    name: str = "clip",
) -> Sighting:
    """A presentation with one frame per score."""
    truth = Truth(label, species, f"{source}/{subject}", source)
    files = tuple(Path(f"{name}{number}.png") for number in range(len(scores)))
    frames = tuple(seen(number, score) for number, score in enumerate(scores))
    return Sighting(Presentation(name, truth, files or (Path(f"{name}.mp4"),)), frames)
