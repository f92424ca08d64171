"""The rules of the alarms: an address that nobody on the way can read, and files that are there."""

from collections.abc import Iterator
from ipaddress import ip_address

from kioskd.alarms.post import place
from kioskd.config import files, secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.config.secrets import SecretError, Vault
from kioskd.config.sentences import shown
from kioskd.delivery import tls

AT = ("alarms",)
URL, CA = (*AT, "url"), (*AT, "ca_file")


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    yield from secret_rules.problems(ask, URL, vault)
    yield from secret_rules.problems(ask, (*AT, "token"), vault)
    if wrong := _url_fault(ask.text(*URL), vault):
        yield at_value(ask.document, URL, wrong)
    for key in ("token", "ca_file"):
        if ask.set(*AT, key) and not ask.set(*URL):
            yield at_key(ask.document, (*AT, key), "is of no use without url beside it")
    yield from _ca(ask)


def _url_fault(typed: str | None, vault: Vault) -> str:
    """Without a word of the address: it may be a secret."""
    if typed is None:
        return ""
    try:
        where = place(vault.filled_address(typed))
    except SecretError:
        return ""  # told already
    except ValueError as error:
        return str(error)
    if not where.encrypted and not _is_here(where.host):
        return "must be https://: over http:// anyone on the way reads and changes what is told"
    return ""


def _is_here(host: str) -> bool:
    """A name that only begins with 127. may lead anywhere."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ca(ask: Answers) -> Iterator[Problem]:
    if (file := ask.file(*CA)) is None:
        return
    try:
        wrong = files.wrong_file(file)
        if wrong:
            yield at_value(ask.document, CA, f"{wrong} (found {shown(ask.text(*CA) or '')})")
        elif wrong := tls.ca_fault(file):
            yield at_value(ask.document, CA, f"{file.name} {wrong}")
    except tls.TlsFileError as error:  # it went between two looks
        yield at_key(ask.document, CA, str(error))
