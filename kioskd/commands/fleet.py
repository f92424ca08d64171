"""`kioskd fleet …`: what its commands have in common. Each has a file of its own, fleet_….py."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from kioskd.commands.exit_status import FAILED, WRONG
from kioskd.commands.extras import extra
from kioskd.config.secrets import SecretError, from_file

DATABASE, SERVERS = "KIOSKD_FLEET_DATABASE", "KIOSKD_FLEET_NATS"


@dataclass(frozen=True, slots=True)
class Nats:
    """How the command line says where the cluster is; see kioskd.fleet.nats_link.Cluster."""

    servers: tuple[str, ...]
    user: str | None = None
    password_file: Path | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def password(self) -> str | None:
        """Raises SecretError."""
        if self.password_file is None:
            return os.environ.get("KIOSKD_FLEET_NATS_PASSWORD")
        return from_file(self.password_file, f"the password in {self.password_file}")


@contextmanager
def fleet() -> Iterator[None]:
    """Around a command of the fleet: what goes wrong is one sentence, and an exit status.

    1 where trying again may help: the cluster or PostgreSQL is away; 2 where it would not.
    """
    with extra("fleet", "nats", "psycopg", "psycopg_binary"):
        from kioskd.fleet.database.library import DatabaseError, RowError
        from kioskd.fleet.database.migration import NewerError
        from kioskd.fleet.nats_link import LinkError
        from kioskd.fleet.streams.stream_file import StreamFileError
    try:
        yield
    except LinkError as error:
        _end(f"the cluster: {error}", FAILED)
    except (DatabaseError, RowError) as error:
        _end(f"PostgreSQL: {error}", FAILED)
    except (NewerError, StreamFileError, SecretError, OSError) as error:
        _end(str(error), WRONG)


def database(given: str | None) -> str:
    """Where the record is; ends the command where nobody says."""
    address = given or os.environ.get(DATABASE, "")
    if not address:
        _end(f"say where the fleet's record is: --database, or ${DATABASE}", WRONG)
    return address


def kiosk_named(text: str) -> tuple[str, str]:
    """The site and the device in SITE/DEVICE; ends the command where it is none."""
    site, _, device = text.partition("/")
    if not site or not device or "/" in device:
        _end(f"a kiosk is named SITE/DEVICE, such as hq/kiosk-07 (got {text!r})", WRONG)
    return site, device


def servers(given: tuple[str, ...]) -> tuple[str, ...]:
    """Of the cluster; ends the command where nobody says."""
    named = given or tuple(filter(None, os.environ.get(SERVERS, "").split(",")))
    if not named:
        _end(f"say where the cluster is: --nats, again for each node, or ${SERVERS}", WRONG)
    return named


def _end(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(status)
