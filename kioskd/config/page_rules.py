"""The page's own rules: who may reach it must show a token, and its files must be what they say."""

from collections.abc import Iterator
from ipaddress import ip_address

from kioskd.config import files, secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value, note
from kioskd.config.secrets import SecretError, Vault, from_file
from kioskd.config.sentences import shown
from kioskd.delivery import tls

AT = ("page",)
TLS = ("page", "tls")
FILES = ((*AT, "token_file"), (*TLS, "cert_file"), (*TLS, "key_file"))


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    """Of a page that is not enabled too: somebody is about to enable it."""
    for key in ("token", "screen_token"):
        yield from secret_rules.problems(ask, (*AT, key), vault)
    yield from _tokens(ask)
    yield from _address(ask)
    yield from _certificate(ask)


def _tokens(ask: Answers) -> Iterator[Problem]:
    if ask.set(*AT, "token") and ask.set(*AT, "token_file"):
        yield at_key(ask.document, (*AT, "token_file"), "stands beside token; keep one of the two")
    if ask.set(*AT, "screen_token") and not _has_token(ask):
        text = "is of no use without token or token_file: the page is open to whoever reaches it"
        yield at_key(ask.document, (*AT, "screen_token"), text)
    if (file := ask.file(*AT, "token_file")) is not None:
        try:
            from_file(file, "the file")
        except SecretError as error:
            yield at_value(ask.document, (*AT, "token_file"), str(error))


def _has_token(ask: Answers) -> bool:
    return ask.set(*AT, "token") or ask.set(*AT, "token_file")


def _address(ask: Answers) -> Iterator[Problem]:
    text = ask.text(*AT, "address")
    if text is None:
        return
    try:
        reaches_others = not ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        yield at_value(ask.document, (*AT, "address"), f"is no address (found {shown(text)})")
        return
    if not reaches_others:
        return
    if not _has_token(ask):
        wrong = "lets others see the camera's picture; set token or token_file, or leave it out"
        yield at_value(ask.document, (*AT, "address"), wrong)
    if not ask.set(*TLS, "cert_file"):
        told = "the picture and the token cross the network unencrypted; set tls"
        yield note(ask.document, (*AT, "address"), told)


def _certificate(ask: Answers) -> Iterator[Problem]:
    for key, other in (("cert_file", "key_file"), ("key_file", "cert_file")):
        path = (*TLS, key)
        if ask.set(*path) and not ask.set(*TLS, other):
            yield at_key(ask.document, path, f"needs {other} beside it")
        file = ask.file(*path)
        if file is not None and (wrong := files.wrong_file(file)):
            yield at_value(ask.document, path, f"{wrong} (found {shown(ask.text(*path) or '')})")
    own, key_file = (ask.file(*TLS, name) for name in ("cert_file", "key_file"))
    if own is None or key_file is None or files.wrong_file(own) or files.wrong_file(key_file):
        return
    try:
        if fault := tls.pair_fault(own, key_file):
            name = "cert_file" if fault[0] == own else "key_file"
            yield at_value(ask.document, (*TLS, name), f"{fault[0].name} {fault[1]}")
    except tls.TlsFileError as error:  # it went between two looks
        yield at_key(ask.document, TLS, str(error))
