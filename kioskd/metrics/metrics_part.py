"""Puts the metrics together: what is counted, what is read, and who serves it."""

import json
from collections.abc import Callable, Sequence
from http import HTTPStatus

from kioskd.config.config import Config
from kioskd.health import Obstacle
from kioskd.metrics.kiosk_state import KioskState
from kioskd.metrics.library import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)
from kioskd.metrics.metrics_server import Answer, MetricsServer
from kioskd.metrics.metrics_settings import MetricsSettings
from kioskd.metrics.readiness import not_ready, stuck
from kioskd.metrics.state_collector import StateCollector
from kioskd.metrics.tallies import Tallies
from kioskd.modes.catalogue import spec_of
from kioskd.stream import Stream


def metrics_part(
    config: Config,
    settings: MetricsSettings,
    state: KioskState,
    stream: Stream,
    trouble: Callable[[str | None], object],
) -> MetricsServer:
    """The part of the daemon that serves them; it listens to the stream from now on."""
    registry = CollectorRegistry()
    own_time = [door.name for door in config.doors if door.feed.has_own_time]
    modes = {door.name: spec_of(door.mode).name for door in config.doors}
    Tallies(registry, modes, own_time).listen(stream)
    registry.register(StateCollector(state))
    ProcessCollector(registry=registry)
    pages = {
        "/metrics": lambda: Answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST),
        "/healthz": lambda: _well("alive", stuck(state)),
        "/readyz": lambda: _well("ready", not_ready(state)),
    }
    return MetricsServer(settings, pages, trouble)


def _well(word: str, obstacles: Sequence[Obstacle]) -> Answer:
    status = HTTPStatus.SERVICE_UNAVAILABLE if obstacles else HTTPStatus.OK
    told = {word: not obstacles, "why": [_json(one) for one in obstacles]}
    return Answer(status, json.dumps(told, ensure_ascii=False).encode())


def _json(one: Obstacle) -> dict[str, str]:
    return {"code": one.code, **({"door": one.door} if one.door else {}), "detail": one.detail}
