"""`kioskd watch`: what the page tells of a door, in a terminal."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from kioskd.event import Progress
from kioskd.loopback import listens
from kioskd.page import assets
from kioskd.page.door_view import progress
from kioskd.page.page_settings import PageSettings
from kioskd.terminal import plain
from kioskd.terminal_sections import Section
from kioskd.watch.checklist import advice, check_rows, summary
from kioskd.watch.view import attempt_line, phase_line, sections
from kioskd.watch.wording import Wording
from tests.support.broker import eventually, make_certificates, mosquitto
from tests.support.commands import kioskd as command
from tests.support.daemon import ATTACK, LIVE, file_feed, kioskd, settings
from tests.support.page import CONFIG, Served, serving
from tests.support.patience import DEADLINE_S
from tests.support.ports import free_port
from tests.support.terminal import terminal

WORDS = Wording(assets.words("en"))
SPOKEN = {language: Wording(assets.words(language)) for language in assets.languages()}
TOKEN = "a long secret"


def check(key: str = "minimum_sharpness", **more: Any) -> dict[str, Any]:
    """A check that fails, as the page tells of it."""
    told = {
        "key": key,
        "reason": "blurry",
        "value": 0.1,
        "limit": 0.25,
        "bound": "least",
        "unit": "",
        "passed": False,
        "decided": True,
    }
    return {**told, **more}


def look(*checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A frame with one face in it."""
    told: dict[str, Any] = {
        "faces": [{"track": 3, "box": [1, 2, 3, 4], "score": 0.9, "missed": 0}],
        "phase": "LIVE_WINDOW",
        "reasons": [],
        "prompt": "hold_still",
        "progress": progress(Progress(2, 6)),
        "checks": list(checks),
        "scores": {},
        "ageMs": 31,
        "track": 3,
        "pose": [3.2, -4.0, None],
    }
    return {**told, **more}


def attempt(**more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "eventId": "e1",
        "ago": 3.0,
        "verdict": "undecided",
        "outcome": "",
        "frames": 4,
        "tookS": 1.234,
        "track": 3,
        "reasons": ["blurry"],
        "scores": {"texture": 0.5, "grid_against": 0.0},
        "challenges": [],
        "measured": [
            {"reason": "blurry", "low": 0.1, "high": 0.2, "limit": 0.25, "bound": "least",
             "unit": ""}
        ],
    }  # fmt: skip
    return {**told, **more}


def state(**more: Any) -> dict[str, Any]:
    kiosk = {
        "site": "hq",
        "device": "k1",
        "version": "1.2.3",
        "networksOn": "cpu",
        "connected": True,
        "broker": "127.0.0.1:1883",
        "problems": [],
        "events": {"published": 3},
    }
    told: dict[str, Any] = {
        "kiosk": {**kiosk, **more.pop("kiosk", {})},
        "door": "main",
        "feed": "front",
        "state": {"phase": "online", "detail": "gives images"},
        "judgeMs": 12.3,
        "keepsUp": 0.875,
        "thresholds": {"liveness_detection_threshold": 0.6, "fake_detection_threshold": 0.4},
        "plot": [],
        "attempts": [],
        "hour": {},
        "watchFailure": None,
        "enabled": True,
    }
    return {**told, **more}


def text(*shown: Section) -> str:
    return "\n".join(plain(shown))


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.98765, "", "0.99"),
        (0.5, "", "0.5"),
        (-0.001, "", "0"),
        (12.34, "degrees", "12.3 °"),
        (1234.5, "px", "1,234 px"),
        (0.2, "face widths", "0.2"),
        (None, "px", "\N{EN DASH}"),
    ],
)
def test_figures_are_as_people_read_them(value: float | None, unit: str, said: str) -> None:
    assert WORDS.figure(value, unit) == said


def test_german_figures_have_a_comma() -> None:
    assert SPOKEN["de"].figure(1234.5) == "1.234"
    assert SPOKEN["de"].figure(0.25) == "0,25"


def test_what_does_not_fit_says_what_to_do_and_by_how_much() -> None:
    assert advice(check(), WORDS) == "Hold still, clean the lens or set the focus: 0.15 more"
    wide = check("hybrid_margin_left", value=0.1, limit=0.35, unit="face widths")
    assert advice(wide, WORDS) == "Move the camera to the left or back: 25 % more"
    bright = check("maximum_brightness", value=0.95, limit=0.9, bound="most")
    assert advice(bright, WORDS).endswith(": 0.05 less")
    assert summary(look(check(), wide), WORDS).cells[0].startswith("2 to mend: Hold still")


def test_a_check_that_no_words_know_is_named_by_its_key() -> None:
    (row,) = check_rows(look(check("something_new", reason="blurry")), WORDS)
    assert row.cells[0].endswith("something_new")
    assert "blurr" in row.cells[3]


def test_the_checks_of_the_picture_are_one_line_until_one_fails() -> None:
    whole = [check(key, passed=True) for key in ("colour", "blocks", "redness")]
    after = check(passed=True)
    rows = check_rows(look(*whole, after), WORDS)
    assert [row.cells[0] for row in rows] == ["✓ The picture itself", "✓ Sharpness"]
    whole[1]["passed"] = False
    assert len(check_rows(look(*whole, after), WORDS)) == 4


def test_what_weighs_against_life_is_shown_with_its_share() -> None:
    shown = look(evidence={"edges": 0.0, "grid": 0.23, "bands": None})
    (row,) = check_rows(shown, WORDS)
    assert row.cells[:2] == ("! A screen's grid", "23 %")


def test_nobody_and_nothing_measured_are_said_in_words() -> None:
    assert summary(look(faces=[]), WORDS).cells == ("Nobody is in view",)
    assert summary(look(), WORDS).cells == (WORDS("page.not_asked"),)
    assert summary(look(check(passed=True)), WORDS).cells == ("Everything fits.",)
    assert text(*sections(None, state(state=None), WORDS)).count("No picture yet") == 2


def test_an_attempt_says_its_verdict_its_scores_and_why_with_the_figures() -> None:
    said = attempt_line(attempt(), WORDS)
    assert said.startswith("not decided: 4 frames · 1.23 s · track 3 · texture 0.5 · ")
    assert said.endswith("(0.1 \N{EN DASH} 0.2, at least 0.25)")
    assert "grid_against" not in said


def test_the_phase_says_what_is_asked_and_how_far_it_is() -> None:
    shown = text(*sections(look(), state(), WORDS))
    for line in ("Looks for life (LIVE_WINDOW)", "„Hold still“", "2 of 6 frames"):
        assert line in shown
    acting = look(progress=progress(Progress(1, 3, "actions")))
    assert "1 of 3 actions" in text(*sections(acting, state(), WORDS))


def test_what_became_of_an_event_is_told() -> None:
    assert "the broker took the event" in attempt_line(attempt(outcome="published"), WORDS)
    shown = text(*sections(look(), state(), WORDS))
    assert "the broker took 3, 0 too late, 0 refused" in shown
    assert "88 %" in shown


def test_scores_are_the_newest_and_a_bar_for_each_second() -> None:
    plot = [{"ago": 2.5, "together": 0.0}, {"ago": 0.5, "together": 1.0}]
    shown = text(*sections(look(), state(plot=plot), WORDS))
    (line,) = (line for line in shown.splitlines() if line.startswith("together"))
    assert line.split() == ["together", "1", "▁", "█"]
    assert "live from 0.6 · attack below 0.4" in shown


def test_what_is_wrong_with_the_kiosk_and_its_camera_stands_above_all() -> None:
    told = state(
        state={"phase": "stalled", "detail": "gives nothing"},
        kiosk={"problems": [{"code": "broker", "detail": "no broker"}]},
    )
    lines = text(*sections(look(), told, WORDS, "lost")).splitlines()
    assert lines[2:5] == ["! lost", "! Camera front: no pictures. gives nothing", "! no broker"]
    assert phase_line(look(), told, WORDS).startswith("Camera front")


def test_a_disabled_door_is_told_above_all() -> None:
    lines = text(*sections(look(), state(enabled=False), WORDS)).splitlines()
    assert lines[2] == "! An operator disabled this door: nobody is decided on here"


def test_a_line_of_changes_has_no_figures_in_it() -> None:
    line = phase_line(look(check()), state(), WORDS)
    assert line == "Looks for life. does not fit: Sharpness"
    assert phase_line(look(check(value=0.2)), state(), WORDS) == line


class Noting(Wording):
    """Keeps the paths that it has no words at."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        super().__init__(said)
        self.missing: set[str] = set()

    def __call__(self, path: str, **values: object) -> str:
        self.missing |= set() if self.knows(path) else {path}
        return super().__call__(path, **values)


@pytest.mark.parametrize("language", sorted(SPOKEN))
def test_all_that_is_shown_has_words_in_each_language(language: str) -> None:
    words = Noting(assets.words(language))
    plot = [{"ago": 1.0, "together": 1.0}]
    told = state(attempts=[attempt()], hour={"blurry": 3}, plot=plot)
    shown = look(check(), check("colour", passed=True), evidence={"grid": 0.2})
    text(*sections(shown, told, words, "lost"))
    assert words.missing == set()


def test_what_was_read_somewhere_draws_nothing_on_the_terminal() -> None:
    told = state(kiosk={"problems": [{"code": "broker", "detail": "\x1b]0;mine\x07\x1b[2J[red]"}]})
    shown = text(*sections(look(), told, WORDS))
    assert "?]0;mine??[2J[red]" in shown
    assert "\x1b" not in shown


# With a real page


def written(folder: Path, port: int, page: str = "") -> Path:
    """A configuration of the doors of tests/support/page.py."""
    path = folder / "watched.yaml"
    path.write_text(f"{CONFIG}page: {{enabled: true, port: {port}{page}}}\n")
    return path


@contextmanager
def watched(
    folder: Path, page: PageSettings | None = None, more: str = ""
) -> Iterator[tuple[Served, Path]]:
    with serving(folder, page) as served:
        served.online()
        served.frame()
        yield served, written(folder, served.settings.port, more)


def test_once_prints_what_is_so_and_ends(tmp_path: Path) -> None:
    with watched(tmp_path) as (served, config):
        served.problems["clock"] = "no time service keeps the clock"
        said = command("watch", "-c", config, "--once")
        german = command("watch", "-c", config, "--once", "--language", "de", "--door", "side")
    assert (said.status, german.status) == (0, 0)
    assert said.out.splitlines()[0] == "hq / lobby / main"
    assert "! no time service keeps the clock" in said.out
    assert "✓ Size of the face" in said.out
    assert "Waits for a face that fits (QUALITY)" in said.out
    assert "hq / lobby / side" in german.out
    assert "Noch kein Bild" in german.out
    assert served.asked[-1][1] == frozenset()  # nothing is measured for who has gone


def test_the_token_is_shown_over_tls_to_the_page_itself(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "ours")
    settings = PageSettings(token=TOKEN, certificate=made.server, key=made.server_key)
    (tmp_path / "token").write_text(TOKEN)
    tls = ", token_file: token, tls: {{cert_file: {0}, key_file: {1}}}"
    with watched(tmp_path, settings, tls.format(made.server, made.server_key)) as (served, config):
        assert command("watch", "-c", config, "--once").status == 0
        written(tmp_path, served.settings.port, tls.format(made.client, made.client_key))
        other = command("watch", "-c", config, "--once")
    assert other.status == 1
    assert "another certificate" in other.err


def test_a_page_that_does_not_take_the_token_is_asked_once(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("an old one")
    with watched(tmp_path, PageSettings(token=TOKEN), ", token_file: token") as (_, config):
        said = command("watch", "-c", config)
    assert said.status == 1
    assert "does not take the token" in said.err
    assert "an old one" not in said.err


def test_where_too_many_look_the_pages_own_sentence_is_told(tmp_path: Path) -> None:
    with (
        watched(tmp_path, PageSettings(viewers=1)) as (served, config),
        served.looking("/api/doors/main/live") as viewer,
    ):
        viewer.next("look")
        said = command("watch", "-c", config, "--once")
    assert said.status == 1
    assert "page.viewers" in said.err


def test_without_a_page_it_says_what_to_do(tmp_path: Path) -> None:
    config = written(tmp_path, free_port())
    nobody = command("watch", "-c", config, "--once")
    assert nobody.status == 1
    assert "is kioskd running" in nobody.err
    config.write_text(CONFIG)
    off = command("watch", "-c", config)
    assert off.status == 2
    assert "page.enabled" in off.err


def test_a_door_or_language_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    config = written(tmp_path, free_port())
    door = command("watch", "-c", config, "--door", "back")
    language = command("watch", "-c", config, "--language", "xx")
    assert (door.status, language.status) == (2, 2)
    assert "main, side" in door.err
    assert "de, en" in language.err


def test_another_server_at_the_pages_place_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        config = written(tmp_path, server.getsockname()[1])
        run = [sys.executable, "-m", "kioskd", "watch", "-c", str(config), "--once"]
        with subprocess.Popen(run, stderr=subprocess.PIPE, text=True) as asking:
            wire, _ = server.accept()
            with wire:
                wire.recv(4096)
                wire.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
            _, said = asking.communicate(timeout=DEADLINE_S)
    assert asking.returncode == 1
    assert "is not kioskd's page" in said


# With the daemon itself


def test_the_daemons_doors_are_watched_with_and_without_a_terminal(tmp_path: Path) -> None:
    port = free_port()
    with mosquitto(tmp_path) as broker:
        feeds = {name: file_feed(clip) for name, clip in (("live", LIVE), ("attack", ATTACK))}
        made = {**settings(broker, feeds), "page": {"enabled": True, "port": port}}
        with kioskd(tmp_path / "k", made) as daemon:
            eventually(lambda: listens(port))
            with terminal("watch", "-c", daemon.config) as drawn:
                eventually(lambda: "live: 6 frames" in drawn.seen)
                eventually(lambda: "✓ Size of the face" in drawn.seen)
                drawn.interrupt()
                assert drawn.process.wait(DEADLINE_S) == 0
            assert "Traceback" not in drawn.seen
            assert drawn.seen.rstrip().endswith("\x1b[?1049l")  # as it was before
            told = tmp_path / "told"
            with told.open("wb") as output:
                run = [sys.executable, "-m", "kioskd", "watch", "-c", str(daemon.config)]
                lines = subprocess.Popen([*run, "--door", "attack-door"], stdout=output)
                eventually(lambda: "not passed: " in told.read_text())
                lines.send_signal(signal.SIGINT)
                assert lines.wait(DEADLINE_S) == 0
            assert "\x1b" not in told.read_text()
            assert daemon.stop() == 0


def test_a_page_that_goes_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    config = written(tmp_path, port)
    with ExitStack() as page:
        first = page.enter_context(serving(tmp_path, port=port))
        first.frame()
        with terminal("watch", "-c", config) as drawn:
            eventually(lambda: "hq / lobby / main" in drawn.seen)
            page.close()
            eventually(lambda: "connection to the kiosk is lost" in drawn.seen)
            with serving(tmp_path, port=port) as again:
                again.problems["clock"] = "the page is there again"
                eventually(lambda: "the page is there again" in drawn.seen)
