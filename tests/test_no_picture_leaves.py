"""Every mode at work at once, and no picture, crop or embedding in anything that it writes or says.

What it writes is looked for in its folders, its temporary one among them; what it says, at the
broker, in the log and at /metrics. The depth scenes are SYNTHETIC. Pictures that somebody asked
for by name have tests of their own: test_snapshots_road.py, test_record.py, test_page*.py.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

from kioskd.modes import catalogue
from tests.support.broker import Witness, eventually, mosquitto, witness
from tests.support.clips import DATA, images_of
from tests.support.daemon import file_feed, kioskd, settings
from tests.support.ports import free_port
from tests.support.scenes import GATE, recorded, scenes
from tests.support.scraping import ask

SMILES = DATA / "smiling.mp4"
DEPTH = (
    *("secure_access_3d_liveness", "secure_access_rgb_3d_liveness"),
    *("depth_liveness", "infrared_liveness"),
)
MAGICS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"ftypisom")
ROW_BYTES = 96  # of a picture: so many are nowhere by chance
# An embedding has 128 numbers: 512 bytes, 684 letters of base64. A signature has 88.
LONG = re.compile(rb"[A-Za-z0-9+/_-]{160,}")
NUMBERS = re.compile(rb"\[\s*-?\d[\d.eE+-]*(?:,\s*-?\d[\d.eE+-]*){31,}\s*\]")


def test_no_mode_writes_or_says_a_picture_or_an_embedding(tmp_path: Path) -> None:
    port, folder, heads = free_port(), tmp_path / "k", tmp_path / "head.db3"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    recorded(heads, scenes(None, 3, 20))
    with mosquitto(tmp_path) as broker, witness(broker) as seen:
        config = every_mode(settings(broker, {}), heads)
        config["mqtt"] |= {"diagnostics": True, "health": True}
        config["metrics"] = {"enabled": True, "port": port}
        config["logging"] = {"level": "debug", "format": "json"}
        with kioskd(folder, config, {"TMPDIR": str(temporary)}) as daemon:
            eventually(lambda: ended(seen) >= set(config["doors"]))
            scraped = ask(port, "/metrics")[1]
            assert daemon.stop() == 0
            said = [daemon.log.encode(), scraped]
    heard = [json.dumps(each.payload).encode() for each in seen.seen]
    files = [*folder.rglob("*"), *temporary.rglob("*")]
    written = [path.read_bytes() for path in files if path.is_file()]
    assert len(heard) > len(config["doors"])
    assert any(b"SQLite format 3" in content for content in written)  # the audit log is looked at
    assert found(images_of(SMILES)[:1]) != []  # what is looked for is found where it is
    marks = found(images_of(SMILES))
    for content in (*heard, *said, *written):
        assert [mark for mark in (*MAGICS, *marks) if mark in content] == []
        assert NUMBERS.search(content) is None
    for content in (*heard, *said):
        assert LONG.search(content) is None


def every_mode(config: dict[str, Any], heads: Path) -> dict[str, Any]:
    """A door for each mode that there is: the first asks that an attempt be of one person."""
    depth = {"kind": "realsense", "recording": str(heads), "pace": "fast", "repeat": "loop"}
    for name in catalogue.BY_NAME:
        deep, door = name in DEPTH, name.replace("_", "-")
        gate = {"gate": dict(GATE)} if deep else {}
        config["feeds"][door] = {**depth, "stall_s": 5.0} if deep else file_feed(SMILES)
        config["doors"][door] = {"mode": name, "feed": door, **gate}
    config["doors"]["secure-access-rgb-liveness"]["one_person"] = True
    return config


def ended(seen: Witness) -> set[object]:
    """The doors at which an attempt has ended."""
    return {row["doorId"] for row in seen.payloads("audit") if row["kind"] == "result"}


def found(images: Any) -> list[bytes]:
    """What betrays a picture: a row of each fifth one, as it is and in base64."""
    rows = [image[len(image) // 2].tobytes()[900:][:ROW_BYTES] for image in images[::5]]
    return [*rows, *(base64.b64encode(row) for row in rows)]
