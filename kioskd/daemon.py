"""The shell around the rooms: wiring, progress, stopping. No rules of its own."""

import secrets
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from feeds.feed import Feed
from feeds.settings import PlayedSource
from feeds.state import FeedState
from kioskd import __version__, daybook, log
from kioskd.config.load import Config, ConfigError, Door, load
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.courier import Courier
from kioskd.delivery.database import AuditError
from kioskd.delivery.embedded import EmbeddedBroker, EmbeddedError
from kioskd.delivery.news import News
from kioskd.delivery.outcome import Delivery
from kioskd.ending import Signals, within
from kioskd.event import Result
from kioskd.judge import Judge, Judged
from kioskd.modes import catalogue
from kioskd.modes.reasons import Reason
from kioskd.pace import Overload
from kioskd.picture_watch import PictureWatch
from kioskd.prompter import Prompter
from kioskd.state_dir import StateDir, StateDirError, WrongStateDirError
from kioskd.watchdog import Watchdog
from models.manifest import NetworkError, Role, shipped
from models.perceive import Perceiver, needs, warm_up
from models.session import Networks

AUDIT_FILE = "audit.db"
TURN_S = 0.5  # how often the main thread looks at its workers
SILENT_S = 10.0  # a judge or the courier that got nothing done for so long is stuck
STOP_S = 8.0  # everything is closed within this, or the process ends as it is
JUDGE_STOP_S = 3.0  # for the frames they are at
COURIER_STOP_S = 1.0  # for the broker to take the last states, and again for its thread to end

Watch = Callable[[Judged], None]


class Daemon:
    """One kiosk at work. `start`, then `tend` every TURN_S until it says False, then `stop`.

    `watch` is called with every judged frame, in the judge's thread (for the bench).
    Starting raises StateDirError, NetworkError, AuditError, EmbeddedError or OSError, each with a
    sentence.
    """

    def __init__(self, config: Config, watch: Watch | None = None) -> None:
        self._config = config
        self._log = log.logger()
        self._state_dir = StateDir(config.state_dir)
        self.networks = networks(config)
        self._audit = AuditLog(self._state_dir.path / AUDIT_FILE)
        self._broker = EmbeddedBroker(config.delivery.port) if config.embedded else None
        self._problems: dict[str, str] = {}
        self._pictures: dict[str, Reason] = {}  # by feed
        self._lock, self._pictures_lock = threading.Lock(), threading.Lock()
        delivery = replace(config.delivery, model_version=model_version(config, self.networks))
        self.courier = Courier(delivery, self._audit, self._problem, on_news=self._news)
        self.judges = [self._judge(door, watch) for door in config.doors]
        limits = {judge.name: SILENT_S for judge in self.judges}
        self._watchdog = Watchdog(limits | {"courier": SILENT_S})
        self._overdue: list[str] = []
        self._overload = Overload()
        self._overloaded: str | None = None

    def start(self) -> None:
        if self._broker is not None:
            self._log.info("embedded broker, for trials only", port=self._broker.start())
        self.courier.start()
        self._problem_if_played()
        for judge in self.judges:
            judge.start()
        self._log.info(
            "started",
            version=__version__,
            networks_run_on=self.networks.provider,
            doors=[door.name for door in self._config.doors],
            config=self._config.digest,
        )
        self._watchdog.ready(f"Watching {len(self.judges)} door(s)")

    def tend(self) -> bool:
        """Feed the watchdog if every worker makes progress. False when the daemon must end."""
        for judge in self.judges:
            self._watchdog.progress(judge.name, judge.progress_at)
        self._watchdog.progress("courier", self.courier.last_progress)
        overdue = self._watchdog.tend()
        if overdue != self._overdue:
            self._overdue = overdue
            late = f"no progress for {SILENT_S:.0f} s: {', '.join(overdue)}" if overdue else None
            self._problem("no_progress", late)
        self._tell_overload()
        return self.failure is None

    @property
    def failure(self) -> str | None:
        """Why the daemon cannot go on, in a sentence; None while every worker lives."""
        for judge in self.judges:
            if judge.failure is not None:
                bug = type(judge.failure).__name__
                return (
                    f"judging {judge.feed.settings.name} failed ({bug}): report what the log says"
                )
        return None if self.courier.alive else "the courier's thread ended: see the log"

    def stop(self) -> None:
        """End everything in order: no new results, the last states said, the audit log closed."""
        failure = self.failure
        self._watchdog.stopping()
        for judge in self.judges:
            judge.stop()
        deadline = time.monotonic() + JUDGE_STOP_S
        for judge in self.judges:
            if judge.ident is not None:
                judge.join(max(0.0, deadline - time.monotonic()))
        self.courier.stop(failure, timeout=COURIER_STOP_S)
        self._audit.close()
        self._state_dir.close()
        if self._broker is not None:
            self._broker.stop()
        if failure is None:
            self._log.info("stopped")
        else:
            self._log.error("ended by a failure", detail=failure)

    def _judge(self, door: Door, watch: Watch | None) -> Judge:
        perceiver = Perceiver(self.networks, self._config.perception.settings())
        feed = Feed(door.feed, self._feed_state)
        mode = catalogue.make(door.mode, door.gate, secrets.randbelow)
        tell = self._diagnose() if self._config.delivery.diagnostics else None
        prompter = Prompter(self.courier.prompt)
        pictures = PictureWatch(self._picture)
        return Judge(feed, perceiver, mode, self._deliver, _both(watch, tell, prompter, pictures))

    def _deliver(self, result: Result) -> Delivery:
        delivery = self.courier.deliver(result)
        self._log.info("attempt ended", **daybook.attempt(result, delivery))
        if (line := daybook.not_sent(result, delivery)) is not None:
            self._log.warning(line.event, **line.fields)
        return delivery

    def _news(self, news: News) -> None:
        line = daybook.news(news)
        (self._log.warning if line.bad else self._log.info)(line.event, **line.fields)

    def _feed_state(self, state: FeedState) -> None:
        say = self._log.info if state.reason in ("", "opening", "finished") else self._log.warning
        say(f"feed {state.phase}", feed=state.feed, reason=state.reason, detail=state.detail)
        self.courier.feed_state(state)

    def _problem(self, code: str, sentence: str | None) -> None:
        """A problem came, changed or (None) ended: say it in the log and in /status."""
        with self._lock:
            if sentence is None:
                self._problems.pop(code, None)
            else:
                self._problems[code] = sentence
            self.courier.status(dict(self._problems))  # in here, so that the newest is told last
        if sentence is None:
            self._log.info("problem over", problem=code)
        else:
            self._log.warning("problem", problem=code, detail=sentence)

    def _tell_overload(self) -> None:
        loads = {judge.feed.settings.name: judge.load for judge in self.judges}
        sentence = self._overload.sentence(loads, time.monotonic())
        if sentence != self._overloaded:
            self._overloaded = sentence
            self._problem("overloaded", sentence)

    def _picture(self, feed: str, fault: Reason | None) -> None:
        """A feed's pictures cannot be judged for long, or (None) can be again."""
        with self._pictures_lock:
            self._pictures.pop(feed, None)
            if fault is not None:
                self._pictures[feed] = fault
            told = [f"feed {name}: {said.sentence}" for name, said in self._pictures.items()]
            self._problem("picture", "; ".join(told) or None)

    def _problem_if_played(self) -> None:
        """Whoever listens to a real broker may be a door, and takes a recording for a person."""
        feeds = [door.feed for door in self._config.doors]
        played = [feed.name for feed in feeds if isinstance(feed.source, PlayedSource)]
        if played and not self._config.embedded:
            self._problem("recording", f"a recording, not a camera: feed {', '.join(played)}")

    def _diagnose(self) -> Watch:
        """A watch that publishes each change of a feed's phase or reasons."""
        last: tuple[str, tuple[str, ...]] | None = None

        def tell(judged: Judged) -> None:
            nonlocal last
            now = (judged.step.phase, judged.step.reasons)
            if now != last:
                last = now
                self.courier.diagnostic(judged.frame.feed, *now)

        return tell


def run(path: Path) -> int:
    """The `kioskd run` command: run until SIGTERM or SIGINT. Returns the exit status."""
    signals = Signals()
    try:
        config = load(path)
    except ConfigError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    log.configure(config.log_level, config.log_format)
    for note in config.notes:
        log.logger().warning(note)
    return _run(config, signals)


def _run(config: Config, signals: Signals) -> int:
    try:
        daemon = Daemon(config)
        daemon.start()
    except (NetworkError, WrongStateDirError) as error:
        log.logger().error(f"not started: {error}")
        return 2  # the installation is wrong; starting again would not mend it
    except (StateDirError, AuditError, EmbeddedError, OSError) as error:
        log.logger().error(f"not started: {error}")
        return 1
    well = True
    while well and not signals.stopping.wait(TURN_S):
        well = daemon.tend()
        if signals.take_hang_up():
            log.logger().warning("SIGHUP does nothing: restart kioskd to read config.yaml again")
    with within(STOP_S):
        daemon.stop()
    return 0 if well else 1


def _roles(config: Config) -> frozenset[Role]:
    wanted = [catalogue.needs(door.mode) for door in config.doors]
    return frozenset().union(*(needs(want.measures, want.schemes) for want in wanted))


def networks(config: Config) -> Networks:
    """The networks that a configuration asks for, checked, loaded and warm; NetworkError if not."""
    perception = config.perception
    manifest = shipped().with_added(perception.added)
    loaded = Networks.load(_roles(config), perception.provider, perception.threads, manifest)
    warm_up(loaded, perception.settings())
    return loaded


def model_version(config: Config, loaded: Networks) -> str:
    """Which network files decide: their names and the first digits of their sha256."""
    roles, manifest = _roles(config), loaded.manifest
    files = [manifest.file(role) for role in roles]
    files += [added.file for added in manifest.added_to(roles)]
    return ",".join(sorted({f"{file.name}:{file.sha256[:8]}" for file in files}))


def _both(*watches: Watch | None) -> Watch | None:
    wanted = [watch for watch in watches if watch is not None]
    if not wanted:
        return None

    def tell(judged: Judged) -> None:
        for watch in wanted:
            watch(judged)

    return tell
