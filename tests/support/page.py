"""A page served as the daemon serves it, of doors whose frames a test tells."""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from feeds.frame import Frame, Intrinsics, Rig
from feeds.state import FeedState
from kioskd.config.load import Config, load
from kioskd.event import Step
from kioskd.happenings import FeedChanged, FrameJudged
from kioskd.page.page import Facts, page_part
from kioskd.page.page_settings import PageSettings
from kioskd.stream import Stream
from models.observation import Observation
from tests.support.broker import eventually
from tests.support.ports import free_port
from tests.support.stage import person

RIG = Rig(Intrinsics(640, 360, 500.0, 500.0, 320.0, 180.0))
CONFIG = """\
site: hq
device: lobby
mqtt: {broker: localhost}
feeds:
  main: {kind: usb, device: 0}
  side: {kind: usb, device: 1}
doors:
  main: {feed: main, mode: secure_access_rgb_liveness}
  side: {feed: side, mode: secure_access_smile}
"""


@dataclass
class Served:
    """A page that runs, and what it asked of the judges."""

    settings: PageSettings
    stream: Stream
    config: Config
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    troubles: list[str | None] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)
    number: int = 0

    def frame(
        self,
        door: str = "main",
        *,
        pixels: int = 360,
        depth: bool = False,
        step: Step | None = None,
    ) -> FrameJudged:
        """One frame with somebody in it, judged; what they look like is synthetic.

        depth  as a depth camera gives it, with all its eyes
        """
        self.number += 1
        at = 100.0 + self.number / 25
        color = np.full((pixels, pixels * 16 // 9, 3), 90 + self.number % 60, np.uint8)
        frame = Frame(door, self.number, 0, at, 1.7e9 + at, color)
        if depth:
            distances = np.full(color.shape[:2], 700, np.uint16)
            frame = replace(frame, rig=RIG, depth=distances, infrared=color[:, :, 0])
        seen = Observation(door, self.number, 0, at, frame.wall_time, 1280, 720, (person(),))
        judged = FrameJudged(door, frame, seen, step or Step("QUALITY"), at, at + 0.01, at + 0.02)
        self.stream.tell(judged)
        return judged

    def online(self, door: str = "main") -> None:
        self.stream.tell(FeedChanged(door, FeedState(door, "online", "", "gives images", 1.7e9)))

    def connection(self, timeout: float = 20.0) -> http.client.HTTPConnection:
        place = ("127.0.0.1", self.settings.port)
        if self.settings.certificate is None:
            return http.client.HTTPConnection(*place, timeout=timeout)
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(*place, timeout=timeout, context=trusting)

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body."""
        connection = self.connection()
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()
        finally:
            connection.close()

    def json(self, path: str, **more: Any) -> Any:
        status, _, body = self.ask(path, **more)
        assert status == 200, body
        return json.loads(body)

    @contextmanager
    def looking(self, path: str) -> Iterator["Viewer"]:
        """Somebody who reads a stream of events."""
        connection = self.connection()
        connection.request("GET", path)
        answer = connection.getresponse()
        try:
            yield Viewer(answer)
        finally:
            connection.close()
            answer.close()


@dataclass
class Viewer:
    """Reads one stream of events."""

    answer: http.client.HTTPResponse

    @property
    def status(self) -> int:
        return self.answer.status

    def next(self, wanted: str) -> Any:
        """The value of the next event of that name."""
        name = ""
        while True:
            line = self.answer.readline().decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: ") and name == wanted:
                return json.loads(line.removeprefix("data: "))


@contextmanager
def serving(
    folder: Path, settings: PageSettings | None = None, port: int | None = None
) -> Iterator[Served]:
    """A page at a free port, or at this one."""
    path = folder / "config.yaml"
    path.write_text(CONFIG, "utf-8")
    settings = replace(settings or PageSettings(), port=port or free_port())
    served = Served(settings, Stream(lambda sentence: None), load(path, {}))
    facts = Facts(
        config=lambda: "0" * 16,
        version="1.2.3",
        networks_on="cpu",
        model_version=lambda: "nets",
        connected=lambda: True,
        problems=lambda: served.problems,
        keeps_up=lambda door: 0.5,
        added={},
    )
    part = page_part(
        served.config,
        settings,
        facts,
        served.stream,
        lambda *asked: served.asked.append(asked),
        served.troubles.append,
    )
    part.start()
    try:
        eventually(lambda: served.troubles == [None])
        yield served
    finally:
        part.stop()
        part.join(10.0)
        assert not part.is_alive()
