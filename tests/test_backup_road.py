"""A door's controller and a collector of records, before and after their kiosk was restored."""

import json
from collections import defaultdict
from pathlib import Path

from kioskd.verify import Chain, Door, Verifier, read_keys
from tests.support import commands
from tests.support.broker import Seen, Witness, eventually, mosquitto, witness
from tests.support.daemon import LIVE, file_feed, kioskd, settings
from tests.support.signed import AUDIT

TOPIC = "liveness/v1/hq/kiosk-07/live/action"


def opened(seen: Witness, verifier: Verifier, number: int) -> bool:
    """Whether a door opens on what is heard from that message on, as it comes."""
    return any(
        verifier.heard(each.topic, each.body, each.retained, int(each.at * 1000)).opens
        for each in seen.seen[number:]
        if each.kind in ("action", "status")
    )


def test_a_restored_kiosk_opens_its_door_again_and_gives_no_record_number_twice(
    tmp_path: Path,
) -> None:
    """It was backed up at work, went on, was lost with all that came after, and was restored."""
    passphrase, target = tmp_path / "passphrase", tmp_path / "backup.sealed"
    passphrase.write_text("correct horse battery staple")
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = settings(broker, {"live": file_feed(LIVE)})
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: seen.of("audit"))
            exported = commands.kioskd("keys", "export", "-c", daemon.config)
            keys = read_keys(exported.out.encode())
            sealed_by = ("--passphrase-file", passphrase)
            said = commands.kioskd("backup", target, "-c", daemon.config, "--keys", *sealed_by)
            assert said.status == 0, said.err
            refused = commands.kioskd("restore", target, "-c", daemon.config, *sealed_by)
            assert "another kioskd uses" in refused.err
            known = len(seen.of("audit"))
            eventually(lambda: len(seen.of("audit")) > known + 1)  # which the backup lacks
            daemon.kill()
        said = commands.kioskd("restore", target, "-c", daemon.config, "--replace", *sealed_by)
        assert said.status == 0, said.err
        verifier = Verifier(Door(TOPIC, "rgbLiveness", "livenessConfirmed", keys))
        seen.catch_up()
        assert opened(seen, verifier, 0)
        before = len(seen.seen)
        with kioskd(tmp_path / "k", config) as daemon:
            eventually(lambda: len(seen.of("action")) > len(of("action", seen.seen[:before])))
            assert daemon.stop() == 0
        seen.catch_up()
    assert opened(seen, verifier, before)
    records = [each for each in seen.seen if each.topic == AUDIT]
    chain = Chain(keys)
    found = {chain.heard(AUDIT, each.body).code for each in records}
    assert found <= {"begins", "kept", "again"}, found
    numbers = defaultdict(set)
    for each in records:
        said_there = json.loads(each.body)
        numbers[said_there["epoch"], said_there["seq"]].add(each.body)
    assert {len(bodies) for bodies in numbers.values()} == {1}
    assert len({epoch for epoch, _ in numbers}) == 2


def of(kind: str, letters: list[Seen]) -> list[Seen]:
    return [each for each in letters if each.kind == kind]
