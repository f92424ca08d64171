"""The part of the daemon that keeps sessions: opens them, gives each its door, tells its result.

It asks a door's judge to use another mode and hears what comes of it; a result that must be of
somebody in particular passes `check` on the judge's own thread before anybody is told. Whoever asks
over HTTP or MQTT calls the methods from their own threads.
"""

import hmac
import math
import queue
import secrets
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from kioskd import log
from kioskd.config.config import Door
from kioskd.credentials import digest
from kioskd.delivery.clock import Clock, SystemClock
from kioskd.event import Recognised, Result
from kioskd.happenings import AttemptEnded, FrameJudged, ModeChanged
from kioskd.identity.enrolled import Enrolled
from kioskd.identity.matching import matched
from kioskd.identity.reference_picture import Look
from kioskd.judge import UseMode
from kioskd.modes.challenges.draw import Below
from kioskd.modes.reasons import Reason
from kioskd.part import failure_of
from kioskd.sessions import operations, session_wire
from kioskd.sessions import session_life as machine
from kioskd.sessions.rate_limit import RateLimit
from kioskd.sessions.session_error import SessionError
from kioskd.sessions.session_life import Session, VerifyImage
from kioskd.sessions.session_request import CreateSession, checked
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.sessions.session_store import SessionStore
from kioskd.sessions.session_wire import Json
from kioskd.state_dir import StateDirError

TICK_S = 0.1  # how often it is asked what is overdue
LISTED = 100  # sessions in one list
HOUR_S = 3600.0
WATCHED_S = 24 * HOUR_S  # in which repeated failures of one device or user are counted
REPEATED = 3  # sessions of one device or user that were repelled, from which on it is told
TOKEN_BYTES = 32

Looked = tuple[VerifyImage, Look]


@dataclass(slots=True)
class _Live:
    """A session that has not ended.

    until  seconds, monotonic: then its time is over
    look   whom it must be
    ready  its mode decides at the door
    faced  that a face came is told already
    """

    session: Session
    until: float
    look: Look | None
    ready: bool = False
    faced: bool = False


class Keeper(threading.Thread):
    """All sessions of one kiosk.

    ask      tells a door's judge which mode to use
    own      what decides at each door while it has no session
    look     reads a reference image; raises SessionError
    decides  which networks decide, for results
    publish  called with a client, a session and what has become of it
    sign     the signed form of a session that has ended
    people   who is enrolled; None: nobody is
    """

    stop_s = 2.0

    def __init__(
        self,
        settings: SessionsSettings,
        store: SessionStore,
        doors: Mapping[str, Door],
        own: Mapping[str, UseMode],
        ask: Callable[[str, UseMode], None],
        look: Callable[[str], Looked],
        decides: Callable[[], str],
        publish: Callable[[str, str, Json], None],
        sign: Callable[[Json], Json],
        clock: Clock | None = None,
        below: Below = secrets.randbelow,
        people: Enrolled | None = None,
    ) -> None:
        super().__init__(name="sessions", daemon=True)
        self._people = people
        self._settings, self._store = settings, store
        self._doors, self._own = dict(doors), dict(own)
        self._ask, self._look, self._decides = ask, look, decides
        self._publish, self._sign = publish, sign
        self._clock, self._below = clock or SystemClock(), below
        self._lock = threading.RLock()
        self._live: dict[str, _Live] = {}
        self._lines: dict[str, deque[str]] = {door: deque() for door in doors}  # first: at the door
        self._tokens: dict[str, str] = {}  # session by the digest of its token, while that holds
        self._limit = RateLimit(settings.per_minute, 60.0)
        self._heap: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stopping = False
        self._error: Exception | None = None
        self.progress_at: float | None = self._clock.monotonic()
        self._ended: dict[str, float] = {}  # in this run, and when: seconds, monotonic
        self._pruned_at = -math.inf
        self._log = log.logger()

    # what clients ask

    def create(self, client: str, said: dict[str, Any]) -> Json:
        """Opens a session. Raises SessionError, as do all that follow."""
        asked = checked(said)
        door = self._doors.get(asked.door)
        if door is None:
            raise SessionError("DoorNotFound", f"there is no door {asked.door!r} here")
        operations.run(door, asked.livenessOperationMode)  # or the door cannot
        self._limit_of(client, asked)
        image, look = self._reference(asked)
        token, session = self._new(client, asked, image)
        with self._lock:
            line = self._lines[asked.door]
            self._room(asked.door, len(line))
            self._store.put(session)
            live = _Live(session, self._clock.monotonic() + session.ttl_s, look)
            self._live[session.id] = live
            self._tokens[session.token_digest] = session.id
            line.append(session.id)
            if len(line) == 1:
                self._arm(live)
            return session_wire.created(live.session, token)

    def get(self, client: str, session_id: str) -> Json:
        return self._whole(self._find(client, session_id))

    def listed(self, client: str) -> Json:
        """The client's latest."""
        with self._lock:
            found = self._store.of_client(client, LISTED)
            now = [self._newest(session) for session in found]
        return {"sessions": [session_wire.head(session) for session in now]}

    def cancel(self, client: str, session_id: str) -> Json:
        with self._lock:
            session = self._find(client, session_id)
            if session.phase == "ended":
                raise SessionError("SessionEnded", "the session has ended, and stays as it is")
            self._end(machine.ended(session, "Canceled", self._clock.wall(), "it was cancelled"))
        return self.get(client, session_id)

    def delete(self, client: str, session_id: str) -> None:
        """Ends it, if it has not, and forgets it."""
        with self._lock:
            session = self._find(client, session_id)
            if session.phase != "ended":
                wall = self._clock.wall()
                self._end(machine.ended(session, "Canceled", wall, "it was deleted"), told=False)
            self._store.delete(session_id)
            self._tokens.pop(session.token_digest, None)

    def of_token(self, token: str) -> Json:
        """What whoever runs the attempt may know; the decision is given once."""
        shown = digest(token).hex()
        with self._lock:
            session_id = self._tokens.get(shown)
            session = None if session_id is None else self._stored(session_id)
            if session is None or not hmac.compare_digest(session.token_digest, shown):
                raise SessionError("Unauthorized", "the token is of no session that is open here")
            if self._clock.wall() - session.created_at > session.ttl_s:
                del self._tokens[shown]
                raise SessionError("Unauthorized", "the token's time is over")
            told = session_wire.for_token(session)
            if "livenessDecision" in told:
                if session.result_given:
                    del told["livenessDecision"]
                    told.pop("verifyResult", None)
                else:
                    self._store.put(replace(session, result_given=True))
        return told

    def at_door(self, door: str) -> Session | None:
        """The session that the door has now."""
        with self._lock:
            line = self._lines.get(door)
            return self._live[line[0]].session if line else None

    def use(self, door: Door, own: UseMode, tell: Callable[[UseMode], object]) -> None:
        """The door goes by other rules from here on, and its attempt begins anew.

        own   what decides there by itself now
        tell  called with what decides now: with the session's, where the door has one
        """
        with self._lock:  # or another session's turn might come by the rules of before, after these
            self._doors[door.name], self._own[door.name] = door, own
            line = self._lines[door.name]
            tell(self._mode(self._live[line[0]].session) if line else own)

    # what the doors say

    def check(self, door: str, result: Result) -> Result:
        """A passed result of a session that asks for somebody is passed only if it is them.

        On the judge's thread, before anybody is told: it waits for no lock, behind which there may
        be a disk.
        """
        live = self._at(door)
        if live is None or not live.ready:
            return result
        result = replace(result, session=live.session.id)
        if not live.session.verifies or result.verdict != "passed":
            return result
        if live.session.person_id is not None:
            return self._known(door, live.session.person_id, result)
        if live.look is None or result.look is None:
            return result.refused(Reason.NOT_COMPARED.value)
        match = matched(live.look, result.look)
        if not match.identical:
            return replace(result.refused(Reason.NOT_THE_PERSON.value), match=match)
        return replace(result, match=match)

    def _known(self, door: str, person_id: str, result: Result) -> Result:
        """Passed only if it is whom the session asks for by name, and they may still enter."""
        person = None if self._people is None else self._people.person(person_id)
        if self._people is None or person is None or result.look is None:  # erased meanwhile
            return result.refused(Reason.NOT_COMPARED.value)
        match = self._people.match(person_id, result.look)
        if match is None or not match.identical:
            return replace(result.refused(Reason.NOT_THE_PERSON.value), match=match)
        result = replace(result, match=match, person=Recognised(person_id, person.id_class))
        may = self._people.may_enter(person, door)
        return result if may else result.refused(Reason.NOT_ADMITTED.value)

    def frame_judged(self, judged: FrameJudged) -> None:
        """A listener: quick, and on the judge's thread."""
        live = self._at(judged.door) if judged.seen.faces else None
        if live is None or not live.ready or live.faced:
            return
        live.faced = True
        self._heap.put(lambda: self._faced(live))

    def mode_changed(self, changed: ModeChanged) -> None:
        live = self._at(changed.door)
        if live is None:
            return
        # A door's own mode may be told of late, and decides nothing for a session.
        ours = changed.session == live.session.id
        live.ready = ours and changed.failure is None
        if ours and changed.failure is not None:
            why = changed.failure
            self._heap.put(lambda: self._failed(live, why))

    def attempt_ended(self, ended: AttemptEnded) -> None:
        live = self._at(ended.door)
        if live is None or not live.ready:
            return
        now = self._clock.monotonic()
        self._heap.put(lambda: self._attempted(live, ended, now))

    def later(self, work: Callable[[], None]) -> None:
        """Have it done on the keeper's thread: for whoever must not wait."""
        self._heap.put(work)

    # the thread

    @property
    def failure(self) -> str | None:
        return failure_of(self, "keeping sessions", self._error, on_purpose=self._stopping)

    def start(self) -> None:
        """Raises StateDirError where the store cannot be used."""
        try:
            self._restarted()
        except SessionError as error:
            raise StateDirError(str(error)) from error
        super().start()

    def stop(self, failure: str | None = None) -> None:
        self._stopping = True
        self._heap.put(lambda: None)

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        self._store.close()

    def run(self) -> None:
        try:
            while not self._stopping:
                with suppress(queue.Empty):
                    self._work(self._heap.get(timeout=TICK_S))
                self._work(self._tend)
                self.progress_at = self._clock.monotonic()
        except Exception as error:  # a mistake of ours: the daemon ends, and the doors stay shut
            self._error = error
            self._log.exception("keeping sessions failed")

    def _work(self, work: Callable[[], None]) -> None:
        """A store that fails costs what was to be kept, and nothing else."""
        try:
            work()
        except SessionError as error:
            self._log.error("a session could not be kept", detail=str(error))

    def _tend(self) -> None:
        now = self._clock.monotonic()
        with self._lock:
            over = [live.session for live in self._live.values() if now >= live.until]
        for session in over:
            self._end(machine.overdue(session, self._clock.wall()))
        if now - self._pruned_at >= HOUR_S:
            self._pruned_at = now
            self._prune(now)

    def _prune(self, now: float) -> None:
        """What ended in this run goes by the clock that nobody sets, the rest by the wall's."""
        keep_s = self._settings.keep_h * HOUR_S
        with self._lock:
            self._ended = {key: at for key, at in self._ended.items() if now - at < keep_s}
            kept = list(self._ended)
        self._store.prune(self._clock.wall() - keep_s, kept)
        self._limit.prune(now)

    def _restarted(self) -> None:
        """What had not ended when the kiosk went down has failed."""
        wall, why = self._clock.wall(), "the kiosk was restarted before it ended"
        for session in self._store.unended():
            self._store.put(machine.ended(session, "Failed", wall, why))

    # one session's way

    def _new(
        self, client: str, asked: CreateSession, image: VerifyImage | None
    ) -> tuple[str, Session]:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(
            id=str(uuid.uuid4()),
            client=client,
            door=asked.door,
            operation=asked.livenessOperationMode,
            created_at=self._clock.wall(),
            ttl_s=asked.authTokenTimeToLiveInSeconds,
            attempts_allowed=asked.numberOfClientAttemptsAllowed,
            token_digest=digest(token).hex(),
            device_correlation_id=asked.deviceCorrelationId,
            user_correlation_id=asked.userCorrelationId,
            nonce=asked.nonce,
            send_results=asked.sendResultsToClient,
            at_once=asked.startAtOnce,
            person_id=asked.personId,
            verify_image=image,
        )
        return token, session

    def _reference(self, asked: CreateSession) -> tuple[VerifyImage | None, Look | None]:
        if asked.personId is not None:
            self._may_be_asked_for(asked.personId, asked.door)
        return (None, None) if asked.verifyImage is None else self._look(asked.verifyImage)

    def _may_be_asked_for(self, person_id: str, door: str) -> None:
        person = None if self._people is None else self._people.person(person_id)
        if self._people is None or person is None:
            raise SessionError("PersonNotFound", f"nobody is enrolled here as {person_id}")
        if not self._people.may_enter(person, door):
            told = f"{person_id} may not enter at {door} now: see their class, dates and doors"
            raise SessionError("PersonNotAdmitted", told)

    def _limit_of(self, client: str, asked: CreateSession) -> None:
        ids = [asked.deviceCorrelationId and f"device {asked.deviceCorrelationId}"]
        ids.append(asked.userCorrelationId and f"user {asked.userCorrelationId}")
        named = [each for each in ids if each] or [f"client {client}"]
        now = self._clock.monotonic()
        for name in named:
            if not self._limit.admits(f"{client} {name}", now):
                told = f"more than {self._settings.per_minute} sessions in a minute for {name}"
                raise SessionError("TooManyRequests", told)

    def _room(self, door: str, there: int) -> None:
        if there and self._settings.busy == "refuse":
            raise SessionError("DoorBusy", f"door {door} has a session; ask again when it ended")
        if there > self._settings.most_waiting:
            raise SessionError("DoorBusy", f"{there - 1} sessions wait for door {door} already")

    def _arm(self, live: _Live) -> None:
        """It is this session's turn at its door."""
        mode = self._mode(live.session)
        live.session = machine.armed(live.session)
        self._store.put(live.session)
        self._ask(live.session.door, mode)

    def _mode(self, session: Session) -> UseMode:
        """What decides in a session, by the rules that its door has now."""
        run = operations.run(self._doors[session.door], session.operation)
        mode = run.mode(self._below, verifies=session.verifies)
        return replace(mode, session=session.id)

    def _faced(self, live: _Live) -> None:
        with self._lock:
            if live.session.id in self._live:
                live.session = machine.face_came(live.session)
                self._store.put(live.session)

    def _failed(self, live: _Live, why: str) -> None:
        self._end(machine.ended(live.session, "Failed", self._clock.wall(), why))

    def _attempted(self, live: _Live, ended: AttemptEnded, at: float) -> None:
        with self._lock:
            session = live.session
            if session.id not in self._live:
                return
            attempt = machine.record_of(
                ended.result,
                len(session.attempts) + 1,
                ended.delivery.event_id,
                max(0, round(1000 * (at - ended.result.decided_at))),
                self._decides(),
            )
            session = machine.attempt_ended(session, attempt, self._clock.wall())
            if session.phase == "ended":
                self._end(session)
            else:
                live.session = session
                self._store.put(session)

    def _end(self, session: Session, *, told: bool = True) -> None:
        """It has ended: it is kept, its creator is told, and the next has its turn."""
        with self._lock:
            live = self._live.pop(session.id, None)
            if live is None:
                return
            self._ended[session.id] = self._clock.monotonic()
            line = self._lines[session.door]
            was_first = bool(line) and line[0] == session.id
            line.remove(session.id)
            try:
                self._store.put(session)
            finally:  # whatever the disk says, the door is free again
                if was_first:
                    self._next(session.door)
        if told:
            self._publish(session.client, session.id, self._whole(session))

    def _whole(self, session: Session) -> Json:
        """All of it, and once it has ended with a signature that stands for it anywhere."""
        told = session_wire.whole(session, self._flagged(session))
        return told if session.phase != "ended" else told | {"signed": self._sign(told)}

    def _next(self, door: str) -> None:
        line = self._lines[door]
        if line:
            self._arm(self._live[line[0]])
        else:
            self._ask(door, self._own[door])

    def _at(self, door: str) -> _Live | None:
        """Whose turn it is, read without the lock: two steps, each whole by itself."""
        try:
            first = self._lines[door][0]
        except (KeyError, IndexError):
            return None
        return self._live.get(first)

    def _find(self, client: str, session_id: str) -> Session:
        """The client's own; another's is none."""
        session = self._stored(session_id)
        if session is None or session.client != client:
            raise SessionError("SessionNotFound", "there is no such session of yours")
        return session

    def _stored(self, session_id: str) -> Session | None:
        with self._lock:
            live = self._live.get(session_id)
            return live.session if live is not None else self._store.get(session_id)

    def _newest(self, session: Session) -> Session:
        live = self._live.get(session.id)
        return session if live is None else live.session

    def _flagged(self, session: Session) -> tuple[str, ...]:
        """Other sessions of the same device or user that were repelled lately, if many were."""
        lately = session.created_at - WATCHED_S
        found = [each.id for each in self._store.alike(session, lately) if each.repelled]
        return tuple(each for each in found if each != session.id) if len(found) >= REPEATED else ()
