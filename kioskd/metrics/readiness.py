"""Whether the kiosk is well and, if not, why: what /healthz, /readyz and the health topic say."""

from collections.abc import Mapping

from feeds.state import FeedState
from kioskd.health import Obstacle
from kioskd.metrics.kiosk_state import KioskState


def stuck(state: KioskState) -> tuple[Obstacle, ...]:
    """Why the process itself is not well; nothing: it is."""
    problems = state.sources.problems()
    return tuple(Obstacle(code, problems[code]) for code in ("no_progress",) if code in problems)


def not_ready(state: KioskState) -> tuple[Obstacle, ...]:
    """Why not every door can be decided at and told; nothing: all are.

    A feed is fresh while it is online: it says itself when no frame came for its `stall_s`.
    """
    feeds = {judge.door: judge.feed.state for judge in state.judges}
    broker, rows = state.sources.connected(), state.rows_waiting
    return _not_ready(feeds, broker, rows is not None, state.sources.problems())


def _not_ready(
    feeds: Mapping[str, FeedState], connected: bool, readable: bool, problems: Mapping[str, str]
) -> tuple[Obstacle, ...]:
    found = [
        Obstacle("feed", f"{one.feed} is {one.phase}: {one.detail}", door)
        for door, one in feeds.items()
        if one.phase != "online"
    ]
    if not feeds:
        found.append(Obstacle("feed", "no door is watched"))
    if not connected:
        told = problems.get("broker", "no broker has acknowledged the connection yet")
        found.append(Obstacle("broker", told))
    if "audit" in problems or not readable:
        told = problems.get("audit", "the audit log cannot be read")
        found.append(Obstacle("audit", told))
    found += [Obstacle(code, problems[code]) for code in ("no_progress",) if code in problems]
    return tuple(found)
