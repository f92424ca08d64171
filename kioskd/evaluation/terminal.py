"""Tables and progress for a terminal, plain where nobody looks. The only file that imports rich."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

WIDE = 10_000  # columns: a table is as wide as what stands in it, and a terminal breaks the lines

Progressed = Callable[[int, int], None]


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
