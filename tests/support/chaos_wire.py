"""A wire to a broker or a camera on which everything that goes wrong with wires can be had.

It passes TCP connections on, from a port of its own to another one, both on 127.0.0.1, and keeps
little to itself: what it holds back waits in kernels, and is lost with its connection, as it is on
a real network.
"""

import random
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_PIECE = 16_384  # bytes
_LOOK_S = 0.02
_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is closed says so at once, and sends no rest


@dataclass
class ChaosWire:
    """Set what it does, at any time.

    delay_s    each piece comes so much later
    held       nothing gets through; it waits, and comes when this ends
    swallowed  what comes is thrown away, and nobody hears of it: half-open
    closed     nobody can connect
    spoilt     share of the pieces from the target in which bytes are other ones
    burst      so many bytes in a row at most, of each piece that is spoilt
    """

    port: int
    target_port: int
    delay_s: float = 0.0
    held: bool = False
    swallowed: bool = False
    closed: bool = False
    spoilt: float = 0.0
    burst: int = 1
    bytes_spoilt: int = 0
    connections: int = 0
    _cut_after: int | None = None  # bytes to the target
    _pairs: list["_Pair"] = field(default_factory=list)
    _dice: random.Random = field(default_factory=lambda: random.Random(1))

    def cut(self) -> None:
        """Every connection ends at once, at both ends, as when a router forgets it."""
        for pair in list(self._pairs):
            pair.end()

    def cut_after(self, count: int) -> None:
        """The next connections end when so many more bytes have gone to the target."""
        self._cut_after = count

    def take(self, client: socket.socket) -> None:
        self.connections += 1
        try:
            if self.closed:
                raise ConnectionRefusedError
            target = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
        except OSError:
            _reset(client)
            return
        target.settimeout(None)
        pair = _Pair(client, target)
        self._pairs.append(pair)
        for source, sink in ((client, target), (target, client)):
            threading.Thread(target=self._pass_on, args=(pair, source, sink), daemon=True).start()

    def _pass_on(self, pair: "_Pair", source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError, ValueError):  # the other side's thread may have closed both
            while self._ready(source) and (piece := source.recv(_PIECE)):
                if self.delay_s:
                    time.sleep(self.delay_s)
                if not self._ready(source, even_empty=True):
                    break
                if not self.swallowed:
                    self._send(piece, sink, outwards=sink is pair.target)
        pair.end()
        with suppress(ValueError):
            self._pairs.remove(pair)

    def _ready(self, source: socket.socket, even_empty: bool = False) -> bool:
        """Waits until the wire lets something through; whether its sender is still there."""
        watch = select.poll()
        watch.register(source, select.POLLIN)
        while self.held or not even_empty:
            found = watch.poll(1000 * _LOOK_S)
            if found and found[0][1] & _GONE:
                return False
            if found and not self.held:
                return True
            if self.held:
                time.sleep(_LOOK_S)
        return True

    def _send(self, piece: bytes, sink: socket.socket, outwards: bool) -> None:
        if outwards and self._cut_after is not None:
            if len(piece) >= self._cut_after:
                sink.sendall(piece[: self._cut_after])
                self._cut_after = None
                raise ConnectionResetError
            self._cut_after -= len(piece)
        if not outwards and self.spoilt and self._dice.random() < self.spoilt:
            piece = self._spoil(piece)
        sink.sendall(piece)

    def _spoil(self, piece: bytes) -> bytes:
        count = min(self._dice.randint(1, self.burst), len(piece))
        at = self._dice.randrange(len(piece) - count + 1)
        self.bytes_spoilt += count
        return piece[:at] + self._dice.randbytes(count) + piece[at + count :]


@dataclass
class _Pair:
    client: socket.socket
    target: socket.socket

    def end(self) -> None:
        for each in (self.client, self.target):
            _reset(each)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def chaos_wire(port: int, target_port: int) -> Iterator[ChaosWire]:
    """Listening for as long as the block lasts."""
    with socket.create_server(("127.0.0.1", port)) as server:
        wire = ChaosWire(port, target_port)
        listening = threading.Thread(target=_listen, args=(server, wire.take))
        listening.start()
        try:
            yield wire
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            listening.join()
            wire.held = False
            wire.cut()


def _listen(server: socket.socket, take: Callable[[socket.socket], None]) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            take(client)
