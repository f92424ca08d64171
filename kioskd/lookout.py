"""Looks now and then at what others need only later: certificates, and the files of networks.

A thread of its own, since a disk may hang.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kioskd import certificate_ends
from kioskd.config.config import Config
from kioskd.worker import Worker
from models.network_file import NetworkError, NetworkFile, verified

CERTIFICATES_EVERY_S = 3600.0
FILES_EVERY_S = 5.0  # a file that nobody has touched is not read again
Trouble = Callable[[str | None], object]
Stamp = tuple[int, int, int] | None  # of a file: which, how large and when changed; None: gone


@dataclass(frozen=True, slots=True)
class Certificates:
    """What is watched.

    own      files by their key in config.yaml
    trusted  files of authorities, by their key
    brokers  when the broker's own ends, since 1970, as of the last connection; None: unknown
    fleets   the same of the fleet's cluster
    days     one that ends within so many is told
    """

    own: Mapping[str, Path]
    trusted: Mapping[str, Path]
    brokers: Callable[[], float | None]
    days: float
    fleets: Callable[[], float | None] = lambda: None


def watched(
    config: Config,
    brokers: Callable[[], float | None],
    fleets: Callable[[], float | None] = lambda: None,
) -> Certificates:
    """All that a configuration names; `brokers` and `fleets` as in Certificates."""
    tls, page, alarms = config.delivery.tls, config.page, config.alarms
    fleet = None if config.fleet is None else config.fleet.tls
    post = None if alarms is None else alarms.post
    own = {
        "mqtt.tls.cert_file": None if tls is None else tls.certificate,
        "fleet.tls.cert_file": None if fleet is None else fleet.certificate,
        "page.tls.cert_file": None if page is None else page.certificate,
    }
    trusted = {
        "mqtt.tls.ca_file": None if tls is None else tls.ca,
        "fleet.tls.ca_file": None if fleet is None else fleet.ca,
        "alarms.ca_file": None if post is None else post.ca,
    }
    return Certificates(
        {key: file for key, file in own.items() if file is not None},
        {key: file for key, file in trusted.items() if file is not None},
        brokers,
        config.certificate_days,
        fleets,
    )


class Lookout(Worker):
    """A part (kioskd/part.py) on which nothing depends.

    files                  the networks that run
    certificate, network   told what is wrong in a sentence, and None when it is over
    also                   looks at something else, about once a second
    """

    def __init__(
        self,
        certificates: Certificates,
        files: Callable[[], Iterable[NetworkFile]],
        certificate: Trouble,
        network: Trouble,
        also: Callable[[], object] = lambda: None,
        files_every_s: float = FILES_EVERY_S,
    ) -> None:
        super().__init__("lookout", watched=False)
        self._certificates, self._files = certificates, files
        self._certificate, self._network = certificate, network
        self._certificates_at = self._files_at = 0.0
        self._files_every_s, self._also = files_every_s, also
        self._stamps: dict[Path, Stamp] = {}
        self._wrong: dict[Path, str] = {}

    def met_broker(self) -> None:
        """A broker took us, and showed its certificate; from any thread."""
        self.later(self._look_at_certificates)

    def turn(self) -> None:
        self._also()
        now = time.monotonic()
        if now >= self._certificates_at:
            self._certificates_at = now + CERTIFICATES_EVERY_S
            self._look_at_certificates()
        if now >= self._files_at:
            self._files_at = now + self._files_every_s
            self._look_at_files()

    def _look_at_certificates(self) -> None:
        watched = self._certificates
        ends: dict[str, float | None] = {}
        for files, trusted in ((watched.own, False), (watched.trusted, True)):
            for key, file in files.items():
                ends[f"{key} ({file})"] = certificate_ends.end_of(file, trusted=trusted)
        ends["the broker's certificate"] = watched.brokers()
        ends["the certificate of the fleet's cluster"] = watched.fleets()
        known = {what: end for what, end in ends.items() if end is not None}
        self._certificate(certificate_ends.sentence(known, watched.days, time.time()))

    def _look_at_files(self) -> None:
        """Read those that have changed since they were read last. They run as they were loaded."""
        for file in self._files():
            stamp = _stamp(file.path)
            if self._stamps.setdefault(file.path, stamp) != stamp:
                self._stamps[file.path] = stamp
                self._verify(file)
        told = "; ".join(dict.fromkeys(self._wrong.values()))
        self._network(f"{told}. What was loaded runs on, until kioskd restarts" if told else None)

    def _verify(self, file: NetworkFile) -> None:
        try:
            verified(file)
        except NetworkError as error:
            self._wrong[file.path] = str(error)
        else:
            self._wrong.pop(file.path, None)


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
