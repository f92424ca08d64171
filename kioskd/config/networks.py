"""`perception.added_networks`: the site's own file of networks, read when the configuration is."""

from collections.abc import Iterator
from pathlib import Path

from kioskd.config import files
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_value, note
from kioskd.config.strict_yaml import MOST_BYTES, read
from models import added
from models.added import Added
from models.network_file import NetworkError
from models.schemes import FUSED

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


def read_added(source: bytes, file: Path) -> tuple[Added, ...]:
    """The networks that stand in the file's content; raises NetworkError with a sentence."""
    document = read(source, str(file))
    for problem in document.problems:
        raise NetworkError(f"{file}:{problem.line}:{problem.column}: {problem.text}")
    return added.added_networks(document.value, file)
