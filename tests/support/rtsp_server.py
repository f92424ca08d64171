"""A network camera for tests, run by the system's Python (which has GStreamer's bindings).

    /usr/bin/python3 rtsp_server.py PORT [USER PASSWORD]

Serves rtsp://127.0.0.1:PORT/camera, 320x240 at 25 frames per second. Every frame has the time
it was made at written into its top rows: milliseconds of the monotonic clock, which all
processes of a machine share, as its lowest 20 bits, each a block 16 pixels wide and 32 high,
highest first, white for 1. Below, stripes move. Prints "ready".
"""

import sys
import time

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

WIDTH, HEIGHT, FPS, BITS, STAMP_ROWS = 320, 240, 25, 20, 32
CAPS = f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate={FPS}/1"
LAUNCH = (
    f"( appsrc name=source is-live=true format=time do-timestamp=true caps={CAPS} ! x264enc"
    f" tune=zerolatency speed-preset=ultrafast key-int-max={FPS} bitrate=1000"
    " threads=1 sliced-threads=false"  # rtph264pay mixes up the slices of adjacent frames
    " ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def picture(count: int) -> bytes:
    now = int(time.monotonic() * 1000)
    stamp = b"".join(b"\xeb" * 16 if now >> bit & 1 else b"\x10" * 16 for bit in range(BITS)[::-1])
    stripes = bytes(64 + (x + 4 * count) % 128 for x in range(WIDTH))
    chroma = b"\x80" * (WIDTH * HEIGHT // 2)
    return stamp * STAMP_ROWS + stripes * (HEIGHT - STAMP_ROWS) + chroma


def configure(_factory: object, media: object) -> None:
    source = media.get_element().get_by_name("source")  # type: ignore[attr-defined]
    count = 0

    def push() -> bool:
        nonlocal count
        count += 1
        flow = source.emit("push-buffer", Gst.Buffer.new_wrapped(picture(count)))
        return bool(flow == Gst.FlowReturn.OK)

    GLib.timeout_add(1000 // FPS, push)


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
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(LAUNCH)
    factory.set_shared(True)
    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory("/camera", factory)
    if len(sys.argv) > 2:
        guard(server, factory, sys.argv[2], sys.argv[3])
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
