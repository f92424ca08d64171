"""A real PostgreSQL in a folder and on a port of its own, and fresh databases in it."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.broker import SYSTEM_PATH, eventually, listening
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port

# A server that is killed finds what the system still holds for it; a power cut is not tried here.
QUICK = ("fsync=off",)


def _program(name: str) -> str:
    """Debian keeps PostgreSQL's own programs in a folder of each version."""
    folders = sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)
    found = shutil.which(name, path=os.pathsep.join((*folders, SYSTEM_PATH)))
    assert found, f"{name} is not installed: scripts/test installs what the tests need"
    return found


class Postgres:
    """Killed and started again where it was. It refuses to run as root, so postgres runs it."""

    def __init__(self, folder: Path, settings: tuple[str, ...] = QUICK) -> None:
        self.port = free_port()
        self._data = folder / "data"
        self._log = folder / "postgres.log"
        self._settings = settings
        self._names = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            folder.chmod(0o755)
            os.chown(folder, *pwd.getpwnam(self._user)[2:4])
        made = (
            _program("initdb"),
            "-D",
            self._data,
            "-U",
            "fleet",
            "-A",
            "trust",
            "-N",
            "-E",
            "UTF8",
        )
        subprocess.run(
            [*made, "--locale=C.UTF-8"],
            user=self._user,
            check=True,
            capture_output=True,
            timeout=DEADLINE_S,
            cwd=folder,
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        options = [f"--{each}" for each in self._settings]
        place = ["-D", str(self._data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        self._log.touch()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [_program("postgres"), *place, *options],
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._data.parent,
            )
        eventually(self._ready)

    def _ready(self) -> bool:
        asked: list[str] = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return listening(self.port) and subprocess.run(asked, check=False).returncode == 0

    def kill(self) -> None:
        """At once, as a power cut would: it recovers from its journal at the next start."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(DEADLINE_S)
            self._process = None

    def address(self, database: str = "postgres") -> str:
        return f"postgresql://fleet@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"fleet_{next(self._names)}"
        made = [_program("createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "fleet", name]
        subprocess.run(made, check=True, timeout=DEADLINE_S)
        return self.address(name)


@contextmanager
def postgres(settings: tuple[str, ...] = QUICK) -> Iterator[Postgres]:
    """A running server, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="kioskd-postgres-") as folder:
        server = Postgres(Path(folder), settings)
        server.start()
        try:
            yield server
        finally:
            server.kill()
