"""Which camera addresses may be opened, and how one is shown without its secrets."""

import re

SCHEMES = ("rtsp", "rtsps", "http", "https")
_SHAPE = re.compile(r"(?P<scheme>[a-z]+)://(?P<rest>[^\s\x00-\x1f\x7f]+)", re.IGNORECASE)


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

    Errs on the side of hiding: everything before the last @ goes, wherever it stands.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not scheme.isalpha():
        return "***"
    hidden, at, shown = rest.rpartition("@")
    place, query, _ = shown.replace("#", "?").partition("?")
    return f"{scheme.lower()}://{'***@' if hidden or at else ''}{place}{'?***' if query else ''}"
