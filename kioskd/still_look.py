"""One look at one still: references, enrolment and `kioskd inspect` all look so."""

from collections.abc import Collection
from dataclasses import replace

from feeds.frame import ColorImage, Frame
from models.observation import LivenessPlan, Measure, Observation, Wanted
from models.perceive import Perceiver, PerceptionSettings
from models.session import Networks

# One image is all that there is, so its face counts from the first detection on.
SETTINGS = replace(PerceptionSettings(), confirm=1, detector_long_side=640)


def look_at(
    image: ColorImage,
    networks: Networks,
    measures: Collection[Measure] = (),
    plan: LivenessPlan | None = None,
) -> Observation:
    """Who is there, largest first, and the first one measured. Raises NetworkError.

    What cannot be measured is None. `plan` goes with Measure.LIVENESS. Nothing of one image is left
    when the next is looked at; on any thread.
    """
    perceiver, frame = Perceiver(networks, SETTINGS), Frame("still", 0, 0, 0.0, 0.0, image)
    seen = perceiver.look(frame)
    if not seen.faces or not measures:
        return seen
    wanted = Wanted(seen.faces[0].track_id, frozenset(measures), plan)
    return perceiver.measure(frame, seen, wanted)
