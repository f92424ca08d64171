"""Secrets that stand outside config.yaml: `${NAME}`, and files that hold a password.

`${NAME}` is the environment variable NAME, else the file NAME in $CREDENTIALS_DIRECTORY,
where systemd puts credentials (systemd.exec, LoadCredential=).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kioskd.config import files

_PLACE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BARE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*|\$\([^()]*\)|%[A-Za-z_][A-Za-z0-9_]*%|\{\{.*\}\}")
_MOST = 4096  # characters of one secret


class SecretError(Exception):
    """A secret cannot be had; the message names where it was looked for, never what it is."""


@dataclass(frozen=True, slots=True)
class Vault:
    """Where secrets come from: the process environment, and the folder of credentials in it."""

    environment: Mapping[str, str]

    def filled(self, text: str) -> str:
        """`text` with each ${NAME} replaced; raises SecretError."""
        _refuse_half_open(text)
        return _PLACE.sub(lambda found: self._secret(found.group(1)), text)

    def filled_address(self, text: str) -> str:
        """As `filled`. Inside a longer address a secret is percent-encoded, so that a password
        may hold @ or /; alone, it is the whole address as it is.
        """
        if _PLACE.fullmatch(text):
            return self.filled(text)
        _refuse_half_open(text)
        return _PLACE.sub(lambda found: quote(self._secret(found.group(1)), safe=""), text)

    def _secret(self, name: str) -> str:
        if name in self.environment:
            return _usable(self.environment[name], f"the environment variable {name}")
        folder = self.environment.get("CREDENTIALS_DIRECTORY")
        if not folder:
            raise SecretError(f"{name} is not in the environment, and there are no credentials")
        return from_file(Path(folder, name), f"the credential {name}")


def holds_secret(text: str) -> bool:
    """Whether some of `text` comes from outside the file."""
    return _PLACE.search(text) is not None


def names_in(text: str) -> set[str]:
    """The names of all that comes from outside the file."""
    return set(_PLACE.findall(text))


def without_braces(text: str) -> bool:
    """Whether text, or an address's user or password, is a variable as other programs write it."""
    user, at, _ = text.partition("://")[2].rpartition("@")
    parts = [text, *user.partition(":")[::2]] if at else [text]
    return any(_BARE.fullmatch(part) for part in parts)


def from_file(path: Path, what: str) -> str:
    """The first line of a file; `what` names it in the SecretError."""
    try:
        text = files.read(path, 4 * _MOST + 2).partition(b"\n")[0].decode("utf-8")
    except files.FileError as error:
        raise SecretError(f"{what} cannot be read ({error})") from error
    except UnicodeDecodeError as error:
        raise SecretError(f"{what} is not UTF-8") from error
    return _usable(text.removesuffix("\r"), what)


def _usable(text: str, what: str) -> str:
    if not text:
        raise SecretError(f"{what} is empty")
    if len(text) > _MOST:
        raise SecretError(f"{what} is longer than {_MOST} characters")
    if not text.isprintable():
        raise SecretError(f"{what} holds a line break or another character that is no text")
    return text


def _refuse_half_open(text: str) -> None:
    if "${" in _PLACE.sub("", text):
        raise SecretError("${ must be followed by a name and }, such as ${CAMERA_PASSWORD}")
