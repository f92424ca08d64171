"""Asks a kiosk for its metrics as Prometheus does, and reads what it says without its library."""

import http.client
import json
import re
from typing import Any

_LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def ask(
    port: int, path: str, method: str = "GET", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20.0)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def scrape(port: int) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Each sample, by its name and labels."""
    status, body = ask(port, "/metrics")
    assert status == 200, body
    found = {}
    for line in body.decode().splitlines():
        if line.startswith("#"):
            continue
        matched = _LINE.match(line)
        assert matched, line
        name, labels, value = matched.groups()
        found[name, frozenset(_LABEL.findall(labels or ""))] = float(value)
    return found


class Scraped:
    """One scrape, asked for its samples."""

    def __init__(self, port: int) -> None:
        self.samples = scrape(port)

    def __call__(self, name: str, **labels: str) -> float | None:
        """The sample; None where there is none."""
        return self.samples.get((name, frozenset(labels.items())))

    def sum(self, name: str, **labels: str) -> float:
        """Over all samples of the name with these labels and whatever others."""
        wanted = set(labels.items())
        return sum(v for (n, has), v in self.samples.items() if n == name and wanted <= has)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.samples}


def well(port: int, path: str) -> tuple[int, Any]:
    """What /healthz or /readyz says."""
    status, body = ask(port, path)
    return status, json.loads(body)
