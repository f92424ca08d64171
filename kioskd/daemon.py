"""The shell around the rooms: puts the parts together, watches their progress, stops them."""

import secrets
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from feeds.feed import Feed
from feeds.feed_settings import PlayedSource
from feeds.state import FeedState
from kioskd import __version__, log, log_lines
from kioskd.alarms.alarms_settings import AlarmsSettings
from kioskd.camera_pins import CameraPins
from kioskd.camera_watch import CameraWatch
from kioskd.commanded import Commanded
from kioskd.config.load import Config, Door
from kioskd.control.command_desk import CommandDesk
from kioskd.control.control_part import Control, Troubles, control
from kioskd.control.door_switches import FILE as DOORS_FILE
from kioskd.control.door_switches import DoorSwitches
from kioskd.control.registry import Reach, commands
from kioskd.control.snapshot import Snapshot
from kioskd.debug_leases import DebugLeases
from kioskd.delivery.audit import AuditLog
from kioskd.delivery.courier import Courier
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.delivery.embedded_broker import EmbeddedBroker
from kioskd.delivery.incoming import Reader
from kioskd.delivery.seal import Seal
from kioskd.delivery.wire import Payload
from kioskd.door_guard import FILE as LOCKOUT_FILE
from kioskd.door_guard import DoorGuard
from kioskd.event import Result
from kioskd.happenings import (
    AttemptEnded,
    BrokerMet,
    ConfigurationRead,
    DoorSwitched,
    FeedChanged,
    FleetMet,
    FrameJudged,
    Happening,
    ModeChanged,
    RulesChanged,
    Stepped,
)
from kioskd.home_assistant.announcer import FILE as HOME_ASSISTANT_FILE
from kioskd.home_assistant.announcer import Announcer
from kioskd.home_assistant.device import Told
from kioskd.identity.people_settings import PeopleSettings
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.judge import Allow, Judge, Message, Shut, UseMode, UseRules, Watch
from kioskd.lookout import Lookout, watched
from kioskd.metrics.health_teller import HealthTeller
from kioskd.metrics.kiosk_state import KioskState, Sources
from kioskd.metrics.metrics_settings import MetricsSettings
from kioskd.modes import catalogue
from kioskd.modes.reasons import Reason
from kioskd.modes.spec import Needs
from kioskd.network_loading import as_configured
from kioskd.overload import Overload
from kioskd.page.answerer import Answerer
from kioskd.page.page_settings import PageSettings
from kioskd.part import Part
from kioskd.picture_watch import PictureWatch
from kioskd.problems import ProblemChanged, Problems
from kioskd.prompter import Prompter
from kioskd.refused import RefusedError
from kioskd.reload.reloaded import Reloaded
from kioskd.reload.reloader import Reloader, Shell
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.snapshots.snapshots_settings import FOLDER as SNAPSHOTS_FOLDER
from kioskd.state_dir import StateDir, WrongStateDirError
from kioskd.stream import Stream
from kioskd.uplink.fleet_road import FleetRoad
from kioskd.uplink.uplink import Uplink
from kioskd.watchdog import Watchdog
from models.manifest import Manifest
from models.network_file import Role
from models.observation import Measure
from models.perceive import Perceiver, needs, warm_up
from models.schemes import LivenessPlan
from models.session import Networks

if TYPE_CHECKING:
    from kioskd.alarms.alarms_part import Alarms
    from kioskd.identity.people_part import People
    from kioskd.inspect.inspect_part import Inspects
    from kioskd.layers.layer_taker import LayerTaker
    from kioskd.sessions.sessions_part import Sessions
    from kioskd.snapshots.taker import Taker

AUDIT_FILE = "audit.db"
TURN_S = 0.5  # how often the main thread looks at its workers
SILENT_S = 10.0  # a judge or the courier that got nothing done for so long is stuck
MOST_TOLD = 5  # mistakes of a refused configuration, in one answer
STOP_S = 8.0  # everything is closed within this, or the process ends as it is


class Daemon:
    """One kiosk at work. `start`, then `tend` every TURN_S until it says False, then `stop`.

    stream  brings whatever happens to whoever listens; see stream.py for who may
    parts   what works in it, in the order in which it is started; stopped the other way round

    Starting raises StateDirError, NetworkError, AuditError, EmbeddedError or OSError, each with a
    sentence.
    """

    def __init__(self, config: Config, file: Path | None = None) -> None:
        """`file`: where the configuration is read again; None: it is not."""
        self._config, self._digest = config, config.digest
        self._log = log.logger()
        self._state_dir = StateDir(config.state_dir)
        self._layers = self._layers_of(config, file)
        if self._layers is not None:
            config = self._layers.over(config)
            self._config, self._digest = config, config.digest
        self.networks = networks(config)
        seal = self._seal_of() if config.delivery.signed else None
        self._audit = self._audit_log(seal)
        self.stream = Stream(self._tell_listeners)
        self._problems = Problems(self.stream.tell)
        self._pins = CameraPins(config.state_dir)
        self._pictures: dict[str, Reason] = {}  # by feed
        self._own = {door.name: own_mode(door) for door in config.doors}
        self._deciding = {name: own.needs for name, own in self._own.items()}
        self._others: list[Answerer] = []  # that answer over the page's server
        self._readers: dict[str, Reader] = {}  # of requests over MQTT, by topic
        if self._layers is not None:
            self._readers |= self._layers.readers
        self._people = None if config.people is None else self._people_of(config.people)
        self._sessions = None if config.sessions is None else self._sessions_of(config.sessions)
        self._inspects = None if config.inspect is None else self._inspects_of(config.inspect)
        self._snapshots: Taker | None = None
        self._state = self._readable()
        self._guard = self._guard_of(config)
        self._troubles = Troubles(lambda told: self._problems.set("commands", told))
        self._switches = self._switches_of(config)
        self.debug_leases = DebugLeases([door.name for door in config.doors])
        self._control = self._control_of(config)
        self._shut: dict[str, str] = {}  # by door: why nobody is decided on there
        self._told_lock = threading.Lock()  # of these three
        self._feed_lock = threading.Lock()  # of what is told of feeds
        self._watchdog = Watchdog()
        self._overload = Overload()
        self._started = False
        self.parts: list[Part] = [self.stream.follow("log", self._write, *log_lines.KINDS)]
        if config.embedded:
            self.add(EmbeddedBroker(config.delivery.port))
        delivery = replace(config.delivery, model_version=self._model_version())
        told = self._problems, self.stream.tell
        self._fleet = FleetRoad(config.fleet, self._uplink, delivery.topics, self._problems)
        self.add(self._fleet)  # started before the courier, and so stopped after its last words
        self.courier = Courier(
            delivery,
            self._audit,
            *told,
            readers=self._readers,
            seal=seal,
            also=self._fleet.keep,
        )
        self.add(self.courier)
        self._listen(self.courier)
        if self._people is not None:
            self.add(self._people.enrolled)
            for worker in self._people.workers:
                self.add(worker)
        if self._sessions is not None:
            self.add(self._sessions.keeper)
        if self._inspects is not None:
            self.add(self._inspects.worker)
        self.add(self._guard)
        self.stream.listen("lockout", AttemptEnded, self._guard.attempt_ended)
        for door in config.doors:
            self.add(self._judge(door))
        if config.page is not None:
            self.add(self._page(config.page))
        self._lookout = self._lookout_of(config)
        self.add(self._lookout)
        for met in (BrokerMet, FleetMet):
            self.stream.listen("lookout", met, lambda _: self._lookout.met_broker())
        if config.snapshots.enabled or (self._state_dir.path / SNAPSHOTS_FOLDER).is_dir():
            self._snapshots = self._snapshots_of(config)
            self.add(self._snapshots)
        self._alarms = None if config.alarms is None else self._alarms_of(config.alarms)
        if config.delivery.health:
            self.add(HealthTeller(self._state, self.stream, self.courier.health))
        if config.metrics is not None:
            self.add(self._metrics(config.metrics))
        self._reloader = self._reloader_of(config, file)
        self.add(self._reloader)
        for part in self._control.parts:
            self.add(part)

    @property
    def judges(self) -> list[Judge]:
        return [part for part in self.parts if isinstance(part, Judge)]

    def add(self, part: Part) -> None:
        """One more part, started with the others, or at once if they are at work."""
        self.parts.append(part)
        if self._started:
            self._start(part)

    def start(self) -> None:
        self._problem_if_played()
        self._problem_if_trial()
        self._problems.set("unsigned", self._config.delivery.unsigned)
        self._tell_home_assistant()
        self._switches.start()
        if self._layers is not None:
            self._layers.start()
        for part in self.parts:
            self._start(part)
        self._started = True
        for judge in self.judges:
            if not self._switches.enabled(judge.door):
                self.stream.tell(DoorSwitched(judge.door, enabled=False))
        if self._config.embedded:
            port = self._config.delivery.port
            self._log.info("embedded broker, for trials only", port=port)
        self._log.info(
            "started",
            version=__version__,
            networks_run_on=self.networks.provider,
            doors=[door.name for door in self._config.doors],
            config=self._config.digest,
        )
        self._watchdog.ready(f"Watching {len(self.judges)} door(s)")

    def _tell_home_assistant(self) -> None:
        config = self._config
        told = Told(
            config.delivery.topics,
            __version__,
            doors={door.name: door.feed.name for door in config.doors},
            health=config.delivery.health,
            alarms=config.alarms is not None,
        )
        announcer = Announcer(self._state_dir.path / HOME_ASSISTANT_FILE, self.courier)
        announcer.announce(config.home_assistant, told)

    def _start(self, part: Part) -> None:
        part.start()
        if part.progress_at is not None:
            self._watchdog.watch(part.name, SILENT_S)

    def tend(self) -> bool:
        """Feed the watchdog if every part makes progress. False when the daemon must end."""
        self._let_go()
        self._fleet.tend()
        for part in self.parts:
            if part.progress_at is not None:
                self._watchdog.progress(part.name, part.progress_at)
        late = ", ".join(self._watchdog.tend())
        self._problems.set(
            "no_progress", f"no progress for {SILENT_S:.0f} s: {late}" if late else None
        )
        loads = {judge.feed.settings.name: judge.load for judge in self.judges}
        self._problems.set("overloaded", self._overload.sentence(loads, time.monotonic()))
        return self.failure is None

    def _let_go(self) -> None:
        """Parts that were asked to end, and did, are no parts any more."""
        # In this order: one that dies in between has said why by the time that it is dead.
        ended = [part for part in self.parts if not part.is_alive() and part.failure is None]
        for part in ended:
            self.parts.remove(part)
            if part.progress_at is not None:
                self._watchdog.forget(part.name)
            if isinstance(part, Judge):
                feed = part.feed.settings.name
                gone = FeedState(feed, "offline", "stopped", "this door was stopped", time.time())
                self.stream.tell(FeedChanged(part.door, gone))

    def reload(self) -> Reloaded:
        """Read config.yaml again, and say what came of it; from any thread but a judge's.

        Waits until it is done. Who asks while it goes on shares the answer of the next one.
        """
        return self._reloader.reload()

    def ask_to_reload(self) -> None:
        """The same, and nobody waits for the answer."""
        self._reloader.ask()

    @property
    def failure(self) -> str | None:
        """Why the daemon cannot go on, in a sentence; None while every part lives."""
        return next((part.failure for part in self.parts if part.failure is not None), None)

    def stop(self) -> None:
        """End everything in order: no new results, the last states said, the audit log closed."""
        failure = self.failure
        self._watchdog.stopping()
        for _, alike in groupby(reversed(self.parts), type):
            _stop_together(list(alike), failure)
        self._audit.close()
        self._state_dir.close()
        if failure is None:
            self._log.info("stopped")
        else:
            self._log.error("ended by a failure", detail=failure)

    def _judge(self, door: Door) -> Judge:
        perceiver = Perceiver(self.networks, self._config.perception.settings())
        feed = Feed(
            door.feed,
            lambda state: self.stream.tell(FeedChanged(door.name, state)),
            partial(self._pins.distrust, door.feed.name),
        )
        mode, deliver, tell = self._own[door.name].mode, self.courier.deliver, self.stream.tell
        judge = Judge(door.name, feed, perceiver, mode, deliver, tell, self._checked)
        judge.send(Allow(self._switches.enabled(door.name)))
        return judge

    def _checked(self, door: str, result: Result) -> Result:
        """What a door may be told: of whom a session asks for, and of whom it opens to."""
        if self._sessions is not None:
            result = self._sessions.keeper.check(door, result)
        if self._people is not None:
            result = self._people.enrolled.check(door, result)
        result = self._switches.check(door, result)
        return self._guard.check(door, result)

    def _layers_of(self, config: Config, file: Path | None) -> "LayerTaker | None":
        if config.layers is None or file is None:  # a trial has no file for a layer to lie over
            return None
        # Imported here: a kiosk that takes no layers does without the library for their keys.
        from kioskd.layers.layer_taker import LayerTaker, Ways

        def record(told: Commanded) -> None:
            self.courier.command(told)
            self.stream.tell(told)

        ways = Ways(
            later=lambda work: self._reloader.later(work),
            offer=lambda load: self._reloader.offer(load),
            prove=networks,
            record=record,
            trouble=lambda told: self._problems.set("layers", told),
        )
        return LayerTaker(config, config.layers, file, ways)

    def _uplink(self, settings: DeliverySettings) -> Uplink:
        """A road to the fleet's cluster, on which the fleet's layers come down as by the broker."""
        here, there = self._config.delivery.topics.base, settings.topics.base
        layers = {} if self._layers is None else self._layers.readers
        readers = {there + topic.removeprefix(here): read for topic, read in layers.items()}
        last, folder = self.courier.last_will, self._state_dir.path
        told = self._problems, self.stream.tell
        return Uplink(settings, self._audit, folder, last, *told, readers)

    def _reloader_of(self, config: Config, file: Path | None) -> Reloader:
        told = file, self._state_dir.path, config, self._shell()
        if self._layers is None:
            return Reloader(*told)
        return Reloader(*told, load=self._layers.load, also=self._layers.turn)

    def _seal_of(self) -> Seal:
        # Imported here: a kiosk that signs nothing does without the library for it.
        from kioskd.signing.ed25519 import SigningError, signer_at

        key = self._config.signing_key
        try:
            signer = signer_at(key, makes=key.parent == self._state_dir.path)
        except SigningError as error:
            raise WrongStateDirError(str(error)) from error
        return Seal(signer.key_id, signer.signature)

    def _audit_log(self, seal: Seal | None) -> AuditLog:
        path, topics = self._state_dir.path / AUDIT_FILE, self._config.delivery.topics
        if seal is None:
            return AuditLog(path)
        return AuditLog(path, encode=partial(seal.encoded, topics.subject(topics.audit)))

    def _guard_of(self, config: Config) -> DoorGuard:
        def trouble(sentence: str | None) -> None:
            self._problems.set("locked_out", sentence)

        return DoorGuard(self._state_dir.path / LOCKOUT_FILE, config.doors, trouble)

    def _lookout_of(self, config: Config) -> Lookout:
        return Lookout(
            watched(
                config,
                lambda: self.courier.certificate_ends,
                lambda: self._fleet.certificate_ends,
            ),
            lambda: self.networks.files,
            partial(self._problems.set, "certificate"),
            partial(self._problems.set, "network_file"),
            also=self._look_for_leases,
        )

    def _alarms_of(self, settings: AlarmsSettings) -> "Alarms":
        # Imported here: a kiosk that rings for nobody starts without what posts.
        from kioskd.alarms.alarms_part import alarms

        def feeds() -> dict[str, FeedState]:
            return {judge.door: judge.feed.state for judge in self.judges}

        made = alarms(
            settings,
            lambda: self._problems.present,
            feeds,
            self.stream,
            self.courier.alarms,
            partial(self._problems.set, "alarm_url"),
        )
        for part in made.parts:
            self.add(part)
        return made

    def _snapshots_of(self, config: Config) -> "Taker":
        # Imported here: a kiosk that keeps no picture starts without what would.
        from kioskd.snapshots.snapshots_part import snapshots

        trouble, folder = partial(self._problems.set, "snapshots"), self._state_dir.path
        return snapshots(config, folder, self.stream, self.courier.snapshot, trouble)

    def _switches_of(self, config: Config) -> DoorSwitches:
        path, doors = self._state_dir.path / DOORS_FILE, [door.name for door in config.doors]
        return DoorSwitches(path, doors, self._troubles.of("doors"), self._door_switched)

    def _door_switched(self, door: str) -> None:
        """An operator enabled or disabled a door; on the thread that the command is done on."""
        for judge in self.judges:
            if judge.door == door:
                judge.send(Allow(self._switches.enabled(door)))
                self._tell_feed(door, judge.feed)
        self.stream.tell(DoorSwitched(door, self._switches.enabled(door)))

    def _feed_changed(self, changed: FeedChanged) -> None:
        with self._feed_lock:
            self.courier.feed_state(self._switches.shown(changed.door, changed.state))

    def _tell_feed(self, door: str, feed: Feed) -> None:
        with self._feed_lock:  # so that the newest state is told last
            self.courier.feed_state(self._switches.shown(door, feed.state))

    def _control_of(self, config: Config) -> Control:
        """What takes commands, and what they act on."""

        def record(told: Commanded) -> None:
            self.courier.command(told)
            self.stream.tell(told)

        snapshot = Snapshot(self._state, self._switches, lambda: self.courier.boot_id)
        end_lockout, folder = self._guard.end_lockout, self._state_dir.path
        lease = self.debug_leases.lease
        reach = Reach(self._state, self._switches, snapshot, end_lockout, self._reloaded, lease)
        desk, topics = CommandDesk(commands(reach), record), config.delivery.topics
        trouble = self._troubles.of("socket")
        made = control(config.commands, topics, desk, folder, self._answer, trouble)
        self._readers |= made.readers
        return made

    def _reloaded(self) -> dict[str, Any]:
        """What came of reading the configuration again, for whoever commanded it."""
        answer = self.reload()
        if answer.refused:
            told = "; ".join(map(str, answer.refused[:MOST_TOLD]))
            raise RefusedError(422, "NotReloaded", told)
        return answer.as_json

    def _people_of(self, settings: PeopleSettings) -> "People":
        # Imported here: a kiosk that knows nobody starts without what looks at pictures of people.
        from kioskd.identity.people_part import people

        def trouble(sentence: str | None) -> None:
            self._problems.set("people", sentence)

        folder = self._state_dir.path
        made = people(self._config, settings, self.networks, folder, trouble, self._answer)
        self._others += made.http
        self._readers |= made.readers
        return made

    def _inspects_of(self, settings: InspectSettings) -> "Inspects":
        # Imported here: as for people.
        from kioskd.inspect.inspect_part import inspects

        made = inspects(self._config, settings, self.networks, self._answer)
        self._others.append(made.http)
        self._readers |= made.readers
        return made

    def _answer(self, topic: str, payload: Payload, correlation: bytes) -> None:
        """What somebody asked for over MQTT."""
        self.courier.answer(topic, payload, correlation)

    def _tell_of_people(self, ended: AttemptEnded) -> None:
        """Strangers and threats, where the site wants to know of them."""
        first = ended.result.reasons[0] if ended.result.reasons else ""
        if self._config.people is not None and first in self._config.people.tell:
            self.courier.person(ended.result, ended.delivery.event_id, first)

    def _sessions_of(self, settings: SessionsSettings) -> "Sessions":
        # Imported here: a door that takes no sessions does without the libraries for them.
        from kioskd.sessions.sessions_part import listen, sessions

        made = sessions(
            self._config,
            settings,
            self.networks,
            self._state_dir.path,
            self._own,
            self._send,
            self._model_version,
            self._answer,
            None if self._people is None else self._people.enrolled,
        )
        listen(made.keeper, self.stream)
        self._others.append(made.http)
        self._readers |= made.mqtt.readers
        return made

    def _listen(self, courier: Courier) -> None:
        """All that is published of the doors but their results, which judges hand over."""
        listen = self.stream.listen
        listen("status", ProblemChanged, lambda _: courier.status(self._problems.present))
        listen("feed states", FeedChanged, self._feed_changed)
        listen("prompts", FrameJudged, Prompter(courier.prompt))
        listen("modes", ModeChanged, self._mode_changed)
        listen("pictures", FrameJudged, PictureWatch(self._picture))
        listen("diagnostics", Stepped, courier.diagnostic)
        listen("people", AttemptEnded, self._tell_of_people)
        listen("cameras", FeedChanged, CameraWatch(partial(self._problems.set, "camera")))

    def _page(self, settings: PageSettings) -> Part:
        # Imported here: a door that serves no page does without the libraries for it.
        from kioskd.page.page import Facts, page_part

        facts = Facts(
            version=__version__,
            networks_on=self.networks.provider,
            model_version=self._model_version,
            connected=lambda: self.courier.connected,
            problems=lambda: self._problems.present,
            config=lambda: self._digest,
            keeps_up=self._share_judged,
            added=self.networks.manifest.weights,
        )

        def trouble(sentence: str | None) -> None:
            self._problems.set("page", sentence)

        told = settings, facts, self.stream, self._watch, trouble
        return page_part(self._config, *told, self._others)

    def _metrics(self, settings: MetricsSettings) -> Part:
        # Imported here: a door that serves no metrics does without the library for them.
        from kioskd.metrics.metrics_part import metrics_part

        def trouble(sentence: str | None) -> None:
            self._problems.set("metrics", sentence)

        return metrics_part(self._config, settings, self._state, self.stream, trouble)

    def _readable(self) -> KioskState:
        """What may be asked how the kiosk is, from any thread."""
        return KioskState(
            Sources(
                version=__version__,
                config=lambda: self._digest,
                networks=self.networks,
                parts=lambda: self.parts,
                connected=lambda: self.courier.connected,
                problems=lambda: self._problems.present,
                rows=self._audit.count_pending,
                model_version=self._model_version,
                alarms=lambda: () if self._alarms is None else self._alarms.teller.alarms,
                enabled=lambda door: self._switches.enabled(door),
                snapshots=lambda: {} if self._snapshots is None else self._snapshots.counts,
                fleet=lambda: self._fleet.connected,
                fleet_rows=lambda most: self._fleet.waiting(most),
                layers=lambda: None if self._layers is None else tuple(self._layers.told),
            )
        )

    def _shell(self) -> Shell:
        """What is done when config.yaml is read again."""

        def refusal(sentence: str | None) -> None:
            self._problems.set("configuration", sentence)

        def restart(sentence: str | None) -> None:
            self._problems.set("restart", sentence)

        def answered(answer: Reloaded) -> None:
            self.stream.tell(ConfigurationRead(answer))

        return Shell(self._prepare, self._use, self._took, answered, refusal, restart)

    def _prepare(self, doors: Collection[Door]) -> None:
        """Raises NetworkError where a network that these doors need cannot be loaded."""
        perception = self._config.perception.settings()
        for door in doors:
            own_mode(door)  # a mistake of ours shows before anything is changed

        def check(more: Networks) -> None:
            warm_up(more, perception)

        self.networks.add(_roles_of(doors, sessions=self._sessions is not None), check)

    def _took(self, config: Config) -> None:
        self._digest = digest = config.digest
        self._fleet.use(config.fleet)
        if self._layers is not None:
            self._layers.took(digest)
        self.courier.configured(digest)

    def _use(self, door: Door, digest: str, changed: bool) -> threading.Event:
        """From its next frame on a door goes by these rules; what it has begun is nothing then."""
        taken = threading.Event()

        def take() -> None:
            self.courier.configured_at(door.feed.name, digest)
            if changed:
                self._guard.use(door)
                if self._people is not None:
                    self._people.enrolled.use(door.name, recognises=door.recognises)
                self.stream.tell(RulesChanged(door.name, door, digest))
            taken.set()

        def send(mode: UseMode | None) -> None:
            self._send(door.name, UseRules(take, mode))

        if not changed:
            send(None)
        elif self._sessions is None:
            send(own_mode(door))
        else:
            self._sessions.keeper.use(door, own_mode(door), send)
        return taken

    def _share_judged(self, door: str) -> float | None:
        loads = [judge.load for judge in self.judges if judge.door == door]
        return next((load.share for load in loads if load is not None), None)

    def _watch(
        self, door: str, measures: frozenset[Measure], plan: LivenessPlan | None, every_s: float
    ) -> None:
        """All that the page can have done: it comes after the decision, and has no part in it."""
        self._send(door, Watch(measures, plan, every_s))

    def _send(self, door: str, message: Message) -> None:
        for judge in self.judges:
            if judge.door == door:
                judge.send(message)

    def _write(self, happening: Happening) -> None:
        for line in log_lines.lines(happening):
            if line.level == "debug" and self.debug_leases.holds(line.fields.get("door")):
                log.debug_anyway(line.event, **line.fields)
            else:
                getattr(self._log, line.level)(line.event, **line.fields)
        for line in log_lines.closer(happening):
            if self.debug_leases.holds(line.fields["door"]):
                log.debug_anyway(line.event, **line.fields)

    def _look_for_leases(self) -> None:
        for door in self.debug_leases.look(self._state_dir.path):
            self._log.info("debug lines of a door, for a minute", door=door)

    def _tell_listeners(self, sentence: str | None) -> None:
        self._problems.set("listener", sentence)

    def _picture(self, feed: str, fault: Reason | None) -> None:
        """A feed's pictures cannot be judged for long, or (None) can be again."""
        with self._told_lock:
            self._pictures.pop(feed, None)
            if fault is not None:
                self._pictures[feed] = fault
            told = [f"feed {name}: {said.sentence}" for name, said in self._pictures.items()]
            self._problems.set("picture", "; ".join(told) or None)

    def _mode_changed(self, changed: ModeChanged) -> None:
        """A door's mode is another one now, with other networks perhaps."""
        with self._told_lock:
            self._shut.pop(changed.door, None)
            self._deciding[changed.door] = changed.needs
            if changed.failure is not None:
                self._shut[changed.door] = changed.failure
            self.courier.decided_by(self._model_version())
            told = [f"door {name} stays shut: {why}" for name, why in self._shut.items()]
            self._problems.set("network", "; ".join(told) or None)

    def _model_version(self) -> str:
        return model_version(self.networks.manifest, self._deciding.values())

    def _problem_if_played(self) -> None:
        """Whoever listens to a real broker may be a door, and takes a recording for a person."""
        feeds = [door.feed for door in self._config.doors]
        played = [feed.name for feed in feeds if isinstance(feed.source, PlayedSource)]
        if played and not self._config.embedded:
            told = f"a recording, not a camera: feed {', '.join(played)}"
            self._problems.set("recording", told)

    def _problem_if_trial(self) -> None:
        """Or a trial that seems to work would be taken for a door that does."""
        if self._config.embedded:
            self._problems.set(
                "trial",
                "this is a trial: the embedded broker reaches this machine alone, and asks nobody"
                " for a password; name a real one in mqtt.broker before a door depends on it",
            )


def own_mode(door: Door) -> UseMode:
    """What decides at a door by itself: its mode, or nobody where it waits for sessions."""
    if door.arm == "session":
        return UseMode(Shut(Reason.NOT_ARMED), Needs(frozenset()))
    binds = door.binds
    mode = catalogue.make(door.mode, door.gate, secrets.randbelow, binds=binds)
    return UseMode(mode, catalogue.needs(door.mode, binds=binds))


def _stop_together(parts: list[Part], failure: str | None) -> None:
    for part in parts:
        part.stop(failure)
    deadline = time.monotonic() + max(part.stop_s for part in parts)
    for part in parts:
        if part.is_alive():
            part.join(max(0.0, deadline - time.monotonic()))


def _roles(wanted: Iterable[Needs]) -> frozenset[Role]:
    return frozenset().union(*(needs(want.measures, want.schemes) for want in wanted))


def _roles_of(doors: Collection[Door], *, sessions: bool) -> frozenset[Role]:
    """The networks that doors need, with `sessions` for whatever a session may ask for there."""
    roles = _roles(catalogue.needs(door.mode, binds=door.binds) for door in doors)
    if not sessions:
        return roles
    from kioskd.sessions.operations import roles as of_sessions

    return roles | of_sessions(doors)


def networks(config: Config) -> Networks:
    """The networks that a configuration asks for, checked, loaded and warm; NetworkError if not."""
    perception = config.perception
    roles = _roles_of(config.doors, sessions=config.sessions is not None)
    if config.people is not None:
        from kioskd.identity.people_part import roles as of_people

        roles |= of_people(config.people)
    if config.inspect is not None:
        from kioskd.inspect.inspect_part import ROLES

        roles |= ROLES
    loaded = as_configured(perception, roles)
    warm_up(loaded, perception.settings())
    return loaded


def model_version(manifest: Manifest, deciding: Iterable[Needs]) -> str:
    """Which network files decide: their names and the first digits of their sha256."""
    roles = _roles(deciding)
    files = [manifest.file(role) for role in roles]
    files += [added.file for added in manifest.added_to(roles)]
    return ",".join(sorted({f"{file.name}:{file.sha256[:8]}" for file in files}))
