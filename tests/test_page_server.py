"""The page on its real server: what each address answers, to whom, and what it costs nobody."""

import json
import re
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

from kioskd.happenings import DoorSwitched, RulesChanged
from kioskd.page import assets
from kioskd.page.access import COOKIE, TRIES
from kioskd.page.page_settings import PageSettings
from kioskd.page.server import PageServer
from models.observation import Measure
from tests.support.broker import eventually, make_certificates
from tests.support.page import Served, serving
from tests.support.ports import free_port

TOKEN = "a long secret"
BEARER = {"authorization": f"Bearer {TOKEN}"}
SECURED = PageSettings(token=TOKEN, screen_token="of the screen")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with serving(tmp_path_factory.mktemp("page")) as one:
        yield one


def test_pages_and_files_come_with_headers_that_let_nobody_frame_them(served: Served) -> None:
    for path in ("/", "/door/main", "/screen/side", "/static/page.js", "/words/de", "/api/kiosk"):
        status, headers, body = served.ask(path)
        assert (status, bool(body)) == (200, True), path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


def test_nothing_is_fetched_from_anywhere_else() -> None:
    """No font, script or picture of others: the page works where there is no internet."""
    for name in assets.FILES:
        text = assets.file(name)[0].decode()
        assert "https://" not in text.replace("http://www.w3.org/2000/svg", ""), name
        assert "//cdn" not in text
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", ""), name


@pytest.mark.parametrize(
    "path",
    [
        "/static/../site.py",
        "/static/..%2fsite.py",
        "/static/%2e%2e/%2e%2e/config.yaml",
        "/static//etc/passwd",
        "/words/..%2f..%2fsite",
        "/door/" + quote("../../etc/passwd", safe=""),
        "/screen/nobody",
        "/api/doors/nobody",
        "/api/doors/nobody/live",
        "/api/screens/nobody/live",
        "/nothing",
    ],
)
def test_what_there_is_not_is_not_found(served: Served, path: str) -> None:
    status, _, body = served.ask(path)
    assert status == 404, body
    assert b"root:" not in body
    assert b"import" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/api/kiosk", "/api/doors/main", "/static/page.js"])
def test_nothing_can_be_written(served: Served, method: str, path: str) -> None:
    assert served.ask(path, method)[0] == 405


def test_a_foreign_name_and_a_foreign_site_are_refused(served: Served) -> None:
    assert served.ask("/", headers={"host": "evil.example"})[0] == 421
    assert (
        served.ask("/api/kiosk", headers={"host": f"evil.example:{served.settings.port}"})[0] == 421
    )
    for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert served.ask("/api/kiosk", headers=headers)[0] == 403
        told = served.ask("/api/doors/main/what-if", "POST", b'{"changes": {}}', headers)
        assert told[0] == 403


def test_a_giant_header_ends_that_connection_and_no_other(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.settings.port), 10) as wire:
        try:
            wire.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 2_000_000)
            answer = wire.recv(4096)
        except OSError:  # it hung up while we still talked
            answer = b""
    assert not answer or answer.split()[1] in (b"400", b"431")
    assert served.ask("/api/kiosk")[0] == 200


@pytest.mark.parametrize(
    "noise", [b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00", b""]
)
def test_noise_ends_that_connection_and_no_other(served: Served, noise: bytes) -> None:
    with socket.create_connection(("127.0.0.1", served.settings.port), 10) as wire:
        wire.sendall(noise)
        wire.shutdown(socket.SHUT_WR)
        wire.settimeout(10)
        assert b" 200 " not in wire.recv(4096)
    assert served.ask("/api/kiosk")[0] == 200


def test_a_viewer_sees_each_newest_frame_with_its_checks(served: Served) -> None:
    served.online()
    with served.looking("/api/doors/main/live") as viewer:
        judged = served.frame()
        look = viewer.next("look")
        while look["number"] < judged.frame.number:
            look = viewer.next("look")
        assert look["size"] == [1280, 720]
        assert look["picture"].startswith("data:image/jpeg;base64,")
        assert {check["key"] for check in look["checks"]} >= {
            "minimum_face_size_px",
            "maximum_yaw_deg",
        }
        assert all(check["passed"] for check in look["checks"])
        assert viewer.next("state")["state"]["phase"] == "online"


def test_while_nobody_looks_nothing_is_measured_and_while_somebody_does_it_is(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as served:
        served.frame()
        assert served.asked == []
        with served.looking("/api/doors/main/live") as one:
            one.next("look")
            with served.looking("/api/doors/main/live") as other:
                other.next("look")
                ((door, measures, plan, every_s),) = served.asked
                assert (door, every_s > 0) == ("main", True)
                assert Measure.LIVENESS in measures
                assert plan.scheme == "fused_multimodal"
        eventually(lambda: len(served.asked) == 2)
        assert served.asked[1][:2] == ("main", frozenset())


def test_a_screen_asks_for_nothing_to_be_measured(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.looking("/api/screens/main/live") as screen:
        served.online()
        served.frame()
        told = screen.next("screen")
        assert served.asked == []
        assert "scores" not in json.dumps(told)
        assert "track" not in json.dumps(told)


def test_the_screen_of_a_disabled_door_sends_people_to_another(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.looking("/api/screens/main/live") as screen:
        served.online()
        eventually(lambda: screen.next("screen")["online"])
        served.stream.tell(DoorSwitched("main", enabled=False))
        eventually(lambda: not screen.next("screen")["online"])


def test_as_many_look_as_may_and_the_next_is_told(tmp_path: Path) -> None:
    with serving(tmp_path, PageSettings(viewers=2)) as served:
        served.frame()
        with (
            served.looking("/api/doors/main/live") as one,
            served.looking("/api/screens/side/live") as two,
        ):
            assert (one.status, two.status) == (200, 200)
            with served.looking("/api/doors/side/live") as third:
                assert third.status == 503
                assert b"page.viewers" in third.answer.read()

        def looks() -> bool:
            with served.looking("/api/doors/side/live") as next_one:
                return next_one.status == 200

        eventually(looks)


def test_a_viewer_that_never_reads_holds_nobody_up_and_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kioskd.page.event_stream.SLOW_S", 0.5)
    with serving(tmp_path, PageSettings(viewers=1)) as served:
        rng = np.random.default_rng(0)
        wire = socket.socket()
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.connect(("127.0.0.1", served.settings.port))
        wire.sendall(b"GET /api/doors/main/live HTTP/1.1\r\nHost: localhost\r\n\r\n")

        def let_go() -> bool:
            judged = served.frame(pixels=720)
            judged.frame.color[:] = rng.integers(0, 255, judged.frame.color.shape)
            return served.asked[-1:] != [] and served.asked[-1][1] == frozenset()

        with wire:
            eventually(let_go)
        assert served.ask("/api/kiosk")[0] == 200


def test_what_if_answers_and_says_the_yaml(served: Served) -> None:
    served.frame()
    body = json.dumps({"changes": {"rgb_liveness.liveness_detection_threshold": 0.7}}).encode()
    status, _, told = served.ask("/api/doors/main/what-if", "POST", body)
    assert status == 200
    answer = json.loads(told)
    assert answer["frames"] >= 1
    assert answer["yaml"] == (
        "doors:\n  main:\n    rgb_liveness:\n      liveness_detection_threshold: 0.7\n"
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "larger|JSON"),
        (b'{"changes": 5}', "changes are"),
        (b'{"changes": {"a": [1]}}', "changes are"),
        (b'{"changes": {"gate.nothing": 1}}', "gate.nothing is no key"),
        (b'{"changes": {"gate.minimum_brightness": 1e400}}', "from 0 to 1"),
        (b"x" * 200_000, "larger"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    served: Served, body: bytes, sentence: str
) -> None:
    status, _, told = served.ask("/api/doors/main/what-if", "POST", body)
    assert status == 422
    assert re.search(sentence, json.loads(told)["error"])


def test_with_a_token_nothing_is_seen_before_it_is_shown(tmp_path: Path) -> None:
    with serving(tmp_path, SECURED) as served:
        assert served.ask("/")[0] == 303
        assert served.ask("/api/kiosk")[0] == 401
        assert served.ask("/api/doors/main/live")[0] == 401
        assert served.ask("/words/en")[0] == 303
        assert served.ask("/api/kiosk", headers=BEARER)[0] == 200
        assert served.ask("/api/kiosk", headers={"authorization": "Bearer wrong"})[0] == 401


def test_a_browser_logs_in_and_out(tmp_path: Path) -> None:
    with serving(tmp_path, SECURED) as served:
        form = {"content-type": "application/x-www-form-urlencoded"}
        status, headers, _ = served.ask("/login", "POST", f"token={quote(TOKEN)}".encode(), form)
        assert (status, headers["location"]) == (303, "/")
        cookie = headers["set-cookie"]
        assert {"HttpOnly", "SameSite=strict"} <= {part.strip() for part in cookie.split(";")}
        assert TOKEN not in cookie
        held = {"cookie": cookie.partition(";")[0]}
        assert served.ask("/api/kiosk", headers=held)[0] == 200
        assert served.ask("/logout", "POST", b"", held)[0] == 303
        assert served.ask("/api/kiosk", headers=held)[0] == 401


def test_the_screens_token_shows_the_screens_alone(tmp_path: Path) -> None:
    with serving(tmp_path, SECURED) as served:
        screen = {"authorization": "Bearer of the screen"}
        for path in ("/screen/main", "/api/screens", "/words/en", "/static/screen.js"):
            assert served.ask(path, headers=screen)[0] == 200, path
        for path in ("/", "/door/main", "/api/kiosk", "/api/doors/main", "/api/doors/main/live"):
            assert served.ask(path, headers=screen)[0] == 403, path


def test_whoever_guesses_has_to_wait(tmp_path: Path) -> None:
    with serving(tmp_path, SECURED) as served:
        statuses = [served.ask("/login", "POST", b"token=guess")[0] for _ in range(TRIES + 1)]
        assert statuses == [303] * TRIES + [429]


def test_with_a_certificate_the_page_speaks_tls(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "ours")
    settings = replace(SECURED, certificate=made.server, key=made.server_key)
    with serving(tmp_path, settings) as served:
        assert served.ask("/api/kiosk", headers=BEARER)[0] == 200
        form = f"token={quote(TOKEN)}".encode()
        _, headers, _ = served.ask("/login", "POST", form)
        assert "Secure" in headers["set-cookie"]
        assert headers["set-cookie"].startswith(COOKIE)


def test_a_port_that_is_taken_is_a_sentence_and_the_page_is_gone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        troubles: list[str | None] = []
        settings = PageSettings(port=taken.getsockname()[1])
        part = PageServer(lambda: None, settings, troubles.append)
        part.start()
        part.join(20.0)
    assert not part.is_alive()
    assert part.failure is None
    (told,) = troubles
    assert told is not None
    assert "Address already in use" in told


def test_what_stops_is_stopped_while_somebody_looks(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        served.frame()
        wire = socket.create_connection(("127.0.0.1", served.settings.port), 10)
        wire.sendall(b"GET /api/doors/main/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert wire.recv(100)
    wire.close()


def test_the_page_goes_by_a_door_s_rules_as_soon_as_its_judge_does(tmp_path: Path) -> None:
    """And who looks already has measured what these rules ask for."""
    with serving(tmp_path) as served:
        door = served.config.doors[0]
        brighter = replace(door, gate=replace(door.gate, minimum_brightness=0.3))
        with served.looking(f"/api/doors/{door.name}/live") as viewer:
            assert viewer.status == 200
            eventually(lambda: served.asked)
            asked = len(served.asked)
            served.stream.tell(RulesChanged(door.name, brighter, "1" * 16))
            assert served.asked[asked:] == served.asked[asked - 1 : asked]
        keys = served.json(f"/api/doors/{door.name}/keys")
        values = {key["path"]: key["value"] for key in keys}
        assert values["gate.minimum_brightness"] == 0.3
