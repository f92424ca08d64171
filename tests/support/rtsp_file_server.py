"""A network camera that shows files from their beginning to whoever connects.

    /usr/bin/python3 rtsp_file_server.py PORT FILE [FILE...] [--no-key-first]

Serves the first H.264 or (named so) H.265 file at rtsp://127.0.0.1:PORT/camera, the next ones at
/camera1 and so on, in the file's own time; with --no-key-first all but the first key frame.
Prints "ready". Run by the system's Python, which has GStreamer's bindings.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402


def after_first_key(media: object) -> None:
    """Leaves out the key frame of the beginning, which is read again when playing begins."""
    pay = media.get_element().get_by_name("pay0")  # type: ignore[attr-defined]

    def probe(_pad: object, info: object) -> object:
        buffer = info.get_buffer()  # type: ignore[attr-defined]
        is_key = not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)
        first = is_key and buffer.pts < Gst.SECOND
        return Gst.PadProbeReturn.DROP if first else Gst.PadProbeReturn.OK

    pay.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, probe)


def main() -> None:
    Gst.init(None)
    port, *files = (argument for argument in sys.argv[1:] if argument != "--no-key-first")
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    for number, file in enumerate(files):
        codec = "h265" if "h265" in file.rpartition("/")[2] else "h264"
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            f'( filesrc location="{file}" ! qtdemux ! {codec}parse'
            f" ! rtp{codec}pay name=pay0 pt=96 config-interval=-1 )"
        )
        if "--no-key-first" in sys.argv:
            factory.connect("media-configure", lambda _, media: after_first_key(media))
        server.get_mount_points().add_factory(f"/camera{number or ''}", factory)
    if server.attach(None) == 0:
        sys.exit("the port is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
