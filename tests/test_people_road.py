"""The whole road of enrolled people: enrolled by commands, known by the real daemon on a real clip.

The pictures are those of the front desk's badges (docs/connect/desk): another recording of the man
of the clip, and somebody else. Real broker, real server; a clip stands for the camera.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kioskd.client import Client, NotGranted, Refused, granted
from kioskd.delivery import wire
from tests.support.broker import Mosquitto, Witness, eventually, mosquitto, witness
from tests.support.daemon import ATTACK, LIVE, Kioskd, kioskd
from tests.support.ports import free_port
from tests.test_sessions_road import DESK, SECRET, answers, asking, keys

KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
HIM, HER = (DESK / "badges" / f"{badge}.jpg" for badge in (1001, 1002))


@dataclass
class Site:
    """A kiosk with people, and what was heard of it."""

    config: Path
    daemon: Kioskd
    seen: Witness
    port: int

    def people(self, *arguments: str | Path) -> str:
        return people(self.config, *arguments)

    def reasons(self) -> set[str]:
        """The first reason of each result of which the record tells."""
        results = [row for row in self.seen.payloads("audit") if row["kind"] == "result"]
        return {str(row["reasons"][0]) for row in results if row["reasons"]}  # type: ignore[index]


def people(config: Path, *arguments: str | Path) -> str:
    command = [sys.executable, "-m", "kioskd", "people", *map(str, arguments), "-c", str(config)]
    environment = {**os.environ, "PEOPLE": KEY, "DESK": SECRET}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def with_people(broker: Mosquitto, port: int, clip: Path, **door: object) -> dict[str, Any]:
    config = asking(broker, port, clip, opens_to="enrolled", **{"arm": "always", **door})
    config["people"] = {"enabled": True, "key": "${PEOPLE}", "tell": ["stranger", "threat"]}
    return config


@contextmanager
def site(
    folder: Path,
    enrolled: Mapping[str, Path],
    *how: str,
    clip: Path = LIVE,
    **door: object,
) -> Iterator[Site]:
    """`enrolled`: pictures by id; `how`: what else is said of them."""
    with mosquitto(folder) as broker, witness(broker) as seen:
        port = free_port()
        settings = with_people(broker, port, clip, **door)
        kiosk = folder / "k"
        kiosk.mkdir()
        (kiosk / "config.yaml").write_text(json.dumps(settings))
        for person_id, picture in enrolled.items():
            people(kiosk / "config.yaml", "add", person_id, picture, "--least", "low", *how)
        with kioskd(kiosk, settings, {"DESK": SECRET, "PEOPLE": KEY}) as daemon:
            yield Site(daemon.config, daemon, seen, port)


def test_who_is_enrolled_opens_by_name_and_who_is_erased_opens_no_more(tmp_path: Path) -> None:
    with site(tmp_path, {"him": HIM, "her": HER}, "--class", "staff") as made:
        eventually(lambda: made.seen.of("action"))
        action = made.seen.payloads("action")[0]
        assert (action["personId"], action["idClass"]) == ("him", "staff")
        jsonschema.validate(action, wire.schema("action"))
        assert made.people("remove", "him") == "erased: him\n"
        eventually(lambda: "stranger" in made.reasons())
        told = eventually(lambda: made.seen.payloads("person"))[0]
        jsonschema.validate(told, wire.schema("person"))
        assert (told["personId"], told["idClass"]) == (None, "stranger")
        opened = len(made.seen.of("action"))
        strangers = len(made.seen.of("person"))
        eventually(lambda: len(made.seen.of("person")) >= strangers + 2)
        assert made.daemon.stop() == 0
        made.seen.catch_up()
        assert len(made.seen.of("action")) == opened
    rows = [row for row in made.seen.payloads("audit") if row["kind"] == "result"]
    for row in rows:
        jsonschema.validate(row, wire.schema("audit"))
    assert {row.get("personId") for row in rows if row["verdict"] == "passed"} == {"him"}


def test_a_live_stranger_opens_nothing_and_is_told_so(tmp_path: Path) -> None:
    with site(tmp_path, {"her": HER}) as made:
        eventually(lambda: "stranger" in made.reasons())
        eventually(lambda: "not_for_you" in [p["prompt"] for p in made.seen.payloads("prompt")])
        assert made.daemon.stop() == 0
        made.seen.catch_up()
        assert made.seen.of("action") == []
    assert "done" not in [prompt["prompt"] for prompt in made.seen.payloads("prompt")]


def test_a_threat_is_told_and_opens_nothing(tmp_path: Path) -> None:
    with site(tmp_path, {"him": HIM}, "--class", "threat") as made:
        told = eventually(lambda: made.seen.payloads("person"))[0]
        assert (told["personId"], told["idClass"]) == ("him", "threat")
        assert made.daemon.stop() == 0
        made.seen.catch_up()
        assert made.seen.of("action") == []
        assert "threat" in made.reasons()


def test_who_may_not_enter_here_now_opens_nothing(tmp_path: Path) -> None:
    with site(tmp_path, {"him": HIM}, "--door", "cellar", "--until", "2020-12-31") as made:
        eventually(lambda: "not_admitted" in made.reasons())
        assert made.daemon.stop() == 0
        made.seen.catch_up()
        assert made.seen.of("action") == []
        assert made.seen.of("person") == []


def test_a_picture_of_somebody_enrolled_opens_nothing(tmp_path: Path) -> None:
    with site(tmp_path, {"him": HIM}, clip=ATTACK) as made:
        eventually(lambda: made.seen.of("action"))
        assert made.daemon.stop() == 0
        made.seen.catch_up()
        for action in made.seen.payloads("action"):
            assert (action["livenessConfirmed"], action["personId"]) == ("false", None)


def test_a_session_asks_for_somebody_enrolled_by_name(tmp_path: Path) -> None:
    with site(tmp_path, {"him": HIM, "her": HER}, arm="session") as made:
        eventually(lambda: answers(made.port))
        desk = Client(f"http://127.0.0.1:{made.port}", SECRET)
        trusted = keys(made.daemon, PEOPLE=KEY)

        def asked(person: str) -> dict[str, Any]:
            opened = desk.create("main", personId=person, nonce=f"n-{person}",
                                 numberOfClientAttemptsAllowed=3)  # fmt: skip
            return desk.wait(opened["sessionId"], timeout_s=240.0)

        told = granted(asked("him"), trusted, nonce="n-him", door="main")
        assert told["personId"] == "him"
        action = eventually(lambda: made.seen.payloads("action"))[0]
        assert (action["personId"], action["idClass"]) == ("him", "visitor")
        with pytest.raises(NotGranted) as refusal:
            granted(asked("her"), trusted, nonce="n-her", door="main")
        assert refusal.value.code in ("not_them", "not_ended")
        with pytest.raises(Refused) as unknown:
            desk.create("main", personId="nobody")
        assert unknown.value.code == "PersonNotFound"
        made.people("add", "him", HIM, "--door", "cellar")

        def refused() -> str | None:
            try:
                opened = desk.create("main", personId="him")
            except Refused as error:
                return error.code
            with suppress(Refused):  # it may have ended by itself
                desk.cancel(opened["sessionId"])
            return None

        assert eventually(refused) == "PersonNotAdmitted"
