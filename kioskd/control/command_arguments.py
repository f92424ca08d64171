"""What each command is asked with, as strict sections: one wrong key refuses all of it."""

from typing import Annotated

from kioskd.config.section import Field, Section, StringConstraints

MOST_DATE = 2**53  # a number that every JSON reader has whole

DoorName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Nothing(Section):
    """No more than the command's name."""


class OneDoor(Section):
    """One door."""

    door: DoorName = Field(description="The door's name in config.yaml.")


class OneFeed(Section):
    """One feed."""

    feed: DoorName = Field(description="The feed's name in config.yaml.")


class ChangeDoor(OneDoor):
    """A change of one door, and its date."""

    modified: int | None = Field(
        default=None,
        ge=1,
        le=MOST_DATE,
        description="The change's date, milliseconds since 1970; without it when it was asked for.",
    )


class DoorWanted(Section):
    """What is to be of a door."""

    enabled: bool = Field(description="Whether somebody may be decided on there.")


class ChangeDoors(Section):
    """The state of all doors as a whole, and its date."""

    doors: dict[DoorName, DoorWanted] = Field(
        min_length=1, max_length=1000, description="Every door of the kiosk, by its name."
    )
    modified: int | None = Field(
        default=None, ge=1, le=MOST_DATE, description="The date of all of it, as of one door."
    )
