"""Which broker carries the events, and how this kiosk proves who it is."""

import shlex
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from kioskd.config import files
from kioskd.config.broker_rules import is_loopback
from kioskd.config.keys import find
from kioskd.setup.known_so_far import Flags, Part, Secrets
from kioskd.setup.talk import Question, Refused, Talk

PASSWORD = "MQTT_PASSWORD"  # by which the unit in systemd/ hands it over
PORT, TLS_PORT = 1883, 8883


def asked(talk: Talk, flags: Flags, folder: Path, secrets: Secrets) -> Part:
    """The keys of the broker, and its password. Raises SetupError.

    folder  of the file: where relative paths start
    """
    text = "Broker (its host name or address, or embedded: one inside kioskd, for trials)"
    host = talk.answer(Question("--broker", text, _host), flags.broker)
    keys: dict[str, object] = {"broker": host}
    if host == "embedded":
        return Part(keys if flags.port is None else {**keys, "port": _port(flags.port)})
    tls = _tls(talk, flags, folder, host)
    usual = TLS_PORT if tls is not None else PORT
    port = talk.answer(Question("--port", "Its port", _port, str(usual)), flags.port)
    if port != usual:
        keys["port"] = port
    if tls is not None:
        keys["tls"] = tls
    login = _login(talk, flags, folder, secrets)
    if flags.allow_insecure:
        keys["allow_insecure"] = True
    return Part({**keys, **login.keys}, login.secrets)


def _host(text: str) -> str:
    key = find(("mqtt", "broker"), {})
    assert key is not None
    if key.allows(text):
        return text
    raise Refused(f"must be {key.expects}")


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    raise Refused("must be a whole number from 1 to 65535")


def _tls(talk: Talk, flags: Flags, folder: Path, host: str) -> Mapping[str, object] | None:
    """The section tls; None for a connection that anyone on the way may read."""
    wanted = flags.tls
    if wanted is None and (flags.ca_file or flags.cert_file):
        wanted = True
    if wanted is None:
        wanted = talk.agreed("Encrypt the connection (TLS)?", not is_loopback(host))
    if not wanted:
        return None

    def read(text: str) -> str:
        if text and (wrong := files.misspelled(text) or files.wrong_file(folder / text)):
            raise Refused(f"{wrong} (found {text!r})")
        return text

    text = "File of the CA that signed its certificate; none: the system's"
    named = {"ca_file": talk.answer(Question("--ca-file", text, read, ""), flags.ca_file)}
    if flags.cert_file is not None:
        named["cert_file"] = flags.cert_file
    if flags.key_file is not None:
        named["key_file"] = flags.key_file
    return {key: file for key, file in named.items() if file}


def _login(talk: Talk, flags: Flags, folder: Path, secrets: Secrets) -> Part:
    question = Question("--user", "User name at the broker, if it wants one", str, "")
    user = talk.answer(question, flags.user)
    if not user:
        return Part({})
    if flags.password_file is not None:
        _warn_of_readers(talk, folder / flags.password_file)
        return Part({"username": user, "password_file": flags.password_file})
    new = secrets.password(talk, PASSWORD, f"{user} at the broker")
    if new is None:
        return Part({"username": user})
    return Part({"username": user, "password": f"${{{PASSWORD}}}"}, new)


def _warn_of_readers(talk: Talk, file: Path) -> None:
    with suppress(OSError):  # whether it can be read at all, `check` says
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            talk.say(f"note  {file} may be read by others: chmod 600 {shlex.quote(str(file))}")
