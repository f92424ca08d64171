"""One frame's conversation between a mode and what measures: here is the only driver of it.

A mode says one by one, cheapest first, what it wants to have measured, and is given what could be;
so a frame that the gate refuses costs no network. The judge, the evaluation and the tests all
drive the modes by `drive`.
"""

from collections.abc import Callable, Generator
from typing import Protocol, TypeVar

from kioskd.event import Step
from models.observation import Face, Measure, Observation, Wanted
from models.schemes import LivenessPlan

T = TypeVar("T")
Conversation = Generator[Wanted, Observation, T]  # asks, is answered, and comes to a T
Measuring = Callable[[Observation, Wanted], Observation]


class Mode(Protocol):
    """A pure state machine over observations of one feed: no clock, no thread, no I/O."""

    def step(self, seen: Observation) -> Conversation[Step]:
        """What one frame comes to. Nothing happens until it is driven, and that to its end."""
        ...


def drive(mode: Mode, seen: Observation, measure: Measuring) -> tuple[Observation, Step]:
    """Leads the mode through one frame; what was seen of it in the end, and what the mode says."""
    return answered(mode.step(seen), seen, measure)


def answered(
    conversation: Conversation[T], seen: Observation, measure: Measuring
) -> tuple[Observation, T]:
    """What was seen in the end, and what the conversation came to."""
    try:
        wanted = next(conversation)
        while True:
            seen = measure(seen, wanted)
            wanted = conversation.send(seen)
    except StopIteration as end:
        return seen, end.value


def settled(conversation: Conversation[T], seen: Observation) -> T:
    """What a conversation comes to where nothing more can be measured."""
    return answered(conversation, seen, lambda seen, _: seen)[1]


def ask(face: Face, measure: Measure, plan: LivenessPlan | None = None) -> Conversation[Face]:
    """The face with a measure made of it, which is None where it could not be made.

    It is asked for once: what cannot be measured now cannot be by asking again. `plan` goes with
    Measure.LIVENESS.
    """
    if face.has(measure):
        return face
    seen = yield Wanted(face.track_id, frozenset({measure}), plan)
    return next(each for each in seen.faces if each.track_id == face.track_id)
