"""The settings of the two windows of frames by which a person is live or not (confirm.py)."""

from dataclasses import dataclass
from typing import Annotated

from kioskd.modes.confirm import Rule
from kioskd.modes.setting import Number


@dataclass(frozen=True, slots=True)
class Windows:
    """The seed's settings of both, in its words. Scores and thresholds run from 0 to 1."""

    evaluate_liveness_over_n_frames: Annotated[
        int, Number(1, 100, "frames", "Frames in which to look for life.", "less")
    ] = 10
    evaluate_fake_over_n_frames: Annotated[
        int,
        Number(
            1,
            100,
            "frames",
            "Frames in which to look for an attack, after life was not found.",
            "neither",
        ),
    ] = 10
    minimum_confirmations_required: Annotated[
        float, Number(0.1, 1.0, "", "Ratio of the N frames that must agree.")
    ] = 0.6  # a ratio of a window's frames, not a count
    liveness_detection_threshold: Annotated[
        float, Number(0.1, 1.0, "", "A frame that scores this or more speaks for life.", "less")
    ] = 0.6
    fake_detection_threshold: Annotated[
        float,
        Number(
            0.0,
            1.0,
            "",
            "A frame that scores less than this speaks for an attack; not above"
            " liveness_detection_threshold.",
            "less",
        ),
    ] = 0.4

    def __post_init__(self) -> None:
        """Refuse what could confirm without evidence, whoever built these settings."""
        live, fake = self.liveness_detection_threshold, self.fake_detection_threshold
        if not 0.0 < self.minimum_confirmations_required <= 1.0:
            raise ValueError("minimum_confirmations_required must be above 0 and at most 1")
        if min(self.evaluate_liveness_over_n_frames, self.evaluate_fake_over_n_frames) < 1:
            raise ValueError("a window needs at least one frame")
        if not 0.0 <= fake <= live <= 1.0 or live == 0.0:
            raise ValueError("thresholds must keep 0 <= fake <= live <= 1, and live above 0")

    @property
    def rule(self) -> Rule:
        return self._rule(reuse_frames=False)

    def _rule(self, *, reuse_frames: bool) -> Rule:
        return Rule(
            live_frames=self.evaluate_liveness_over_n_frames,
            fake_frames=self.evaluate_fake_over_n_frames,
            minimum_confirmations=self.minimum_confirmations_required,
            live_threshold=self.liveness_detection_threshold,
            fake_threshold=self.fake_detection_threshold,
            reuse_frames=reuse_frames,
        )
