"""The real daemon keeps a picture of an attack that it refused, and nothing of it is in clear.

The attacker is the demo's SYNTHETIC one.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from feeds.imaging import open_file
from kioskd.config.load import load
from kioskd.daemon import Daemon
from tests.support.broker import Witness, eventually, mosquitto, witness
from tests.support.commands import kioskd as command
from tests.support.daemon import ATTACK, LIVE, file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.schemas import check
from tests.support.scraping import Scraped

MAGICS = (b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n")
ROW_BYTES = 96  # of a frame: so many are in no file by chance


def test_an_attack_leaves_a_sealed_picture_a_live_person_none_and_nothing_in_clear(
    tmp_path: Path,
) -> None:
    pem, port = tmp_path / "key.pem", free_port()
    made = command("snapshots", "key", "--out", pem)
    recipient = made.out.rpartition("recipient: ")[2].strip(" }\n")
    folder = tmp_path / "k"
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        feeds = {"live": file_feed(LIVE), "attacked": file_feed(ATTACK)}
        config = settings(broker, feeds, rest_s=0.0)
        config["mqtt"] |= {"diagnostics": True}
        config["metrics"] = {"enabled": True, "port": port}
        config["snapshots"] = {"enabled": True, "recipient": recipient, "of": "attack, failed"}
        with kioskd(folder, config) as daemon:
            eventually(lambda: of_kind(seen, "snapshot") and "live" in confirmed(seen))
            eventually(lambda: Scraped(port)("kioskd_snapshots_total", fate="kept"))
            status = seen.payloads("status")[-1]
            assert daemon.stop() == 0
            assert "tell them so by a sign at the door" in daemon.log
        record = of_kind(seen, "snapshot")[0]
        check("audit", record)
        check("status", status)
        assert status["snapshots"] == ["attack", "failed"]
        result = next(row for row in of_kind(seen, "result") if row["eventId"] == record["eventId"])
        assert (result["verdict"], result["sourceId"]) == ("failed", "attacked")
        heard = [json.dumps(each.payload).encode() for each in seen.seen]
    shelf = folder / "state" / "snapshots"
    listed = command("snapshots", "list", "--json", "--folder", shelf).out.splitlines()
    told = [json.loads(line) for line in listed]
    assert {(one["door"], one["refusal"]) for one in told} == {("attacked-door", "attack")}
    assert record["sha256"] in {one["sha256"] for one in told}
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert in_clear([*written, *heard]) == []
    opened = command("snapshots", "open", *shelf.iterdir(), "--key", pem, "--out", tmp_path)
    assert opened.status == 0, opened.err
    pictures = [path.read_bytes() for path in tmp_path.glob("*.jpg")]
    assert len(pictures) == len(told)
    assert in_clear(pictures) == pictures  # it is found where it is


def test_where_nobody_asked_nothing_of_it_runs_and_what_lies_there_still_grows_old(
    tmp_path: Path,
) -> None:
    path, shelf = tmp_path / "config.yaml", tmp_path / "state" / "snapshots"
    path.write_text(
        "site: hq\ndevice: k\nstate_dir: state\nmqtt: {broker: 127.0.0.1, port: 1}\n"
        f"feeds: {{f: {{kind: file, path: {LIVE}}}}}\n"
        "doors: {d: {mode: secure_access_rgb_liveness, feed: f}}\n"
    )
    assert "snapshots" not in parts_of(path)
    assert not shelf.exists()
    shelf.mkdir()
    assert "snapshots" in parts_of(path)


def parts_of(config: Path) -> set[str]:
    daemon = Daemon(load(config))
    try:
        return {part.name for part in daemon.parts}
    finally:
        daemon.stop()


def confirmed(seen: Witness) -> set[object]:
    """The sources of which the door was told that somebody live stands there."""
    told = seen.payloads("action")
    return {one["sourceId"] for one in told if one["livenessConfirmed"] == "true"}


def of_kind(seen: Witness, kind: str) -> list[dict[str, object]]:
    return [row for row in seen.payloads("audit") if row["kind"] == kind]


def in_clear(contents: list[bytes]) -> list[bytes]:
    """Those that hold a picture: a file's beginning, its base64, or a row of a frame of a clip."""
    coded = [base64.b64encode(magic[: len(magic) // 3 * 3]) for magic in MAGICS]
    marks = [*MAGICS, *coded, *rows(LIVE), *rows(ATTACK)]
    return [content for content in contents if any(mark in content for mark in marks)]


def rows(clip: Path) -> Iterator[bytes]:
    """Of every fifth frame, from its middle."""
    capture = open_file(str(clip))
    assert capture is not None
    number = 0
    while (image := capture.read()) is not None:
        if number % 5 == 0:
            middle = image[len(image) // 2].tobytes()
            yield middle[len(middle) // 2 :][:ROW_BYTES]
        number += 1
    capture.release()
