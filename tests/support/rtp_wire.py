"""Passes an RTSP camera's stream on with other times in it, or without its pictures.

    python rtp_wire.py PORT CAMERA_PORT once NUMBER SECONDS    one picture is off by so much
    python rtp_wire.py PORT CAMERA_PORT from NUMBER SECONDS    this one and all that follow
    python rtp_wire.py PORT CAMERA_PORT still NUMBER           all that follow have its time
    python rtp_wire.py PORT CAMERA_PORT hollow NUMBER          packets go on, without pictures
    python rtp_wire.py PORT CAMERA_PORT untold 0               no parameter sets in the description

Pictures are counted from 0 in each connection, and travel within it (RTSP over TCP).
"""

import re
import socket
import sys
from collections.abc import Callable
from threading import Thread

_RATE = 90_000  # ticks a second of the clock of video in RTP (RFC 6184, 7798)
_ASIDE = 6  # a unit of H.264 that is no picture: supplemental information
_INTERLEAVED = ord("$")  # RFC 2326, 10.12: "$", channel, length, an RTP packet
_TOLD = re.compile(rb"sprop-[a-z-]+=[^;\r]*")  # parameter sets (RFC 6184, 8.1; RFC 7798, 7.1)
Rule = Callable[[int, int, int], int]  # number and time of a picture, time of the one before


def _rule(what: str, number: str, seconds: str = "0") -> Rule:
    at, off = int(number), int(float(seconds) * _RATE)

    def changed(count: int, time: int, before: int) -> int:
        if what == "still":
            return time if count <= at else before
        wrong = count == at if what == "once" else what == "from" and count >= at
        return (time + off) % (1 << 32) if wrong else time

    return changed


def _unsaid(told: re.Match[bytes]) -> bytes:
    """As long, so that the length of the whole need not be mended."""
    return b"x-nothing=".ljust(len(told[0]), b"0")


class Times:
    """Rewrites what a camera sends, piece by piece."""

    def __init__(self, rule: Rule, hollow_from: int | None = None, untold: bool = False) -> None:
        self._rule = rule
        self._untold = untold
        self._hollow_from = hollow_from
        self._left = b""
        self._count = -1
        self._time: int | None = None  # of the last picture, as the camera gave it
        self._told = 0  # and as it was passed on

    def passed(self, piece: bytes) -> bytes:
        self._left += piece
        done = b""
        while (packet := self._next()) is not None:
            done += packet
        return done

    def _next(self) -> bytes | None:
        """What comes first and is whole: a packet, or text up to the next one."""
        if not self._left:
            return None
        if self._left[0] != _INTERLEAVED:
            end = self._left.find(b"$\x00")
            end = len(self._left) if end < 0 else end
        else:
            end = 4 + int.from_bytes(self._left[2:4], "big")
            if len(self._left) < max(end, 4):
                return None
        packet, self._left = self._left[:end], self._left[end:]
        if packet[:2] != b"$\x00":
            return _TOLD.sub(_unsaid, packet) if self._untold else packet
        head = packet[:8] + self._changed(packet[8:12])
        if self._hollow_from is not None and self._count >= self._hollow_from:
            return head + packet[12:16] + bytes([_ASIDE]) * (len(packet) - 16)
        return head + packet[12:]

    def _changed(self, word: bytes) -> bytes:
        time = int.from_bytes(word, "big")
        if time != self._time:
            self._count += 1
            self._time = time
            self._told = self._rule(self._count, time, self._told)
        return self._told.to_bytes(4, "big")


def main() -> None:
    port, target_port = int(sys.argv[1]), int(sys.argv[2])
    what, number, *seconds = sys.argv[3:]
    rule = _rule(what, number, *seconds)
    hollow_from = int(number) if what == "hollow" else None
    with socket.create_server(("127.0.0.1", port)) as listener:
        print("ready", flush=True)
        while True:
            client, _ = listener.accept()
            target = socket.create_connection(("127.0.0.1", target_port))
            Thread(target=_pass_on, args=(client, target, bytes), daemon=True).start()
            times = Times(rule, hollow_from, untold=what == "untold")
            Thread(target=_pass_on, args=(target, client, times.passed), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(change(piece))
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # either side has gone, and the other learns it by our closing
    finally:
        source.close()


if __name__ == "__main__":
    main()
