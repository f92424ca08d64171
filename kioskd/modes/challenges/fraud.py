"""Fraud watching: while one action is asked for, any other is an attempt at fraud."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kioskd.modes.challenges.challenge_settings import Extents, Unified
from kioskd.modes.challenges.extent import extent
from kioskd.modes.challenges.kinds import ANGLES, UNWATCHED, Challenge
from kioskd.modes.challenges.reading import Reading
from kioskd.modes.reasons import Reason

FRAUDS = dict.fromkeys(ANGLES, Reason.FRAUD_ANGLES) | {
    Challenge.MOUTH_OPENING: Reason.FRAUD_MOUTH,
    Challenge.EYEBROW_RAISE: Reason.FRAUD_EYEBROWS,
    Challenge.BLINK: Reason.FRAUD_EYES,
    Challenge.SMILE: Reason.FRAUD_SMILE,
}


def considered(settings: Unified) -> frozenset[Challenge]:
    """The actions that are watched for, whatever is asked."""
    groups = (
        (settings.consider_angles, ANGLES),
        (settings.consider_mouth, {Challenge.MOUTH_OPENING}),
        (settings.consider_eyebrows, {Challenge.EYEBROW_RAISE}),
        (settings.consider_eyes, {Challenge.BLINK}),
        (settings.consider_smile, {Challenge.SMILE}),
    )
    return frozenset().union(*(kinds for on, kinds in groups if on and settings.watch))


def watched(settings: Unified, asked: Challenge) -> frozenset[Challenge]:
    """The actions that are fraud while this one is asked for; none for a blink or an approach."""
    return considered(settings) - {asked} if asked not in UNWATCHED else frozenset()


def on_the_way_back(settings: Unified, done: Challenge, to_come: Challenge) -> frozenset[Challenge]:
    """The actions that are fraud between two. A head that swings back swings too far, and a face
    that relaxes passes through much: what is of the kind of the action before is none.
    """
    swings = ANGLES if done in ANGLES else FRAUDS.keys() - ANGLES
    return watched(settings, done) & watched(settings, to_come) - swings


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Since when each unasked action has been going on, seconds."""

    since: Mapping[Challenge, float] = field(default_factory=dict)

    def after(
        self, kinds: frozenset[Challenge], now: Reading, rest: Reading, extents: Extents, by: float
    ) -> "Suspicion":
        """With one more frame. `by`: the share of an action's extent from which it counts."""
        going = [kind for kind in kinds if not extent(kind, now, rest, extents) < by]
        return Suspicion({kind: self.since.get(kind, now.at) for kind in going})

    def proven(self, at: float, length_s: float) -> Reason | None:
        """The fraud that has gone on for long enough; the longest, if there are several."""
        found = [(since, kind) for kind, since in self.since.items() if at - since >= length_s]
        return FRAUDS[min(found)[1]] if found else None
