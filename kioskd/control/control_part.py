"""Puts together for the daemon what takes commands: over MQTT where that is asked for, and here."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kioskd.control.command_desk import CommandDesk
from kioskd.control.command_mqtt import CommandMqtt
from kioskd.control.command_socket import CommandSocket
from kioskd.control.control_settings import ControlSettings
from kioskd.control.socket_place import SOCKET, folder
from kioskd.delivery.incoming import Reader
from kioskd.delivery.wire import Topics
from kioskd.mqtt_requests import Publish
from kioskd.part import Part
from kioskd.worker import Worker


@dataclass(frozen=True, slots=True)
class Control:
    """The parts of the daemon that take commands, and who reads MQTT."""

    parts: tuple[Part, ...]
    readers: Mapping[str, Reader] = field(default_factory=dict)


class Troubles:
    """Several that may have one, told together as one problem."""

    def __init__(self, tell: Callable[[str | None], object]) -> None:
        self._tell, self._present = tell, dict[str, str]()
        self._lock = threading.Lock()

    def of(self, name: str) -> Callable[[str | None], None]:
        """By which one of them is told, or (None) over."""

        def told(sentence: str | None) -> None:
            with self._lock:
                self._present.pop(name, None)
                if sentence is not None:
                    self._present[name] = sentence
                self._tell("; ".join(self._present.values()) or None)

        return told


def control(
    settings: ControlSettings | None,
    topics: Topics,
    desk: CommandDesk,
    state_dir: Path,
    publish: Publish,
    trouble: Callable[[str | None], object],
) -> Control:
    """Ready to be started. Without settings commands come on this machine alone."""
    local = CommandSocket(folder(state_dir) / SOCKET, desk, trouble)
    if settings is None:
        return Control((local,))
    worker = Worker("commands", watched=False)
    asked = CommandMqtt(settings.token, topics, desk, publish, worker.later)
    return Control((worker, local), asked.readers)
