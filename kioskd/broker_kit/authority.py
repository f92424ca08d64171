"""A certificate authority of the site's own, and what it signs. The one file that runs openssl.

The command and no library: it is on every Debian (ca-certificates needs it), adds nothing to
install, and whoever renews a certificate by hand in five years will know it.
"""

import ipaddress
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

AUTHORITY_DAYS = 3650
SIGNED_DAYS = 825  # the longest that common TLS libraries accept of a server
OPENSSL_S = 60.0
Pair = tuple[Path, Path]  # a certificate and its key
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_CONFIG = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
[client]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


class AuthorityError(Exception):
    """openssl is missing or failed; the sentence says how."""


def make_authority(certificate: Path, key: Path, name: str) -> None:
    """A new authority: its certificate, and its key, which only root needs."""
    with tempfile.TemporaryDirectory() as folder:
        config = _config(Path(folder), ("localhost",))
        _openssl(
            *("req", "-x509", *_NEW_KEY, "-config", str(config), "-extensions", "authority"),
            *("-days", str(AUTHORITY_DAYS), "-subj", f"/CN={name}"),
            *("-keyout", str(key), "-out", str(certificate)),
        )


def sign_server(names: Sequence[str], authority: Pair, made: Pair) -> None:
    """A certificate and key for a broker that is reached by these names and addresses.

    It may be shown by who connects, too: a node of a cluster is the client of the other nodes.
    """
    _sign("server", names[0], names, authority, made)


def sign_client(name: str, authority: Pair, made: Pair) -> None:
    _sign("client", name, ("localhost",), authority, made)


def _sign(
    kind: str,
    subject: str,
    names: Sequence[str],
    authority: Pair,
    made: Pair,
) -> None:
    certificate, key = made
    with tempfile.TemporaryDirectory() as folder:
        config, request = _config(Path(folder), names), str(Path(folder, "request"))
        _openssl(
            *("req", *_NEW_KEY, "-config", str(config), "-subj", f"/CN={subject}"),
            *("-keyout", str(key), "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-days", str(SIGNED_DAYS)),
            *("-CA", str(authority[0]), "-CAkey", str(authority[1])),
            *("-set_serial", f"0x{os.urandom(16).hex()}"),
            *("-extfile", str(config), "-extensions", kind, "-out", str(certificate)),
        )


def _config(folder: Path, names: Sequence[str]) -> Path:
    path = folder / "openssl.conf"
    path.write_text(_CONFIG.format(names=", ".join(map(_alternative, names))), encoding="utf-8")
    return path


def _alternative(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


def _openssl(*arguments: str) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise AuthorityError("openssl is not installed: apt-get install openssl")
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=OPENSSL_S, umask=0o077
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise AuthorityError(f"openssl {arguments[0]} failed: {last}")
