"""`kioskd try`: a camera, a page and verdicts without any configuration, until Ctrl-C."""

import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from feeds.installation import to_add
from feeds.local_cameras import cameras
from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.config.config import Config
from kioskd.config.problem import Problem
from kioskd.delivery.message_lines import follow
from kioskd.loopback import free_ports
from kioskd.modes.catalogue import BY_NAME
from kioskd.trial import onlooker
from kioskd.trial.any_camera import AnyCamera, CameraError, first, named
from kioskd.trial.trial_daemon import TrialDaemon, started
from kioskd.trial.verdict_line import verdict_line

START_S = 120.0  # to load the networks, on a busy machine
LIBRARIES = (*onlooker.LIBRARIES, "amqtt")
TRIAL = """\
THIS IS A TRIAL. Nothing here opens a door: the broker is inside kioskd, for this machine alone.
  camera  {camera}
  mode    {mode}
  page    {page}
"""
READY = "Stand before the camera; each verdict is a line. Ctrl-C ends the trial."
OVER = """
The trial is over, and nothing of it is left on the disk. To go on, `kioskd setup` writes the
configuration of a door."""


def run(camera: str | None, mode: str, *, browser: bool) -> int:
    """Judge until Ctrl-C. Exit status 1 if the daemon failed, 2 without a camera or library."""
    if mode not in BY_NAME:
        return _wrong(f"there is no mode {mode!r}; there are {', '.join(BY_NAME)}")
    if missing := onlooker.missing(LIBRARIES):
        return _wrong(f"this command needs {missing[0]}, which is not installed: {to_add('demo')}")
    try:
        chosen = first(cameras()) if camera is None else named(camera)
    except CameraError as error:
        return _wrong(str(error))
    os.environ.update(chosen.secrets)
    with _until_interrupted() as stop, tempfile.TemporaryDirectory(prefix="kioskd-try-") as folder:
        path = _written(Path(folder), chosen, mode)
        config = configuration(path, _without_place)
        _introduce(config, chosen, mode)
        with started(path) as daemon:
            well = _try(config, daemon, stop, browser=browser)
    if well:
        print(OVER)
    return OK if well else FAILED


def _wrong(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return WRONG


@contextmanager
def _until_interrupted() -> Iterator[threading.Event]:
    """An event that is set by Ctrl-C and the other signals that ask us to end."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    yield stop


def _written(folder: Path, camera: AnyCamera, mode: str) -> Path:
    """The trial's own config.yaml, with free ports."""
    broker, page = free_ports(2)
    settings = {
        "site": "trial",
        "device": "kiosk",
        "state_dir": "state",
        "mqtt": {"broker": "embedded", "port": broker},
        "feeds": {"camera": _unguarded(camera.feed)},
        "doors": {"door": {"mode": mode, "feed": "camera"}},
        "page": {"enabled": True, "port": page},
    }
    path = folder / "config.yaml"
    path.write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
    return path


def _without_place(problem: Problem) -> None:
    """Such as depth without such a camera; nobody wrote the file, so no line of it is named."""
    print(problem.text, file=sys.stderr)


def _introduce(config: Config, camera: AnyCamera, mode: str) -> None:
    page = config.page.url if config.page else ""
    print(TRIAL.format(camera=camera.shown, mode=mode, page=page), flush=True)


def _try(config: Config, daemon: TrialDaemon, stop: threading.Event, *, browser: bool) -> bool:
    """Until it is to end; False where the daemon ended by itself."""
    assert config.page is not None
    daemon.stop_when_it_ends(stop)
    is_served = daemon.wait_for(config.page.port, time.monotonic() + START_S, stop)
    if is_served and browser:
        onlooker.open_page(config.page.url)
    if not stop.is_set():
        print(READY, flush=True)
        _tell(config, stop)
    if daemon.process.poll():  # 0 is Ctrl-C, which the daemon hears too
        print(f"kioskd ended. Its log says why:\n{daemon.last_lines()}", file=sys.stderr)
        return False
    return True


def _tell(config: Config, stop: threading.Event) -> None:
    """Each verdict as a line."""
    before = None
    for message in follow(config.delivery, stop, as_json=True):
        letter = json.loads(message)
        line = verdict_line(letter["topic"], letter["payload"])
        if line is not None and line != before:  # this broker may deliver a message twice
            print(line, flush=True)
            before = line


def _unguarded(feed: dict[str, object]) -> dict[str, object]:
    """A trial opens no door, so any camera may stand there, and a clip may come again and again."""
    virtual = {"virtual": True} if feed["kind"] == "usb" else {}
    return {**feed, "loops": "ignore", "identity": "off", **virtual}
