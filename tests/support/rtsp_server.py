"""A network camera for tests, run by the system's Python (which has GStreamer's bindings).

    /usr/bin/python3 rtsp_server.py PORT [--login USER PASSWORD] [OPTION...]

Serves rtsp://127.0.0.1:PORT/camera, 320x240 at 25 frames per second. Every frame has the time
it was made at written into its top rows: milliseconds of the monotonic clock, which all
processes of a machine share, as its lowest 20 bits, each a block 16 pixels wide and 32 high,
highest first, white for 1. Below, stripes move. Prints "ready".
"""

import argparse
import random
import signal
import time

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

WIDTH, HEIGHT, BITS, STAMP_ROWS = 320, 240, 20, 32
# One thread and no slices: rtph264pay mixes up the slices of adjacent frames.
# Square pixels: left to itself, videoscale keeps the picture's aspect by stretching them.
SIZED = "video/x-raw,width={},height={},pixel-aspect-ratio=1/1"
ENCODERS = {
    "h264": (
        "x264enc speed-preset=ultrafast bitrate=1000 key-int-max={key} threads=1"
        " sliced-threads=false {order} ! video/x-h264,profile=main"
        " ! rtph264pay name={name} pt=96 config-interval=-1"
    ),
    "h265": (
        "x265enc speed-preset=ultrafast bitrate=1000 key-int-max={key} {order}"
        " ! h265parse config-interval=-1 ! rtph265pay name={name} pt=96 config-interval=-1"
    ),
}
ORDERS = {  # with B-frames an encoder holds images back, and sends them in another order
    ("h264", False): "tune=zerolatency",
    ("h264", True): "bframes=2 b-adapt=false rc-lookahead=0 sync-lookahead=0",
    ("h265", False): "tune=zerolatency option-string=pools=1:scenecut=0",
    ("h265", True): "option-string=bframes=2:b-adapt=0:rc-lookahead=3:pools=1:scenecut=0",
}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--login", nargs=2)
    parser.add_argument("--codec", choices=list(ENCODERS), default="h264")
    parser.add_argument("--then-h265", action="store_true", help="in the same stream, at SIGUSR1")
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--key-every", type=float, default=1.0, help="seconds between key frames")
    parser.add_argument("--b-frames", action="store_true")
    parser.add_argument("--no-key-first", action="store_true", help="nothing but its changes")
    parser.add_argument("--sizes", default=f"{WIDTH}x{HEIGHT}", help="in turn, by commas")
    parser.add_argument("--size-for", type=float, default=3.0, help="seconds of each size")
    parser.add_argument("--lose", type=float, default=0.0, help="share of packets that are lost")
    return parser.parse_args()


class Camera:
    """What one client, or the clients of a shared stream, are shown."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._dice = random.Random(1)
        self._turn = 0  # which size is shown
        self._codec = options.codec

    @property
    def launch(self) -> str:
        given = self._options
        caps = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={given.fps}/1"
        if given.then_h265 and self._codec == "h264":  # both are encoded, and one is sent
            encoder = (
                f"tee name=two two. ! queue ! {self._encoder('h264', 'first')} ! select.sink_0"
                f" two. ! queue ! {self._encoder('h265', 'second')} ! select.sink_1"
                " input-selector name=select sync-streams=false ! identity name=pay0"
            )
        else:
            encoder = self._encoder(self._codec, "pay0")
        width, height = given.sizes.split(",")[0].split("x")
        return (
            f"( appsrc name=source is-live=true format=time do-timestamp=true caps={caps}"
            f" ! videoscale ! capsfilter name=size"
            f" caps={SIZED.format(width, height)} ! {encoder} )"
        )

    def _encoder(self, codec: str, name: str) -> str:
        given = self._options
        key, order = round(given.fps * given.key_every), ORDERS[codec, given.b_frames]
        return ENCODERS[codec].format(name=name, key=key, order=order)

    def configure(self, factory: object, media: object) -> None:
        element = media.get_element()  # type: ignore[attr-defined]
        source = element.get_by_name("source")
        count = 0

        def push() -> bool:
            nonlocal count
            count += 1
            flow = source.emit("push-buffer", Gst.Buffer.new_wrapped(picture(count)))
            return bool(flow == Gst.FlowReturn.OK)

        GLib.timeout_add(1000 // self._options.fps, push)
        self._change_sizes(element.get_by_name("size"))
        if select := element.get_by_name("select"):
            self._change_codec(factory, select)
        pay = element.get_by_name("pay0")
        if self._options.no_key_first:
            pay.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, _after_first_key())
        if self._options.lose:
            kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
            pay.get_static_pad("src").add_probe(kinds, self._lost)

    def _change_codec(self, factory: object, select: object) -> None:
        """Sends H.265 once it is told to, in this stream and to whoever connects anew."""

        def change() -> bool:
            self._codec = "h265"
            factory.set_launch(self.launch)  # type: ignore[attr-defined]
            second = select.get_static_pad("sink_1")  # type: ignore[attr-defined]
            select.set_property("active-pad", second)  # type: ignore[attr-defined]
            return False

        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, change)

    def _change_sizes(self, size: object) -> None:
        """Shows the next size after a while, and stays there, whoever connects anew."""
        sizes = self._options.sizes.split(",")

        def show() -> None:
            width, height = sizes[self._turn].split("x")
            caps = Gst.Caps.from_string(SIZED.format(width, height))
            size.set_property("caps", caps)  # type: ignore[attr-defined]

        def change() -> bool:
            self._turn += 1
            show()
            return self._turn + 1 < len(sizes)

        if self._turn == 0 and len(sizes) > 1:
            GLib.timeout_add(int(1000 * self._options.size_for), change)
        show()

    def _lost(self, _pad: object, _info: object) -> object:
        lost = self._dice.random() < self._options.lose
        return Gst.PadProbeReturn.DROP if lost else Gst.PadProbeReturn.OK


def _after_first_key() -> object:
    """Leaves out the stream's first key frame."""
    seen = False

    def probe(_pad: object, info: object) -> object:
        nonlocal seen
        delta = info.get_buffer().has_flags(Gst.BufferFlags.DELTA_UNIT)  # type: ignore[attr-defined]
        if delta or seen:
            return Gst.PadProbeReturn.OK
        seen = True
        return Gst.PadProbeReturn.DROP

    return probe


def picture(count: int) -> bytes:
    now = int(time.monotonic() * 1000)
    stamp = b"".join(b"\xeb" * 16 if now >> bit & 1 else b"\x10" * 16 for bit in range(BITS)[::-1])
    stripes = bytes(64 + (x + 4 * count) % 128 for x in range(WIDTH))
    chroma = b"\x80" * (WIDTH * HEIGHT // 2)
    return stamp * STAMP_ROWS + stripes * (HEIGHT - STAMP_ROWS) + chroma


def permissions(role: str) -> object:
    granted = GstRtspServer.RTSPPermissions()
    granted.add_role(role)
    for permission in ("media.factory.access", "media.factory.construct"):
        granted.add_permission_for_role(role, permission, True)
    return granted


def guard(server: object, factory: object, user: str, password: str) -> None:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    factory.set_permissions(permissions("viewer"))  # type: ignore[attr-defined]
    server.set_auth(auth)  # type: ignore[attr-defined]


def main() -> None:
    options = parsed()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    camera = Camera(options)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(camera.launch)
    factory.set_shared(True)
    factory.connect("media-configure", camera.configure)
    server.get_mount_points().add_factory("/camera", factory)
    if options.login:
        guard(server, factory, *options.login)
    if server.attach(None) == 0:
        raise SystemExit("the port is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
