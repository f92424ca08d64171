"""The files of mqtt.tls: there, and holding what they should."""

from collections.abc import Iterator
from pathlib import Path

from kioskd.config import files
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.delivery import tls

AT = ("mqtt", "tls")


def problems(ask: Answers) -> Iterator[Problem]:
    """Of files that can be read; those that cannot are told elsewhere."""
    ca, own, key = (_readable(ask, name) for name in ("ca_file", "cert_file", "key_file"))
    try:
        if ca is not None and (wrong := tls.ca_fault(ca)):
            yield at_value(ask.document, (*AT, "ca_file"), f"{ca.name} {wrong}")
        if own is not None and key is not None and (fault := tls.pair_fault(own, key)):
            file, wrong = fault
            name = "cert_file" if file == own else "key_file"
            yield at_value(ask.document, (*AT, name), f"{file.name} {wrong}")
    except tls.TlsFileError as error:  # it went between two looks
        yield at_key(ask.document, AT, str(error))


def _readable(ask: Answers, name: str) -> Path | None:
    file = ask.file(*AT, name)
    return None if file is None or files.wrong_file(file) else file
