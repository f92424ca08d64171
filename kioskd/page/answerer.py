"""Parts of the kiosk that answer requests over the page's server, by credentials of their own."""

from collections.abc import Mapping
from typing import Any, Protocol

Answer = tuple[int, dict[str, Any] | None]


class Answerer(Protocol):
    """One of them. It knows no web framework.

    bases    its addresses; all that lies below them is its own too
    largest  bytes of a request of somebody whom it knows
    """

    @property
    def bases(self) -> tuple[str, ...]: ...

    @property
    def largest(self) -> int: ...

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether somebody asks whom it lets ask: nobody else has a large request read."""
        ...

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Status and JSON; never raises for what was asked. On any thread."""
        ...

    def nothing_there(self, status: int) -> dict[str, Any]:
        """What is said of an address that cannot be one of its own; 404 or 405."""
        ...


def is_of(answerer: Answerer, path: str) -> bool:
    return any(path == base or path.startswith(f"{base}/") for base in answerer.bases)
