"""`kioskd demo`: start the daemon as systemd would, listen as a door would, print what comes."""

import json
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import kioskd.demo
from kioskd.commands.configuration import FAILED, OK, configuration
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.message_lines import follow
from kioskd.loopback import free_ports
from kioskd.page.page_settings import PageSettings
from kioskd.trial import onlooker
from kioskd.trial.trial_daemon import TrialDaemon, started

HERE = Path(kioskd.demo.__file__).parent
EXPECTED = {"live": "true", "attack": "false"}  # feed -> livenessConfirmed
SOON_S = 20.0  # whoever waits for longer is told that it goes on
PATIENCE_S = (
    900.0  # no machine is so slow; the clips are judged frame by frame however long it takes
)

INTRODUCTION = """\
kioskd runs on two clips as if they were cameras; you see what a door would receive over MQTT.
  live    a real person before a webcam
  attack  a SYNTHETIC presentation attack: the same person on a tablet, drawn by a script
"""


PAGE = """\
  page    {url} shows both clips with boxes and verdicts, while the demo runs
"""
TRUE = "\nThe live person was confirmed; the attack was not. That is all a door must know."
LOOK = "Both clips go on at {url} for you to look at. Enter or Ctrl-C ends the demo."
LOOK_S = 0.2  # how soon it is seen that the daemon ended


def run(as_json: bool = False) -> int:
    """Show both clips. Exit status 0 once both doors were told the truth, 1 if one was not.

    Where a person sits at a terminal the page is served, and the demo goes on until they end it.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # or the daemon would outlive us
        signal.signal(number, lambda signum, _: sys.exit(128 + signum))
    with tempfile.TemporaryDirectory(prefix="kioskd-demo-") as folder:
        path = _written(Path(folder), with_page=not as_json and _page_is_wanted())
        config = configuration(path)
        if not as_json:
            print(INTRODUCTION, flush=True)
        with started(path) as daemon:
            if config.page is not None:
                _show_page(config.page, daemon)
            told = _listen(config.delivery, daemon, as_json)
            if told != EXPECTED:
                print(_failure(told, daemon), file=sys.stderr)
                return FAILED
            if not as_json:
                print(TRUE, flush=True)
            if config.page is not None:
                _let_look(config.page, daemon)
    return OK


def _page_is_wanted() -> bool:
    """A demo without the libraries of the page is still a demo."""
    return onlooker.sits_there() and not onlooker.missing(onlooker.LIBRARIES)


def _written(folder: Path, *, with_page: bool) -> Path:
    """The demo's config.yaml in a folder of its own, with free ports."""
    text = (HERE / "demo.yaml").read_text(encoding="utf-8")
    broker, page = free_ports(2)
    text = text.replace("port: 18883", f"port: {broker}").replace("port: 18480", f"port: {page}")
    if with_page:
        text = text.replace("pace: fast", "pace: realtime")
    else:
        text = text.replace("enabled: true", "enabled: false")
    config = folder / "config.yaml"
    config.write_text(text, encoding="utf-8")
    shutil.copytree(HERE / "clips", folder / "clips")
    return config


def _show_page(page: PageSettings, daemon: TrialDaemon) -> None:
    """Name it, and open it as soon as it is served; nobody waits for that."""
    print(PAGE.format(url=page.url), flush=True)

    def opening() -> None:
        if daemon.wait_for(page.port, time.monotonic() + PATIENCE_S):
            onlooker.open_page(page.url)

    threading.Thread(target=opening, daemon=True).start()


def _let_look(page: PageSettings, daemon: TrialDaemon) -> None:
    """Go on until the person has seen enough."""
    print(LOOK.format(url=page.url), flush=True)
    with suppress(KeyboardInterrupt):
        while daemon.runs and not select.select([sys.stdin], [], [], LOOK_S)[0]:
            pass


def _listen(delivery: DeliverySettings, daemon: TrialDaemon, as_json: bool) -> dict[str, str]:
    """What the doors were told first, by feed; ends early when all were, or nothing can come."""
    told: dict[str, str] = {}
    stop = threading.Event()
    deadline = time.monotonic() + PATIENCE_S
    impatient = threading.Timer(SOON_S, _still_waiting, (told,))
    impatient.daemon = True
    impatient.start()
    daemon.wait_for(delivery.port, deadline)
    daemon.stop_when_it_ends(stop, deadline)
    for line in follow(delivery, stop, as_json=True):
        letter = json.loads(line)
        feed, kind = letter["topic"].split("/")[-2:]
        if kind != "action" or feed in told:
            continue
        told[feed] = letter["payload"]["livenessConfirmed"]
        _show(feed, letter["payload"], as_json)
        if told.keys() == EXPECTED.keys():
            stop.set()
    impatient.cancel()
    return told


def _still_waiting(told: dict[str, str]) -> None:
    doors = " and ".join(sorted(EXPECTED.keys() - told.keys()))
    print(f"This machine is slow or busy: still judging {doors}.", file=sys.stderr, flush=True)


def _show(feed: str, payload: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(payload), flush=True)
        return
    verdict = "live" if payload["livenessConfirmed"] == "true" else "NOT live"
    print(f"{feed}: {verdict}\n{json.dumps(payload, indent=2)}", flush=True)


def _failure(told: dict[str, str], daemon: TrialDaemon) -> str:
    status = daemon.process.poll()
    wrong = sorted(feed for feed in told if told[feed] != EXPECTED[feed])
    missing = " and ".join(sorted(EXPECTED.keys() - told.keys()))
    if wrong:
        why = f"{wrong[0]} was told to be {told[wrong[0]]} and is not. Report this with the log"
    elif status is not None:
        why = f"kioskd ended with status {status} before it had told of {missing}. The log says why"
    else:
        why = f"nothing was told of {missing} in {PATIENCE_S:.0f} s. The log says what failed"
    return f"The demo failed: {why}:\n{daemon.last_lines()}"
