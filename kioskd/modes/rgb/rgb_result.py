"""What an attempt of RGB liveness amounts to: its verdict and its scores."""

from statistics import fmean

from kioskd.event import LivenessState, Verdict
from models.schemes import Liveness

VERDICTS: dict[LivenessState, Verdict] = {
    "LIVENESS_CONFIRMED": "passed",
    "NOTLIVE_CONFIRMED": "failed",
    "LIVENESS_UNKNOWN": "undecided",
}
LIVENESS_CONFIRMED = "livenessConfirmed"  # what it says on the wire


class Tally:
    """The scores of the frames that one attempt counted, and what passive evidence spoke."""

    def __init__(self) -> None:
        self._scores: list[float] = []
        self._by_model: dict[str, list[float]] = {}

    def add(self, liveness: Liveness) -> None:
        if liveness.score is not None:
            self._scores.append(liveness.score)
        for model, score in liveness.by_model.items():
            self._by_model.setdefault(model, []).append(score)
        for evidence, share in liveness.against.items():
            self._by_model.setdefault(f"{evidence}_against", []).append(share)

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(self._scores)

    @property
    def means(self) -> dict[str, float]:
        return {model: round(fmean(scores), 4) for model, scores in self._by_model.items()}
