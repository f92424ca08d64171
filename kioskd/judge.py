"""Judge one feed: its newest frame in, one step of its mode, a result out when one is due.

One thread per feed runs `Judge.run`. It owns the feed (the capture process dies with the
thread that started it), the perceiver (the tracks are this feed's) and the mode.
"""

import math
import queue
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

from feeds.feed import Feed
from feeds.frame import Frame
from kioskd import log
from kioskd.binding import Binding
from kioskd.delivery.outcome import Delivery
from kioskd.event import Result, Step
from kioskd.happenings import (
    AttemptEnded,
    FrameJudged,
    Happening,
    ModeChanged,
    Stepped,
    WatchChanged,
)
from kioskd.modes.mode import DONE, NOT_FOR_YOU, Mode, drive
from kioskd.modes.reasons import Reason
from kioskd.modes.spec import Needs
from kioskd.network_loading import Loaded, Loading
from kioskd.overload import Load, Pace, SpareTime
from kioskd.part import failure_of
from models.observation import Conversation, Measure, Observation, settled
from models.perceive import Perceiver
from models.schemes import LivenessPlan

WAIT_S = 0.25  # how long to wait for a frame before saying "still alive" to the watchdog


@dataclass(frozen=True, slots=True)
class UseMode:
    """From the next frame on this mode decides; what the one before had begun comes to nothing.

    needs  what it may ask to have measured: networks that are not there yet are loaded beside,
           and nobody is decided on meanwhile, nor where one cannot be, until yet another mode comes
    binds  whether its results are to say which frames they rest on (binding.py)
    session  id of the session that it is for; "": the door's own
    """

    mode: Mode
    needs: Needs
    binds: bool = False
    session: str = ""


@dataclass(frozen=True, slots=True)
class UseRules:
    """From the next frame on the door goes by other rules, all of which change between two frames.

    take  puts in force what is not the mode's; called in the judge's thread, so it must be quick
    mode  decides by them, as with UseMode; None: it is as it was, and what it has begun goes on
    """

    take: Callable[[], object]
    mode: UseMode | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End after the frame that is looked at."""


@dataclass(frozen=True, slots=True)
class Watch:
    """From the next frame on these are measured of the largest face as well, for who looks on.

    It comes after the decision, and has no part in it. The latest message stands for all who look;
    with no measures nobody does. `plan` goes with Measure.LIVENESS. Networks that are not there
    yet are loaded beside, and nothing is watched meanwhile.

    every_s  at least so long lies between two frames that are measured for it
    """

    measures: frozenset[Measure]
    plan: LivenessPlan | None = None
    every_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Allow:
    """From the next frame on the mode decides; or (False) nobody is decided on, whatever it is."""

    allowed: bool


@dataclass(frozen=True, slots=True)
class Reopen:
    """Close the camera after the frame that is looked at, and open it again."""


Message = UseMode | UseRules | Watch | Allow | Reopen | Stop | Loaded[UseMode | Watch]


class Shut:
    """In the place of a mode that may not decide: it never comes to a result.

    why  it cannot see what it must, or nobody asked for anything
    """

    def __init__(self, why: Reason = Reason.NOT_MEASURED) -> None:
        self._why = why

    def step(self, seen: Observation) -> Conversation[Step]:
        return Step("SHUT", (self._why.value,))
        yield  # never: it asks for nothing


class Judge(threading.Thread):
    """The thread that decides for one door. A part of the daemon (part.py).

    deliver  called with each result in this thread; it returns when the result is durable
    check    called with each result before that, for who must be somebody in particular: what it
             gives back is delivered in its place
    tell     called with what happens; see stream.py for who may listen to it

    A stale frame never comes here: `Feed.newest` leaves it out, and the mode sees a gap.
    A bug ends the thread with `failure` set; the daemon then stops, and the door stays shut.
    """

    stop_s = 3.0  # for the frame it is at

    def __init__(
        self,
        door: str,
        feed: Feed,
        perceiver: Perceiver,
        mode: Mode,
        deliver: Callable[[Result], Delivery],
        tell: Callable[[Happening], object],
        check: Callable[[str, Result], Result] = lambda _, result: result,
    ) -> None:
        super().__init__(name=f"judge-{feed.state.feed}", daemon=True)
        self.door = door
        self.feed = feed
        self.progress_at = time.monotonic()
        self.load: Load | None = None  # the latest, replaced whole
        self.perceiver, self._mode = perceiver, mode
        self._deliver, self._tell, self._check = deliver, tell, check
        self._binding: Binding | None = None
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._loading = Loading[UseMode | Watch](perceiver, self._inbox.put)
        self._awaited: list[UseMode | Watch] = []  # the latest of a kind, while it is loaded
        self._barred: Mode | None = None  # in the mode's place while the door is disabled
        self._watch = Watch(frozenset())
        self._spare = SpareTime()
        self._watched_at = -math.inf
        self._going = True
        self._error: Exception | None = None
        self._log = log.logger(door=door, feed=feed.state.feed)
        self._pace = Pace()
        self._stepped: tuple[str, tuple[str, ...]] = ("", ())
        self._turned_away = False  # who passed the mode, and is not whom the door opens to
        self._seen: Observation | None = None  # of the latest frame

    @property
    def failure(self) -> str | None:
        does = f"judging {self.feed.settings.name}"
        return failure_of(self, does, self._error, on_purpose=not self._going)

    def send(self, message: Message) -> None:
        """Put it into the inbox, which is read between two frames; from any thread."""
        self._inbox.put(message)

    def stop(self, failure: str | None = None) -> None:
        """Ask the thread to end after the frame it is at. Join it to know that it has."""
        self.send(Stop())

    def run(self) -> None:
        try:
            self.feed.start()
            while self._read_inbox():
                frame = self.feed.newest(WAIT_S)
                self.progress_at = time.monotonic()
                if frame is not None:
                    self._judge(frame)
            self._break_off()
        except Exception as error:  # a bug: say it and stop, the daemon exits and is restarted
            self._error = error
            self._log.exception("judging failed, the daemon stops and the door stays shut")
        finally:
            self.feed.stop()
            self._loading.end()

    def _read_inbox(self) -> bool:
        """Take every message that has come; whether to go on."""
        with suppress(queue.Empty):
            while self._going:
                self._take(self._inbox.get_nowait())
        return self._going

    def _take(self, message: Message) -> None:
        match message:
            case UseMode():
                self._mode = Shut()  # the one before decides on no frame more
                self._want(message, message.needs.measures, message.needs.schemes)
            case UseRules(take, mode):
                take()
                if mode is not None:
                    self._take(mode)
            case Watch():
                self._watch = Watch(frozenset())
                schemes = (message.plan.scheme,) if message.plan else ()
                self._want(message, message.measures, schemes)
            case Allow(allowed):
                self._barred = None if allowed else Shut(Reason.DISABLED)
            case Reopen():
                self.feed.reopen()
            case Loaded():
                self._loaded(message)
            case Stop():
                self._going = False
            case _:
                assert_never(message)

    def _want(
        self, asked: UseMode | Watch, measures: Collection[Measure], schemes: Collection[str]
    ) -> None:
        """Do it now where all is there for it, else when it is; what was wanted before is not."""
        self._awaited = [each for each in self._awaited if type(each) is not type(asked)]
        self._awaited.append(asked)
        if self.perceiver.is_ready(measures, schemes):
            self._loaded(Loaded(asked))
        else:
            self._loading.begin(asked, measures, schemes)

    def _loaded(self, ready: Loaded[UseMode | Watch]) -> None:
        if ready.error is not None:
            raise ready.error
        if not any(each is ready.asked for each in self._awaited):
            return  # another was asked for since
        self._awaited = [each for each in self._awaited if each is not ready.asked]
        match ready.asked:
            case UseMode(mode, needs, binds, session):
                if ready.failure is None:
                    self._mode = mode
                    self._binding = Binding() if binds else None
                self._tell(ModeChanged(self.door, needs, ready.failure, session))
            case Watch() as watch:
                if ready.failure is None:
                    self._watch = watch
                self._tell(WatchChanged(self.door, self._watch.measures, ready.failure))
            case _:
                assert_never(ready.asked)

    def _judge(self, frame: Frame) -> None:
        began_at = time.monotonic()
        seen, step = judged(self._barred or self._mode, self.perceiver, frame)
        if self._binding is not None:
            step = replace(step, result=self._binding.saw(frame, seen, step))
        stepped_at = time.monotonic()
        self._seen = seen
        self._pace.judged(frame.number, frame.captured_at, stepped_at - began_at)
        self.load = self._pace.load()
        if step.result is not None:
            result = self._in_our_time(self._under_load(step.result), frame, began_at)
            result = self._check(self.door, result)
            self._turned_away = step.result.verdict == "passed" != result.verdict
            self._tell(AttemptEnded(self.door, result, self._deliver(result)))
        step = self._with_prompt(step)
        self._say(frame.feed, step)
        ended_at = time.monotonic()
        if self._may_look_on(began_at, ended_at):
            self._watched_at = began_at
            seen = self.perceiver.watch(frame, seen, self._watch.measures, self._watch.plan)
            self._spare.took(time.monotonic() - ended_at)
        self._tell(FrameJudged(self.door, frame, seen, step, began_at, stepped_at, ended_at))

    def _break_off(self) -> None:
        """Who is in the middle of an attempt when the kiosk stops is not decided on, and the record
        says so: to the mode it is as if the camera were opened anew, with nobody before it.
        """
        if (last := self._seen) is None:
            return
        at = math.nextafter(last.at, math.inf)
        seen = replace(last, session=last.session + 1, number=last.number + 1, at=at, faces=())
        result = settled(self._mode.step(seen), seen).result
        if result is not None and result.verdict != "passed":
            self._tell(AttemptEnded(self.door, result, self._deliver(result)))

    def _with_prompt(self, step: Step) -> Step:
        """The mode thanks whom it passed; who is turned away is told that instead."""
        self._turned_away = self._turned_away and step.prompt == DONE
        return replace(step, prompt=NOT_FOR_YOU) if self._turned_away else step

    def _may_look_on(self, began_at: float, ended_at: float) -> bool:
        """Not where a camera's next frame would have to wait for it: decisions go first."""
        if not self._watch.measures or began_at - self._watched_at < self._watch.every_s:
            return False
        if self.feed.settings.has_own_time or self.load is None:
            return True
        return self._spare.enough(ended_at - began_at, self.load.period_s)

    def _under_load(self, result: Result) -> Result:
        """With `overloaded` among its reasons, where the mode saw too few of the frames for it.

        It stands behind what ended the attempt, so that whoever reads only two reads it too.
        """
        load = self._pace.load_since(result.started_at)
        if load is None or not load.behind:
            return result
        reasons = (*result.reasons[:1], Reason.OVERLOADED.value, *result.reasons[1:])
        return replace(result, reasons=reasons)

    def _in_our_time(self, result: Result, frame: Frame, taken_at: float) -> Result:
        """A recording played fast goes by its own clock, and gives the same on every machine.

        On a slow one that clock falls behind; the event is as new as the showing of its frame.
        """
        behind_s = taken_at - frame.captured_at
        if not self.feed.settings.has_own_time or behind_s <= 0.0:
            return result
        return replace(
            result,
            started_at=result.started_at + behind_s,
            decided_at=result.decided_at + behind_s,
            captured_at=result.captured_at + behind_s,
        )

    def _say(self, feed: str, step: Step) -> None:
        """Tell each change of the phase, and of what stands in the way."""
        now, before = (step.phase, step.reasons), self._stepped
        if now != before:
            self._stepped = now
            self._tell(Stepped(self.door, feed, before[0], *now, step.found))


def judged(mode: Mode, perceiver: Perceiver, frame: Frame) -> tuple[Observation, Step]:
    """What is seen in a frame, measured as far as the mode asks, and what the mode says of it."""
    return drive(mode, perceiver.look(frame), partial(perceiver.measure, frame))
