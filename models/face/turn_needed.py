"""How a camera hangs, judged by the faces that it shows."""

from feeds.frame import ColorImage
from feeds.imaging import turned
from models.face.faces import Detector

QUARTERS = (0, 90, 180, 270)
CERTAIN = 0.8  # score from which a face says how a picture hangs; an upright one has 0.87 or more


def turn_needed(image: ColorImage, detector: Detector) -> int | None:
    """By how many degrees clockwise an image must be turned so that faces in it stand upright.

    One of QUARTERS: the turn at which the detector likes a face best. None where it is certain of
    none. Raises NetworkError.
    """
    best, needed = CERTAIN, None
    for quarter in QUARTERS:
        for face in detector.find(turned(image, quarter)):
            if face.score >= best:
                best, needed = face.score, quarter
    return needed
