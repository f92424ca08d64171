"""A picture by which somebody is enrolled: fit to be compared with, and of a living person.

It is held to the rules for references (reference_picture.py), and the networks that judge at a door
judge it too, so that nobody is enrolled from a photograph of a photograph. They make the same
errors as with a single frame (docs/measure/accuracy.md).
"""

from collections.abc import Collection, Sequence

from feeds.frame import ColorImage
from kioskd.identity import reference_picture
from kioskd.identity.gallery import MOST_LOOKS, Gallery
from kioskd.identity.matching import IDENTICAL
from kioskd.identity.people import Person
from kioskd.identity.reference_picture import (
    SENTENCES,
    NoReferenceError,
    Quality,
    Reference,
    person_in,
    reference_of,
)
from kioskd.modes.gate import picture_fault
from kioskd.modes.reasons import Reason
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.embedding import Embedding
from models.network_file import Role
from models.observation import Face, Measure
from models.perceive import needs
from models.schemes import LivenessPlan
from models.session import Networks

PLAN = RgbSettings().plan
MORE = frozenset({Measure.PICTURE, Measure.PASSIVE, Measure.LIVENESS})
RANKS: tuple[Quality, ...] = ("low", "medium", "high")


class NotEnrolledError(Exception):
    """Why somebody cannot be enrolled by a picture: a code, and a sentence."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def roles() -> frozenset[Role]:
    """The networks that look at pictures for enrolment."""
    return reference_picture.ROLES | needs(MORE, (PLAN.scheme,))


def enrolment(
    image: ColorImage, networks: Networks, least: Quality = "medium", plan: LivenessPlan = PLAN
) -> Reference:
    """The one living person in the picture. Raises NotEnrolledError, or NetworkError."""
    try:
        face = person_in(image, networks, MORE, plan)
        found = reference_of(image, face)
    except NoReferenceError as error:
        raise NotEnrolledError(error.fault, str(error)) from None
    hold_quality(found.reasons, found.quality, least)
    _hold_living(face, plan)
    return found


def hold_quality(reasons: Collection[str], quality: Quality, least: Quality) -> None:
    """Raises NotEnrolledError where a picture is worse than it may be."""
    if RANKS.index(quality) < RANKS.index(least):
        told = "; ".join(SENTENCES[reason] for reason in reasons)
        raise NotEnrolledError("quality", f"the picture is of {quality} quality: {told}")


def _hold_living(face: Face, plan: LivenessPlan) -> None:
    """What cannot be judged is not taken: it is neither living nor an attack."""
    wrong = Reason.NOT_MEASURED if face.picture is None else picture_fault(face.picture)
    score = None if face.liveness is None else face.liveness.score
    if wrong is not None or score is None:
        why = (wrong or Reason.SCORE_INVALID).sentence
        raise NotEnrolledError("not_judged", f"whether a person stood there cannot be told: {why}")
    if not score >= plan.live:
        told = f"it looks like a picture of a picture or screen ({score:.2f} of {plan.live:g})"
        raise NotEnrolledError("not_live", told)


def hold_one_person(looks: Sequence[Embedding], before: Sequence[Embedding]) -> None:
    """Raises NotEnrolledError where pictures are of two people, or too many.

    before  those that the person has already
    """
    whole = [*before, *looks]
    for number, look in enumerate(looks, start=1):
        if look.likeness(whole[0]) < IDENTICAL:
            told = "picture {} does not look like the same person as {}"
            other = "those enrolled before" if before else "the first"
            raise NotEnrolledError("another_person", told.format(number, other))
    if len(whole) > MOST_LOOKS:
        told = f"that makes {len(whole)} pictures of one person, and {MOST_LOOKS} are the most"
        raise NotEnrolledError("too_many", told)


def enrol(
    people: Gallery, person: Person, looks: Sequence[Embedding], *, twin: bool = False
) -> None:
    """Put somebody in, beside the looks that they have already. Raises NotEnrolledError, and then
    nothing is changed.

    twin  they may look like somebody else who is enrolled
    """
    before = people.looks(person.person_id)
    hold_one_person(looks, before)
    same = people.duplicates(person.person_id, looks, IDENTICAL)
    if same and not twin:
        told = f"{person.person_id} looks like {', '.join(same)}, who is enrolled already"
        raise NotEnrolledError("duplicate", told)
    people.add(person, [*before, *looks])
