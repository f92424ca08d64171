"""Cameras that send one JPEG image after another over HTTP, whatever they call it.

FFmpeg reads only those whose every part says exactly `image/jpeg`, and follows wherever a camera
sends it. So the first lines are spoken here: what answers with images is read here too, and only
other video is left to FFmpeg.
"""

import http.client
from collections import deque
from contextlib import ExitStack
from socket import socket
from time import monotonic
from urllib.parse import quote

from feeds import imaging, knock, login, naming
from feeds.jpegs import Jpegs, NoJpegError
from feeds.opened_source import Shot, SourceError
from feeds.slot import LARGEST
from feeds.urls import Address, redact

_PIECE = 65536  # bytes read at once
_SLOW_START = 8  # images that may each take as long as opening: their rate is then known
_LISTS = ("mpegurl", "dash+xml", "application/sdp", "ffconcat", "xspf", "x-scpls", "ms-asf")
_LIST_STARTS = (b"#EXTM3U", b"ffconcat", b"v=0", b"[playlist]", b"[Reference]")


class MotionJpegReader:
    """Images as they come. They carry no time."""

    period_s = None

    def __init__(
        self,
        line: socket,
        response: http.client.HTTPResponse,
        name: str,
        *,
        open_s: float,
        patience_s: float,
    ) -> None:
        self._line = line
        self._response = response
        self._name = name
        self._open_s = open_s
        self._patience_s = patience_s
        self._jpegs = Jpegs(LARGEST // 3)
        self._ready: deque[bytes] = deque()
        self._whole = 0  # images that came
        self._shape: tuple[int, ...] | None = None  # of the first

    def take_in(self, piece: bytes) -> None:
        """Bytes that were read already. Raises SourceError."""
        try:
            images = self._jpegs.feed(piece)
        except NoJpegError as error:
            code = "too_large" if "larger" in str(error) else "open_failed"
            raise SourceError(code, f"{self._name} answers, but {error}") from error
        self._whole += len(images)
        self._ready.extend(images)

    def read(self) -> Shot | None:
        began_at = monotonic()
        slow = self._whole < _SLOW_START
        gives_up_at = began_at + (self._open_s if slow else self._patience_s)
        while True:
            while self._ready:
                image = imaging.decoded(self._ready.popleft())
                if image is not None:  # one that was damaged on its way is left out
                    self._shape = self._shape or image.shape
                    if image.shape != self._shape:
                        raise SourceError("picture_changed", naming.picture_changed(self._name))
                    return Shot(image, began_at, monotonic(), None)
            piece = self._piece(gives_up_at)
            if piece is None:
                return None
            if piece == b"":
                self._look_at_the_end()
                return None
            self.take_in(piece)

    def close(self) -> None:
        self._response.close()
        self._line.close()

    def _piece(self, gives_up_at: float) -> bytes | None:
        left_s = gives_up_at - monotonic()
        if left_s <= 0:
            return None
        try:
            return _next_piece(self._line, self._response, left_s)
        except (OSError, http.client.HTTPException):
            return None

    def _look_at_the_end(self) -> None:
        if self._whole == 1:
            raise SourceError("one_picture", f"{self._name}: {ONE_PICTURE}")
        if self._whole == 0:
            raise SourceError("open_failed", f"{self._name} answers, but no JPEG image is in it")


ONE_PICTURE = (
    "this address gives one picture, not a video: look in the camera's manual for its RTSP or"
    " Motion JPEG address"
)


def opened(
    url: str, address: Address, *, open_s: float, patience_s: float
) -> MotionJpegReader | None:
    """The camera at an http or https address, which takes `open_s` at most, but for the look-up
    of its name.

    None if it sends video that is no Motion JPEG, for FFmpeg to read. Raises SourceError.
    """
    name = redact(url)
    until = monotonic() + open_s
    with ExitStack() as held:
        try:
            line, response = _answered(url, address, until, held)
            piece = _first_piece(line, response, until)
        except knock.Closed as closed:
            raise SourceError("open_failed", f"{name} {closed}") from closed
        except (OSError, http.client.HTTPException) as error:
            raise SourceError("open_failed", f"{name} {_broken(error, address)}") from error
        kind = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
        _refuse(name, kind, piece)
        if not _is_motion_jpeg(kind, piece):
            return None
        reader = MotionJpegReader(line, response, name, open_s=open_s, patience_s=patience_s)
        reader.take_in(piece)
        held.pop_all()
        return reader


def _answered(
    url: str, address: Address, until: float, held: ExitStack
) -> tuple[socket, http.client.HTTPResponse]:
    line, response = _get(address, until, None, held)
    if response.status == 401 and address.login is not None:
        offered = response.headers.get_all("WWW-Authenticate") or []
        reply = login.answer(offered, address.login, "GET", _target(address))
        if reply is None:
            raise knock.Closed(knock.unknown_login(offered))
        held.close()
        line, response = _get(address, until, reply, held)
        if response.status == 401:
            raise knock.Closed(knock.refused(offered, url))
    if response.status != 200:
        raise knock.Closed(_status(response, address))
    return line, response


def _get(
    address: Address, until: float, reply: str | None, held: ExitStack
) -> tuple[socket, http.client.HTTPResponse]:
    """Asks once; what is opened is `held`."""
    line = held.enter_context(knock.connected(address, until))
    line.settimeout(max(until - monotonic(), 0.2))
    connection = http.client.HTTPConnection(address.host, address.port)
    connection.sock = line
    headers = {"User-Agent": "kioskd", "Accept": "*/*", "Connection": "close"}
    if reply is not None:
        headers["Authorization"] = reply
    connection.request("GET", _target(address), headers=headers)
    return line, held.enter_context(connection.getresponse())


def _target(address: Address) -> str:
    return quote(address.target, safe="!#$%&'()*+,/:;=?@[]~")


def _first_piece(line: socket, response: http.client.HTTPResponse, until: float) -> bytes:
    """Enough to see what it is: 64 bytes, or all there is. What says a little may stay silent."""
    data = b""
    while len(data) < 64:
        try:
            piece = _next_piece(line, response, max(until - monotonic(), 0.05))
        except TimeoutError:
            if not data:
                raise
            break
        if not piece:
            break
        data += piece
    return data


def _next_piece(line: socket, response: http.client.HTTPResponse, within_s: float) -> bytes:
    """What comes next; b"" at the end, with which the line may have been closed already."""
    if response.isclosed():
        return b""
    line.settimeout(within_s)
    return response.read1(_PIECE)


def _is_motion_jpeg(kind: str, piece: bytes) -> bool:
    if kind.startswith(("multipart/", "image/")) or "jpeg" in kind or "jpg" in kind:
        return True
    return b"\xff\xd8\xff" in piece[:1024]  # a video's own bytes hold that only by chance


def _refuse(name: str, kind: str, piece: bytes) -> None:
    """What is no video at all, or would lead us to other addresses."""
    start = piece.lstrip(b"\xef\xbb\xbf\r\n\t ")
    if any(part in kind for part in _LISTS) or start.startswith(_LIST_STARTS) or b"<MPD" in piece:
        raise SourceError(
            "refused",
            f"{name} answers with a playlist, which leads to other addresses and is not followed:"
            " use the camera's RTSP or Motion JPEG address",
        )
    if kind.startswith("text/") or start.startswith(b"<") or kind.endswith(("/xml", "/json")):
        raise SourceError(
            "open_failed",
            f"{name} answers with a page of text and no video: look in the camera's manual for"
            " its video address",
        )
    if kind.startswith("image/") and "jp" not in kind:
        raise SourceError("one_picture", f"{name}: {ONE_PICTURE}")


def _status(response: http.client.HTTPResponse, address: Address) -> str:
    match response.status:
        case 401:
            return knock.wants_login(response.headers.get_all("WWW-Authenticate") or [], address)
        case 403:
            return "forbids this user its video: give the user the right to watch"
        case 404 | 410:
            return f"has no video of this path ({response.status}): check what follows the port"
        case status if 300 <= status < 400:
            return knock.sent_on(response.headers.get_all("Location") or [], address)
        case 503 | 429:
            return (
                f"gives no more streams ({response.status}): it has too many viewers; close"
                " other programs that watch it"
            )
        case status if status >= 500:
            return f"failed by itself (status {status}): switch the camera off and on"
        case status:
            return f"answers with status {status}: check what follows the port"


def _broken(error: Exception, address: Address) -> str:
    """Why no answer in HTTP came."""
    line = error.args[0] if isinstance(error, http.client.BadStatusLine) and error.args else ""
    if str(line).startswith("RTSP/"):
        return f"speaks RTSP at port {address.port}: use kind: rtsp, and rtsp:// in the address"
    if str(line).startswith("\x15\x03"):
        return f"speaks TLS at port {address.port}: begin the address with https://"
    return knock.silent(address)
