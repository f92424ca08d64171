"""Pictures of refused attempts: of whom, sealed to whom, for how long, and what opens them."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.frame import Frame
from feeds.imaging import decoded
from kioskd.config.load import ConfigError, load
from kioskd.delivery.outcome import Delivery, Handed
from kioskd.event import Result, Step
from kioskd.happenings import AttemptEnded, FrameJudged
from kioskd.signing.sealed_to import new_key, private_key, public_of
from kioskd.snapshots.refusal import refusal
from kioskd.snapshots.sealed_file import About, SnapshotError, about, picture_in, sealed
from kioskd.snapshots.shelf import Shelf
from kioskd.snapshots.snapshots_settings import SnapshotsSettings
from kioskd.snapshots.taken import Taken
from kioskd.snapshots.taker import WAITING, Taker
from models.observation import Box, Face, Observation
from tests.support.broker import eventually
from tests.support.commands import Said, kioskd
from tests.support.results import LIVE, unknown_now
from tests.test_enrolled import NOW, Clock

KEY, OTHER = (private_key(new_key()) for _ in range(2))
PUBLIC = public_of(KEY)
PAGE = Path(__file__).resolve().parents[1] / "docs/install/snapshots.md"
FACE: Box = (100.0, 60.0, 180.0, 160.0)
DAY_S = 86_400.0
_ROWS, _COLUMNS = np.mgrid[0:240, 0:320]
IMAGE = np.stack([_ROWS, _COLUMNS * 0.75, 240 - _ROWS], axis=2).astype(np.uint8)
ATTACK = replace(
    LIVE,
    verdict="failed",
    state="NOTLIVE_CONFIRMED",
    emits=True,
    attributes={"liveness": 0.01, "livenessConfirmed": "false"},
)


def refused(why: str) -> Result:
    return LIVE.refused(why)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (LIVE, None),
        (replace(LIVE, reasons=("stranger",)), None),  # passed, whatever is said beside
        (ATTACK, "attack"),
        (refused("stranger"), "stranger"),
        (refused("threat"), "threat"),
        (refused("not_admitted"), "not_admitted"),
        (refused("not_the_person"), "not_the_person"),
        (refused("locked_out"), "locked_out"),
        (refused("just_opened"), None),
        (refused("out_of_hours"), None),
        (refused("disabled"), None),
        (unknown_now(), None),
        (replace(ATTACK, state=None, attributes={}, reasons=("no_smile",)), "failed"),
    ],
)
def test_a_picture_is_of_who_was_refused_and_of_nobody_else(
    result: Result, expected: str | None
) -> None:
    assert refusal(result) == expected


class Kiosk:
    """What takes snapshots, told as by a judge; it works once `at_work` is entered."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.clock = folder / "snapshots", Clock()
        usual = {"enabled": True, "recipient": PUBLIC, "of": ("attack", "stranger")}
        self.settings = SnapshotsSettings(**{**usual, **settings})
        self.records: list[Taken] = []
        self.troubles: list[str | None] = []
        shelf = Shelf(self.folder, self.settings.keep_days, self.settings.max_mb)
        told = self.records.append, self.troubles.append
        self.taker = Taker(self.settings, shelf, ("hq", "k"), *told, self.clock)

    def judged(
        self,
        result: Result | None,
        door: str = "main",
        faces: tuple[Face, ...] = (Face(LIVE.track_id, FACE, 0.9, True),),
        outcome: Handed = "recorded",
    ) -> str:
        """One frame, and the attempt that it ended; the attempt's event id."""
        self.clock.now += 1.0
        event = f"00000000-0000-4000-8000-{int(self.clock.now):012d}"
        if result is not None:
            result = replace(result, captured_at=self.clock.now)
            self.taker.attempt_ended(AttemptEnded(door, result, Delivery(outcome, event)))
        seen = Observation("door-3", 1, 1, 1.0, self.clock.now, 320, 240, faces)
        frame = Frame("door-3", 1, 1, 1.0, self.clock.now, IMAGE)
        self.taker.frame_judged(FrameJudged(door, frame, seen, Step("X"), 1.0, 1.0, 1.0))
        return event

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.taker.start()
        try:
            yield
        finally:
            self.taker.stop()
            self.taker.join()

    @property
    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*")) if self.folder.is_dir() else []

    def count(self, fate: str) -> int:
        return self.taker.counts[fate]

    def work_off(self) -> None:
        with self.at_work():
            eventually(lambda: not self.taker._due and self.taker._heap.empty())


def test_a_refused_attempt_leaves_one_sealed_picture_of_its_face_and_a_record(
    tmp_path: Path,
) -> None:
    kiosk = Kiosk(tmp_path)
    event = kiosk.judged(ATTACK)
    kiosk.judged(None)
    kiosk.judged(LIVE)
    kiosk.judged(unknown_now())
    kiosk.work_off()
    (file,) = kiosk.files
    content = file.read_bytes()
    assert (file.stat().st_mode & 0o777, kiosk.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    said = about(content)
    assert (said.door, said.refusal, said.event, said.name) == ("main", "attack", event, file.name)
    shown = decoded(picture_in(content, KEY))
    assert shown is not None
    assert shown.shape == (said.height, said.width, 3) == (200, 160, 3)  # half a face around it
    assert np.abs(shown.astype(int) - IMAGE[10:210, 60:220]).mean() < 3
    (record,) = kiosk.records
    assert (record.event_id, record.refusal) == (event, "attack")
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    assert kiosk.taker.counts == {
        "kept": 1, "faceless": 0, "per_hour": 0, "dropped": 0, "failed": 0, "deleted": 0,
    }  # fmt: skip
    assert kiosk.troubles == [None]


def test_who_came_when_the_refused_one_left_is_not_shown(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    kiosk.judged(ATTACK, faces=())
    kiosk.judged(ATTACK, faces=(Face(LIVE.track_id + 1, FACE, 0.9, True),))
    kiosk.judged(ATTACK, faces=(Face(LIVE.track_id, FACE, 0.9, False, missed=True),))
    kiosk.judged(ATTACK, faces=(Face(LIVE.track_id, (float("nan"), 0, 9, 9), 0.9, True),))
    kiosk.judged(None)  # he is there again, and nothing ended by this frame
    kiosk.work_off()
    assert (kiosk.files, kiosk.count("faceless")) == ([], 4)


def test_what_is_in_no_record_or_at_another_door_is_not_kept(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, doors=("side",))
    kiosk.judged(ATTACK)
    kiosk.judged(ATTACK, "side", outcome="unrecorded")
    kiosk.judged(refused("threat"), "side")
    kept = kiosk.judged(refused("stranger"), "side")
    kiosk.work_off()
    assert [about(file.read_bytes()).event for file in kiosk.files] == [kept]
    assert kiosk.count("failed") == 1


def test_the_newest_win_where_there_is_no_time_for_all_and_no_judge_waits(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    events = [kiosk.judged(ATTACK) for _ in range(WAITING + 3)]  # nobody works them off yet
    kiosk.work_off()
    assert [about(file.read_bytes()).event for file in kiosk.files] == events[3:]
    assert (kiosk.count("dropped"), kiosk.count("kept")) == (3, WAITING)


def test_an_hour_has_only_so_many_of_one_door(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path, per_hour=2)
    for door in ("main", "main", "main", "side"):
        kiosk.judged(ATTACK, door)
    kiosk.work_off()
    assert sorted(about(file.read_bytes()).door for file in kiosk.files) == ["main", "main", "side"]
    assert kiosk.count("per_hour") == 1
    assert not kiosk.taker._may("main")
    kiosk.clock.run_s += 3600.0
    assert kiosk.taker._may("main")


def test_old_ones_are_deleted_by_days_and_while_the_clock_is_in_doubt_by_size_alone(
    tmp_path: Path,
) -> None:
    kiosk = Kiosk(tmp_path, keep_days=2.0)
    old = kiosk.judged(ATTACK)
    kiosk.clock.now = NOW + DAY_S
    new = kiosk.judged(ATTACK)
    kiosk.work_off()
    (kiosk.folder / f"{kiosk.files[0].name}.new").write_bytes(b"half")  # as a power cut leaves it
    kiosk.clock.now, kiosk.clock.synchronised = NOW + 2.5 * DAY_S, False
    kiosk.clock.run_s += 60.0
    kiosk.taker.turn()
    assert len(kiosk.files) == 2
    kiosk.clock.synchronised = True
    kiosk.taker.turn()  # within the minute: nothing is looked at
    assert [about(file.read_bytes()).event for file in kiosk.files] == [old, new]
    kiosk.clock.run_s += 60.0
    kiosk.taker.turn()
    assert [about(file.read_bytes()).event for file in kiosk.files] == [new]
    assert kiosk.count("deleted") == 1


def test_all_together_stay_below_their_size_and_the_oldest_make_room(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "s", 7.0, 0.001)
    names = [f"{n:013d}-e.sealed" for n in range(5)]
    assert [shelf.put(name, bytes(400)) for name in names] == [0, 0, 1, 1, 1]
    assert [kept.path.name for kept in shelf.kept()] == names[3:]
    assert Shelf(tmp_path / "s", 7.0, 0.0005).look(None) == 1
    assert [kept.path.name for kept in shelf.kept()] == names[4:]


def test_a_disk_that_takes_none_is_told_and_the_next_one_is_tried(tmp_path: Path) -> None:
    kiosk = Kiosk(tmp_path)
    kiosk.folder.write_text("in the way")
    with kiosk.at_work():
        kiosk.judged(ATTACK)
        eventually(lambda: kiosk.count("failed") == 1)
        assert "cannot be kept" in str(kiosk.troubles[-1])
        assert kiosk.records == []
        kiosk.folder.unlink()
        kiosk.judged(ATTACK)
        eventually(lambda: kiosk.count("kept") == 1)
    assert kiosk.troubles[-1] is None


def test_switched_off_none_is_taken_and_those_there_are_grow_old(tmp_path: Path) -> None:
    heard: list[type] = []

    class Stream:
        def listen(self, name: str, kind: type, listener: object) -> None:
            heard.append(kind)

    kiosk = Kiosk(tmp_path, enabled=False)
    kiosk.taker.listen(Stream())  # type: ignore[arg-type]
    assert heard == []
    Shelf(kiosk.folder, 7.0, 1.0).put("0000000000001-e.sealed", b"x")
    kiosk.taker.turn()
    assert kiosk.files == []


ABOUT = About("hq", "k", "main", "f", 1, "e", "m", "failed", "attack", "", "face", 1, 1, "")
ABOUT = replace(ABOUT, recipient=hashlib.sha256(PUBLIC).hexdigest()[:16])
JPEG = b"\xff\xd8 not really one"
FILE = sealed(ABOUT, JPEG, PUBLIC)


def test_every_bit_and_every_byte_of_the_end_counts() -> None:
    assert picture_in(FILE, KEY) == JPEG
    for at in range(len(FILE)):
        changed = bytearray(FILE)
        changed[at] ^= 1 << at % 8
        with pytest.raises(SnapshotError):
            picture_in(bytes(changed), KEY)
        with pytest.raises(SnapshotError):
            picture_in(FILE[:at], KEY)
    with pytest.raises(SnapshotError, match="changed or cut off"):
        picture_in(FILE + b"x", KEY)


def test_no_part_can_be_put_into_another_file() -> None:
    other = sealed(replace(ABOUT, door="side"), JPEG, PUBLIC)
    here, there = (content.index(b"}") + 1 for content in (FILE, other))
    for mixed in (
        FILE[:here] + other[there:],
        FILE[: here + 32] + other[there + 32 :],
        other[:there] + FILE[here:],
    ):
        with pytest.raises(SnapshotError, match="put together of two"):
            picture_in(mixed, KEY)


def test_another_key_opens_nothing_and_two_of_one_picture_have_nothing_in_common() -> None:
    with pytest.raises(SnapshotError, match="it is sealed to the key"):
        picture_in(FILE, OTHER)
    again = sealed(ABOUT, JPEG, PUBLIC)
    start = FILE.index(b"}") + 1
    assert again[:start] == FILE[:start]
    parts = [{sealing[start + i :][:4] for i in range(60)} for sealing in (again, FILE)]
    assert not parts[0] & parts[1]


@given(st.binary(max_size=200), st.integers(0, len(FILE)))
def test_whatever_lies_there_is_refused_in_a_sentence(noise: bytes, at: int) -> None:
    for content in (noise, FILE[:at] + noise, b"kioskds1" + noise):
        if content != FILE:
            with pytest.raises(SnapshotError):
                picture_in(content, KEY)


def test_the_program_on_the_page_opens_one_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = re.search(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert program
    assert "kioskd" not in re.findall(r"import (\w+)|from (\w+)", program[1])
    pem = tmp_path / "key.pem"
    pem.write_bytes(new_key())
    public = public_of(private_key(pem.read_bytes()))
    said = replace(ABOUT, recipient=hashlib.sha256(public).hexdigest()[:16])
    (tmp_path / "one.sealed").write_bytes(sealed(said, JPEG, public))
    monkeypatch.setattr("sys.argv", ["open", str(pem), str(tmp_path / "one.sealed")])
    monkeypatch.chdir(tmp_path)
    exec(compile(program[1], str(PAGE), "exec"), {})
    assert (tmp_path / "one.jpg").read_bytes() == JPEG


def ran(*words: object) -> Said:
    return kioskd("snapshots", *map(str, words))


def test_the_commands_make_a_key_list_open_and_delete(tmp_path: Path) -> None:
    pem, shelf = tmp_path / "key.pem", tmp_path / "state" / "snapshots"
    made = ran("key", "--out", pem)
    assert made.status == 0, made.err
    assert pem.stat().st_mode & 0o777 == 0o600
    assert ran("key", "--out", pem).status == 1
    public = base64.b64decode(made.out.rpartition("recipient: ")[2].strip(" }\n"))
    config = configured(tmp_path, enabled=True, recipient=base64.b64encode(public).decode())
    kiosk = Kiosk(shelf.parent, recipient=load(config).snapshots.recipient)
    shelf.parent.mkdir()
    first, second = kiosk.judged(ATTACK), kiosk.judged(refused("stranger"))
    kiosk.work_off()
    listed = ran("list", "-c", config)
    assert [line.split()[1:5] for line in listed.out.splitlines()] == [
        ["main", "attack", "-", first], ["main", "stranger", "stranger", second],
    ]  # fmt: skip
    (told, _) = map(json.loads, ran("list", "--json", "--folder", shelf).out.splitlines())
    assert told["sha256"] == kiosk.records[0].sha256
    broken = tmp_path / kiosk.files[0].name
    broken.write_bytes(kiosk.files[0].read_bytes()[:-1])
    renamed = tmp_path / "0000000000001-e.sealed"
    renamed.write_bytes(kiosk.files[0].read_bytes())
    out = tmp_path / "opened"
    out.mkdir()
    said = ran("open", broken, renamed, *kiosk.files, "--key", pem, "--out", out)
    assert said.status == 1
    why = [line.rpartition(": ")[2] for line in said.err.splitlines()]
    assert [each.split(",")[0] for each in why] == [
        "it was changed or cut off since it was sealed",
        "it was renamed",
    ]
    pictures = sorted(out.iterdir())
    assert [each.stat().st_mode & 0o777 for each in pictures] == [0o600, 0o600]
    assert all(decoded(each.read_bytes()) is not None for each in pictures)
    other = tmp_path / "other.pem"
    other.write_bytes(new_key())
    assert "it is sealed to the key" in ran("open", kiosk.files[0], "--key", other).err
    assert ran("open", kiosk.files[0], "--key", config).status == 2
    assert ran("delete", "-c", config, first, "nobody").status == 1
    assert (ran("delete", "-c", config).status, len(kiosk.files)) == (2, 2)
    assert ran("delete", "-c", config, first).status == 0
    assert [about(file.read_bytes()).event for file in kiosk.files] == [second]
    assert (ran("delete", "-c", config, "--all").status, kiosk.files) == (0, [])


def configured(folder: Path, **snapshots: object) -> Path:
    path = folder / "config.yaml"
    path.write_text(
        "site: hq\ndevice: k\nstate_dir: state\nmqtt: {broker: localhost}\n"
        "feeds: {f: {kind: usb, device: 0}}\n"
        "doors: {main: {mode: secure_access_rgb_liveness, feed: f}}\n"
        f"snapshots: {json.dumps(snapshots)}\n"
    )
    return path


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"enabled": True}, "snapshots.enabled: needs recipient"),
        ({"recipient": "c2hvcnQ="}, "snapshots.recipient: must be 32 bytes in base64"),
        ({"recipient": "A" * 43 + "="}, "snapshots.recipient: is no public key of X25519"),
        ({"doors": "side"}, "snapshots.doors: names side, which is no door here"),
        ({"of": "passed"}, "snapshots.of"),
        ({"of": ["attack", "everybody"]}, "snapshots.of"),
    ],
)
def test_none_is_kept_where_it_is_not_said_whom_for_and_of_whom(
    tmp_path: Path, keys: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ConfigError) as found:
        load(configured(tmp_path, **keys))
    assert complaint in str(found.value)


def test_by_default_none_is_kept_and_where_some_are_the_log_says_so(tmp_path: Path) -> None:
    assert not load(configured(tmp_path)).snapshots.enabled
    recipient = base64.b64encode(PUBLIC).decode()
    config = load(configured(tmp_path, enabled=True, recipient=recipient, of=["attack", "threat"]))
    assert config.snapshots.of == ("attack", "threat")
    assert any("tell them so by a sign at the door" in line for line in config.notes)


def test_a_judge_is_not_held_up_by_a_disk_that_hangs(tmp_path: Path) -> None:
    """Its calls return though the thread that writes waits for ever."""
    kiosk = Kiosk(tmp_path)
    hangs, go_on = threading.Event(), threading.Event()

    class Hanging(Shelf):
        def put(self, name: str, content: bytes) -> int:
            hangs.set()
            go_on.wait()
            return super().put(name, content)

    kiosk.taker._shelf = Hanging(kiosk.folder, 7.0, 1.0)
    with kiosk.at_work():
        kiosk.judged(ATTACK)
        eventually(hangs.is_set)
        for _ in range(10 * WAITING):
            kiosk.judged(ATTACK)
        assert kiosk.count("dropped") == 9 * WAITING
        go_on.set()
        eventually(lambda: kiosk.count("kept") == 1 + WAITING)
