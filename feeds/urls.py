"""Which camera addresses may be opened, and how one is shown without its secrets."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from feeds.login import Login

SCHEMES = ("rtsp", "rtsps", "http", "https")
_SHAPE = re.compile(r"(?P<scheme>[a-z]+)://(?P<rest>[^\s\x00-\x1f\x7f]+)", re.IGNORECASE)


# Some makers' addresses have the login behind the host: /user=admin&password=word&channel=1
_LOGIN = re.compile(r"(?:user|usr|login|pass|pwd|token|auth)\w*=[^/]*", re.IGNORECASE)
_WORD = re.compile(r"(?:password|passwd|pass|pas|pwd|psw)=[^&/#]", re.IGNORECASE)


class UrlError(ValueError):
    """An address that will not be opened; the message holds no part of it."""


def allowed(url: str) -> str:
    """The address with its scheme in lower case, if it is one a network camera can have.

    FFmpeg would also open files, lists of files and other machines' services through
    addresses of its own (file:, concat:, subfile:, tcp: and more), so anything else than
    SCHEMES raises UrlError.
    """
    shape = _SHAPE.fullmatch(url)
    if shape is None or shape["scheme"].lower() not in SCHEMES:
        raise UrlError("a camera's address must begin with rtsp://, rtsps://, http:// or https://")
    host = shape["rest"].rpartition("@")[2]
    if host[:1] in ("", "/", ":", "?", "#"):
        raise UrlError("the camera's address names no host")
    return f"{shape['scheme'].lower()}://{shape['rest']}"


def redact(url: str) -> str:
    """The address as it may be shown: no user, no password, no query.

    Errs on the side of hiding: everything before the last @ goes, wherever it stands, and the rest
    of a folder's name from a login's word on.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.isalpha():
        return "***"
    hidden, at, shown = rest.rpartition("@")
    place, query, _ = shown.replace("#", "?").partition("?")
    place = _LOGIN.sub("***", place)
    return f"{scheme.lower()}://{'***@' if hidden or at else ''}{place}{'?***' if query else ''}"


def has_password(url: str) -> bool:
    """Whether a password stands in the address, before the host or behind it."""
    rest = url.partition("://")[2]
    return bool(re.match(r"[^/]*:[^/]*@", rest) or _WORD.search(rest))


@dataclass(frozen=True, slots=True)
class Address:
    """What FFmpeg makes of an address, part by part, and what we make of it."""

    scheme: str
    host: str
    port: int
    target: str  # path and query
    login: Login | None

    @property
    def place(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def bare(self) -> str:
        """The address without the login."""
        return f"{self.scheme}://{self.place}{self.target}"


_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_AUTHORITY = re.compile(
    r"(?:(?P<user>[^:@]*)(?::(?P<word>.*))?@)?"
    r"(?:\[(?P<six>[^\]]+)\]|(?P<host>[^:@\[\]]+))(?::(?P<port>\d{1,5}))?",
    re.DOTALL,
)


def parts(url: str) -> Address:
    """An allowed address, taken apart. Raises UrlError."""
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    found = _AUTHORITY.fullmatch(authority)
    port = int(found["port"] or _PORTS[scheme]) if found else 0
    if found is None or not 0 < port < 65536 or misread(url) not in ("", "%"):
        raise UrlError(f"the camera's address cannot be read{hint(url)}")
    target = rest[len(authority) :].partition("#")[0]
    login = None
    if found["user"] is not None:
        login = Login(unquote(found["user"]), unquote(found["word"] or ""))
    target = target if target.startswith("/") else f"/{target}"
    return Address(scheme, found["six"] or found["host"], port, target, login)


# What ends a login or an address, where it stands for itself.
_CODES = {"#": "%23", "?": "%3F", "/": "%2F", "@": "%40", "%": "%25"}
_UNFINISHED = re.compile(r"%(?![0-9A-Fa-f]{2})")


def misread(url: str) -> str:
    """A character of the login that surely makes the address mean something else; "" if none."""
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    ended, name = rest[len(authority) : len(authority) + 1], authority.partition(":")
    if "@" in authority:
        if ended == "#" and "@" in rest[len(authority) :]:  # user:w@o#rd@camera
            return ended
        return "%" if _UNFINISHED.search(authority.rpartition("@")[0]) else ""
    if "@" not in rest or not name[1] or ended == "":
        return ""
    # user:wo#rd@camera: what looks like a port is the password's beginning
    return "" if ended in "/?" and name[2].isdigit() else ended


def doubtful(url: str) -> str:
    """A character before the last @ that the camera may have been told otherwise; "" if none."""
    login = url.partition("://")[2].rpartition("@")[0]
    return next((sign for sign in _CODES if sign in login), "")


def hint(url: str) -> str:
    """What to write for a character of the login, as the end of a sentence; "" if nothing."""
    sign = misread(url) or doubtful(url)
    if not sign:
        return ""
    return f"; a {sign} in the user or password must be written {_CODES[sign]}"
