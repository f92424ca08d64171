"""`kioskd broker-kit`: what a mosquitto broker for doors needs, and what is to be done with it."""

from pathlib import Path

from kioskd.broker_kit.authority import AuthorityError
from kioskd.broker_kit.kit import Asked, next_steps, write
from kioskd.broker_kit.plan import PlanError
from kioskd.commands.configuration import OK, WRONG


def run(folder: Path, asked: Asked, owner: str) -> int:
    """Write the kit and say what is to be done with it. Exit status 0, or 2 with a sentence."""
    try:
        print(next_steps(folder.absolute(), *write(folder, asked, owner), owner))
    except (PlanError, AuthorityError) as error:
        print(f"broker-kit: {error}")
        return WRONG
    except OSError as error:
        print(f"broker-kit: {error.filename or folder}: {error.strerror}")
        return WRONG
    return OK
