"""The rules of sessions: who opens them shows a secret, and a door that waits for one gets it."""

from collections.abc import Iterator

from kioskd.config import secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.config.secrets import Vault

AT = ("sessions",)
CLIENTS = (*AT, "clients")


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    enabled, clients = ask.true(*AT, "enabled"), _clients(ask)
    for client in clients:
        yield from secret_rules.of_a_client(ask, (*CLIENTS, client, "secret"), vault)
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
