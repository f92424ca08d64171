"""Why a camera could not be opened: speaks the first lines of RTSP itself, and says in a sentence.

FFmpeg says the same of a wrong password, a wrong port and a wrong path. So, once it has failed,
the camera is asked again, by hand. Only the configured host is spoken to, once or twice, for a
few seconds and kilobytes; the password goes to nobody who did not ask for it on that connection,
and into no sentence.
"""

import re
import socket
import ssl
from time import monotonic
from urllib.parse import urljoin

from feeds import login
from feeds.urls import Address, hint, redact

_MOST = 65536  # bytes of an answer
_PLAYED = frozenset(
    {"H264", "H265", "HEVC", "JPEG", "MP4V-ES", "MPV", "VP8", "VP9", "AV1", "H263-1998"}
)
_STATUS = re.compile(rb"(RTSP|HTTP)/\d\.\d (\d{3})")


class Closed(Exception):
    """No conversation came about; the message is the end of a sentence, and says what to do."""


def why(url: str, address: Address, within_s: float) -> str:
    """The end of a sentence that begins with the camera's address. Takes `within_s` at most,
    but for the system's own look-up of a name."""
    try:
        with connected(address, monotonic() + within_s) as line:
            return _described(line, url, address, monotonic() + within_s)
    except Closed as closed:  # of a password with a / in it, its beginning looks like a port
        return f"{closed}{hint(url) if address.login is None else ''}"
    except (TimeoutError, ConnectionError, ssl.SSLError):
        return silent(address)


def connected(address: Address, until: float) -> socket.socket:
    """A connection to the camera; raises Closed."""
    places = _looked_up(address)
    left_s = max(until - monotonic(), 0.2)
    try:
        line = _first(places, left_s)
    except ConnectionRefusedError as error:
        raise Closed(
            f"is not there: {address.host} is on, but nothing listens at port {address.port};"
            f" check the port ({_USUAL[address.scheme]})"
        ) from error
    except TimeoutError as error:
        raise Closed(
            f"does not answer: check that the camera is on, that its address is {address.host},"
            " and that no firewall stands between"
        ) from error
    except OSError as error:
        raise Closed(
            f"cannot be reached from this machine ({error.strerror or 'no way to it'}): check the"
            " address, the cable and the network"
        ) from error
    return _secured(line, address) if address.scheme in ("rtsps", "https") else line


_USUAL = {
    "rtsp": "RTSP usually has 554",
    "rtsps": "RTSP over TLS usually has 322 or 7441",
    "http": "HTTP usually has 80 or 8080",
    "https": "HTTPS usually has 443",
}


def _looked_up(address: Address) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise Closed(
            f"cannot be found: no machine is called {address.host}; check the name, or write the"
            " camera's number, such as 192.168.1.20"
        ) from error
    return [(family, place) for family, _, _, _, place in found]


def _first(
    places: list[tuple[socket.AddressFamily, tuple[object, ...]]], left_s: float
) -> socket.socket:
    """A connection to the first of the host's numbers that takes one."""
    failed: OSError = TimeoutError()
    for family, place in places[:4]:
        line = socket.socket(family, socket.SOCK_STREAM)
        line.settimeout(left_s / min(len(places), 4))
        try:
            line.connect(place)
        except OSError as error:
            line.close()
            failed = error
        else:
            return line
    raise failed


def _secured(line: socket.socket, address: Address) -> ssl.SSLSocket:
    """TLS as FFmpeg speaks it to cameras: their certificates are their own, and prove nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(line, server_hostname=address.host)
    except (OSError, ValueError) as error:
        line.close()
        plain = address.scheme.removesuffix("s")
        raise Closed(
            f"does not speak TLS at port {address.port}: switch it on in the camera, check the"
            f" port, or begin the address with {plain}://"
        ) from error


def silent(address: Address) -> str:
    spoken = address.scheme.upper().removesuffix("S")
    return (
        f"is silent: something takes the connection at port {address.port} and answers no {spoken};"
        f" check the port ({_USUAL[address.scheme]}), or switch the camera off and on"
    )


def _described(line: socket.socket, url: str, address: Address, until: float) -> str:
    said = _asked(line, address, 1, None, until)
    if said.status == 401 and address.login is not None:
        reply = login.answer(said.all("www-authenticate"), address.login, "DESCRIBE", address.bare)
        if reply is None:
            return unknown_login(said.all("www-authenticate"))
        said = _asked(line, address, 2, reply, until)
        if said.status == 401:
            return refused(said.all("www-authenticate"), url)
    return _told(said, url, address)


def refused(challenges: list[str], url: str) -> str:
    way = login.schemes(challenges) or "its own way"
    return f"refuses the user or the password ({way}): check both{hint(url)}"


def unknown_login(challenges: list[str]) -> str:
    way = login.schemes(challenges) or "a kind without a name"
    return f"asks for a login by {way}, which is not known here: set it to Digest in the camera"


def wants_login(challenges: list[str], address: Address) -> str:
    way = login.schemes(challenges) or "a login"
    return (
        f"asks for a user and a password ({way}): write"
        f" {address.scheme}://USER:PASSWORD@{address.place}/..."
    )


class Answer:
    """Status, header lines and body."""

    def __init__(self, protocol: bytes, status: int, head: bytes, body: bytes) -> None:
        self.protocol = protocol
        self.status = status
        self.body = body
        self._lines = [line.decode("utf-8", "replace") for line in head.split(b"\r\n")[1:]]

    def all(self, name: str) -> list[str]:
        """The values of all header lines of this name."""
        split = [line.partition(":") for line in self._lines]
        return [value.strip() for key, _, value in split if key.strip().lower() == name]


def _asked(
    line: socket.socket, address: Address, count: int, reply: str | None, until: float
) -> Answer:
    lines = [
        f"DESCRIBE {address.bare} RTSP/1.0",
        f"CSeq: {count}",
        "Accept: application/sdp",
        "User-Agent: kioskd",
        *([f"Authorization: {reply}"] if reply else []),
    ]
    line.settimeout(max(until - monotonic(), 0.1))
    line.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
    return _answer(line, address, until)


def _answer(line: socket.socket, address: Address, until: float) -> Answer:
    data = _until(line, b"", lambda so_far: b"\r\n\r\n" in so_far, until)
    found = _STATUS.match(data)
    if found is None:
        raise Closed(_no_status(data, address))
    head, _, body = data.partition(b"\r\n\r\n")
    answer = Answer(found[1], int(found[2]), head, body)
    length = next((int(text) for text in answer.all("content-length") if text.isdecimal()), 0)
    answer.body = _until(line, body, lambda so_far: len(so_far) >= min(length, _MOST), until)
    return answer


def _until(line: socket.socket, data: bytes, enough: object, until: float) -> bytes:
    assert callable(enough)
    while not enough(data) and len(data) < _MOST:
        line.settimeout(max(until - monotonic(), 0.05))
        piece = line.recv(4096)
        if not piece or monotonic() > until:
            return data
        data += piece
    return data


def _no_status(data: bytes, address: Address) -> str:
    if data[:2] == b"\x15\x03":  # a TLS alert
        return (
            f"speaks TLS at port {address.port}: begin the address with {address.scheme}s://,"
            f" or check the port ({_USUAL[address.scheme]})"
        )
    return silent(address)


def _told(said: Answer, url: str, address: Address) -> str:
    if said.protocol == b"HTTP":
        return (
            f"speaks HTTP at port {address.port} and not RTSP: check the port"
            f" ({_USUAL[address.scheme]}), or use kind: http"
        )
    match said.status:
        case 200:
            return _offered(said.body)
        case 401:
            return wants_login(said.all("www-authenticate"), address)
        case 403:
            return "forbids this user its video: give the user the right to watch"
        case 404 | 454 | 460:
            return f"has no stream of this path ({said.status}): check what follows the port"
        case 453 | 503:
            return (
                f"gives no more streams ({said.status}): it has too many viewers, or is just"
                " starting; close other programs that watch it"
            )
        case status if 300 <= status < 400:
            return sent_on(said.all("location"), address)
        case status if status >= 500:
            return f"failed by itself (status {status}): switch the camera off and on"
        case status:
            return f"answers with status {status}: check what follows the port"


def sent_on(locations: list[str], address: Address) -> str:
    """A camera may send a program anywhere, so no other address is followed than the one given."""
    where = "an address that cannot be read"
    if locations and len(locations[0]) < 200 and locations[0].isprintable():
        where = redact(urljoin(address.bare, locations[0]))
    return f"sends us on to {where}: if the camera is there, write that address into url"


def _offered(sdp: bytes) -> str:
    """What lies in the way of a stream that the camera describes."""
    text = sdp.decode("utf-8", "replace")
    if "m=video" not in text:
        return "sends no video: choose another path, or switch its video on"
    video = text.partition("m=video")[2].partition("m=")[0]
    codecs = [found.upper() for found in re.findall(r"a=rtpmap:\d+ ([\w.-]{1,32})/", video)]
    if codecs and not set(codecs) & _PLAYED:
        return f"sends video as {codecs[0]}, which cannot be decoded: set it to H.264"
    offered = f" as {codecs[0]}" if codecs else ""
    return (
        f"answers and offers video{offered}, but no picture came: close other programs"
        " that watch it, try the other `transport`, or set it to H.264 without extras"
    )
