"""A challenge and a sequence of them, as the rest of the daemon knows them."""

from collections.abc import Iterator
from dataclasses import replace

from kioskd.modes.challenges import reading
from kioskd.modes.challenges.challenge_mode import MODE, SEQUENCE_MODE, ChallengeMode
from kioskd.modes.challenges.challenge_phases import PROMPTS, TRANSITIONS
from kioskd.modes.challenges.challenge_settings import ChallengeSettings, SequenceSettings
from kioskd.modes.challenges.fraud import considered
from kioskd.modes.challenges.kinds import ACTIONS, ANGLES, UNWATCHED
from kioskd.modes.hidden import TOLD_OF
from kioskd.modes.join_spec import JOINED, LIMITS, with_joined
from kioskd.modes.spec import ACTING, Asked, Fault, ModeSpec, Needs, Place
from models.observation import Measure


def needs(settings: ChallengeSettings | SequenceSettings) -> Needs:
    kinds = frozenset(settings.actions) | considered(settings.unified)
    measured = ACTING | frozenset(reading.measures(kinds))
    if TOLD_OF & set(settings.actions):
        measured |= {Measure.COVER}
    turns = len(ANGLES & set(settings.actions))
    always = len(settings.actions) - turns < settings.length  # any that is drawn has a turn in it
    alone = always and not settings.always_joined
    return with_joined(measured, "none" if alone else settings.joined_with, settings.rgb)


def unwatched(ask: Asked) -> Iterator[Fault]:
    action, at = ask.text("challenge", "action") or "", ("challenge", "unified", "watch")
    if ask.true(*at) and action in UNWATCHED:
        text = f"{action} has no unified form; choose another action or leave this out"
        yield Fault(at, text, there=True)


def miscounted(ask: Asked) -> Iterator[Fault]:
    """A sequence asks for no action twice, and for no more than it has."""
    actions, length = ask.words("sequence", "actions"), ask.number("sequence", "length")
    if actions is None:
        return
    if twice := sorted({action for action in actions if actions.count(action) > 1}):
        text = f"must not name an action twice (found {' and '.join(twice)} again)"
        yield Fault(("sequence", "actions"), text)
    elif ask.text("sequence", "order") == "fixed" or length is None or length <= len(actions):
        return
    else:
        what = "length" if ask.set("sequence", "length") else "actions"
        text = f"length, {length:g}, must not be above the number of actions, {len(actions)}"
        yield Fault(("sequence", what), text)


def replays(ask: Asked) -> bool:
    """One action, the same for everybody: unless what it is joined with tells a screen."""
    joins = ask.text("challenge", "action") not in ANGLES
    return not (joins and ask.text("challenge", "joined_with") in ("rgb", "depth"))


CHALLENGE = ModeSpec(
    name=MODE,
    sentence="A challenge: a person does what is asked of everybody.",
    settings=ChallengeSettings(),
    sections={
        "challenge": Place("", "Which action is asked for, and what counts as done."),
        **JOINED,
    },
    make=ChallengeMode,
    needs=needs,
    actions=tuple(ACTIONS.values()),
    attributes=(frozenset({"challengeConfirmed"}),),
    table=TRANSITIONS,
    prompts=PROMPTS,
    orders=LIMITS,
    joins="challenge",
    replays=replays,
    faults=unwatched,
)
SEQUENCE = replace(
    CHALLENGE,
    name=SEQUENCE_MODE,
    sentence="A sequence of challenges: a person does several actions, in an order drawn by"
    " chance.",
    settings=SequenceSettings(),
    sections={
        "sequence": Place("", "Which actions are asked for, and what counts as done."),
        **JOINED,
    },
    actions=("sequenceChallenge",),
    joins="sequence",
    replays=lambda ask: ask.text("sequence", "order") == "fixed",
    faults=miscounted,
)
SPECS = (CHALLENGE, SEQUENCE)
