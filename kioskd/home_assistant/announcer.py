"""Tells Home Assistant what there is, and of what there is no more.

What was told is kept in the state folder, for a door may go while the daemon does not run: then the
next message names it once more, as one to be removed, which is how Home Assistant wants it.
"""

import json
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from kioskd import log
from kioskd.delivery import wire
from kioskd.home_assistant.device import Told, components, device, topic
from kioskd.home_assistant.home_assistant_settings import HomeAssistantSettings
from kioskd.private_file import replace_file

FILE = "home_assistant.json"
MOST = 500  # components that are remembered


class Broker(Protocol):
    """What is asked of delivery (kioskd/delivery/courier.py)."""

    def keep(self, topic: str, body: bytes) -> None: ...

    def clear(self, topic: str, then: Callable[[], object]) -> None: ...


class Announcer:
    """`announce` is called at the start, and again where doors have come or gone."""

    def __init__(self, path: Path, broker: Broker) -> None:
        self._path, self._broker = path, broker
        self._lock = threading.Lock()  # of the file

    def announce(self, settings: HomeAssistantSettings | None, told: Told) -> None:
        """Tell what there is now; without settings, that there is nothing any more."""
        present = None if settings is None else topic(settings.prefix, told)
        with self._lock:
            before = _read(self._path)
            gone: dict[str, str] = {}
            if present is not None:
                now = {name: str(one["platform"]) for name, one in components(told).items()}
                was = before.get(present, {})
                gone = {name: was[name] for name in [*was][:MOST] if name not in now}
                self._write({**before, present: {**now, **gone}})
        for stale in before.keys() - {present}:
            self._broker.clear(stale, partial(self._forget, stale))
        if present is not None:
            self._broker.keep(present, wire.encode(device(told, gone)))

    def _forget(self, stale: str) -> None:
        """The broker has nothing there any more."""
        with self._lock:
            rest = _read(self._path)
            rest.pop(stale, None)
            self._write(rest)

    def _write(self, told: dict[str, dict[str, str]]) -> None:
        try:
            if told:
                replace_file(self._path, json.dumps(told, indent=1).encode())
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            why = f"what Home Assistant was told cannot be kept ({error.strerror})"
            log.logger().warning(f"{why}: a door that goes may stay in it", file=FILE)


def _read(path: Path) -> dict[str, dict[str, str]]:
    """Platform by component, by topic; nothing where it cannot be read."""
    try:
        found: Any = json.loads(path.read_bytes())
        return {
            str(topic): {str(name): str(was) for name, was in told.items()}
            for topic, told in found.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        log.logger().warning("what Home Assistant was told is not known", detail=str(error))
        return {}
