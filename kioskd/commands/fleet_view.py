"""`kioskd fleet list`, `show`, `doors`, `gaps`, `compare`, `drift`: a fleet in a terminal."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from kioskd.commands.exit_status import OK, WRONG
from kioskd.commands.extras import extra
from kioskd.commands.fleet import fleet, kiosk_named

if TYPE_CHECKING:
    from kioskd.fleet.database.library import Connection
    from kioskd.fleet.view.drift import Drift
    from kioskd.fleet.view.questions import By, Span
    from kioskd.terminal_sections import Section


def list_kiosks(address: str, site: str, *, as_json: bool) -> int:
    """Every kiosk, and how many run what. Exit status 0, 1 or 2."""
    with _record(address) as database:
        from kioskd.fleet.view import questions, tables

        now = datetime.now(UTC)
        found = questions.kiosks(database, site)
        if as_json:
            _print([tables.kiosk_json(one, now) for one in found])
        else:
            _show(tables.listed(found, now))
    return OK


def show(address: str, kiosk: str, hours: float, *, as_json: bool) -> int:
    """One kiosk and its doors. Exit status 2 where there is none of that name."""
    site, device = kiosk_named(kiosk)
    with _record(address) as database:
        from kioskd.fleet.view import questions, tables

        span = _span(hours, site, device)
        found = questions.kiosks(database, site, device)
        if not found:
            print(f"no kiosk {kiosk} is trusted here", file=sys.stderr)
            return WRONG
        doors, told = questions.doors(database, span), _drifts(database, span)
        fleet = questions.whole(questions.doors(database, _span(hours)))
        if as_json:
            listed = [tables.door_json(one, fleet, told.get(one.name, [])) for one in doors]
            _print({**tables.kiosk_json(found[0], span.now), "doors": listed})
        else:
            _show([tables.kiosk(found[0], span.now), *tables.doors(doors, told, hours, fleet)])
    return OK


def doors(address: str, site: str, hours: float, *, as_json: bool) -> int:
    """Every door's refusals beside the fleet's, and each against its own past weeks."""
    with _record(address) as database:
        from kioskd.fleet.view import questions, tables

        span = _span(hours, site)
        found, told = questions.doors(database, span), _drifts(database, span)
        fleet = questions.whole(found)
        if as_json:
            listed = [tables.door_json(one, fleet, told.get(one.name, [])) for one in found]
            _print({"hours": hours, "fleet": tables.share_json(fleet), "doors": listed})
        else:
            _show(tables.doors(found, told, hours, fleet))
    return OK


def gaps(address: str, site: str, *, as_json: bool) -> int:
    """Records that have not come, and messages that were put aside."""
    with _record(address) as database:
        from kioskd.fleet.view import questions, tables

        found, aside = questions.gaps(database, site), questions.put_aside(database, site)
        if as_json:
            told = [tables.gap_json(each) for each in found]
            _print({"missing": told, "aside": [tables.aside_json(each) for each in aside]})
        else:
            _show(tables.missing(found, aside, datetime.now(UTC)))
    return OK


def compare(address: str, by: "By", site: str, hours: float, *, as_json: bool) -> int:
    """Refusals by layers, version, configuration or networks."""
    with _record(address) as database:
        from kioskd.fleet.view import questions, tables

        found = questions.compare(database, by, _span(hours, site))
        if as_json:
            _print({"hours": hours, "by": by, "kinds": [tables.kind_json(one) for one in found]})
        else:
            _show(tables.compared(found, by, hours))
    return OK


def drift(address: str, site: str, *, as_json: bool) -> int:
    """Look for what changed at each door, note it in the record, and print what stands."""
    with _record(address) as database:
        from kioskd.fleet.view import questions, tables
        from kioskd.fleet.view.drift import drifts
        from kioskd.fleet.view.drift_book import note

        span = _span(24.0, site)
        at = span.now.timestamp()
        found = {
            (where, device, door): drifts(past, at)
            for where, device, door, past in questions.pasts(database, span)
        }
        noted = note(database, found, span.now, site)
        if as_json:
            _print([tables.noted_json(each) for each in noted])
        else:
            _show([tables.drifting(noted, len(found), span.now)])
    return OK


@contextmanager
def _record(address: str) -> "Iterator[Connection]":
    with fleet():
        from kioskd.fleet.database.library import connected

        with connected(address) as database:
            yield database


def _span(hours: float, site: str = "", device: str = "") -> "Span":
    from kioskd.fleet.view.questions import Span

    now = datetime.now(UTC)
    return Span(now, now - timedelta(hours=hours), site, device)


def _drifts(database: "Connection", span: "Span") -> "dict[str, list[Drift]]":
    """By the door's whole name, of those where anything drifted."""
    from kioskd.fleet.view import questions
    from kioskd.fleet.view.drift import drifts

    at = span.now.timestamp()
    found = {
        f"{site}/{device}/{door}": drifts(past, at)
        for site, device, door, past in questions.pasts(database, span)
    }
    return {door: told for door, told in found.items() if told}


def _show(sections: "list[Section]") -> None:
    with extra("fleet", "rich"):
        from kioskd import terminal
    terminal.show(sections)


def _print(told: Any) -> None:
    print(json.dumps(told, indent=1))
