"""The part of the daemon that reads config.yaml again, and gives each door its new rules.

It reads on a thread of its own, for a disk may hang and a network takes seconds to load; no judge
waits for it. Whoever asks while it reads shares the answer of the reading after it, so that a storm
of requests costs two readings. Nothing of a file is taken that `kioskd check` would refuse, nor of
one that a network file cannot follow: what stood before stands.
"""

import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kioskd.config import files
from kioskd.config.config import Config, Door
from kioskd.config.load import ConfigError, load_again
from kioskd.reload.answer_file import keep
from kioskd.reload.changes import Plan, plan
from kioskd.reload.reloaded import Reloaded, refused
from kioskd.worker import Worker
from models.network_file import NetworkError

ANSWERED_S = 30.0  # for whoever waits; a network that is loaded takes seconds
TAKEN_S = 5.0  # for judges to be done with the frame that they are at
PAUSE_S = 0.2  # between two readings: judges share the processor with them
SETTLED_S = 1.0  # a changed file is left alone for so long before it is read by itself
NAMED = 5  # keys in a sentence


@dataclass(frozen=True, slots=True)
class Shell:
    """What the daemon does for it; any of it from this part's thread.

    prepare   has what these doors need loaded; raises NetworkError, and has loaded nothing then
    use       from its next frame on a door goes by these rules and says this digest; `changed`:
              they are others than before. Gives what is set when its judge has taken them
    took      a file has been taken, and this is what it says
    answered  what came of each reading
    refused   why the file is refused, in a sentence, and None when it is not
    restart   what waits for a restart, in a sentence, and None when nothing does
    """

    prepare: Callable[[Collection[Door]], object]
    use: Callable[[Door, str, bool], threading.Event]
    took: Callable[[Config], object]
    answered: Callable[[Reloaded], object]
    refused: Callable[[str | None], object]
    restart: Callable[[str | None], object]


Load = Callable[[Path], Config]


class Reloader(Worker):
    """`path`: the file; None: there is none, as in a trial. `folder`: where answers are kept."""

    def __init__(
        self,
        path: Path | None,
        folder: Path,
        config: Config,
        shell: Shell,
        load: Load = load_again,
        also: Callable[[], object] = lambda: None,
    ) -> None:
        """`load`: reads the file. `also`: done once a second, on this part's thread."""
        super().__init__("reload", watched=False)
        self._path, self._folder, self._shell = path, folder, shell
        self._load, self._also = load, also
        self._standing, self._digest = config.said, config.digest
        self._digests = {door.name: config.digest for door in config.doors}
        self._watches = config.reload.watch
        self._seen = self._changing = None if path is None else files.stamp(path)
        self._changing_since = self._read_at = 0.0
        self._asking = threading.Lock()
        self._next: Future[Reloaded] | None = None  # of whoever asked since the last reading began

    def ask(self) -> Future[Reloaded]:
        """Have it read soon; from any thread, and never waits."""
        with self._asking:
            if self._next is None:
                self._next = Future()
                self.later(self._read)
            return self._next

    def reload(self) -> Reloaded:
        """Have it read, and wait for what came of it; from any thread but a judge's."""
        try:
            return self.ask().result(ANSWERED_S)
        except TimeoutError:
            told = f"nothing came of it within {ANSWERED_S:.0f} s: see the log"
            return refused(self._digest, told)

    def offer(self, load: Load) -> Reloaded:
        """Have what `load` gives taken, as if it stood in the file; on this part's thread alone.

        Refused it changes nothing, and it is for whoever offers it to tell. What else than a
        ConfigError `load` raises is raised here.
        """
        answer = self._answer(load)
        if not answer.refused:
            self._shell.answered(answer)
        return answer

    def run(self) -> None:
        super().run()
        with self._asking:
            waiting, self._next = self._next, None
        if waiting is not None:
            waiting.set_result(refused(self._digest, "kioskd is being stopped"))

    def turn(self) -> None:
        """Look whether the file was changed, and has been left alone since."""
        self._also()
        if self._path is None or not self._watches:
            return
        stamp, now = files.stamp(self._path), time.monotonic()
        if stamp != self._changing:
            self._changing, self._changing_since = stamp, now
        elif stamp not in (None, self._seen) and now - self._changing_since >= SETTLED_S:
            self.ask()

    def _read(self) -> None:
        time.sleep(max(0.0, self._read_at + PAUSE_S - time.monotonic()))
        with self._asking:  # who asks from here on has the next reading
            asked, self._next = self._next, None
        began_at = time.monotonic()
        answer = refused(self._digest, "a mistake of ours: report what the log says")
        try:
            answer = self._answer(self._load)
        finally:
            self._read_at = time.monotonic()
            self._shell.refused(_refusal(answer))
            self._shell.answered(answer)
            if asked is not None:  # last, so that whoever has the answer finds /status as it says
                asked.set_result(answer)
            with suppress(OSError):  # a full disk: whoever waits for the file is told nothing
                keep(self._folder, began_at, answer)

    def _answer(self, load: Load) -> Reloaded:
        if self._path is None:
            return refused(self._digest, "there is no file to read again: this is a trial")
        self._seen = files.stamp(self._path)
        try:
            config = load(self._path)
        except ConfigError as error:
            return Reloaded(self._digest, self._digest, refused=error.problems)
        planned = plan(self._standing, config.said)
        changed = [door for door in config.doors if door.name in planned.changed]
        try:
            self._shell.prepare(changed)
        except NetworkError as error:
            return refused(self._digest, str(error), str(self._path))
        return self._taken(config, planned)

    def _taken(self, config: Config, planned: Plan) -> Reloaded:
        before, self._digest, self._standing = self._digest, config.digest, planned.standing
        self._watches = config.reload.watch
        self._shell.took(config)
        self._give([door for door in config.doors if door.name in planned.whole], planned)
        self._shell.restart(_restart(planned.waiting))
        return Reloaded(before, config.digest, planned.applied, planned.waiting, notes=config.notes)

    def _give(self, doors: Sequence[Door], planned: Plan) -> None:
        """Each door its rules, all of them before the first is waited for."""
        sent: list[threading.Event] = []
        for door in doors:
            changed = door.name in planned.changed
            if changed or self._digests[door.name] != self._digest:
                self._digests[door.name] = self._digest
                sent.append(self._shell.use(door, self._digest, changed))
        deadline = time.monotonic() + TAKEN_S
        for taken in sent:
            taken.wait(max(0.0, deadline - time.monotonic()))


def _refusal(answer: Reloaded) -> str | None:
    if not answer.refused:
        return None
    more = len(answer.refused) - 1
    told = f"{answer.refused[0]}{f' (and {more} more)' if more else ''}"
    return f"the changed configuration is refused, and the one before stands: {told}"


def _restart(waiting: Sequence[str]) -> str | None:
    if not waiting:
        return None
    more = len(waiting) - NAMED
    named = ", ".join(waiting[:NAMED]) + (f" and {more} more" if more > 0 else "")
    return f"changed in the configuration, and waits for a restart: {named}"
