"""How alarms are told."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PostSettings:
    """An address that alarms are posted to.

    url        https, or http on this machine; it may hold a secret, and is never shown
    token      shown as a bearer token; None: none
    ca         who vouches for the server, PEM; None takes the system's
    timeout_s  one request may take so long, from the connection to the answer
    per_hour   requests in any hour, the tried ones among them
    """

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    ca: Path | None = None
    timeout_s: float = 10.0
    per_hour: int = 30


@dataclass(frozen=True, slots=True)
class AlarmsSettings:
    """`post`: where else they are told than over MQTT, in the log and the metrics; or None."""

    post: PostSettings | None = None


POST = PostSettings("")
CERTIFICATE_DAYS = 30.0  # a certificate that ends within so many is told
