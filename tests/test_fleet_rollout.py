"""Rollouts: who is told first, when it goes on, waits or is taken back; in a real PostgreSQL."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kioskd.fleet.database.library import Connection, connected
from kioskd.fleet.database.migration import migrate
from kioskd.fleet.database.partitions import Partitions
from kioskd.fleet.interval import wilson
from kioskd.fleet.rollout.canary import canary
from kioskd.fleet.rollout.layer_check import mistakes
from kioskd.fleet.rollout.networks_file import networks
from kioskd.fleet.rollout.publisher import Document, PublishError
from kioskd.fleet.rollout.rollout import RolloutError, Rollouts
from kioskd.fleet.rollout.rollout_store import Rollout, RolloutStore
from kioskd.fleet.rollout.rule import ENOUGH, LEAST, Seen, Share, Told, above, judge, worst_of
from kioskd.layers.layer import fits, read
from kioskd.layers.network_pieces import wanted
from kioskd.refused import RefusedError
from kioskd.signing.ed25519 import Signer, signer_at
from tests.support.postgres import Postgres, postgres

CONFIG = "modes: {secure_access_rgb_liveness: {rgb_liveness: {liveness_detection_threshold: 0.65}}}"
KIOSKS = [("hq", f"kiosk-{number:02}") for number in range(20)]
NONE = Share(0, 0)
INTO = (
    "INSERT INTO fleet.audit_row (site, device, epoch, boot, seq, kind, event_id, source, door,"
    " recorded_at, received_at, verdict, payload, digest)"
)


def told(since: Share, before: Share, **more: object) -> Told:
    said: dict[str, object] = {"name": "hq/a", "taken": True, "refused": "", "fresh": since.of}
    said |= more
    return Told(since=since, before=before, **said)  # type: ignore[arg-type]


def seen(one: Sequence[Told], rest: Share = NONE, **more: object) -> Seen:
    said: dict[str, object] = {"rest_alarms": NONE, "waited": True, "out_of_patience": False}
    said["rest_before"] = Share(50, 500)
    said["hours"] = lambda names: ()
    return Seen(told=one, rest=rest, **{**said, **more})  # type: ignore[arg-type]


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    """Newcombe 1998, table I, method 3: 81 of 263 at 95 %, and 0 of 20."""
    assert wilson(81, 263, 1.959964) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20, 1.959964) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_a_difference_is_told_by_its_interval_and_not_by_its_size() -> None:
    """Newcombe 1998, table II, method 10: of 56 in 70 less 48 in 80 it ends at 0.0524."""
    assert above(Share(56, 70), Share(48, 80), 0.025)
    assert not above(Share(56, 70), Share(48, 80), 0.001)
    assert not above(Share(3, 3), Share(0, 3), 0.001)  # three refusals are no alarm
    assert not above(Share(5, 100), Share(9, 100), 0.4)


def test_it_goes_on_once_all_have_taken_it_and_enough_people_came_and_its_time_is_over() -> None:
    well = told(Share(5, ENOUGH), Share(50, 500))
    assert judge(seen([well], Share(40, 400)))[0] == "goes on"
    assert judge(seen([well], Share(40, 400), waited=False))[0] == "waits"
    few = told(Share(0, ENOUGH - 1), Share(50, 500))
    assert judge(seen([few], Share(40, 400)))[0] == "waits"
    assert judge(seen([few], Share(40, 400), out_of_patience=True))[0] == "halts"
    untaken = told(Share(0, 0), Share(50, 500), taken=False)
    says, why = judge(seen([well, untaken], Share(40, 400)))
    assert (says, "have not answered" in why) == ("waits", True)


def test_more_refusals_than_before_and_than_elsewhere_halt_it_and_one_of_both_does_not() -> None:
    many, usual = Share(40, 80), Share(50, 500)
    assert judge(seen([told(many, usual)], usual))[0] == "halts"
    assert judge(seen([told(many, usual)], Share(250, 500)))[0] == "goes on"  # so has the fleet
    assert judge(seen([told(many, Share(250, 500))], usual))[0] == "goes on"  # so had it before
    often = Share(400, 500)  # a fleet that always refuses many, such as attacks, hides none
    assert judge(seen([told(many, usual)], often, rest_before=often))[0] == "halts"
    assert judge(seen([told(many, usual)], Share(LEAST - 1, LEAST - 1)))[0] == "halts"
    assert judge(seen([told(many, NONE)], NONE))[0] == "goes on"  # nothing to hold it against


def test_one_kiosk_of_many_that_refuses_everybody_halts_it() -> None:
    usual = Share(50, 500)
    shut = told(Share(25, 25), usual, name="hq/shut")
    others = [told(Share(60, 600), usual) for _ in range(20)]
    says, why = judge(seen([*others, shut], Share(500, 5000)))
    assert (says, "hq/shut" in why) == ("halts", True)


def test_what_a_kiosk_had_before_at_its_worst_halts_nothing() -> None:
    """Sundays, when its lamp is off: in the mean of its past they hardly count."""
    usual, sunday = [Share(2, 40)] * 12, [Share(20, 40)] * 2
    past, since = Share(64, 560), Share(22, 40)
    dark = told(since, past)
    asked: list[list[str]] = []

    def hours(names: Sequence[str]) -> Sequence[Share]:
        asked.append(list(names))
        return [*usual[:6], *sunday, *usual[6:]]

    assert judge(seen([dark], Share(40, 400), hours=hours))[0] == "waits"
    assert asked
    assert set(map(tuple, asked)) == {("hq/a",)}
    assert judge(seen([dark], Share(40, 400), hours=lambda _: usual))[0] == "halts"
    shut = told(Share(40, 40), past)
    assert judge(seen([shut], Share(40, 400), hours=hours))[0] == "halts"
    asked.clear()
    assert judge(seen([told(Share(2, 60), past)], Share(40, 400), hours=hours))[0] == "goes on"
    assert asked == []  # of whom does no harm nobody asks


def test_the_worst_is_of_as_many_attempts_one_after_the_other() -> None:
    hours = [Share(1, 10), Share(5, 5), Share(0, 15), Share(9, 10), Share(3, 10)]
    assert worst_of(hours, 5) == Share(5, 5)
    assert worst_of(hours, 6) == Share(9, 10)
    assert worst_of(hours, 15) == Share(12, 20)
    assert worst_of(hours, 50) == worst_of(hours, 500) == Share(18, 50)
    assert worst_of([], 20) == NONE


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=9), st.integers(1, 60))
def test_the_worst_is_no_better_than_any_stretch_that_is_long_enough(
    drawn: list[tuple[int, int]], attempts: int
) -> None:
    hours = [Share(min(bad, of), of) for bad, of in drawn]
    worst = worst_of(hours, attempts)
    for first in range(len(hours)):
        for last in range(first, len(hours)):
            bad = sum(one.bad for one in hours[first : last + 1])
            of = sum(one.of for one in hours[first : last + 1])
            if of >= attempts > of - hours[first].of and of - hours[last].of < attempts:
                assert bad * worst.of <= worst.bad * of


def test_a_refused_layer_and_alarms_that_others_do_not_have_halt_it() -> None:
    usual = Share(50, 500)
    refused = told(NONE, usual, taken=False, refused="Loosens: doors.main")
    assert judge(seen([refused]))[0] == "halts"
    ringing = [told(usual, usual, alarms=("feed_error",)) for _ in range(5)]
    quiet = [told(usual, usual) for _ in range(25)]
    assert judge(seen(ringing + quiet, usual, rest_alarms=Share(3, 270)))[0] == "halts"
    assert judge(seen(ringing + quiet, usual, rest_alarms=Share(27, 270)))[0] == "goes on"


def test_the_first_ones_are_a_tenth_by_a_rule_that_anybody_can_work_out_again() -> None:
    first = canary(KIOSKS, 0.1, "a")
    assert len(first) == 2
    assert first == canary(list(reversed(KIOSKS)), 0.1, "a")
    assert len({canary(KIOSKS, 0.1, str(number)) for number in range(20)}) > 10
    assert len(canary(KIOSKS, 0.01, "a")) == 1
    assert canary(KIOSKS, 1.0, "a") == set(KIOSKS)


@dataclass
class Fleet:
    """Kiosks as the record shows them, and a broker that may be away."""

    db: Connection
    signer: Signer
    away: bool = False
    published: list[Document] = field(default_factory=list)
    seq: int = 0

    def rollouts(self) -> Rollouts:
        return Rollouts(self.db, self.signer, self._publish)

    def _publish(self, documents: Sequence[Document]) -> None:
        if self.away and documents:
            raise PublishError("the broker does not answer")
        self.published += documents

    def start(self, name: str = "a", config: str = CONFIG, wait_s: float = 0.0) -> Rollout:
        now = datetime.now(UTC)
        asked = Rollout(0, name, "fleet", config, 0.1, wait_s, 3600.0, "canary", now, now, "")
        return self.rollouts().start(asked, ())

    def step(self, name: str = "a") -> Rollout:
        return self.rollouts().step(name)

    def newest(self) -> dict[tuple[str, str], str]:
        """What each kiosk would take of all that was published: the config of the newest."""
        trusted = {self.signer.key_id: self.signer.trust["publicKey"]}
        layers = [(one, read(one.body, trusted)) for one in self.published]
        dated = sorted(layers, key=lambda pair: pair[1].modified)
        return {(one.site, one.device): layer.config for one, layer in dated}

    def answers(self, status: int = 200, code: str = "") -> None:
        """Each kiosk records what it did with the newest that it was told."""
        rows = self.db.execute("SELECT site, device, digest FROM fleet.layer").fetchall()
        for site, device, digest in rows:
            said = {"requestId": digest, "status": status, "code": code, "detail": "a sentence"}
            self.seq += 50
            self.db.execute(
                f"{INTO} VALUES (%s, %s, 'e', 'b', %s, 'command', 'id', 's', 'd', now(), now(),"
                " null, %s, '')",
                (site, device, self.seq, json.dumps(said).encode()),
            )

    def people(
        self, share: float, kiosks: Iterable[tuple[str, str]], at: datetime | None = None
    ) -> None:
        """Fifty come to each; a share of them is refused."""
        now = at or datetime.now(UTC)
        for site, device in kiosks:
            self.seq += 50
            self.db.execute(
                f"{INTO} SELECT %s, %s, 'e', 'b', %s + n, 'result', n::text, 's', 'd', %s, %s,"
                " CASE WHEN n < %s THEN 'failed' ELSE 'passed' END, '', ''"
                " FROM generate_series(0, 49) n",
                (site, device, self.seq, now, now, 50 * share),
            )

    @property
    def first(self) -> list[tuple[str, str]]:
        rows = self.db.execute("SELECT site, device FROM fleet.rollout_kiosk WHERE canary")
        return [(site, device) for site, device in rows]


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
def fleet(server: Postgres, tmp_path: Path) -> Iterator[Fleet]:
    with connected(server.fresh()) as db:
        migrate(db)
        now = datetime.now(UTC)
        Partitions().ensure(db, (now, now - timedelta(days=2)))
        for site, device in KIOSKS:
            db.execute(
                "INSERT INTO fleet.kiosk (site, device, first_heard, last_heard)"
                " VALUES (%s, %s, now(), now())",
                (site, device),
            )
        made = Fleet(db, signer_at(tmp_path / "fleet.key"))
        made.people(0.1, KIOSKS, now - timedelta(days=2))
        yield made


def test_it_is_told_to_a_tenth_and_then_to_all(fleet: Fleet) -> None:
    assert fleet.start().phase == "canary"
    assert fleet.published == []
    fleet.step()
    assert set(fleet.newest()) == set(fleet.first)
    assert len(fleet.first) == 2
    assert fleet.step().phase == "canary"  # nobody has answered
    fleet.answers()
    fleet.people(0.1, KIOSKS)
    assert fleet.step().phase == "all"
    fleet.step()
    assert fleet.newest() == dict.fromkeys(KIOSKS, CONFIG)
    fleet.answers()
    fleet.people(0.1, KIOSKS)
    assert fleet.step().phase == "done"


def test_a_document_is_for_its_kiosk_alone(fleet: Fleet) -> None:
    fleet.start()
    fleet.step()
    (one, *_) = fleet.published
    layer = read(one.body, {fleet.signer.key_id: fleet.signer.trust["publicKey"]})
    now = layer.modified
    fits(layer, "fleet", one.site, one.device, now)
    with pytest.raises(RefusedError):
        fits(layer, "fleet", one.site, "another", now)


def test_it_is_taken_back_by_itself_when_the_first_ones_refuse_more(fleet: Fleet) -> None:
    fleet.start()
    fleet.step()
    first = fleet.first
    fleet.answers()
    fleet.people(0.6, first)
    fleet.people(0.1, [kiosk for kiosk in KIOSKS if kiosk not in first])
    assert fleet.step().phase == "returning"
    assert fleet.step().phase == "returning"
    ended = fleet.step()
    assert (ended.phase, "refused are 60 of 100" in ended.why) == ("returned", True)
    assert fleet.newest() == dict.fromkeys(first, "")
    assert fleet.step().phase == "returned"  # and again does nothing


@pytest.mark.parametrize(("on_a_sunday", "phase"), [(0.6, "all"), (0.2, "returning")])
def test_what_was_as_bad_on_one_of_the_days_before_is_not_the_layers(
    fleet: Fleet, on_a_sunday: float, phase: str
) -> None:
    now = datetime.now(UTC)
    for hours in range(30, 40):
        fleet.people(0.1, KIOSKS, now - timedelta(hours=hours))
    fleet.people(on_a_sunday, KIOSKS, now - timedelta(hours=41))
    rollout = fleet.start()
    fleet.step()
    first = fleet.first
    fleet.answers()
    fleet.people(0.5, first)
    fleet.people(0.1, [kiosk for kiosk in KIOSKS if kiosk not in first])
    assert fleet.step().phase == phase
    names = ["/".join(kiosk) for kiosk in first]
    hours_of = RolloutStore(fleet.db).hours(rollout, names)
    assert [share.of for share in hours_of] == [100] * 12
    assert [share.bad for share in hours_of][:2] == [10, round(100 * on_a_sunday)]
    assert RolloutStore(fleet.db).hours(rollout, names[:1])[1].of == 50


def test_a_layer_that_a_kiosk_refuses_is_taken_back_where_it_was_taken(fleet: Fleet) -> None:
    fleet.start()
    fleet.step()
    fleet.answers(422, "Loosens")
    assert (fleet.step().phase, "Loosens" in fleet.step().why) == ("returning", True)


def test_a_kiosk_whose_clock_is_behind_is_waited_for(fleet: Fleet) -> None:
    fleet.start()
    fleet.step()
    fleet.answers(409, "AheadOfClock")
    assert fleet.step().phase == "canary"


def done(fleet: Fleet, name: str, config: str) -> None:
    fleet.start(name, config)
    for _ in range(5):
        fleet.step(name)
        fleet.answers()
        fleet.people(0.1, KIOSKS)
    assert fleet.step(name).phase == "done"


def test_one_that_is_done_can_be_taken_back_to_what_was_there_before(fleet: Fleet) -> None:
    done(fleet, "a", CONFIG)
    other = CONFIG.replace("0.65", "0.7")
    done(fleet, "b", other)
    assert fleet.newest() == dict.fromkeys(KIOSKS, other)
    with pytest.raises(RolloutError, match="followed by another"):
        fleet.rollouts().back("a", "somebody wants it")
    fleet.rollouts().back("b", "somebody wants it")
    while fleet.step("b").phase != "returned":
        pass
    assert fleet.newest() == dict.fromkeys(KIOSKS, CONFIG)


def test_two_are_not_at_work_at_once_and_a_name_means_one(fleet: Fleet) -> None:
    fleet.start("a")
    with pytest.raises(RolloutError, match="one at a time"):
        fleet.start("b")
    with pytest.raises(RolloutError, match="another one"):
        fleet.start("a", "")


def test_whoever_runs_it_again_after_a_crash_goes_on_where_it_stood(fleet: Fleet) -> None:
    fleet.start()
    fleet.away = True
    with pytest.raises(PublishError):
        fleet.step()
    assert fleet.published == []
    digests = fleet.db.execute("SELECT digest FROM fleet.layer").fetchall()
    fleet.away = False
    assert fleet.start().phase == "canary"  # the same command again
    fleet.step()
    assert set(fleet.newest()) == set(fleet.first)
    assert fleet.db.execute("SELECT digest FROM fleet.layer").fetchall() == digests


def test_a_kiosk_that_nobody_heard_of_for_a_day_is_no_first_one_and_is_told_with_all(
    fleet: Fleet,
) -> None:
    fleet.db.execute("UPDATE fleet.kiosk SET last_heard = now() - interval '2 days'")
    with pytest.raises(RolloutError, match="heard of"):
        fleet.start()
    fleet.db.execute("UPDATE fleet.kiosk SET last_heard = now() WHERE device = 'kiosk-03'")
    fleet.start()
    assert fleet.first == [("hq", "kiosk-03")]
    fleet.step()
    fleet.answers()
    fleet.people(0.1, KIOSKS)
    assert fleet.step().phase == "all"
    fleet.step()
    assert set(fleet.newest()) == set(KIOSKS)


def test_the_store_says_what_a_rollout_is(fleet: Fleet) -> None:
    fleet.start(wait_s=60.0)
    fleet.step()
    fleet.answers()
    fleet.people(0.1, KIOSKS)
    found = fleet.step()
    assert (found.phase, found.why) == ("canary", "its time is not over")
    assert [one.name for one in RolloutStore(fleet.db).all()] == ["a"]


def test_network_files_go_before_the_layer_that_asks_for_them(fleet: Fleet, tmp_path: Path) -> None:
    content = bytes(range(256)) * 1500
    entry = {"path": "a.onnx", "sha256": hashlib.sha256(content).hexdigest(), "weight": 0.5}
    (tmp_path / "a.onnx").write_bytes(content)
    (tmp_path / "networks.yaml").write_text(json.dumps({"networks": {"theirs": entry}}))
    entries, files = networks(tmp_path / "networks.yaml")
    now = datetime.now(UTC)
    asked = Rollout(0, "n", "fleet", "", 0.1, 0.0, 3600.0, "canary", now, now, "", entries)
    fleet.rollouts().start(asked, (), (), files)
    fleet.step("n")
    told = [one for one in fleet.published if (one.site, one.device) == fleet.first[0]]
    assert [one.slot for one in told] == [0, 1, None]
    assert b"".join(one.body.partition(b"\n")[2] for one in told[:2]) == content
    layer = read(told[2].body, {fleet.signer.key_id: fleet.signer.trust["publicKey"]})
    (one,) = wanted(layer)
    assert (one.size, list(one.slots), one.entry["weight"]) == (len(content), [0, 1], 0.5)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("modes: [", "line 1"),
        ("mqtt: {broker: elsewhere}", "mqtt: a layer may say doors and modes alone"),
        ("modes: {secure_access_rgb_liveness: {feed: a}}", "is the file's alone"),
        (CONFIG.replace("0.65", "7"), "0.1 to 1"),
        (CONFIG.replace("threshold", "treshold"), "not a known key"),
        (CONFIG.replace("secure_access_rgb", "secure_acces_rgb"), "must be"),
    ],
)
def test_what_no_kiosk_would_take_is_not_signed(config: str, told: str) -> None:
    (found, *_) = mistakes(config)
    assert told in found
    assert mistakes(CONFIG) == mistakes("") == []


def test_the_second_part_is_watched_anew_and_waits_for_nobody_who_is_away(fleet: Fleet) -> None:
    fleet.start()
    fleet.step()
    fleet.answers()
    fleet.people(0.1, KIOSKS)
    assert fleet.step().phase == "all"
    fleet.step()
    fleet.answers()
    fleet.db.execute("DELETE FROM fleet.audit_row WHERE kind = 'command' AND device = 'kiosk-19'")
    assert fleet.step().phase == "all"  # nobody came since
    fleet.people(0.1, KIOSKS)
    found = fleet.step()
    assert (found.phase, "1 have not answered (hq/kiosk-19)" in found.why) == ("all", True)
    fleet.db.execute(
        "UPDATE fleet.kiosk SET last_heard = now() - interval '1 h' WHERE device = 'kiosk-19'"
    )
    assert fleet.step().phase == "done"
