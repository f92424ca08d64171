"""The rule of commands over MQTT: whoever gives one shows a secret."""

from collections.abc import Iterator

from kioskd.config import secret_rules
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key
from kioskd.config.secrets import Vault

AT = ("commands",)


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    yield from secret_rules.of_a_client(ask, (*AT, "token"), vault)
    if ask.true(*AT, "enabled") and not ask.set(*AT, "token"):
        told = "needs token: without one anybody on the broker could give commands"
        yield at_key(ask.document, (*AT, "enabled"), told)
