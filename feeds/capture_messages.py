"""What a feed and its capture process tell each other, as JSON, one line each.

The orders travel through the child's standard input and not its command line, which every
user of the machine can read and which therefore must not carry a camera's password.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from feeds.feed_settings import (
    FeedSettings,
    FileSource,
    RealSenseSource,
    RecordingSource,
    Source,
    StreamSource,
    UsbSource,
)

_KINDS: dict[str, type[Source]] = {
    "usb": UsbSource,
    "stream": StreamSource,
    "file": FileSource,
    "realsense": RealSenseSource,
    "recording": RecordingSource,
}


@dataclass(frozen=True, slots=True)
class Orders:
    """All that a capture process must know. The three fds are inherited.

    session     of the first images; number of the first image
    not_before  when the newest frame of those before was captured, monotonic seconds
    """

    settings: FeedSettings
    slot_fd: int
    bell_fd: int
    control_fd: int
    parent_pid: int
    session: int
    number: int
    not_before: float


@dataclass(frozen=True, slots=True)
class Message:
    """What a capture process says of itself.

    opened    the source is open; patience_s: stalled if nothing fresh comes for so long;
              facts: which camera it is (hardware.py)
    fault     the process ends itself: why, as a code and a sentence without secrets
    finished  the file ended and is not to be repeated
    """

    what: Literal["opened", "fault", "finished"]
    code: str = ""
    detail: str = ""
    patience_s: float = 0.0
    facts: Mapping[str, str] = field(default_factory=dict)


def orders_line(orders: Orders) -> bytes:
    fields = asdict(orders)
    fields["settings"]["source"]["kind"] = _kind(orders.settings.source)
    return json.dumps(fields).encode() + b"\n"


def read_orders(line: bytes) -> Orders:
    fields = json.loads(line)
    settings = fields.pop("settings")
    source = settings.pop("source")
    kind = _KINDS[source.pop("kind")]
    return Orders(settings=FeedSettings(source=kind(**source), **settings), **fields)


def message_line(message: Message) -> bytes:
    return json.dumps(asdict(message)).encode() + b"\n"


def read_message(line: bytes) -> Message:
    return Message(**json.loads(line))


def _kind(source: Source) -> str:
    return next(name for name, kind in _KINDS.items() if isinstance(source, kind))
