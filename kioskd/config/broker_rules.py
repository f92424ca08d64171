"""The rules of a section that names a broker: `mqtt` for the doors, and `fleet`."""

import re
from collections.abc import Iterator

from kioskd.config import certificates, files, secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value, note
from kioskd.config.secrets import SecretError, Vault, from_file
from kioskd.config.sentences import shown
from kioskd.config.yaml_document import Path

TLS_FILES = ("ca_file", "cert_file", "key_file")


def is_loopback(broker: str) -> bool:
    return broker.lower().strip("[]") in ("embedded", "localhost", "::1") or bool(
        re.fullmatch(r"127(\.\d{1,3}){3}", broker)
    )


def problems(ask: Answers, vault: Vault, section: str) -> Iterator[Problem]:
    """Of TLS and of who we are there; `exposed` is the section's own to ask."""
    if ask.written(section, "tls") and not ask.set(section, "tls"):
        text = "has nothing behind it; write tls: {} to trust the system's CAs, or remove it"
        yield at_key(ask.document, (section, "tls"), text)
    yield from _password(ask, vault, section)
    yield from _files(ask, section)


def exposed(
    ask: Answers, at: Path, found: str, risk: str, makes: str = "kioskd broker-kit makes them"
) -> Iterator[Problem]:
    """A broker on another machine: who may listen, and who may speak as this kiosk?

    at    the key that names it, and `found` what stands there
    risk  what anyone on the network could do
    makes what brings what is lacking
    """
    section, lacks = str(at[0]), []
    if not ask.set(section, "tls"):
        lacks.append("tls")
    proofs = (("password",), ("password_file",), ("tls", "cert_file"))
    if not any(ask.set(section, *proof) for proof in proofs):
        lacks.append("a password or a certificate")
    if not lacks:
        return
    what = f"a broker on another machine without {' and without '.join(lacks)}"
    if ask.true(section, "allow_insecure"):
        yield note(ask.document, at, f"{what}: anyone on the network could {risk}")
    else:
        need = ", and ".join(_CURES[lack] for lack in lacks)
        text = f"{what} is refused (found {shown(found)}); {need} ({makes})"
        yield at_value(ask.document, at, text)


_CURES = {
    "tls": "set tls",
    "a password or a certificate": "set username and password, or tls.cert_file",
}


def _password(ask: Answers, vault: Vault, section: str) -> Iterator[Problem]:
    if ask.set(section, "password") and ask.set(section, "password_file"):
        text = "stands beside password; keep one of the two"
        yield at_key(ask.document, (section, "password_file"), text)
    for key in ("username", "password"):
        yield from secret_rules.problems(ask, (section, key), vault)
    for key in ("password", "password_file"):
        if ask.set(section, key) and not ask.set(section, "username"):
            yield at_key(ask.document, (section, key), "needs a username beside it")
    if (file := ask.file(section, "password_file")) is not None:
        try:
            from_file(file, "the file")
        except SecretError as error:
            yield at_value(ask.document, (section, "password_file"), str(error))


def _files(ask: Answers, section: str) -> Iterator[Problem]:
    for key in TLS_FILES:
        path = (section, "tls", key)
        file = ask.file(*path)
        if file is not None and (wrong := files.wrong_file(file)):
            yield at_value(ask.document, path, f"{wrong} (found {shown(ask.text(*path) or '')})")
    yield from certificates.problems(ask, (section, "tls"))
    for key, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        if ask.set(section, "tls", key) and not ask.set(section, "tls", other):
            yield at_key(ask.document, (section, "tls", key), f"needs {other} beside it")
