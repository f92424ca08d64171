"""The rules of enrolled people: a key seals their file, and a door that needs them has it."""

from collections.abc import Iterator

from kioskd.config import secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.config.secrets import SecretError, Vault
from kioskd.signing.aes_gcm import KEY_BYTES, SealError, key_from

AT = ("people",)


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    enabled = ask.true(*AT, "enabled")
    for key in ("key", "old_key"):
        yield from _key(ask, (*AT, key), vault)
    yield from secret_rules.of_a_client(ask, (*AT, "token"), vault)
    if enabled and not ask.set(*AT, "key"):
        told = "needs key: what is kept of people is sealed, or not kept"
        yield at_key(ask.document, (*AT, "enabled"), told)
    for door in ask.sections("doors"):
        at = ("doors", door, "opens_to")
        if ask.text(*at) == "enrolled" and not enabled:
            yield at_value(ask.document, at, "needs people.enabled: this door would never open")


def _key(ask: Answers, path: tuple[str, ...], vault: Vault) -> Iterator[Problem]:
    yield from secret_rules.problems(ask, path, vault)
    try:
        filled = vault.filled(ask.text(*path) or "")
        if filled:
            key_from(filled)
    except SecretError:
        return
    except SealError:
        told = f"must be {KEY_BYTES} bytes in base64, as `openssl rand -base64 32` makes them"
        yield at_value(ask.document, path, told)
