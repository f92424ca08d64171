"""`kioskd watch`: one door in a terminal, from what the page of this machine tells of it."""

import signal
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from kioskd import terminal
from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.page import assets
from kioskd.page.page_settings import PageSettings
from kioskd.watch.page_client import LostError, PageError, follow
from kioskd.watch.view import attempt_line, phase_line, sections
from kioskd.watch.wording import Wording

DRAW_EVERY_S = 0.25
AGAIN_S = 2.0  # after the page was lost
STATES = 2  # until --once prints: what is measured for viewers takes a moment to come

Json = dict[str, Any]


def run(path: Path, door: str | None, language: str, *, once: bool) -> int:
    """Show a door until Ctrl-C. Exit status 1 if the page does not tell, 2 if it is not served."""
    config = configuration(path)
    names = [each.name for each in config.doors]
    if config.page is None:
        return _wrong(
            f"{path}: the page is off, and watch shows what it tells: set page.enabled to true"
            " (only this machine sees it then), and restart kioskd"
        )
    if door is not None and door not in names:
        return _wrong(f"{path}: there is no door {door!r}; there are {', '.join(names)}")
    if language not in assets.languages():
        known = ", ".join(assets.languages())
        return _wrong(f"the page does not speak {language!r}; it speaks {known}")
    seen = _Seen(config.page, door or names[0], Wording(assets.words(language)))
    for number in (signal.SIGTERM, signal.SIGHUP):  # or the terminal would be left as it is drawn
        signal.signal(number, lambda signum, _: sys.exit(128 + signum))
    signal.signal(signal.SIGINT, seen.interrupted)
    try:
        _once(seen) if once else _draw(seen) if terminal.refreshes() else _tell(seen)
    except KeyboardInterrupt:
        pass
    except PageError as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK


def _wrong(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return WRONG


class _Seen:
    """What the page has told of a door: its newest picture's values, and its state."""

    def __init__(self, page: PageSettings, door: str, words: Wording) -> None:
        self._page, self._door, self.words = page, door, words
        self._ended = False
        self.look: Json | None = None
        self.state: Json | None = None

    def interrupted(self, *_: object) -> None:
        """By Ctrl-C. Where Python throws away what is raised, as while it tidies up, the next event
        ends it.
        """
        self._ended = True
        raise KeyboardInterrupt

    def news(self) -> Iterator[str]:
        """The name of each event, once it is noted. Raises PageError."""
        for name, value in follow(self._page, self._door):
            if self._ended:
                raise KeyboardInterrupt
            if name == "look":
                self.look = value
            elif name == "state":
                self.state = value
            yield name

    def patient_news(self) -> Iterator[str]:
        """The same; a page that is lost, which is told as "lost", is looked for again and again."""
        while True:
            try:
                yield from self.news()
            except LostError:
                if self.state is None:  # it was never there
                    raise
            yield "lost"
            time.sleep(AGAIN_S)


def _once(seen: _Seen) -> None:
    states = 0
    for name in seen.news():
        states += name == "state"
        if states == STATES and seen.state is not None:
            break
    assert seen.state is not None
    print(*terminal.plain(sections(seen.look, seen.state, seen.words)), sep="\n", flush=True)


def _draw(seen: _Seen) -> None:
    """Draw it over and over."""
    drawn_at = 0.0
    with terminal.refreshing() as show:
        for name in seen.patient_news():
            now, lost = time.monotonic(), name == "lost"
            if seen.state is not None and (lost or now - drawn_at >= DRAW_EVERY_S):
                drawn_at = now
                trouble = seen.words("page.lost") if lost else ""
                show(sections(seen.look, seen.state, seen.words, trouble))


def _tell(seen: _Seen) -> None:
    """A line for each change, where no terminal can be drawn on."""
    before, told = "", None
    for name in seen.patient_news():
        if name == "look" or seen.state is None:
            continue
        attempts = seen.state["attempts"] if name == "state" else []
        known = told if told is not None else {one["eventId"] for one in attempts}
        for one in reversed([each for each in attempts if each["eventId"] not in known]):
            _line(attempt_line(one, seen.words))
        told = known | {one["eventId"] for one in attempts}
        line = phase_line(seen.look, seen.state, seen.words)
        line = seen.words("page.lost") if name == "lost" else line
        if line != before:
            _line(line)
        before = line


def _line(text: str) -> None:
    clock = datetime.now().strftime("%H:%M:%S")
    print(f"{clock}  {text}", flush=True)
