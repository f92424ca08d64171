"""Keys that hold a secret: it comes from outside the file, and can be had."""

from collections.abc import Iterator

from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_value, note
from kioskd.config.secrets import SecretError, Vault, without_braces

# not for everybody who may read the file
PRIVATE = ("password", "token", "screen_token", "secret", "key", "old_key")
LEAST_SECRET = 16  # characters: it can be tried over the network
BARE = (
    "a name with $ but without braces is taken as it stands; write ${NAME} for what is in the"
    " environment or a credential (docs/install/configuration.md, Secrets)"
)
PLAIN = (
    "a password stands here for all to read; use ${NAME} (docs/install/configuration.md, Secrets)"
)


def problems(ask: Answers, path: tuple[str, ...], vault: Vault) -> Iterator[Problem]:
    """What is wrong with a key that holds a secret, or lets it be read."""
    text = ask.text(*path)
    if text is None:
        return
    if without_braces(text):
        yield at_value(ask.document, path, BARE)
        return
    try:
        vault.filled(text)
    except SecretError as error:
        yield at_value(ask.document, path, str(error))
    if path[-1] in PRIVATE and text and "${" not in text:
        yield note(ask.document, path, PLAIN)


def of_a_client(ask: Answers, path: tuple[str, ...], vault: Vault) -> Iterator[Problem]:
    """As `problems`, of a secret that a program shows over the network."""
    yield from problems(ask, path, vault)
    try:
        filled = vault.filled(ask.text(*path) or "")
    except SecretError:
        return
    if 0 < len(filled) < LEAST_SECRET:
        told = f"must be a secret of at least {LEAST_SECRET} characters: it can be tried from afar"
        yield at_value(ask.document, path, told)
