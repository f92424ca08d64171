"""What is counted of what happens, and the little server that tells it, on real sockets."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http import HTTPStatus

import numpy as np
import pytest
from prometheus_client import generate_latest

from feeds.frame import Frame
from feeds.state import FeedState
from kioskd.delivery.outcome import Delivery
from kioskd.event import Step
from kioskd.happenings import ActionEnded, AttemptEnded, BrokerMet, FeedChanged, FrameJudged
from kioskd.metrics import metrics_server
from kioskd.metrics.library import CollectorRegistry
from kioskd.metrics.metrics_server import Answer, MetricsServer
from kioskd.metrics.metrics_settings import MetricsSettings
from kioskd.metrics.tallies import Tallies
from kioskd.stream import Stream
from models.observation import Observation
from tests.support.broker import eventually
from tests.support.ports import free_port
from tests.support.results import LIVE
from tests.support.scraping import Scraped, ask
from tests.support.stage import person

MODE = LIVE.mode


class Told:
    """A stream whose tallies are served; `door` is watched, and goes by our clock."""

    def __init__(self, port: int, own_time: tuple[str, ...] = ()) -> None:
        self.port = port
        self.registry = CollectorRegistry()
        self.stream = Stream(lambda sentence: None)
        Tallies(self.registry, {"door": MODE, "other": MODE}, own_time).listen(self.stream)

    def frame(self, number: int, at: float, *reasons: str, tracks: tuple[int, ...] = ()) -> None:
        frame = Frame("feed", number, 0, at, 1.7e9 + at, np.zeros((4, 4, 3), np.uint8))
        faces = tuple(person(track=track) for track in tracks)
        seen = Observation("feed", number, 0, at, frame.wall_time, 4, 4, faces)
        step = Step("ANY", reasons)
        self.stream.tell(FrameJudged("door", frame, seen, step, at + 0.03, at + 0.04, at + 0.04))

    def attempt(self, track: int, began: float, ended: float, **more: str) -> None:
        result = replace(LIVE, track_id=track, started_at=began, decided_at=ended, **more)  # type: ignore[arg-type]
        self.stream.tell(AttemptEnded("door", result, Delivery("sent", "an-event-id")))

    def now(self) -> Scraped:
        return Scraped(self.port)


@contextmanager
def told(own_time: tuple[str, ...] = ()) -> Iterator[Told]:
    one = Told(free_port(), own_time)
    pages = {"/metrics": lambda: Answer(HTTPStatus.OK, generate_latest(one.registry), "text/plain")}
    with serving(one.port, pages):
        yield one


@contextmanager
def serving(port: int, pages: dict[str, Callable[[], Answer]]) -> Iterator[MetricsServer]:
    troubles: list[str | None] = []
    part = MetricsServer(MetricsSettings("127.0.0.1", port), pages, troubles.append)
    part.start()
    try:
        eventually(lambda: troubles == [None])
        yield part
    finally:
        part.stop()
        part.join(20.0)
        assert not part.is_alive()


def test_frames_are_counted_with_those_that_nobody_judged() -> None:
    with told() as one:
        for number in (0, 1, 4):
            one.frame(number, 100.0 + number, "no_face")
        one.frame(5, 105.0, "blurry", "moving")
        now = one.now()
    assert now("kioskd_frames_judged_total", door="door") == 4
    assert now("kioskd_frames_judged_total", door="other") == 0
    assert now("kioskd_frames_replaced_total", door="door") == 2
    assert now("kioskd_gate_reasons_total", door="door", reason="no_face") == 3
    assert now("kioskd_gate_reasons_total", door="door", reason="blurry") == 1
    assert now("kioskd_frame_age_seconds_count", door="door") == 4
    assert now("kioskd_frame_age_seconds_bucket", door="door", le="0.02") == 0
    assert now("kioskd_frame_age_seconds_bucket", door="door", le="0.05") == 4
    assert now("kioskd_judge_seconds_sum", door="door") == pytest.approx(0.04)


def test_no_code_that_is_none_of_ours_makes_a_series() -> None:
    with told() as one:
        for number in range(50):
            one.frame(number, 100.0 + number, f"made_up_{number}")
        now = one.now()
    assert now.sum("kioskd_gate_reasons_total") == 50
    assert now("kioskd_gate_reasons_total", door="door", reason="other") == 50


def test_a_door_that_is_not_configured_makes_no_series() -> None:
    with told() as one:
        before = len(one.now().samples)
        for number in range(20):
            one.stream.tell(ActionEnded(f"id-{number}", "feed", f"made-up-{number}", "expired", ""))
            state = FeedState("feed", "online", "", "well", 0.0)
            one.stream.tell(FeedChanged(f"made-up-{number}", state))
        assert len(one.now().samples) == before + 1  # those whose door is not known, together


def test_attempts_are_counted_by_door_mode_and_verdict_from_zero_on() -> None:
    with told() as one:
        about = {"door": "door", "mode": MODE}
        assert one.now()("kioskd_attempts_total", **about, verdict="failed") == 0
        one.attempt(1, 10.0, 11.0)
        one.attempt(1, 12.0, 13.0, verdict="failed")
        one.attempt(1, 14.0, 15.0, verdict="undecided", emits=False)  # type: ignore[arg-type]
        now = one.now()
    for verdict in ("passed", "failed", "undecided"):
        assert now("kioskd_attempts_total", **about, verdict=verdict) == 1
    assert now("kioskd_results_total", **about, verdict="undecided") == 0
    assert now("kioskd_results_total", **about, verdict="passed") == 1
    assert now("kioskd_results_handed_over_total", door="door", outcome="sent") == 3


def test_a_decision_is_timed_from_the_first_sight_of_the_face() -> None:
    with told() as one:
        one.frame(0, 100.0, "no_face")
        one.frame(1, 101.0, "face_too_small", tracks=(7,))
        one.frame(2, 103.0, tracks=(7,))
        one.attempt(7, 103.0, 104.0)
        first = one.now().sum("kioskd_decision_seconds_sum")
        one.frame(3, 105.0, tracks=(7,))
        one.attempt(7, 106.0, 106.5)
        second = one.now().sum("kioskd_decision_seconds_sum")
    assert first == pytest.approx(3.0)
    assert second - first == pytest.approx(0.5)  # of the same face, from that attempt's beginning


def test_a_recording_with_a_clock_of_its_own_has_no_age() -> None:
    with told(own_time=("door",)) as one:
        one.frame(0, 5.0, tracks=(7,))
        one.attempt(7, 900.0, 901.0)
        now = one.now()
    assert now("kioskd_frame_age_seconds_count", door="door") == 0
    assert now.sum("kioskd_decision_seconds_sum") == pytest.approx(1.0)


def test_events_feeds_and_brokers_are_counted() -> None:
    with told() as one:
        one.stream.tell(ActionEnded("an-id", "feed", "door", "published", ""))
        one.stream.tell(
            FeedChanged("door", FeedState("feed", "stalled", "frozen", "it hangs", 0.0))
        )
        one.stream.tell(BrokerMet("broker:1883"))
        now = one.now()
    assert now("kioskd_events_ended_total", door="door", outcome="published") == 1
    assert now("kioskd_events_ended_total", door="door", outcome="expired") == 0
    assert now("kioskd_feed_changes_total", door="door", state="stalled", reason="frozen") == 1
    assert now("kioskd_broker_connections_total") == 1


def test_no_id_of_anybody_or_anything_stands_in_a_label() -> None:
    with told() as one:
        one.frame(0, 100.0, tracks=(4711,))
        one.attempt(4711, 100.0, 101.0, session="session-4711")
        assert b"4711" not in ask(one.port, "/metrics")[1]
        assert b"an-event-id" not in ask(one.port, "/metrics")[1]


PAGES = {"/metrics": lambda: Answer(HTTPStatus.OK, b"x" * 5_000_000, "text/plain")}


def test_what_there_is_not_is_told() -> None:
    port = free_port()
    with serving(port, PAGES):
        assert ask(port, "/")[0] == 404
        assert ask(port, "/metrics/../etc/passwd")[0] == 404
        assert ask(port, "/metrics", "POST")[0] == 501
        assert ask(port, "/metrics", headers={"Host": "evil.example"})[0] == 421
        assert ask(port, "/metrics?any=thing", headers={"Host": f"localhost:{port}"})[0] == 200


@pytest.mark.parametrize("noise", [b"\0\0\0\r\n\r\n", b"GET\r\n\r\n", b"\r\n\r\n", b"x" * 100_000])
def test_noise_is_answered_with_no_metrics_and_stops_nothing(noise: bytes) -> None:
    port = free_port()
    with serving(port, PAGES):
        with closing(socket.create_connection(("127.0.0.1", port), 20.0)) as wire:
            try:
                wire.sendall(noise)
                answer = wire.recv(100)
            except OSError:  # it hung up on us while we still talked
                answer = b""
        assert b" 200 " not in answer
        assert ask(port, "/metrics")[0] == 200


def test_a_scrape_that_never_reads_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_server, "PATIENCE_S", 0.3)
    port = free_port()
    with serving(port, PAGES), closing(silent(port, b"GET /metrics HTTP/1.1\r\n\r\n")):
        eventually(lambda: not scrapes())


def test_whoever_is_silent_keeps_nobody_out() -> None:
    """More come and say nothing than are served at once: those that came first make room."""
    port = free_port()
    with serving(port, PAGES):
        wires = [silent(port, b"GET /met") for _ in range(3 * metrics_server.MOST)]
        try:
            assert ask(port, "/metrics")[0] == 200
            eventually(lambda: len(scrapes()) <= metrics_server.MOST)
        finally:
            for wire in wires:
                wire.close()


def silent(port: int, said: bytes) -> socket.socket:
    """Somebody who says this, and reads nothing."""
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.settimeout(20.0)
    wire.connect(("127.0.0.1", port))
    wire.sendall(said)
    return wire


def scrapes() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if "process_request" in each.name]


def test_a_port_that_is_taken_is_a_sentence_and_ends_no_door() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as taken:
        troubles: list[str | None] = []
        settings = MetricsSettings(port=taken.getsockname()[1])
        part = MetricsServer(settings, {}, troubles.append)
        part.start()
        part.join(20.0)
    assert not part.is_alive()
    assert part.failure is None
    (told_,) = troubles
    assert told_ is not None
    assert "Address already in use" in told_
