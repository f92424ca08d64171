"""Who may look at the page: names, origins, tokens and sessions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.page import access
from kioskd.page.access import COOKIE, TRIES, Sessions, is_ours, is_same_site
from kioskd.page.page_settings import PageSettings

SETTINGS = PageSettings(token="a long secret", screen_token="of the screen", names=("Door.lan",))


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8480", "127.0.0.1:8480", "[::1]:8480", "192.168.1.9", "door.lan:80"],
)
def test_addresses_and_known_names_are_ours(host: str) -> None:
    assert is_ours(host, SETTINGS)


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8480", "127.0.0.1.evil.example", "door.lan.", "[::1"]
)
def test_a_name_that_somebody_points_at_us_is_not(host: str) -> None:
    assert not is_ours(host, SETTINGS)


@given(st.text(max_size=60))
def test_any_host_header_has_an_answer(host: str) -> None:
    assert is_ours(host, SETTINGS) in (True, False)


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"host": "door.lan", "origin": "http://door.lan"}, True),
        ({"host": "door.lan", "origin": "https://door.lan"}, False),
        ({"host": "door.lan", "origin": "http://evil.example"}, False),
        ({"host": "door.lan", "origin": "null"}, False),
        ({"host": "door.lan", "sec-fetch-site": "cross-site"}, False),
        ({"host": "door.lan", "sec-fetch-site": "same-origin"}, True),
        ({"host": "door.lan"}, True),  # a program, which no web site can make send anything
    ],
)
def test_only_our_own_pages_may_ask(headers: dict[str, str], same: bool) -> None:
    assert is_same_site(headers, "http") is same


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_without_a_token_whoever_reaches_the_page_sees_it() -> None:
    assert Sessions(replace(SETTINGS, token=None)).role({}, {}) == "page"


def test_each_token_opens_what_it_is_for_and_no_other_opens_anything() -> None:
    sessions = Sessions(SETTINGS)
    assert sessions.role(bearer("a long secret"), {}) == "page"
    assert sessions.role(bearer("of the screen"), {}) == "screen"
    assert sessions.role(bearer("guess"), {}) is None
    assert sessions.role({}, {}) is None


def test_a_session_lasts_a_shift_and_ends_when_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(SETTINGS)
    now = [1000.0]
    monkeypatch.setattr("kioskd.page.access.time.monotonic", lambda: now[0])
    cookies = {COOKIE: sessions.begin("page")}
    assert sessions.role({}, cookies) == "page"
    now[0] += access.SESSION_S
    assert sessions.role({}, cookies) is None
    other = {COOKIE: sessions.begin("screen")}
    assert sessions.role({}, other) == "screen"
    sessions.end(other)
    assert sessions.role({}, other) is None


def test_whoever_guesses_has_to_wait_and_meanwhile_not_even_the_token_opens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions = Sessions(SETTINGS)
    now = [1000.0]
    monkeypatch.setattr("kioskd.page.access.time.monotonic", lambda: now[0])
    for _ in range(TRIES):
        assert not sessions.must_wait
        assert sessions.role(bearer("guess"), {}) is None
    assert sessions.must_wait
    assert sessions.role(bearer("a long secret"), {}) is None
    now[0] += access.WITHIN_S
    assert sessions.role(bearer("a long secret"), {}) == "page"


def test_sessions_do_not_pile_up() -> None:
    sessions = Sessions(SETTINGS)
    first = {COOKIE: sessions.begin("page")}
    for _ in range(access.MOST_SESSIONS):
        newest = {COOKIE: sessions.begin("page")}
    assert sessions.role({}, first) is None
    assert sessions.role({}, newest) == "page"


def test_no_token_shows_where_the_settings_are_printed() -> None:
    assert "secret" not in repr(SETTINGS)
