"""What an attempt of RGB liveness amounts to, as a Result."""

from statistics import fmean

from kioskd.event import LivenessState, Result, Verdict
from kioskd.modes.attempt import Attempt
from kioskd.modes.reasons import Reason
from models.observation import Liveness, Observation

VERDICTS: dict[LivenessState, Verdict] = {
    "LIVENESS_CONFIRMED": "passed",
    "NOTLIVE_CONFIRMED": "failed",
    "LIVENESS_UNKNOWN": "undecided",
}


class Tally:
    """The scores of the frames that one attempt counted."""

    def __init__(self) -> None:
        self._scores: list[float] = []
        self._by_model: dict[str, list[float]] = {}

    def add(self, liveness: Liveness) -> None:
        if liveness.score is not None:
            self._scores.append(liveness.score)
        for model, score in liveness.by_model.items():
            self._by_model.setdefault(model, []).append(score)

    @property
    def scores(self) -> tuple[float, ...]:
        return tuple(self._scores)

    @property
    def means(self) -> dict[str, float]:
        return {model: round(fmean(scores), 4) for model, scores in self._by_model.items()}

    def result(
        self,
        seen: Observation,
        attempt: Attempt,
        state: LivenessState,
        ended_by: tuple[Reason, ...],
        decisive: tuple[float, ...] | None,
        mode: str,
    ) -> Result:
        """The attempt's one result. `decisive`: the deciding window's scores, if one decided."""
        return Result(
            action="rgbLiveness",
            feed=seen.feed,
            mode=mode,
            track_id=attempt.track_id,
            attempt=attempt.number,
            verdict=VERDICTS[state],
            state=state,
            emits=state != "LIVENESS_UNKNOWN",
            attributes=attributes(VERDICTS[state], decisive or self.scores),
            started_at=attempt.started_at,
            decided_at=seen.at,
            captured_at=seen.wall_time,
            frames=attempt.frames,
            reasons=attempt.reasons(*ended_by),
            scores=self.means,
        )


def attributes(verdict: Verdict, scores: tuple[float, ...]) -> dict[str, str | float]:
    """As on the wire. `liveness` is the scores' mean, left out when no frame counted.

    An undecided attempt has none: it says neither "true" nor "false", not in the record either.
    """
    if verdict == "undecided":
        return {}
    liveness = {"liveness": round(fmean(scores), 4)} if scores else {}
    return {**liveness, "livenessConfirmed": "true" if verdict == "passed" else "false"}
