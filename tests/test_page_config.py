"""The page in config.yaml: off by default, on loopback, and for others only with a token."""

from pathlib import Path

import pytest

from kioskd.config.load import check, load
from kioskd.page.page_settings import PageSettings
from tests.support.broker import make_certificates

HEAD = """\
site: hq
device: k
mqtt: {broker: localhost}
feeds: {front: {kind: usb, device: 0}}
doors: {main: {feed: front, mode: secure_access_rgb_liveness}}
"""
SECRETS = {"TOKEN": "a long secret", "SCREEN": "another"}


def written(folder: Path, page: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(f"{HEAD}page: {page}\n", "utf-8")
    return path


def page(folder: Path, text: str) -> PageSettings | None:
    return load(written(folder, text), SECRETS).page


def told(folder: Path, text: str, weight: str = "error") -> list[str]:
    """What is said of the page, each with its key."""
    found = check(written(folder, text), SECRETS)
    return [f"{one.path}: {one.text}" for one in found if one.weight == weight]


def test_there_is_no_page_unless_somebody_asks_for_it(tmp_path: Path) -> None:
    assert page(tmp_path, "{}") is None
    assert page(tmp_path, "{enabled: false, address: 127.0.0.1}") is None


def test_enabled_it_is_for_this_machine_alone(tmp_path: Path) -> None:
    made = page(tmp_path, "{enabled: true}")
    assert made is not None
    assert (made.address, made.token) == ("127.0.0.1", None)
    assert made.url == "http://localhost:8480/"


def test_everything_that_is_said_arrives(tmp_path: Path) -> None:
    made_files = make_certificates(tmp_path / "ours")
    text = (
        "{enabled: true, address: '::', port: 443, token: '${TOKEN}', screen_token: '${SCREEN}',"
        f" tls: {{cert_file: {made_files.server}, key_file: {made_files.server_key}}},"
        " names: [door.lan, Kiosk-07], viewers: 9, mirrored_view: true}"
    )
    made = page(tmp_path, text)
    assert made == PageSettings(
        "::", 443, "a long secret", "another", made_files.server, made_files.server_key,
        ("door.lan", "Kiosk-07"), 9, True,
    )  # fmt: skip
    assert made.url == "https://localhost:443/"


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.7", "'::'", "'fe80::1'"])
def test_others_may_reach_it_only_with_a_token(tmp_path: Path, address: str) -> None:
    (wrong,) = told(tmp_path, f"{{address: {address}}}")
    assert wrong.startswith("page.address: lets others see the camera's picture; set token")
    assert told(tmp_path, f"{{address: {address}, token: '${{TOKEN}}'}}") == []
    (open_,) = told(tmp_path, f"{{address: {address}, token: '${{TOKEN}}'}}", "note")
    assert "unencrypted" in open_


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{address: 300.1.1.1}", "page.address: is no address"),
        ("{address: door.lan}", "page.address: must be an address such as 127.0.0.1"),
        ("{port: 0}", "page.port: must be a whole number from 1 to 65535"),
        ("{names: [evil/]}", "page.names"),
        ("{viewers: 0}", "page.viewers"),
        ("{token: '${NOWHERE}'}", "page.token: NOWHERE is not in the environment"),
        ("{token: $TOKEN}", "page.token: a name with $ but without braces"),
        ("{token: '${TOKEN}', token_file: config.yaml}", "token_file: stands beside token"),
        ("{screen_token: '${SCREEN}'}", "page.screen_token: is of no use without token"),
        ("{tls: {cert_file: config.yaml}}", "page.tls.cert_file: needs key_file beside it"),
        ("{tls: {cert_file: config.yaml, key_file: config.yaml}}", "page.tls.cert_file"),
        ("{enabled: yes please}", "page.enabled: must be true or false"),
        ("{enable: true}", "page.enable"),
    ],
)
def test_a_mistake_is_told_at_its_key(tmp_path: Path, text: str, sentence: str) -> None:
    assert any(sentence in each for each in told(tmp_path, text)), told(tmp_path, text)


def test_a_token_that_stands_in_the_file_is_noted(tmp_path: Path) -> None:
    assert any("for all to read" in each for each in told(tmp_path, "{token: hunter2}", "note"))
    assert "hunter2" not in " ".join(told(tmp_path, "{token: hunter2, port: 0}"))
