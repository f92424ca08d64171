"""TLS to the broker: the files it needs, and what the broker says about ours."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kioskd.delivery.delivery_settings import TlsSettings

_KEY = b"PRIVATE KEY-----"


class TlsFileError(Exception):
    """A file cannot be used for TLS; the sentence names it and says what to do."""


def ca_fault(ca: Path) -> str:
    """What is wrong with a file of CA certificates, "" if nothing is."""
    if not (content := _content(ca)):
        return "is empty"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with contextlib.suppress(ssl.SSLError):
        context.load_verify_locations(ca)
    if context.cert_store_stats()["x509"]:
        return ""
    return _no_certificate(content)


def pair_fault(certificate: Path, key: Path) -> tuple[Path, str] | None:
    """Which of a certificate and its private key is wrong, and how; None if neither is."""
    if b"-BEGIN CERTIFICATE-" not in (content := _content(certificate)):
        return certificate, _no_certificate(content)
    if _KEY not in (content := _content(key)):
        what = "it holds a certificate" if b"-BEGIN CERTIFICATE-" in content else "it is not PEM"
        return key, f"holds no private key in PEM ({what})"
    asked: list[bool] = []

    def passphrase() -> bytes:
        asked.append(True)
        return b""

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, passphrase)
    except ssl.SSLError as error:
        return _wrong_pair(error, certificate, key, bool(asked))
    except OSError as error:
        return key, f"cannot be read ({error.strerror})"
    return None


def _wrong_pair(error: ssl.SSLError, certificate: Path, key: Path, asked: bool) -> tuple[Path, str]:
    if asked:
        return key, "has a passphrase, which nobody is there to type; take it off (openssl pkey)"
    if error.reason == "KEY_VALUES_MISMATCH" or error.reason == "KEY_TYPE_MISMATCH":
        return key, f"is not the key of the certificate in {certificate.name}"
    return key, f"and {certificate.name} cannot be used together ({error.reason or 'damaged'})"


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise TlsFileError(f"a TLS file cannot be read: {file}: {error.strerror}") from error


def _no_certificate(content: bytes) -> str:
    if _KEY in content:
        found = "it holds a private key, which no broker needs to be given"
    elif b"-BEGIN " in content:
        kind = content.partition(b"-BEGIN ")[2].partition(b"-")[0].decode(errors="replace").lower()
        found = f"it holds a {kind[:40]}" if kind != "certificate" else "the one in it is damaged"
    elif content[:1] == b"\x30":
        found = "it is DER: openssl x509 -inform der -in FILE -out FILE.pem makes PEM of it"
    else:
        found = "it is not PEM"
    return f"holds no certificate ({found})"


def tls_context(
    tls: TlsSettings,
    note: Callable[[str], object],
    ends: Callable[[float], object] = lambda _: None,
) -> ssl.SSLContext:
    """What paho wraps its socket with; `note` is told OpenSSL's name of an alert by the broker.

    ends  told when the certificate ends that the broker has shown, seconds since 1970

    Raises TlsFileError where a file cannot be used.
    """
    if tls.ca is not None and (wrong := ca_fault(tls.ca)):
        raise TlsFileError(f"{tls.ca} ({tls.section}.ca_file) {wrong}")
    context = _Context(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags = ssl.create_default_context().verify_flags
    if tls.ca is None:
        context.load_default_certs()
    else:
        context.load_verify_locations(tls.ca)
    if tls.certificate is not None and tls.key is not None:
        if (fault := pair_fault(tls.certificate, tls.key)) is not None:
            raise TlsFileError(f"{fault[0]} {fault[1]}")
        context.load_cert_chain(tls.certificate, tls.key)
    told = {"note": staticmethod(note), "ends": staticmethod(ends)}
    context.sslsocket_class = type("_NotingSocket", (_TlsSocket,), told)
    return context


class _Context(ssl.SSLContext):
    """Certificates name no zone, so fe80::1%eth0 is looked for in them as fe80::1."""

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        name = kwargs.get("server_hostname")
        if isinstance(name, str):
            kwargs["server_hostname"] = name.partition("%")[0]
        return super().wrap_socket(*args, **kwargs)


class _TlsSocket(ssl.SSLSocket):
    """Closes itself where TLS does not come about (paho would leave it lying about), and notes
    what the broker says when it ends the connection, which paho keeps to itself.
    """

    note: Callable[[str], object]
    ends: Callable[[float], object]

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise
        shown = self.getpeercert() or {}
        if isinstance(end := shown.get("notAfter"), str):
            self.ends(ssl.cert_time_to_seconds(end))

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self.note(error.reason or "")
            raise


def speaks_http(host: str, port: int, tls: TlsSettings | None) -> bool:
    """Whether what listens there answers a web request: a websocket listener, or no broker."""
    question = (
        f"GET /mqtt HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: a2lvc2tkIGFza3Mgb25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n"
    )
    try:
        with socket.create_connection((host, port), timeout=_KNOCK_S) as plain:
            sock = plain
            if tls is not None:
                sock = tls_context(tls, lambda _: None).wrap_socket(plain, server_hostname=host)
            with sock:
                sock.sendall(question.encode())
                return sock.recv(5) == b"HTTP/"
    except (OSError, ValueError, TlsFileError):
        return False


_KNOCK_S = 2.0
