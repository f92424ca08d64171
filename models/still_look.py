"""One look at one still: references, enrolment, `kioskd inspect` and `evaluate` all look so."""

from collections.abc import Collection
from dataclasses import replace

from feeds.frame import ColorImage, Frame
from models.observation import Measure, Observation, Wanted
from models.perceive import Perceiver, PerceptionSettings, Stages
from models.schemes import LivenessPlan
from models.session import Networks


def of_one_image(settings: PerceptionSettings) -> PerceptionSettings:
    """One image is all that there is, so its face counts from the first detection on."""
    return replace(settings, confirm=1)


SETTINGS = of_one_image(replace(PerceptionSettings(), detector_long_side=640))


def look_at(
    still: ColorImage | Frame,
    networks: Networks,
    measures: Collection[Measure] = (),
    plan: LivenessPlan | None = None,
    settings: PerceptionSettings = SETTINGS,
    stages: Stages | None = None,
) -> Observation:
    """Who is there, largest first, and the first one measured. Raises NetworkError.

    What cannot be measured is None. `plan` goes with Measure.LIVENESS. Nothing of one image is left
    when the next is looked at; on any thread. `stages` counts what it took.
    """
    perceiver = Perceiver(networks, of_one_image(settings), stages)
    frame = still if isinstance(still, Frame) else Frame("still", 0, 0, 0.0, 0.0, still)
    seen = perceiver.look(frame)
    if not seen.faces or not measures:
        return seen
    wanted = Wanted(seen.faces[0].track_id, frozenset(measures), plan)
    return perceiver.measure(frame, seen, wanted)
