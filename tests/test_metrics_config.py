"""The metrics in config.yaml: off by default, on loopback, noted where others read them."""

from pathlib import Path

import pytest

from kioskd.config.load import check, load
from kioskd.metrics.metrics_settings import MetricsSettings

HEAD = """\
site: hq
device: k
mqtt: {broker: localhost}
feeds: {front: {kind: usb, device: 0}}
doors: {main: {feed: front, mode: secure_access_rgb_liveness}}
"""


def written(folder: Path, more: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(HEAD + more, "utf-8")
    return path


def told(folder: Path, more: str, weight: str) -> list[str]:
    found = check(written(folder, more), {})
    return [f"{one.path}: {one.text}" for one in found if one.weight == weight]


def test_nothing_is_served_unless_somebody_asks_for_it(tmp_path: Path) -> None:
    for more in ("", "metrics: {}", "metrics: {enabled: false, port: 80}"):
        config = load(written(tmp_path, more), {})
        assert config.metrics is None
        assert config.delivery.health is False


def test_enabled_they_are_for_this_machine_alone_and_health_is_told_too(tmp_path: Path) -> None:
    config = load(written(tmp_path, "metrics: {enabled: true}"), {})
    assert config.metrics == MetricsSettings("127.0.0.1", 9480)
    assert config.delivery.health is True
    assert told(tmp_path, "metrics: {enabled: true}", "note") == []


def test_an_address_that_others_reach_is_noted_with_what_they_learn(tmp_path: Path) -> None:
    for address in ("0.0.0.0", "10.0.0.7", "'::'"):
        more = f"metrics: {{enabled: true, address: {address}}}"
        (note,) = told(tmp_path, more, "note")
        assert note.startswith("metrics.address: lets whoever reaches it read how many come")
        assert told(tmp_path, more, "error") == []


@pytest.mark.parametrize(
    ("more", "begin"),
    [
        ("metrics: {address: 300.1.1.1}", "metrics.address: is no address"),
        ("metrics: {address: kiosk.lan}", "metrics.address: must be an address such as"),
        ("metrics: {port: 0}", "metrics.port: must be a whole number from 1 to 65535"),
        ("metrics: {enable: true}", "metrics.enable"),
        (
            "metrics: {enabled: true, port: 8480}\npage: {enabled: true}",
            "metrics.port: is the page's port too",
        ),
    ],
)
def test_what_is_wrong_is_said_at_its_key(tmp_path: Path, more: str, begin: str) -> None:
    (wrong,) = told(tmp_path, more, "error")
    assert wrong.startswith(begin)
