"""A real Prometheus that scrapes what a test names, and the questions one asks it."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.broker import eventually, program
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port


class Prometheus:
    """Asked over its own HTTP interface."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1/"

    def ask(self, what: str, **parameters: str) -> Any:
        """The data of its answer; AssertionError with its own words where it has none."""
        address = f"{self._base}{what}?{urllib.parse.urlencode(parameters)}"
        request = urllib.request.Request(address)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from error
        assert told["status"] == "success", told
        return told["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples that an expression has now."""
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def firing(self) -> list[dict[str, str]]:
        """The labels of each alert that fires."""
        alerts = self.ask("alerts")["alerts"]
        return [one["labels"] for one in alerts if one["state"] == "firing"]


@contextmanager
def prometheus(folder: Path, target: str, rules: Path) -> Iterator[Prometheus]:
    """Scraping the target, and judging the rules, each second."""
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "kioskd", "static_configs": [{"targets": [target]}]}],
    }
    path = folder / "prometheus.yml"
    path.write_text(json.dumps(config), "utf-8")  # JSON is YAML
    options = [f"--config.file={path}", f"--storage.tsdb.path={folder / 'tsdb'}"]
    options.append(f"--web.listen-address=127.0.0.1:{port}")
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([program("prometheus"), *options], stdout=log, stderr=log)
    try:
        one = Prometheus(port)
        eventually(lambda: _answers(one))
        yield one
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def _answers(one: Prometheus) -> bool:
    try:
        one.ask("status/runtimeinfo")
    except (OSError, AssertionError):
        return False
    return True


def promtool(*arguments: str) -> str:
    """What Prometheus's own checker says; AssertionError with it where it finds fault."""
    command = [program("promtool"), *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
