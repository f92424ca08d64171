"""The Debian package's road: installed, set up, upgraded, broken, removed and purged."""

import os
import shutil
import sys
import time
from pathlib import Path

from tests.roads.machine import RoadError
from tests.roads.root import Root, booted

_CONFIG = "/etc/kioskd/config.yaml"
_STATE = "/var/lib/kioskd"
_SETTINGS = """\
# written by an installer, and never touched by a package
site: road
device: kiosk-1
mqtt: {broker: 127.0.0.1, port: 1883}
feeds:
  clip: {kind: file, path: CLIP, pace: realtime, repeat: loop, loops: ignore}
doors:
  main: {mode: secure_access_rgb_liveness, feed: clip}
"""


def walk(packages: Path, before: Path) -> None:
    """Prints each step and what it took. Raises RoadError where one is not as it must be.

    packages  the folder that scripts/build_deb filled
    before    another, of the version before

    KIOSKD_ROOT in the environment names an archive in which the fresh system is kept for next time.
    """
    kept = os.environ.get("KIOSKD_ROOT")
    with booted(kept=Path(kept) if kept else None) as root:
        for name, folder in (("new", packages), ("old", before)):
            (root.folder / name).mkdir()
            for each in folder.glob("kioskd*.deb"):
                shutil.copy(each, root.folder / name)
        root.run("apt-get -qq update && apt-get -qq install -y mosquitto mosquitto-clients procps")
        root.run("systemctl start mosquitto")
        for step in (
            _installed,
            _set_up,
            _sandboxed,
            _upgraded,
            _cut_off,
            _full,
            _removed,
            _purged,
        ):
            began = time.monotonic()
            sentence = step(root)
            print(f"  {time.monotonic() - began:5.1f} s  {sentence}", flush=True)


def _installed(root: Root) -> str:
    root.run("apt-get -qq install -y /old/kioskd_*.deb")
    root.holds("kioskd --version", "the command is on the path")
    root.holds("getent passwd kioskd", "the package makes the user")
    root.holds("[ $(stat -c %a /etc/kioskd/credentials) = 700 ]", "credentials are root's")
    root.holds("! systemctl is-failed kioskd", "a kiosk without a configuration waits for it")
    root.holds("! systemctl is-active kioskd", "a kiosk without a configuration does not run")
    root.holds("! kioskd check -c /nowhere.yaml", "a missing configuration is an error")
    size = root.run("dpkg-query -W -f '${Installed-Size}' kioskd")
    needs = root.run("dpkg-query -W -f '${Depends}' kioskd")
    return f"apt install ./kioskd_*.deb; {int(size) / 1024:.0f} MB, needs {needs}"


def _set_up(root: Root) -> str:
    clip = root.run("find /usr/lib/kioskd -path '*demo/clips/live.*'").strip()
    (root.folder / _CONFIG[1:]).write_text(_SETTINGS.replace("CLIP", clip))
    root.holds(f"kioskd check -c {_CONFIG} --as kioskd", "the daemon's user may read it")
    root.run("mosquitto_sub -t 'liveness/v1/#' -v > /said.txt 2>&1 & disown")
    began = time.monotonic()
    root.run("systemctl start kioskd")
    ready_s = time.monotonic() - began
    root.holds("systemctl is-active kioskd", "systemd takes it for started")
    root.eventually("grep -q LIVENESS_CONFIRMED /said.txt", "the clip's person is let in")
    return f"started: ready in {ready_s:.1f} s, first event after {time.monotonic() - began:.1f} s"


def _sandboxed(root: Root) -> str:
    """The unit's walls, seen from within its process, under a real process 1."""
    pid = root.run("systemctl show -P MainPID kioskd").strip()
    user = root.run(f"ps -o user= -p {pid}").strip()
    if user != "kioskd":
        raise RoadError(f"kioskd runs as {user}")
    status = root.run(f"cat /proc/{pid}/status")
    for line in ("CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        if line not in status:
            raise RoadError(f"not in its status: {line!r}\n{status}")
    inside = f"nsenter -t {pid} -m"
    root.holds(f"! {inside} touch /usr/here /etc/here", "the file system is read-only")
    root.holds(f"{inside} ls /var/lib/kioskd/audit.db", "the state folder is its own")
    root.run("systemctl reload kioskd")
    killed = "systemctl kill -s KILL --kill-whom=main kioskd"
    root.run(killed)
    root.eventually(
        f"systemctl is-active kioskd && [ $(systemctl show -P MainPID kioskd) != {pid} ]",
        "systemd starts it again",
    )
    score = root.run("systemd-analyze security kioskd --no-pager | tail -1").strip()
    return f"runs as {user} without a capability, comes back after a kill -9; {score}"


def _upgraded(root: Root) -> str:
    """In the middle of attempts: the clip begins one every few seconds."""
    had = root.run(f"sha256sum {_CONFIG}")
    rows = _rows(root)
    began = time.monotonic()
    root.run("apt-get -qq install -y /new/kioskd_*.deb")
    took_s = time.monotonic() - began
    root.eventually("systemctl is-active kioskd", "it runs again after the upgrade")
    if root.run(f"sha256sum {_CONFIG}") != had:
        raise RoadError("the upgrade changed the configuration")
    root.eventually(
        f"[ $({_COUNT}) -gt {rows} ]",
        "the audit log goes on where it was",
    )
    return f"upgraded from {_version(root, 'old')} to {_version(root, 'new')} in {took_s:.0f} s"


def _cut_off(root: Root) -> str:
    """dpkg killed while it unpacks: the next call of apt mends it."""
    root.run(
        "(dpkg --unpack /old/kioskd_*.deb > /unpack.log 2>&1 & echo $! > /dpkg.pid); sleep 4;"
        " kill -9 $(cat /dpkg.pid); rm -f /var/lib/dpkg/lock*"
    )
    state = root.run("dpkg-query -W -f '${db:Status-Abbrev}' kioskd")
    root.run("dpkg --configure -a", may_fail=True)
    root.run("apt-get -qq install -y --reinstall /new/kioskd_*.deb")
    root.eventually("systemctl is-active kioskd", "it runs again after a cut-off upgrade")
    return f"dpkg killed in the middle left '{state.strip()}'; installed again, it runs"


def _full(root: Root) -> str:
    """No space: what was there goes on being there."""
    root.run(
        "systemctl stop kioskd; mkdir /kept && cp -a /usr/lib/kioskd/. /kept/"
        " && mount -t tmpfs -o size=$(( $(du -sm /kept | cut -f1) + 20 ))m tmpfs /usr/lib/kioskd"
        " && cp -a /kept/. /usr/lib/kioskd/"
    )
    said = root.run("apt-get -qq install -y --reinstall /new/kioskd_*.deb", may_fail=True)
    if "No space left on device" not in said:
        raise RoadError(f"a full disk was not told:\n{said[-2000:]}")
    root.eventually("systemctl is-active kioskd", "what was installed runs again by itself")
    root.run("systemctl stop kioskd && umount /usr/lib/kioskd && rm -rf /kept")
    root.run("apt-get -qq install -y --reinstall /new/kioskd_*.deb")
    root.run("systemctl start kioskd")
    return "no space: dpkg says so, and what was installed runs again"


def _removed(root: Root) -> str:
    root.run("apt-get -qq remove -y kioskd")
    root.holds("! pgrep -u kioskd", "nothing of it runs")
    root.holds(f"[ -e {_CONFIG} ]", "the configuration stays")
    root.holds("! [ -e /usr/lib/kioskd ]", "nothing of the program stays")
    return "removed: configuration and audit log stay"


def _purged(root: Root) -> str:
    said = root.run("apt-get -qq purge -y kioskd")
    root.holds("! [ -e /etc/kioskd ]", "the configuration and its secrets go")
    root.holds(f"ls {_STATE}/audit.db", "the audit log stays")
    told = [line for line in said.splitlines() if "audit log" in line]
    return f"purged: {' '.join(told)}"


_COUNT = (
    f'/usr/bin/python3 -c \'import sqlite3; print(sqlite3.connect("{_STATE}/audit.db")'
    '.execute("SELECT COUNT(*) FROM record").fetchone()[0])\''
)


def _rows(root: Root) -> int:
    return int(root.run(_COUNT))


def _version(root: Root, folder: str) -> str:
    return root.run(f"dpkg-deb -f /{folder}/kioskd_*.deb Version").strip()


_STEPS = (
    *(_installed, _set_up, _sandboxed, _upgraded),
    *(_cut_off, _full, _removed, _purged),
)

if __name__ == "__main__":
    try:
        walk(Path(sys.argv[1]), Path(sys.argv[2]))
    except RoadError as error:
        sys.exit(f"The Debian package's road ended: {error}")
