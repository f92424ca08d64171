"""The doors' keys: one kind of door for each mode of the catalogue, made from what it says."""

from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal, Union

from kioskd.config.section import (
    Field,
    Name,
    Section,
    made,
    name,
    number,
    several,
)
from kioskd.config.sections import section
from kioskd.lockout_settings import LockoutSettings
from kioskd.modes.catalogue import SPECS
from kioskd.modes.spec import GateKeys, ModeSpec

LOCKOUT = LockoutSettings()
_FEW = r"^[^\n]{1,1000}$"
if TYPE_CHECKING:
    Several = str
else:
    Several = several(_FEW, {"type": "string"})


class Lockout(Section):
    """When the door is locked out after repeated attacks, whoever comes next."""

    attacks: int = number(
        LOCKOUT.attacks, 0, 100, "attacks", "So many within within_s lock it out; 0: never.", "more"
    )
    within_s: float = number(
        LOCKOUT.within_s, 1.0, 3600.0, "s", "The time in which they are counted.", "less"
    )
    first_s: float = number(
        LOCKOUT.first_s,
        1.0,
        3600.0,
        "s",
        "How long it is locked out the first time; each further time longer by as much.",
        "less",
    )
    most_s: float = number(
        LOCKOUT.most_s,
        1.0,
        86400.0,
        "s",
        "Never longer than this; after as long without one the first length holds again.",
        "less",
    )
    ended_by: Literal["time", "command"] = Field(
        default=LOCKOUT.ended_by,
        description="time: a lockout lasts as long as it lasts; command: somebody who has looked"
        " may end it sooner (docs/understand/modes.md, Lockout).",
        json_schema_extra={"x-looser": "command"},
    )


class Hours(Section):
    """When the door may open at all. While the kiosk's clock is in doubt it may not."""

    open: Several | None = Field(
        default=None,
        description="Hours of the week; none: always.",
        json_schema_extra={
            "x-form": "hours such as mon-fri 07:00-19:00, with commas between",
            "x-looser": "neither",
        },
    )
    closed_on: Several | None = Field(
        default=None,
        description="Days on which it stays shut, such as holidays.",
        json_schema_extra={
            "x-form": "dates such as 2026-12-25, with commas between",
            "x-looser": "neither",
        },
    )
    time_zone: str | None = Field(
        default=None,
        min_length=1,
        max_length=60,
        description="Of these times, such as Europe/Berlin; none: the machine's own.",
        json_schema_extra={"x-looser": "neither"},
    )


class Door(Section):
    """What doors of all modes share; each kind adds the sections of its mode."""

    feed: Name = name("Name of the feed that watches this door; one feed, one door.")
    arm: Literal["always", "session"] = Field(
        default="always",
        description="always: whoever comes is decided on; session: only while a session is open"
        " for this door (docs/connect/sessions.md).",
        json_schema_extra={"x-looser": "always"},
    )
    opens_to: Literal["anyone", "enrolled"] = Field(
        default="anyone",
        description="anyone: who is live; enrolled: who is live and enrolled, and may enter here"
        " now (docs/install/people.md).",
        json_schema_extra={"x-looser": "anyone"},
    )
    one_person: bool = Field(
        default=False,
        description="Compare the faces of all frames that count, so that one person is seen from"
        " the first to the last (docs/understand/challenges.md, The same person); always so where"
        " enrolled people or a session's are asked for.",
        json_schema_extra={"x-looser": "false"},
    )
    pause_s: float = number(
        0.0, 0.0, 300.0, "s", "Once it was told to open, it is not again for so long.", "neither"
    )
    hours: Hours = Field(default=Hours(), description="When the door may open at all.")
    lockout: Lockout = Field(
        default=Lockout(), description="When repeated attacks lock the door out."
    )
    if TYPE_CHECKING:
        mode: str
        gate: Section


@cache
def gate(keys: GateKeys) -> type[Section]:
    """The section of a gate, one for all modes that have it; the first of them gives its name."""
    owner = next(spec.name for spec in SPECS if spec.gate is keys)
    return section(f"{owner}_gate", keys.sentence, keys.defaults, keys.without, keys.highest)


def door(spec: ModeSpec) -> type[Section]:
    """The kind of door on which a mode decides."""
    inner = {"gate": (gate(spec.gate), "When a frame is fit to be evidence.")}
    for key, place in spec.sections.items():
        whole = getattr(spec.settings, place.field) if place.field else spec.settings
        made_of = section(f"{spec.name}_{key}", place.sentence, whole, place.without)
        inner[key] = (made_of, place.sentence)
    keys = {
        "mode": (Literal[spec.name], Field(description="What is asked of a person.")),
        **{
            key: (kind, Field(default=kind(), description=sentence))
            for key, (kind, sentence) in inner.items()
        },
    }
    return made(spec.name, spec.sentence, keys, Door)


if TYPE_CHECKING:
    AnyDoor = Door
else:
    AnyDoor = Annotated[Union[tuple(map(door, SPECS))], Field(discriminator="mode")]  # noqa: UP007
