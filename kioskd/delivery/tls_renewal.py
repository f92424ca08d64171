"""Notices that the files by which TLS is spoken were replaced, as whoever renews certificates does.

A certificate and its key are two files, and one is new before the other is. So nothing is done
until they have stayed the same for a moment and fit each other; the connection of before goes on
meanwhile.
"""

from pathlib import Path

from kioskd.delivery.delivery_settings import TlsSettings
from kioskd.delivery.tls import TlsFileError, tls_context

LOOK_S = 1.0

_State = tuple[tuple[int, int, int] | None, ...]  # of each file; None: it is not there


class Renewal:
    """Of one broker's files; without TLS nothing is ever due.

    fault  why the new files cannot be used, in a sentence; None: they can, or there are none
    """

    def __init__(self, tls: TlsSettings | None) -> None:
        self.fault: str | None = None
        self._tls = tls
        self._look_at = 0.0
        self._used = self._seen = self._state()

    def used(self) -> None:
        """A connection is being made with the files as they are now."""
        self.fault = None
        self._used = self._seen = self._state()

    def due(self, now: float) -> bool:
        """Whether there are new files that can be used; `now` in seconds, monotonic."""
        if self._tls is None or now < self._look_at:
            return False
        self._look_at = now + LOOK_S
        before, self._seen = self._seen, self._state()
        if self._seen == self._used:
            self.fault = None
            return False
        return self._seen == before and self._usable(self._tls)

    def _usable(self, tls: TlsSettings) -> bool:
        try:
            tls_context(tls, lambda _: None)
        except (TlsFileError, OSError) as error:
            named = f"the new files of {tls.section}"
            self.fault = f"{named} cannot be used, so those before go on: {error}"
            return False
        self.fault = None
        return True

    def _state(self) -> _State:
        tls = self._tls
        files = () if tls is None else (tls.ca, tls.certificate, tls.key)
        return tuple(_stat(file) for file in files if file is not None)


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
