"""Alarms: what makes each, when it begins and ends, and that it is told to whoever must hear."""

import contextlib
import dataclasses
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from feeds.state import FeedState, Phase
from kioskd import certificate_ends
from kioskd.alarms.alarm import OF_PROBLEMS, Alarm, AlarmCode
from kioskd.alarms.alarm_book import HOLD_S, LONGER_S, QUIET_S, AlarmBook
from kioskd.alarms.alarm_post import HOUR_S, AlarmPost, Quota
from kioskd.alarms.alarm_teller import AlarmTeller
from kioskd.alarms.alarms_settings import PostSettings
from kioskd.alarms.causes import Cause, causes
from kioskd.alarms.last_word import not_started
from kioskd.alarms.post import PostError, place, post
from kioskd.config.load import check, load
from kioskd.happenings import AlarmChanged, Happening
from kioskd.lookout import Certificates as Watched
from kioskd.lookout import Lookout
from kioskd.problems import ProblemCode
from kioskd.signing.ed25519 import signer_at
from kioskd.stream import Stream
from kioskd.verify.proof import proved
from models.manifest import shipped
from tests.support.alarm_receiver import receiver
from tests.support.broker import eventually, make_certificates
from tests.support.schemas import check as check_schema

WALL = 1.8e9  # seconds since 1970
FRONT: Cause = ("feed_error", "main")


def feed(phase: Phase, reason: str) -> FeedState:
    return FeedState("front", phase, reason, "the sentence", WALL)


def rung(book: AlarmBook, sights: Mapping[Cause, str], at: float) -> list[Alarm]:
    return book.look(sights, at, WALL + at)


@pytest.mark.parametrize("code", get_args(AlarmCode))
def test_every_alarm_has_a_cause_rings_and_ends(code: AlarmCode) -> None:
    """Each by the problem or the feed's state that makes it in the daemon."""
    problems: dict[str, str] = dict.fromkeys(OF_PROBLEMS.get(code, ()), "why")
    states = {"feed_error": feed("stalled", "no_frames"), "sensor_missing": feed("offline", GONE)}
    feeds = {"main": states[code]} if code in states else {}
    present = [causes(problems, feeds)]
    told: list[Happening] = []
    stream = Stream(lambda _: None)
    stream.listen("test", AlarmChanged, told.append)
    teller = AlarmTeller(lambda: problems, lambda: feeds, stream, lambda *_: None)
    hold_s = LONGER_S.get(code, HOLD_S)
    for at in (0.0, hold_s - 0.1):
        teller.look(at, WALL + at)
        assert told == []
    teller.look(hold_s, WALL + hold_s)
    problems.clear()
    feeds.clear()
    teller.look(hold_s + QUIET_S, WALL + hold_s + QUIET_S)
    assert len(present[0]) == 1
    ((known, door),) = present[0]
    (sentence,) = present[0].values()
    began = Alarm(known, sentence, WALL, door=door)
    assert (known, bool(door)) == (code, code in states)
    ended = Alarm(known, sentence, WALL, WALL + hold_s, door=door)
    assert told == [AlarmChanged(began), AlarmChanged(ended)]
    assert teller.alarms == [ended]


GONE = "no_camera"


def test_after_a_start_it_is_told_once_that_all_is_well() -> None:
    told: list[tuple[int, bool]] = []
    teller = AlarmTeller(
        dict, dict, Stream(lambda _: None), lambda alarms, loud: told.append((len(alarms), loud))
    )
    for second in range(200):
        teller.look(float(second), WALL + second)
    assert told == [(0, False), (0, True)]


def test_an_alarm_soon_after_the_start_is_all_that_is_told() -> None:
    told: list[bool] = []
    stream = Stream(lambda _: None)
    teller = AlarmTeller(lambda: {"disk": "full"}, dict, stream, lambda _, loud: told.append(loud))
    for second in range(200):
        teller.look(float(second), WALL + second)
    assert told == [False, True]


def test_a_daemon_that_cannot_start_says_so_once(tmp_path: Path) -> None:
    with receiver() as seen:
        assert said(tmp_path, f"{{enabled: true, url: '{seen.url}'}}") == []
        config = load(tmp_path / "config.yaml", {})
        assert not_started(config, "the file is not there") == ""
        (told,) = seen.states
        check_schema("alarms", told)
        assert told["alarms"][0]["detail"] == "not started: the file is not there"
        assert "sig" not in told["x"]
        config.state_dir.mkdir()
        signer = signer_at(config.signing_key)
        assert not_started(config, "again") == ""
        assert proved("hq/k/alarms", seen.bodies[-1], [signer.public])
        seen.status = 500
        untold = not_started(config, "and again")
        assert untold.startswith("nor could the alarm be posted to 127.0.0.1 port")
        assert "secret" not in untold


@pytest.mark.parametrize(
    ("phase", "reason", "code"),
    [
        ("online", "", None),
        ("starting", "opening", None),
        ("offline", "stopped", None),
        ("offline", "finished", None),
        ("stalled", "frozen", "feed_error"),
        ("offline", "open_failed", "feed_error"),
        ("offline", "unplugged", "sensor_missing"),
        ("stalled", "depth_stopped", "sensor_missing"),
    ],
)
def test_a_feed_is_cause_of_alarm_where_nobody_meant_it(
    phase: Phase, reason: str, code: str | None
) -> None:
    found = causes({}, {"main": feed(phase, reason)})
    assert list(found) == ([] if code is None else [(code, "main")])


def test_problems_that_are_no_alarm_are_none() -> None:
    made = {each for group in OF_PROBLEMS.values() for each in group}
    rest = set(get_args(ProblemCode)) - made
    assert causes(dict.fromkeys(rest, "why"), {}) == {}


def test_what_comes_and_goes_is_one_alarm() -> None:
    book = AlarmBook()
    changes = []
    for second in range(60):
        away = second % 8 < 5  # never long enough away to be over
        changes += rung(book, {FRONT: "gone"} if second < 30 or away else {}, float(second))
    assert [change.rings for change in changes] == [True]


def test_a_moment_is_no_alarm_and_is_forgotten() -> None:
    book = AlarmBook()
    for second in range(0, 40, 4):
        assert rung(book, {FRONT: "gone"}, second) == []
        assert rung(book, {}, second + 1.0) == []
    assert book.alarms == []


def test_an_alarm_that_rings_again_takes_the_place_of_when_it_last_rang() -> None:
    book = AlarmBook()
    for began in (0.0, 100.0):
        rung(book, {FRONT: "gone"}, began)
        rung(book, {FRONT: "still gone"}, began + HOLD_S)
        assert [(one.began, one.ended) for one in book.alarms] == [(WALL + began, None)]
        assert [one.sentence for one in book.alarms] == ["still gone"]
        rung(book, {}, began + HOLD_S + QUIET_S)
        assert [one.ended for one in book.alarms] == [WALL + began + HOLD_S]


def test_a_clock_that_is_set_back_ends_no_alarm_before_it_began() -> None:
    book = AlarmBook()
    book.look({FRONT: "gone"}, 0.0, WALL)
    book.look({FRONT: "gone"}, HOLD_S, WALL - 1e6)
    (over,) = book.look({}, HOLD_S + QUIET_S, WALL - 1e6)
    assert over.ended == over.began == WALL


# Certificates and network files


def ends_in(days: float) -> dict[str, float]:
    return {"the broker's certificate": WALL + days * 86400.0}


def test_a_certificate_is_told_from_so_many_days_before_its_end() -> None:
    assert certificate_ends.sentence(ends_in(30.1), 30.0, WALL) is None
    soon = certificate_ends.sentence(ends_in(29.9), 30.0, WALL)
    assert soon is not None
    assert soon.startswith("the broker's certificate ends on 2027-02-14, in 29 days: renew it")
    over = certificate_ends.sentence(ends_in(-1.0), 30.0, WALL)
    assert over is not None
    assert "has ended on 2027-01-14" in over


def test_the_lookout_tells_certificates_near_their_end_and_changed_networks(
    tmp_path: Path,
) -> None:
    certificates = make_certificates(tmp_path / "tls")  # each lasts two days
    file = shipped().file("face")
    copied = tmp_path / "face.onnx"
    copied.write_bytes(file.path.read_bytes())
    told: dict[str, str | None] = {}
    brokers = [time.time() + 3 * 86400.0]
    lookout = Lookout(
        Watched(
            own={"mqtt.tls.cert_file": certificates.client, "page.tls.cert_file": tmp_path / "no"},
            trusted={"mqtt.tls.ca_file": certificates.ca},
            brokers=lambda: brokers[0],
            days=2.5,
        ),
        lambda: [replace_path(file, copied)],
        lambda sentence: told.update(certificate=sentence),
        lambda sentence: told.update(network=sentence),
        files_every_s=0.0,
    )
    lookout.turn()
    assert told["network"] is None
    assert told["certificate"] is not None
    for named in ("mqtt.tls.cert_file", "client.pem", "mqtt.tls.ca_file"):
        assert named in told["certificate"]
    assert "broker" not in told["certificate"]
    assert "page" not in told["certificate"]  # cannot be read: the page itself says so
    lookout.start()
    try:
        brokers[0] = time.time() + 86400.0
        lookout.met_broker()
        eventually(lambda: "the broker's certificate ends on" in (told["certificate"] or ""))
        content = copied.read_bytes()
        copied.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        eventually(lambda: told["network"])
        assert told["network"] is not None
        assert str(copied) in told["network"]
        assert "is not the one" in told["network"]
        copied.unlink()
        eventually(lambda: "cannot be read" in (told["network"] or ""))
        copied.write_bytes(content)
        eventually(lambda: told["network"] is None)
    finally:
        lookout.stop()
        lookout.join()


def replace_path(file: Any, path: Path) -> Any:
    return dataclasses.replace(file, path=path)


# The POST


BODY = b'{"alarms":[]}'


def settings(url: str, **more: object) -> PostSettings:
    return PostSettings(url, **more)  # type: ignore[arg-type]


def test_it_is_posted_encrypted_with_its_token(tmp_path: Path) -> None:
    certificates = make_certificates(tmp_path / "tls")
    with receiver(certificates) as seen:
        post(settings(seen.url, token="a-token", ca=certificates.ca), BODY)
        with pytest.raises(PostError, match="does not prove who it is"):
            post(settings(seen.url), BODY)
    assert seen.bodies == [BODY]
    assert seen.headers[0]["authorization"] == "Bearer a-token"
    assert seen.headers[0]["content-type"] == "application/json"


@contextlib.contextmanager
def server(answer: Callable[[socket.socket], object]) -> Iterator[str]:
    """Takes one connection after the other, and answers each as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    wire, _ = listening.accept()
                    with wire:
                        answer(wire)

        listening.settimeout(0.05)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            over.set()
            thread.join()


def dripping(wire: socket.socket) -> None:
    for _ in range(200):
        wire.sendall(b"H")
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda wire: wire.recv(9999) and wire.recv(9999), "does not answer within 1 s"),
        (dripping, "does not answer within 1 s"),
        (lambda wire: wire.recv(9999), "hangs up without an answer"),
        (lambda wire: wire.sendall(b"220 mail\r\n"), "speaks no HTTP"),
        (lambda wire: wire.sendall(b"x" * 3000), "speaks no HTTP"),
        (lambda wire: wire.sendall(b"HTTP/1.1 500 Oh\r\n\r\n"), "answers 500 .Internal Server Er"),
        (lambda wire: wire.sendall(b"HTTP/1.1 302 Away\r\nLocation: /\r\n\r\n"), "answers 302"),
    ],
    ids=["hangs", "drips", "hangs up", "mail", "endless", "500", "leads elsewhere"],
)
def test_a_server_that_does_not_take_it_is_told_and_holds_nothing_up(
    answer: Callable[[socket.socket], object], why: str
) -> None:
    with server(answer) as url, pytest.raises(PostError, match=why):
        post(settings(url, timeout_s=1.0), BODY)


def test_a_closed_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(PostError, match="cannot be reached"):
        post(settings(f"http://127.0.0.1:{port}/"), BODY)


def test_it_is_tried_again_and_the_newest_state_wins(tmp_path: Path) -> None:
    told: list[str | None] = []
    with receiver() as seen:
        seen.status = 500
        with posting(settings(seen.url), told) as part:
            part.put(b'"first"')
            eventually(lambda: len(seen.bodies) >= 2)
            part.put(b'"second"')
            part.put(b'"third"')
            eventually(lambda: seen.bodies[-1] == b'"third"')
            seen.status = 200
            eventually(lambda: told and told[-1] is None)
        assert b'"second"' not in seen.bodies
        assert seen.bodies[-1] == b'"third"'
    sentence = told[0]
    assert sentence is not None
    assert "it answers 500" in sentence
    assert "secret" not in sentence


def test_there_are_never_more_in_an_hour_than_may_be() -> None:
    quota = Quota(3)
    taken = []
    now = 0.0
    while now < 3 * HOUR_S:
        if not (wait_s := quota.wait_s(now)):
            quota.take(now)
            taken.append(now)
        now += max(7.0, wait_s)
    assert len(taken) == 9
    assert all(later - earlier >= HOUR_S for earlier, later in itertools.pairwise(taken[::3]))


def test_what_is_too_much_for_this_hour_waits_and_keeps_nobody() -> None:
    with receiver() as seen:
        with posting(settings(seen.url, per_hour=1), []) as part:
            part.put(b'"now"')
            eventually(lambda: seen.bodies)
            part.put(b'"later"')
        assert seen.bodies == [b'"now"']


@contextlib.contextmanager
def posting(settings: PostSettings, told: list[str | None]) -> Iterator[AlarmPost]:
    part = AlarmPost(settings, told.append, first_s=0.02)
    part.start()
    try:
        yield part
    finally:
        part.stop()
        part.join()


# In config.yaml


HEAD = """\
site: hq
device: k
mqtt: {broker: localhost}
feeds: {front: {kind: usb, device: 0}}
doors: {main: {feed: front, mode: secure_access_rgb_liveness}}
"""


def said(folder: Path, alarms: str, weight: str = "error") -> list[str]:
    path = folder / "config.yaml"
    path.write_text(f"{HEAD}alarms: {alarms}\n")
    environment = {"URL": "https://in.the/environment?secret=1", "PLAIN": "http://else.where/"}
    return [f"{one.path}: {one.text}" for one in check(path, environment) if one.weight == weight]


def test_alarms_are_off_until_somebody_asks_for_them(tmp_path: Path) -> None:
    for more in ("{}", "{enabled: false, url: 'https://a.b/'}"):
        assert said(tmp_path, more) == []
        assert load(tmp_path / "config.yaml", {}).alarms is None
    assert said(tmp_path, "{enabled: true, url: '${URL}', timeout_s: 3}") == []
    config = load(tmp_path / "config.yaml", {"URL": "https://in.the/environment?secret=1"})
    assert config.alarms is not None
    assert config.alarms.post == PostSettings(
        "https://in.the/environment?secret=1", None, None, 3.0, 30
    )
    assert "secret" not in repr(config)


@pytest.mark.parametrize(
    ("alarms", "begin"),
    [
        ("{url: 'http://example.org/'}", "alarms.url: must be https://: over http:// anyone"),
        ("{url: '${PLAIN}'}", "alarms.url: must be https://: over http:// anyone"),
        ("{url: 'http://127.0.0.1.evil.org/'}", "alarms.url: must be https://"),
        ("{url: 'ftp://example.org/'}", "alarms.url: must begin with https://"),
        ("{url: 'https://'}", "alarms.url: must begin with https:// and a host's name"),
        ("{url: 'https://u:p@example.org/'}", "alarms.url: holds a user name; show a secret by"),
        ("{url: 'https://example.org:99999/'}", "alarms.url: is no address that can be read"),
        ("{url: '${NO}'}", "alarms.url: NO is not in the environment"),
        ("{token: '${URL}'}", "alarms.token: is of no use without url"),
        ("{ca_file: ca.pem, url: 'https://a.b/'}", "alarms.ca_file: "),
        ("{certificate_days: 0}", "alarms.certificate_days: must be a number from 1 to 365"),
    ],
)
def test_what_is_wrong_is_said_at_its_key(tmp_path: Path, alarms: str, begin: str) -> None:
    (wrong,) = said(tmp_path, alarms)
    assert wrong.startswith(begin)
    assert "secret=1" not in wrong


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9"])
def test_on_this_machine_nobody_need_encrypt(tmp_path: Path, host: str) -> None:
    assert said(tmp_path, f"{{enabled: true, url: 'http://{host}/'}}") == []
    assert place(f"http://{host}/a?b=c").target == "/a?b=c"
