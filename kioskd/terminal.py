"""Tables and progress for a terminal, plain where nobody looks. The only file that imports rich."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from kioskd.terminal_sections import Mood, Section

WIDE = 10_000  # columns: a table is as wide as what stands in it, and a terminal breaks the lines
STYLES: dict[Mood, str] = {
    "": "",
    "good": "green",
    "bad": "bold red",
    "note": "yellow",
    "strong": "bold",
}

Progressed = Callable[[int, int], None]
Shown = Callable[[Sequence[Section]], None]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of rows under a head, the first column left and the others right."""
    drawn = Table(box=None, padding=(0, 0, 0, 2))
    for number, name in enumerate(head):
        drawn.add_column(Text(name), justify="right" if number else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*map(Text, row))
    console = Console(width=WIDE)
    with console.capture() as captured:
        console.print(drawn)
    for line in captured.get().splitlines():
        yield line.rstrip()


@contextmanager
def progress(label: str) -> Iterator[Progressed]:
    """A bar on standard error, where somebody looks; it is told how much of how much is done."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bars:

        def tell(done: int, of: int) -> None:
            task = bars.task_ids[0] if bars.task_ids else bars.add_task(label)
            bars.update(task, completed=done, total=of)

        yield tell


def refreshes() -> bool:
    """Whether standard output is a terminal on which something can be drawn over and over."""
    console = Console()
    return console.is_terminal and not console.is_dumb_terminal


@contextmanager
def refreshing() -> Iterator[Shown]:
    """The whole terminal, until the block ends: each call draws sections over those before.

    What does not fit is cut off at the bottom. The terminal then shows again what it did before.
    """
    with Live(screen=True, auto_refresh=False) as live:
        yield lambda sections: live.update(_drawn(sections), refresh=True)


def show(sections: Sequence[Section]) -> None:
    """Print sections once, in their moods on a terminal and plain into a file or a pipe."""
    if refreshes():
        Console().print(_drawn(sections))
        return
    for line in plain(sections):
        print(line)


def plain(sections: Sequence[Section]) -> Iterator[str]:
    """The lines of sections without any style, for a file or a script."""
    console = Console(width=WIDE, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(_drawn(sections))
    for line in captured.get().splitlines():
        yield line.rstrip()


def _drawn(sections: Sequence[Section]) -> Group:
    parts: list[Text | Table] = []
    for section in sections:
        parts += [Text(), Text(_shown(section.title), "bold")] if section.title else []
        rows = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        for row in section.rows:
            rows.add_row(*(Text(_shown(cell)) for cell in row.cells), style=STYLES[row.mood])
        parts.append(rows)
    return Group(*parts)


def _shown(text: str) -> str:
    """Text that was read somewhere can draw nothing of its own on the terminal."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
