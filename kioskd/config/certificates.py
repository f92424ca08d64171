"""The files of a broker's tls section: there, and holding what they should."""

from collections.abc import Iterator
from pathlib import Path

from kioskd.config import files
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.delivery import tls

Section = tuple[str, str]


def problems(ask: Answers, at: Section) -> Iterator[Problem]:
    """Of files that can be read; those that cannot are told elsewhere."""
    ca, own, key = (_readable(ask, at, name) for name in ("ca_file", "cert_file", "key_file"))
    try:
        if ca is not None and (wrong := tls.ca_fault(ca)):
            yield at_value(ask.document, (*at, "ca_file"), f"{ca.name} {wrong}")
        if own is not None and key is not None and (fault := tls.pair_fault(own, key)):
            file, wrong = fault
            name = "cert_file" if file == own else "key_file"
            yield at_value(ask.document, (*at, name), f"{file.name} {wrong}")
    except tls.TlsFileError as error:  # it went between two looks
        yield at_key(ask.document, at, str(error))


def _readable(ask: Answers, at: Section, name: str) -> Path | None:
    file = ask.file(*at, name)
    return None if file is None or files.wrong_file(file) else file
