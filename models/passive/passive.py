"""What passive evidence comes to: each measure on its own scale, and what all weigh together.

The rule is one that can be said in a sentence: each measure takes up to MOST_OF_ONE from the
frame's log-odds for life, in proportion to how far it lies between its LIMIT and its CLEAR, and all
together take up to MOST. They weigh alike, since sources are too few to fit weights to; none can
add, so that what cannot be told, or was not measured, never speaks for life.
"""

from collections.abc import Mapping, Sequence

from feeds.frame import ColorImage, Frame
from models.observation import Box, Face
from models.passive import background, edges, moving, screens
from models.schemes import Passive

MOST_OF_ONE = 2.0  # log-odds, what a network's score of 0.12 says against life
MOST = 4.0
SCALES: Mapping[str, tuple[float, float]] = {
    "edges": (edges.LIMIT, edges.CLEAR),
    "grid": (screens.LIMIT, screens.CLEAR),
    "bands": (screens.BANDS_LIMIT, screens.BANDS_CLEAR),
    "background": (background.LIMIT, background.CLEAR),
    "company": (moving.COMPANY_LIMIT, moving.COMPANY_CLEAR),
    "planar": (moving.PLANAR_LIMIT, moving.PLANAR_CLEAR),
}


class Place:
    """The room before one feed's camera, and who is in it. Not thread-safe."""

    def __init__(self) -> None:
        self._background = background.BackgroundMeter()
        self._of: tuple[int, int] | None = None  # session and number of the frame looked at last,
        self._boxes: tuple[Box, ...] = ()  # and the faces in it

    def look(self, frame: Frame, small: ColorImage, faces: Sequence[Face]) -> None:
        """At a frame as a whole, with whoever is in it: once for each."""
        self._of = frame.session, frame.number
        self._boxes = tuple(face.box for face in faces)
        scale = frame.color.shape[1] / small.shape[1]
        self._background.look(small, scale, frame.captured_at, frame.session, self._boxes)

    def missing(self, frame: Frame, small: ColorImage, box: Box) -> float | None:
        """As `BackgroundMeter.measure`, of a face in the frame that was looked at last.

        It changes nothing: whoever asks, the room stays as it is known.
        """
        if self._of != (frame.session, frame.number):
            return None
        scale = frame.color.shape[1] / small.shape[1]
        others = [other for other in self._boxes if other != box]
        return self._background.measure(small, scale, box, others)


class PassiveMeter:
    """Measures what there is of passive evidence about the faces of one feed. Not thread-safe."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._edges = edges.EdgeMeter()
        self._grid, self._bands = screens.GridMeter(), screens.BandMeter()
        self._company, self._planar = moving.CompanyMeter(), moving.PlanarMeter()

    def measure(self, frame: Frame, small: ColorImage, face: Face) -> Passive:
        """Of one face of a frame; call it once per frame. `small` is the frame's small copy.

        Without a look of the place at this frame and those before, nothing is known of the
        background.
        """
        scale = frame.color.shape[1] / small.shape[1]
        at, session = frame.captured_at, frame.session
        box, track = face.box, face.track_id
        found = {
            "edges": self._edges.measure(small, scale, box, track, session, at),
            "grid": self._grid.measure(frame.color, box, track, session),
            "bands": self._bands.measure(small, scale, box, track, session, at),
            "background": self._place.missing(frame, small, box),
            "company": self._company.measure(small, scale, box, track, session, at),
            "planar": self._planar.measure(frame.color, small, box, track, session, at),
        }
        return weighed(found)


def weighed(values: Mapping[str, float | None]) -> Passive:
    """The measures, each a key of SCALES, and what they weigh."""
    shares = {name: share(name, value) for name, value in values.items()}
    return Passive(values, shares, min(MOST, MOST_OF_ONE * sum(shares.values())))


def share(name: str, value: float | None) -> float:
    """0..1: how much of a measure's weight counts; 0 where it cannot be told."""
    limit, clear = SCALES[name]
    if value is None or not value > limit:  # NaN says nothing
        return 0.0
    return min(1.0, (value - limit) / (clear - limit))
