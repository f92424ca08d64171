"""Keys that hold a secret: it comes from outside the file, and can be had."""

from collections.abc import Iterator

from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_value, note
from kioskd.config.secrets import SecretError, Vault, without_braces

# not for everybody who may read the file
PRIVATE = ("password", "token", "screen_token", "secret", "key", "old_key")
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
