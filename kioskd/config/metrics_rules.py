"""The rules of the metrics: an address that is one, and a word on who reads them there."""

from collections.abc import Iterator
from ipaddress import ip_address

from kioskd.config.effective_values import Answers
from kioskd.config.problem import Problem, at_key, at_value, note
from kioskd.config.sentences import shown

AT = ("metrics",)
ADDRESS = (*AT, "address")
TOLD = (
    "lets whoever reaches it read how many come to each door and when; keep it to a network of"
    " your own and let a firewall admit Prometheus alone (docs/install/monitoring.md)"
)


def problems(ask: Answers) -> Iterator[Problem]:
    text = ask.text(*ADDRESS)
    if text is not None:
        try:
            reaches_others = not ip_address(text.partition("%")[0]).is_loopback
        except ValueError:
            yield at_value(ask.document, ADDRESS, f"is no address (found {shown(text)})")
        else:
            if reaches_others:
                yield note(ask.document, ADDRESS, TOLD)
    if ask.true(*AT, "enabled") and ask.true("page", "enabled") and _share_a_port(ask):
        where = (*AT, "port") if ask.set(*AT, "port") else (*AT, "enabled")
        yield at_key(ask.document, where, "is the page's port too; give each its own")


def _share_a_port(ask: Answers) -> bool:
    return ask.number(*AT, "port") == ask.number("page", "port")
