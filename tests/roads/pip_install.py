"""The wheel's road in a fresh system: by pip, the demo, and as a service."""

import os
import shutil
import sys
import time
from pathlib import Path

from tests.roads.machine import RoadError
from tests.roads.root import Root, booted

_SETS = "-r /w/cpu.txt -r /w/demo.txt"  # pinned, with their hashes
_PIP = "/opt/kioskd/bin/pip -q --disable-pip-version-check install"
_ROOT = Path(__file__).parents[2]


def walk(release: Path) -> None:
    """Prints each step and what it took. Raises RoadError where one is not as it must be.

    release  the folder that has the wheel

    KIOSKD_ROOT in the environment names an archive in which the fresh system is kept for next time.
    """
    kept = os.environ.get("KIOSKD_ROOT")
    with booted(kept=Path(kept) if kept else None) as root:
        (root.folder / "w").mkdir()
        for each in (*release.glob("*.whl"), *(_ROOT / "requirements").glob("*.txt")):
            shutil.copy(each, root.folder / "w")
        packages = "python3-venv udev mosquitto mosquitto-clients"
        root.run(f"apt-get -qq update && apt-get -qq install -y {packages}")
        root.run("systemctl start mosquitto")
        for step in (_installed, _shown, _serves):
            began = time.monotonic()
            sentence = step(root)
            print(f"  {time.monotonic() - began:5.1f} s  {sentence}", flush=True)


def _installed(root: Root) -> str:
    root.run("python3 -m venv /opt/kioskd")
    root.run(f"{_PIP} --no-compile --require-hashes {_SETS}")
    root.run(f"{_PIP} --no-deps /w/kioskd-*.whl")
    root.holds("cd / && /opt/kioskd/bin/kioskd --version", "the command runs outside a checkout")
    size = root.run("du -sm /opt/kioskd | cut -f1").strip()
    return f"pip install, pinned, with the demo's broker: {size} MB, pip among them"


def _shown(root: Root) -> str:
    said = root.run("cd / && /opt/kioskd/bin/kioskd demo </dev/null")
    if "The live person was confirmed" not in said:
        raise RoadError(f"the demo did not tell them apart:\n{said[-3000:]}")
    return "kioskd demo tells the live clip from the attack"


def _serves(root: Root) -> str:
    """By the unit that kioskd prints, with a user that exists only while it runs."""
    clip = root.run("find /opt/kioskd -path '*demo/clips/live.*'").strip()
    root.run("install -d -m 755 /etc/kioskd && install -d -m 700 /etc/kioskd/credentials")
    root.run("install -m 600 /dev/null /etc/kioskd/credentials/MQTT_PASSWORD")
    (root.folder / "etc/kioskd/config.yaml").write_text(
        "site: road\ndevice: kiosk-1\nmqtt: {broker: 127.0.0.1, port: 1883}\n"
        f"feeds: {{clip: {{kind: file, path: {clip}, pace: realtime, loops: ignore}}}}\n"
        "doors: {main: {mode: secure_access_rgb_liveness, feed: clip}}\n"
    )
    root.run("/opt/kioskd/bin/kioskd unit > /etc/systemd/system/kioskd.service")
    root.run("mosquitto_sub -t 'liveness/v1/#' -v > /said.txt 2>&1 & disown")
    began = time.monotonic()
    root.run("systemctl daemon-reload && systemctl enable --now kioskd")
    ready_s = time.monotonic() - began
    root.eventually("grep -q LIVENESS_CONFIRMED /said.txt", "the clip's person is let in")
    first_s = time.monotonic() - began
    root.holds("[ -e /var/lib/private/kioskd/audit.db ]", "its state is its own")
    return f"as a service: ready in {ready_s:.1f} s, first event after {first_s:.1f} s"


if __name__ == "__main__":
    try:
        walk(Path(sys.argv[1]))
    except RoadError as error:
        sys.exit(f"The wheel's road ended: {error}")
