"""Break what breaks at a door and count what comes of it: the table of docs/measure/reliability.md.

    scripts/faults                             every row but the soak, and each once
    scripts/faults kills --kills 20            one row
    scripts/faults soak --hours 1              four cameras for an hour: memory and descriptors
    scripts/faults --list                      what each row breaks
    scripts/faults kills --write docs/measure/reliability.md

The real daemon with a real broker and real clips as cameras. Each row is written as soon as it is
known; --write puts it into a page's table, in the place of the one before.
"""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.all_rows import ROWS
from tests.faults.findings import heading, replaced
from tests.faults.rows import Asked

LONG = ("soak",)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="all but the soak if none is named")
    parser.add_argument("--list", action="store_true", help="name the rows, and nothing else")
    parser.add_argument("--kills", type=int, default=200, help="of the daemon")
    parser.add_argument("--hours", type=float, default=1.0, help="of the soak")
    parser.add_argument("--times", type=int, default=1000, help="mutated inputs of each kind")
    parser.add_argument("--long", type=float, default=4.0, help="seconds that a fault lasts")
    parser.add_argument("--write", type=Path, help="the page whose table has the rows")
    asked = parser.parse_args()
    if unknown := set(asked.rows) - set(ROWS):
        parser.error(f"there is no row {', '.join(sorted(unknown))}: see --list")
    if asked.list:
        for name, work in ROWS.items():
            print(f"{name:20}  {(work.__doc__ or name).splitlines()[0]}")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended, too
    print(heading())
    rows = asked.rows or [name for name in ROWS if name not in LONG]
    sound = [_run(name, asked) for name in rows]
    sys.exit(0 if all(sound) else 1)


def _run(name: str, asked: argparse.Namespace) -> bool:
    """Whether the row is as it must be."""
    with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as folder:
        quantity = (asked.kills, asked.hours, asked.times, asked.long)
        found = ROWS[name](Asked(Path(folder), *quantity))
    line = found.line(name, time.strftime("%Y-%m-%d", time.gmtime()), _command(name))
    print(line, flush=True)
    for sentence in found.short + found.said:
        print(f"    {name}: {sentence}", file=sys.stderr)
    if asked.write is not None:
        asked.write.write_text(replaced(asked.write.read_text(), name, line))
    return found.sound


def _command(name: str) -> str:
    """How to have this row again, with what was asked for it."""
    given = sys.argv[1:]
    options = [word for word in given if word not in ROWS]
    if "--write" in options:
        at = options.index("--write")
        del options[at : at + 2]
    return shlex.join(["scripts/faults", name, *options])


if __name__ == "__main__":
    main()
