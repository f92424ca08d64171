"""Everything that a network camera, and the way to it, can do to a kiosk.

A real RTSP server shows a clip of a live person over and over; behind the wire it is a camera.
"""

import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from threading import Event
from typing import Any

from feeds import imaging
from feeds.imaging import write_image
from tests.faults.bench import LIVE_FEED, Bench, bench
from tests.faults.findings import Findings
from tests.faults.rows import Asked, row
from tests.support import network_camera, rtsp
from tests.support.broker import eventually, program
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

_PACKET = 1400  # bytes, as RTP is sent
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
    loops: str = "ignore",
) -> Iterator[Door]:
    """`wanted`: more of its configuration; `loops`: of its feed."""
    shown = clip or over_and_over(asked.folder, LIVE, _PICTURES)
    place, port = (free_port(), shown), free_port()
    feeds = {LIVE_FEED: {"kind": "rtsp", "url": rtsp.url(port), "loops": loops}}
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


@row("camera-replayed")
def replayed(asked: Asked) -> Findings:
    """In the camera's place somebody plays some seconds of a live person, over and over."""
    with door(asked, loops="refuse") as made:
        kiosk = made.kiosk
        with kiosk.fault(lambda: _state(kiosk) == "looped"):
            pass  # it is one from the beginning: timed from the first event
        told = len(kiosk.seen.of("action"))
        time.sleep(8 * asked.long_s)
        if len(kiosk.seen.of("action")) > told:
            kiosk.found.short.append("an event came of what was known to be a loop")
        kiosk.weigh()
        kiosk.stop()
        return kiosk.count()


@row("camera-exchanged")
def exchanged(asked: Asked) -> Findings:
    """Another camera answers at the address, by a certificate of its own; then the first again."""
    away = Event()
    ours, other = (_certified(asked.folder, name) for name in ("ours", "other"))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*ours)
    pictures = [imaging.encoded(image, ".jpg") for image in images_of(LIVE, _PICTURES)]
    with network_camera.camera(lambda _: _shown(pictures, away), tls) as there:
        feed = {"kind": "http", "url": f"https://127.0.0.1:{there.port}/", "loops": "ignore"}
        with bench(asked.folder, {LIVE_FEED: feed}, behind_wire=False) as kiosk:
            kiosk.by_state = True
            kiosk.start()
            kiosk.weigh()
            with kiosk.fault(kiosk.sees_again, tries=True):
                tls.load_cert_chain(*other)
                away.set()
                eventually(lambda: not kiosk.sees_again())
                away.clear()
                eventually(lambda: _state(kiosk) == "camera_changed")
                with kiosk.unseen(0.0):
                    time.sleep(2 * asked.long_s)
                tls.load_cert_chain(*ours)
            kiosk.more(1)
            kiosk.weigh()
            kiosk.stop()
            return kiosk.count()


def _state(kiosk: Bench) -> object:
    """The newest reason that the feed gave."""
    return kiosk.seen.payloads("state")[-1].get("reason") if kiosk.seen.of("state") else None


def _shown(pictures: Sequence[bytes], away: Event) -> Iterator[bytes]:
    """Motion JPEG at 10 pictures a second, until the camera goes away."""
    kind = "multipart/x-mixed-replace; boundary=part"
    yield f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode()
    for picture in cycle(pictures):
        if away.wait(0.1):
            return
        head = f"--part\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
        yield head.encode() + picture + b"\r\n"


def _certified(folder: Path, name: str) -> tuple[Path, Path]:
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    command = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return certificate, key


@row("stream-bytes")
def stream_bytes(asked: Asked) -> Findings:
    """So many bytes of an attack's stream as asked are other ones, by ones and up to a packet's
    length in a row; then it is whole again.
    """
    clip = over_and_over(asked.folder, ATTACK, 100)
    with door(asked, clip, live=False) as made:
        with made.kiosk.fault(made.kiosk.sees_again, tries=True):
            made.wire.spoilt = 0.05
            for burst in cycle((1, _PACKET)):
                if made.wire.bytes_spoilt >= asked.times:
                    break
                made.wire.burst = burst
                time.sleep(1.0)
            made.wire.spoilt = 0.0
        made.kiosk.found.faults = made.wire.bytes_spoilt
        restarts = made.kiosk.daemon.log.count("feed offline")
        made.kiosk.found.said.append(f"the feed went offline {restarts} times")
        return made.ended()
