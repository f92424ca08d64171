"""Reads the stream of events that this machine's own page tells of a door."""

import http.client
import json
import re
import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from kioskd.page.page_settings import PageSettings

SILENT_S = 5.0  # the page sends something ten times a second
MOST_LINE = 4 * 1024 * 1024  # bytes of one event; without pictures it has some 100 kB
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class PageError(Exception):
    """The page does not tell; the sentence says what to do."""


class LostError(PageError):
    """There is no page at the moment; it may come again by itself."""


def follow(settings: PageSettings, door: str) -> Iterator[tuple[str, Any]]:
    """Name and value of each event of a door, as they come, for ever; no pictures.

    Raises PageError.
    """
    ours = _certificate(settings)
    connection = _connection(settings)
    try:
        connection.connect()
        _is_ours(connection, ours, settings)  # before the token is shown
        yield from _events(_answer(connection, settings, door))
    except ssl.SSLError as error:
        why = error.reason or "no TLS"
        raise PageError(f"{settings.url} does not speak TLS as configured ({why})") from None
    except (OSError, http.client.HTTPException) as error:
        raise LostError(
            f"nothing tells of the doors at {settings.url} ({str(error) or 'no answer'}): is kioskd"
            " running, with this configuration?"
        ) from error
    finally:
        connection.close()


def _certificate(settings: PageSettings) -> bytes | None:
    """The page's own, as it comes over the wire; None where there is none."""
    if settings.certificate is None:
        return None
    try:
        first = _FIRST.search(settings.certificate.read_text("ascii", "replace"))
        return ssl.PEM_cert_to_DER_cert(first[0] if first else "")
    except (OSError, ValueError) as error:
        raise PageError(f"page.tls.cert_file cannot be read ({error})") from None


def _connection(settings: PageSettings) -> http.client.HTTPConnection:
    host = EVERYWHERE.get(settings.address, settings.address)
    if settings.certificate is None:
        return http.client.HTTPConnection(host, settings.port, timeout=SILENT_S)
    # Whether it is ours is told by the certificate itself, which need not name this address.
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection(host, settings.port, timeout=SILENT_S, context=trusting)


def _is_ours(
    connection: http.client.HTTPConnection, ours: bytes | None, settings: PageSettings
) -> None:
    """Another program at this address is not shown the token."""
    if ours is None or not isinstance(connection.sock, ssl.SSLSocket):
        return
    if connection.sock.getpeercert(binary_form=True) != ours:
        raise PageError(
            f"{settings.url} shows another certificate than page.tls.cert_file: restart kioskd if"
            " the file was renewed"
        )


def _answer(
    connection: http.client.HTTPConnection, settings: PageSettings, door: str
) -> http.client.HTTPResponse:
    headers = {} if settings.token is None else {"authorization": f"Bearer {settings.token}"}
    connection.request("GET", f"/api/doors/{quote(door, safe='')}/live?picture=no", None, headers)
    answer = connection.getresponse()
    if answer.status != 200:
        raise _refusal(answer, settings)
    if not answer.getheader("content-type", "").startswith("text/event-stream"):
        raise PageError(f"what answers at {settings.url} is not kioskd's page")
    return answer


def _refusal(answer: http.client.HTTPResponse, settings: PageSettings) -> PageError:
    match answer.status:
        case 401 | 403:
            return PageError(
                f"{settings.url} does not take the token of this configuration: restart kioskd if"
                " it was changed, or wait a minute if wrong ones were tried"
            )
        case 404:
            return PageError(
                f"{settings.url} knows no such door: restart kioskd if config.yaml was changed"
            )
    try:
        said = str(json.loads(answer.read(MOST_LINE))["error"])
    except (ValueError, KeyError, TypeError):
        said = f"status {answer.status}"
    return PageError(f"{settings.url} refuses: {said}")


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    name = ""
    while line := answer.readline(MOST_LINE):
        field, _, value = line.decode("utf-8", "replace").rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, _value(value)
    raise LostError("the page ended its answer: is kioskd being restarted?")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise PageError("what the page says cannot be read: is it another version?") from None
