"""Everything that a network camera, and the way to it, can do to a kiosk.

A real RTSP server shows a clip of a live person over and over; behind the wire it is a camera.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeds.imaging import write_image
from tests.faults.bench import LIVE_FEED, Bench, bench
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support import rtsp
from tests.support.broker import eventually
from tests.support.chaos_wire import ChaosWire, chaos_wire
from tests.support.clips import (
    again_and_again,
    at_changing_rates,
    images_of,
    rare_key_frames,
    repeated,
    still_video,
)
from tests.support.daemon import ATTACK, LIVE
from tests.support.ports import free_port

_PICTURES = 110  # of the live clip: 72 with a face, and then somebody has gone


@dataclass
class Door:
    """A kiosk with one network camera, which has seen somebody live."""

    kiosk: Bench
    camera: rtsp.Program
    wire: ChaosWire  # between the two
    place: tuple[int, Path]  # the camera's port, and what it shows

    def again(self) -> None:
        """The camera is switched on again."""
        self.camera = rtsp.Program(*rtsp.serving(*self.place))

    def ended(self) -> Findings:
        """Whole again, and counted."""
        eventually(self.kiosk.sees_again)
        self.kiosk.more(1)
        self.kiosk.weigh()
        self.kiosk.stop()
        return self.kiosk.count()


def over_and_over(folder: Path, clip: Path, pictures: int) -> Path:
    """For some minutes, at 10 pictures a second, a key frame each second."""
    once = again_and_again(clip, folder / "once.mp4", pictures, 1)
    return repeated(once, folder / "shown.mp4", 150)


@contextmanager
def door(
    asked: Asked,
    clip: Path | None = None,
    live: bool = True,
    wanted: Mapping[str, Any] | None = None,
) -> Iterator[Door]:
    """`wanted`: more of its configuration."""
    shown = clip or over_and_over(asked.folder, LIVE, _PICTURES)
    place, port = (free_port(), shown), free_port()
    feeds = {LIVE_FEED: {"kind": "rtsp", "url": rtsp.url(port), "loops": "ignore"}}
    with (
        ExitStack() as held,
        bench(asked.folder, feeds, behind_wire=False, more=wanted) as kiosk,
    ):
        camera = rtsp.Program(*rtsp.serving(*place))
        wire = held.enter_context(chaos_wire(port, place[0]))
        made = Door(kiosk, camera, wire, place)
        held.callback(lambda: made.camera.kill())
        kiosk.by_state = True
        kiosk.live_feeds = frozenset({LIVE_FEED} if live else ())
        kiosk.start()
        kiosk.weigh()
        yield made


@row("camera-killed")
def killed(asked: Asked) -> Findings:
    """The camera loses its power, for a moment and for longer."""
    with door(asked) as made:
        for long_s in (asked.long_s / 4, 2 * asked.long_s):
            with made.kiosk.fault(made.kiosk.sees_again, tries=True), made.kiosk.unseen():
                made.camera.kill()
                eventually(lambda: not made.kiosk.sees_again())
                time.sleep(long_s)
                made.again()
            made.kiosk.more(1)
        return made.ended()


@row("camera-stopped")
def stopped(asked: Asked) -> Findings:
    """The camera's program hangs (SIGSTOP), and goes on where it was."""
    with door(asked) as made:
        for long_s in (asked.long_s / 4, 3 * asked.long_s):
            with made.kiosk.fault(made.kiosk.sees_again, tries=True), made.kiosk.unseen():
                made.camera.freeze()
                time.sleep(long_s)
                made.camera.thaw()
            made.kiosk.more(1)
        return made.ended()


@row("camera-held")
def held(asked: Asked) -> Findings:
    """The wire keeps pictures back and then lets all of them come: they are of an earlier time."""
    with door(asked) as made:
        for long_s in (0.7, 0.9, asked.long_s / 2, 2 * asked.long_s):
            with made.kiosk.fault(made.kiosk.sees_again, tries=True), made.kiosk.unseen():
                made.wire.held = True
                time.sleep(long_s)
                made.wire.held = False
            made.kiosk.more(1)
        return made.ended()


@row("camera-slow")
def slow(asked: Asked) -> Findings:
    """A delay that grows: each piece of 16 kB takes longer than the one before."""
    with door(asked) as made:
        with made.kiosk.fault(made.kiosk.sees_again, tries=True):
            for step in range(40):
                made.wire.delay_s = 0.005 * step
                time.sleep(asked.long_s / 8)
            made.wire.delay_s = 0.0
        return made.ended()


@row("camera-half-open")
def half_open(asked: Asked) -> Findings:
    """Pictures vanish on their way, and nobody says so."""
    with door(asked) as made:
        with made.kiosk.fault(made.kiosk.sees_again, tries=True), made.kiosk.unseen():
            made.wire.swallowed = True
            time.sleep(3 * asked.long_s)
            made.wire.swallowed = False
            made.wire.cut()
        return made.ended()


@row("camera-cut")
def cut(asked: Asked) -> Findings:
    """The connection ends at both ends at a random moment, again and again."""
    with door(asked) as made:
        for number in range(max(2, asked.times // 200)):
            time.sleep(made.kiosk.dice.uniform(0.0, 2.0))
            with made.kiosk.fault(made.kiosk.sees_again, tries=True, before=number):
                made.wire.cut()
                eventually(lambda: not made.kiosk.sees_again())
        return made.ended()


@row("camera-key-frames")
def key_frames(asked: Asked) -> Findings:
    """A key frame comes every 6 s, and in between the connection ends or a packet is spoilt."""
    once = rare_key_frames(LIVE, asked.folder / "once.mp4", _PICTURES, 2)
    clip = repeated(once, asked.folder / "rare.mp4", 60)
    with door(asked, clip) as made:
        for number in range(2):
            with made.kiosk.fault(made.kiosk.sees_again, tries=True, before=number):
                made.wire.cut()
                eventually(lambda: not made.kiosk.sees_again())
            made.kiosk.more(1)
        made.kiosk.found.faults += 1
        made.wire.spoilt = 0.02
        time.sleep(3 * asked.long_s)
        made.wire.spoilt = 0.0
        return made.ended()


@row("camera-rate")
def rate(asked: Asked) -> Findings:
    """10, 3 and 20 pictures a second in one stream."""
    clip = at_changing_rates(LIVE, asked.folder / "rates.mp4", _PICTURES, 6)
    with door(asked, clip) as made:
        time.sleep(15 * asked.long_s)
        made.kiosk.found.faults += 2
        return made.ended()


@row("camera-frozen")
def frozen(asked: Asked) -> Findings:
    """A hung camera's encoder goes on sending one picture of a live person."""
    picture = asked.folder / "live.png"
    write_image(str(picture), images_of(LIVE, 31)[30])
    once = still_video(picture, asked.folder / "once.mp4", "2M")
    port, clip = free_port(), repeated(once, asked.folder / "still.mp4", 60)
    feeds = {LIVE_FEED: {"kind": "rtsp", "url": rtsp.url(port), "loops": "ignore"}}
    with rtsp.playing(port, clip), bench(asked.folder, feeds, behind_wire=False) as kiosk:
        kiosk.live_feeds = frozenset()
        kiosk.daemon.start()
        eventually(kiosk.sees_again)
        kiosk.found.faults += 1
        kiosk.weigh()
        time.sleep(8 * asked.long_s)
        kiosk.weigh()
        kiosk.stop()
        return kiosk.count()


@row("camera-size")
def size(asked: Asked) -> Findings:
    """The pictures change their size in the stream; stripes, with nobody in them (synthetic)."""
    port = free_port()
    feeds = {LIVE_FEED: {"kind": "rtsp", "url": rtsp.url(port), "loops": "ignore"}}
    sizes = ("--sizes", "320x240,640x480", "--size-for", str(3 * asked.long_s))
    with rtsp.camera(port, *sizes), bench(asked.folder, feeds, behind_wire=False) as kiosk:
        kiosk.live_feeds = frozenset()
        kiosk.daemon.start()
        eventually(kiosk.sees_again)
        kiosk.weigh()
        eventually(lambda: "picture_changed" in kiosk.daemon.log)
        with kiosk.fault(kiosk.sees_again, tries=True):
            pass  # it has happened: timed from when it was told
        kiosk.weigh()
        kiosk.stop()
        return kiosk.count()


@row("stream-bytes")
def stream_bytes(asked: Asked) -> Findings:
    """Bytes of an attack's stream are other ones, so often as asked; then it is whole again."""
    clip = over_and_over(asked.folder, ATTACK, 100)
    with door(asked, clip, live=False) as made:
        with made.kiosk.fault(made.kiosk.sees_again, tries=True):
            made.wire.spoilt = 0.05
            eventually(lambda: made.wire.pieces_spoilt >= asked.times, within=36000.0)
            made.wire.spoilt = 0.0
        made.kiosk.found.faults = made.wire.pieces_spoilt
        restarts = made.kiosk.daemon.log.count("feed offline")
        made.kiosk.found.said.append(f"the feed went offline {restarts} times")
        return made.ended()
