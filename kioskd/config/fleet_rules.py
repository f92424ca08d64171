"""The rules of the road to a fleet's cluster."""

import re
from collections.abc import Iterator

from kioskd.config import broker_rules
from kioskd.config.config_keys import NODE
from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.config.secrets import Vault

AT = ("fleet",)
NODES = (*AT, "nodes")
_ALONE = ("tls", "username", "password", "password_file")
_NODE = re.compile(NODE)
_MAKES = "docs/install/fleet.md, Kiosks"
_RISK = "read what this kiosk records, and speak to the fleet in its place"


def problems(ask: Answers, vault: Vault) -> Iterator[Problem]:
    yield from broker_rules.problems(ask, vault, *AT)
    if not ask.set(*NODES):
        for key in (*_ALONE, *(["allow_insecure"] if ask.true(*AT, "allow_insecure") else [])):
            if ask.set(*AT, key):
                told = "needs nodes: without them nothing goes to a fleet"
                yield at_key(ask.document, (*AT, key), told)
        return
    said = ask.words(*NODES) or ()
    if not all(_NODE.fullmatch(node) for node in said):
        return  # that is said already
    nodes = [node_place(node, 0) for node in said]
    for host, port in nodes:
        if port > 65535:
            told = f"the port of {host} must be a number from 1 to 65535"
            yield at_value(ask.document, NODES, told)
    if far := [host for host, _ in nodes if not broker_rules.is_loopback(host)]:
        yield from broker_rules.exposed(ask, NODES, far[0], _RISK, _MAKES)


def node_place(node: str, port: int) -> tuple[str, int]:
    """Host and port of one, `port` where it names none."""
    host, colon, own = node.rpartition(":")
    if not colon or node.endswith("]"):
        host, own = node, ""
    return host.strip("[]"), int(own) if own else port
