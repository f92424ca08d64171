"""What the view says, as rows for a terminal and as JSON. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from kioskd.fleet.view import rates
from kioskd.fleet.view.drift import Drift
from kioskd.fleet.view.drift_book import Noted
from kioskd.fleet.view.questions import Door, Gap, Kind, Kiosk, PutAside
from kioskd.fleet.view.rates import Share
from kioskd.terminal_sections import Mood, Row, Section

Json = dict[str, Any]
Drifts = dict[str, list[Drift]]  # by the door's whole name
NONE = "-"
REASONS = 3  # that are named of each door


def listed(kiosks: Sequence[Kiosk], now: datetime) -> list[Section]:
    """All kiosks, and how many run which version, configuration and networks."""
    head = Row(("kiosk", "heard", "is", "version", "config", "networks", "wrong"), "strong")
    rows = [_kiosk_row(kiosk, now) for kiosk in kiosks]
    return [Section("", (head, *rows)), Section("Together", tuple(_together(kiosks, now)))]


def _kiosk_row(kiosk: Kiosk, now: datetime) -> Row:
    wrong = list(_wrong(kiosk, now))
    runs = kiosk.version or NONE, kiosk.config or NONE, kiosk.networks or NONE
    told = ", ".join(wrong)
    mood: Mood = "bad" if wrong else ""
    return Row((kiosk.name, ago(kiosk.last_heard, now), is_(kiosk, now), *runs, told), mood)


def is_(kiosk: Kiosk, now: datetime) -> str:
    """One word for how it is."""
    if kiosk.last_heard is None:
        return "never heard"
    if kiosk.silent(now):
        return "silent"
    if kiosk.status not in (None, "online"):
        return str(kiosk.status)
    return {None: "online", True: "ready", False: "not ready"}[kiosk.ready]


def _wrong(kiosk: Kiosk, now: datetime) -> Iterator[str]:
    """What somebody should look at, in short."""
    if kiosk.silent(now):
        yield "silent"
    yield from kiosk.problems
    yield from (f"alarm {each}" for each in kiosk.ringing)
    if kiosk.missing:
        yield f"{kiosk.missing} rows missing"
    if kiosk.aside:
        yield f"{kiosk.aside} put aside"
    if kiosk.cloned_at is not None:
        yield "two machines speak as it"
    if kiosk.clock_offset_s is not None and abs(kiosk.clock_offset_s) > 5:
        yield f"clock off by {kiosk.clock_offset_s:.0f} s"


def _together(kiosks: Sequence[Kiosk], now: datetime) -> Iterator[Row]:
    states = Counter(is_(kiosk, now) for kiosk in kiosks)
    yield Row(("kiosks", str(len(kiosks)), _counted(states)))
    for name, of in (("version", "version"), ("configuration", "config"), ("networks", "networks")):
        values = Counter(getattr(kiosk, of) or NONE for kiosk in kiosks)
        yield Row((name, str(len(values)), _counted(values)), "note" if len(values) > 1 else "")


def _counted(values: Counter[str]) -> str:
    return ", ".join(f"{value} ({count})" for value, count in values.most_common())


def doors(found: Sequence[Door], drifts: Drifts, hours: float, fleet: Share) -> list[Section]:
    """Each door's refusals beside the fleet's, most remarkable first, then what drifted."""
    names = ("door", "attempts", "refused", "surely", "attacks", "score", "why not", "")
    order = sorted(found, key=lambda door: -door.refused.interval[0])
    rows = [_door_row(door, fleet) for door in order]
    title = f"Attempts of the last {hours:g} h"
    told = [
        Row((name, drift.sentence), "bad")
        for name, each in sorted(drifts.items())
        for drift in each
    ]
    return [
        Section(title, (Row(names, "strong"), *rows, _fleet_row(fleet))),
        Section("Against their own past weeks", tuple(told or [Row(("nothing has changed",))])),
    ]


def _door_row(door: Door, fleet: Share) -> Row:
    remark = remarks(door, fleet)
    why = _often(door.reasons)
    score = NONE if door.score is None else f"{door.score:.2f}"
    figures = str(door.refused.whole), percent(door.refused.rate), span(door.refused)
    cells = (door.name, *figures, str(door.attacks), score, why, "; ".join(remark))
    return Row(cells, "bad" if remark else "")


def _often(reasons: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{reason} ({times})" for reason, times in reasons[:REASONS])


def _fleet_row(fleet: Share) -> Row:
    return Row(("the fleet", str(fleet.whole), percent(fleet.rate), span(fleet)), "strong")


def remarks(door: Door, fleet: Share) -> list[str]:
    """What is remarkable of a door's refusals, in words."""
    told = []
    if rates.nobody_passes(door.in_a_row, door.before) and door.since is not None:
        since = door.since.strftime("%Y-%m-%d %H:%M UTC")
        told.append(f"refuses everybody since {since}: {door.in_a_row} in a row")
    if rates.above(door.refused, fleet):
        told.append(f"refuses more than {rates.TIMES:g} times what the fleet does")
    return told


def drifting(noted: Sequence[Noted], doors: int, now: datetime) -> Section:
    """What stands at all doors, and since when."""
    rows = [
        Row((f"{one.site}/{one.device}/{one.door}", ago(one.began, now), one.sentence), "bad")
        for one in noted
    ]
    well = Row((f"nothing has changed at {doors} doors",), "good")
    return Section("Against their own past weeks", tuple(rows or [well]))


def noted_json(one: Noted) -> Json:
    place = {"site": one.site, "device": one.device, "door": one.door}
    told = {"began": _iso(one.began), "new": one.new, "sentence": one.sentence}
    return {**place, "kind": one.kind, **told}


def missing(found: Sequence[Gap], aside: Sequence[PutAside], now: datetime) -> list[Section]:
    """Rows that have not come, and messages that were not believed."""
    gaps = [
        Row(
            (f"{gap.site}/{gap.device}", gap.epoch[:8], _numbers(gap), ago(gap.noticed, now)), "bad"
        )
        for gap in found
    ]
    put = [
        Row(
            (
                f"{one.site}/{one.device}",
                one.reason,
                f"{one.times} times",
                ago(one.last, now),
                one.detail,
            )
        )
        for one in aside
    ]
    return [
        Section("Records that have not come", tuple(gaps or [Row(("none",), "good")])),
        Section("Put aside", tuple(put or [Row(("nothing",), "good")])),
    ]


def _numbers(gap: Gap) -> str:
    return str(gap.from_seq) if gap.from_seq == gap.to_seq else f"{gap.from_seq} to {gap.to_seq}"


def compared(found: Sequence[Kind], what: str, hours: float) -> list[Section]:
    """Refusals of each value beside the others'."""
    head = Row((what, "kiosks", "doors", "attempts", "refused", "surely", "why not"), "strong")
    rows = [
        Row(
            (
                kind.value,
                str(kind.kiosks),
                str(kind.doors),
                str(kind.refused.whole),
                percent(kind.refused.rate),
                span(kind.refused),
                _often(kind.reasons),
            )
        )
        for kind in found
    ]
    return [Section(f"Attempts of the last {hours:g} h", (head, *rows))]


def kiosk(one: Kiosk, now: datetime) -> Section:
    """All that is known of one kiosk, line by line."""
    facts = {
        "heard": ago(one.last_heard, now),
        "is": is_(one, now),
        "version": one.version or NONE,
        "configuration": one.config or NONE,
        "networks": one.networks or NONE,
        "problems": ", ".join(one.problems) or "none",
        "alarms": ", ".join(one.ringing) or "none",
        "records": f"{one.rows}, {one.missing} missing, {one.aside} put aside",
        "clock": NONE if one.clock_offset_s is None else f"{one.clock_offset_s:+.1f} s",
    }
    mood: Mood = "bad" if list(_wrong(one, now)) else "good"
    rows = [Row((name, value)) for name, value in facts.items()]
    return Section("", (Row((one.name, ", ".join(_wrong(one, now)) or "well"), mood), *rows))


def kiosk_json(one: Kiosk, now: datetime) -> Json:
    return {
        "site": one.site,
        "device": one.device,
        "lastHeard": _iso(one.last_heard),
        "is": is_(one, now),
        "version": one.version,
        "configDigest": one.config,
        "modelVersion": one.networks,
        "problems": list(one.problems),
        "alarms": list(one.ringing),
        "rows": one.rows,
        "missing": one.missing,
        "aside": one.aside,
        "clonedAt": _iso(one.cloned_at),
        "clockOffsetS": one.clock_offset_s,
        "wrong": list(_wrong(one, now)),
    }


def door_json(door: Door, fleet: Share, drifts: Sequence[Drift]) -> Json:
    return {
        "site": door.site,
        "device": door.device,
        "door": door.door,
        **share_json(door.refused),
        "attacks": door.attacks,
        "score": door.score,
        "reasons": dict(door.reasons),
        "refusedInARow": door.in_a_row,
        "remarks": remarks(door, fleet),
        "drifts": [{"kind": each.kind, "sentence": each.sentence} for each in drifts],
    }


def gap_json(gap: Gap) -> Json:
    place = {"site": gap.site, "device": gap.device, "epoch": gap.epoch}
    return {**place, "from": gap.from_seq, "to": gap.to_seq, "noticed": _iso(gap.noticed)}


def aside_json(one: PutAside) -> Json:
    place = {"site": one.site, "device": one.device, "reason": one.reason}
    return {**place, "times": one.times, "last": _iso(one.last), "detail": one.detail}


def kind_json(kind: Kind) -> Json:
    counts = {"value": kind.value, "kiosks": kind.kiosks, "doors": kind.doors}
    return {**counts, **share_json(kind.refused), "reasons": dict(kind.reasons)}


def share_json(share: Share) -> Json:
    """Refusals of attempts, and within which the true share lies by 99 %."""
    low, high = share.interval
    told = {"attempts": share.whole, "refused": share.part, "rate": share.rate}
    return {**told, "low": round(low, 4), "high": round(high, 4)}


def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(0.0, seconds):.0f} s ago"


def percent(rate: float | None) -> str:
    return NONE if rate is None else f"{100 * rate:.1f} %"


def span(share: Share) -> str:
    low, high = share.interval
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
