"""The work of a capture process: read an image, judge it, hand it over, show signs of life."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from select import select
from time import monotonic, sleep, time

from feeds import hardware, knock, naming, sources
from feeds.capture_messages import Message, Orders
from feeds.feed_settings import PlayedSource
from feeds.freshness import CATCH_UP_S, Freshness, Judgement
from feeds.mount import upright
from feeds.opened_source import Reader, Shot, SourceError
from feeds.pace import Pace
from feeds.slot import Slot, SlotError
from feeds.work import Work

STANDARD_INPUT = 0  # the feed writes a byte whenever it took an image; its end is the feed's end
_NAP_S = 0.2  # between two signs of life while waiting
_LEARNING_S = 6.0  # so long a camera may take until its first image is believed
_BARELY_S = 0.001


def hand_over(orders: Orders, slot: Slot, tell: Callable[[Message], None]) -> Message:
    """Hands over images until the source ends or fails; says in the message how it did.

    Takes as long as the camera lives, so it normally ends with the process.
    """
    name = naming.shown(orders.settings.source)
    try:
        _Handover(orders, slot, tell).run()
    except SourceError as error:
        return Message("fault", error.code, str(error))
    except SlotError as error:
        return Message("fault", "too_large", f"{name}: {error}")
    except OSError as error:
        return Message("fault", "open_failed", f"{name} cannot be read: {error.strerror}")
    return Message("finished", "finished", f"{name} was played to its end")


class _Handover:
    def __init__(self, orders: Orders, slot: Slot, tell: Callable[[Message], None]) -> None:
        self._settings = orders.settings
        self._source = orders.settings.source
        self._name = naming.shown(orders.settings.source)
        self._bell_fd = orders.bell_fd
        self._slot = slot
        self._tell = tell
        self._session = orders.session
        self._number = orders.number
        self._not_before = orders.not_before
        self._work = Work()
        self._pace = Pace()
        self._patience_s = orders.settings.stall_s
        self._started_at = 0.0  # when position 0 of a file is to be shown
        self._ends_at = 0.0  # when a file's last image has been shown for its period

    def run(self) -> None:
        freshness: Freshness | None = None
        self._facts = self._certificate()
        while True:
            reader = self._open()
            if freshness is None:  # kept over a loop's end: a looped photo is a frozen image too
                freshness = self._first_opened(reader)
            self._play(reader, freshness)
            reader.close()
            if not (isinstance(self._source, PlayedSource) and self._source.repeat == "loop"):
                break
            self._session += 1
            self._started_at = self._ends_at
        self._await_reader()

    def _certificate(self) -> dict[str, str]:
        """Asked for before the stream is opened: pictures would grow old meanwhile."""
        if self._settings.pinning == "off":
            return {}
        self._slot.beat(monotonic())
        try:
            return hardware.certificate(self._source, self._settings.open_s)
        except (knock.Closed, OSError) as error:
            why = str(error) if isinstance(error, knock.Closed) else "ended the connection"
            raise SourceError("open_failed", f"{self._name} {why}") from error

    def _open(self) -> Reader:
        self._slot.begin_session(self._session)
        self._slot.beat(monotonic())
        settings = self._settings
        return sources.opened(self._source, open_s=settings.open_s, stall_s=settings.stall_s)

    def _first_opened(self, reader: Reader) -> Freshness:
        if isinstance(self._source, PlayedSource) and reader.period_s is not None:
            self._patience_s = max(self._patience_s, 2 * reader.period_s)  # a slow show is no fault
        self._started_at = self._first_due_at(reader.period_s or _BARELY_S)
        pinned = self._settings.pinning == "pin"
        facts = self._facts or (hardware.plugged_in(self._source) if pinned else {})
        self._tell(Message("opened", patience_s=self._patience_s, facts=facts))
        live = not isinstance(self._source, PlayedSource)
        return Freshness(self._patience_s, reader.period_s, live=live)

    def _first_due_at(self, period_s: float) -> float:
        """Now; but a file played fast may have run ahead of the clock, and goes on from there."""
        if isinstance(self._source, PlayedSource) and self._source.pace == "fast":
            return max(monotonic(), self._not_before + period_s)
        return monotonic()

    def _play(self, reader: Reader, freshness: Freshness) -> None:
        while True:
            self._slot.beat(monotonic())
            shot = self._read(reader)
            if shot is None:
                break
            if shot.begins:
                self._session += 1
                self._slot.begin_session(self._session)
            if isinstance(self._source, PlayedSource):
                shot = self._paced(shot, self._source, reader.period_s or 0.0)
            self._consider(shot, freshness)
        if not isinstance(self._source, PlayedSource):
            self._refuse_slow(freshness.proven)
            raise SourceError("no_frames", naming.no_frames(self._name, self._patience_s))

    def _read(self, reader: Reader) -> Shot | None:
        """The next image. The reading counts as begun later by what of it was work, no waiting."""
        done_s = self._work.done_s()
        shot = reader.read()
        if shot is None:
            return None
        return replace(shot, began_at=shot.began_at + self._work.done_s() - done_s)

    def _paced(self, shot: Shot, source: PlayedSource, period_s: float) -> Shot:
        """The image of a file at the moment it is to be shown, as if a camera had given it."""
        due_at = self._started_at + (shot.position_s or 0.0)
        self._ends_at = due_at + period_s
        if source.pace == "fast":
            self._await_reader()
            return replace(shot, began_at=due_at, arrived_at=due_at, position_s=None)
        self._sleep_until(due_at)
        now = monotonic()
        if now - due_at > period_s:  # never hurry to catch up: that would not be real time
            self._started_at += now - due_at
        return replace(shot, began_at=now, arrived_at=now, position_s=None)

    def _consider(self, shot: Shot, freshness: Freshness) -> None:
        self._pace.note(shot.arrived_at)
        starved_s, proven = freshness.starved_s(shot.arrived_at), freshness.proven
        judged = freshness.judge(shot.image, shot.began_at, shot.arrived_at, shot.position_s)
        match judged.verdict:
            case "fresh":
                if proven and starved_s > self._patience_s:
                    self._session += 1  # what was seen before the gap is another story
                    self._slot.begin_session(self._session)
                self._put(shot, judged)
            case "late":
                self._slot.count_late()
                learning_s = CATCH_UP_S if proven else _LEARNING_S
                self._give_up_after(self._patience_s + learning_s, shot, freshness)
            case "repeated":
                self._slot.count_repeated()
                self._give_up_after(self._settings.hang_s, shot, freshness)
            case "blank":
                self._slot.count_blank()
                self._give_up_after(self._settings.hang_s, shot, freshness)
            case "blocked" if not proven and self._pace.rate is None:
                self._slot.count_late()  # a camera so slow is named once its rate is known
            case "blocked":
                self._refuse_slow(proven)
                raise SourceError("no_frames", naming.no_frames(self._name, self._patience_s))
            case "drifted":
                sentence = "has a clock that has run away from this machine's: it is opened again"
                raise SourceError("late", f"{self._name} {sentence}")
            case "jumped":
                raise SourceError("time_jumped", naming.time_jumped(self._name))

    def _give_up_after(self, limit_s: float, shot: Shot, freshness: Freshness) -> None:
        if freshness.starved_s(shot.arrived_at) <= limit_s:
            return
        self._refuse_slow(freshness.proven)
        if freshness.blank:
            raise SourceError("blank", naming.blank(self._name))
        if freshness.frozen:
            raise SourceError("frozen", naming.frozen(self._name))
        sentence = "only gives images of the past: the network, or this machine, does not keep up"
        raise SourceError("late", f"{self._name} {sentence}")

    def _refuse_slow(self, proven: bool) -> None:
        """Whatever else is wrong with a camera that was slow from the first picture on."""
        if not proven and self._pace.rate is not None and self._pace.too_slow:
            sentence = f"{self._name} {naming.too_slow(self._pace.rate)}"
            raise SourceError("too_slow", sentence)

    def _put(self, shot: Shot, judged: Judgement) -> None:
        shot, now = upright(shot, self._settings), monotonic()
        self._slot.put(
            shot.image,
            shot.planes,
            number=self._number,
            captured_at=judged.captured_at,
            wall_time=time() - (now - judged.captured_at),
            at=now,
        )
        self._number += 1
        self._ring()

    def _ring(self) -> None:
        try:
            os.write(self._bell_fd, b".")
        except BlockingIOError:
            pass  # full of rings that nobody listened to: one more would say nothing new
        except BrokenPipeError:
            sys.exit()  # the feed is gone

    def _await_reader(self) -> None:
        """Returns once the newest image was taken; only for files that leave no image out."""
        if not (isinstance(self._source, PlayedSource) and self._source.pace == "fast"):
            return
        while not self._slot.all_taken:
            self._slot.beat(monotonic())
            ready, _, _ = select([STANDARD_INPUT], [], [], _NAP_S)
            if ready and not os.read(STANDARD_INPUT, 4096):
                sys.exit()  # the feed is gone

    def _sleep_until(self, due_at: float) -> None:
        while (left_s := due_at - monotonic()) > 0:
            self._slot.beat(monotonic())
            sleep(min(left_s, _NAP_S))
