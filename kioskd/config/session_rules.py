"""The rules of sessions: who opens them shows a secret, and a door that waits for one gets it."""

from collections.abc import Iterator

from kioskd.config import secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.config.secrets import SecretError, Vault

AT = ("sessions",)
CLIENTS = (*AT, "clients")
LEAST_SECRET = 16  # characters: it can be tried over the network


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    enabled, clients = ask.true(*AT, "enabled"), _clients(ask)
    for client in clients:
        yield from _secret(ask, (*CLIENTS, client, "secret"), vault)
    if enabled and not clients:
        told = "needs clients: without one nobody can open a session"
        yield at_key(ask.document, (*AT, "enabled"), told)
    for door in ask.sections("doors"):
        at = ("doors", door, "arm")
        if ask.text(*at) == "session" and not enabled:
            yield at_value(ask.document, at, "needs sessions.enabled: this door would never open")


def _clients(ask: Answers) -> list[str]:
    node = ask.value.get("sessions")
    clients = node.get("clients") if isinstance(node, dict) else None
    return [name for name in clients if isinstance(name, str)] if isinstance(clients, dict) else []


def _secret(ask: Answers, path: tuple[str, ...], vault: Vault) -> Iterator[Problem]:
    yield from secret_rules.problems(ask, path, vault)
    try:
        filled = vault.filled(ask.text(*path) or "")
    except SecretError:
        return
    if 0 < len(filled) < LEAST_SECRET:
        told = f"must be a secret of at least {LEAST_SECRET} characters: it can be tried from afar"
        yield at_value(ask.document, path, told)
