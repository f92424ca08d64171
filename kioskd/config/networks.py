"""`perception.added_networks`: the site's own file of networks, read when the configuration is."""

from collections.abc import Iterator
from pathlib import Path

from kioskd.config import files
from kioskd.config.answers import Answers
from kioskd.config.problem import Problem, at_value, note
from models.added import read_added
from models.manifest import Added, NetworkError
from models.schemes import FUSED
from models.strict_yaml import MOST_BYTES

KEY = ("perception", "added_networks")


def problems(ask: Answers) -> Iterator[Problem]:
    file = ask.file(*KEY)
    if file is None:
        return
    try:
        added_networks(file)
    except NetworkError as error:
        yield at_value(ask.document, KEY, str(error))
        return
    schemes = [
        ask.text("doors", door, "rgb_liveness", "detection_scheme")
        for door in ask.sections("doors")
    ]
    if FUSED not in schemes:
        text = f"no door asks for {FUSED}, in which alone added networks count"
        yield note(ask.document, KEY, text)


def added_networks(file: Path) -> tuple[Added, ...]:
    """The networks that a site's file adds; raises NetworkError with a sentence."""
    try:
        return read_added(files.read(file, MOST_BYTES + 1), file)
    except files.FileError as error:
        raise NetworkError(f"{file} cannot be read ({error})") from error
