"""`kioskd man`: a manual page per command, made of the very words that --help says."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kioskd import __version__
from kioskd.commands.exit_status import OK, WRONG

ENDS = (
    ("0", "All is well."),
    ("1", "Something failed while running; systemd starts it again."),
    ("2", "The configuration or the installation is wrong; a restart would not mend it."),
)
SPECIAL = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}


@dataclass(frozen=True, slots=True)
class Described:
    """A command as --help describes it, in plain words."""

    words: tuple[str, ...]
    """What is typed for it: ("kioskd", "people", "add")."""
    usage: str
    """What may follow it, such as "[OPTIONS] FILE"."""
    summary: str
    help: str
    """Paragraphs, parted by empty lines. The summary is the first of them."""
    options: tuple[tuple[str, str], ...]
    """How each is written, and what it does."""
    commands: tuple[tuple[str, str], ...] = ()
    """The commands below it, if it is a group: each one's name and summary."""

    @property
    def page(self) -> str:
        return "-".join(self.words)


def run(folder: Path, commands: Iterable[Described]) -> int:
    """Write each command's page into the folder, `kioskd-check.1` and so on.

    Exit status 0, or 2 with a sentence where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for command in commands:
            (folder / f"{command.page}.1").write_text(page(command), encoding="ascii")
    except OSError as error:
        print(f"man: {error.filename or folder}: {error.strerror}", file=sys.stderr)
        return WRONG
    return OK


def page(command: Described) -> str:
    """The page in roff, with man's macros; undated, so that the same words give the same bytes."""
    return "\n".join(_lines(command)) + "\n"


def _lines(command: Described) -> Iterator[str]:
    yield f'.TH "{command.page.upper()}" "1" "" "kioskd {__version__}" "kioskd"'
    yield from (".SH NAME", rf"{_text(command.page)} \- {_text(command.summary.rstrip('.'))}")
    yield from (".SH SYNOPSIS", rf"\fB{_text(' '.join(command.words))}\fR {_text(command.usage)}")
    yield ".SH DESCRIPTION"
    for number, paragraph in enumerate(command.help.split("\n\n")):
        yield from (".PP",) if number else ()
        yield _text(paragraph)
    yield from _list("OPTIONS", command.options)
    yield from _list("COMMANDS", command.commands)
    if any("KIOSKD_CONFIG" in told for _, told in command.options):
        told = "The configuration file, where --config does not name one."
        yield from _list("ENVIRONMENT", [("KIOSKD_CONFIG", told)])
    yield from _list("EXIT STATUS", ENDS)
    yield from _see_also(command)


def _list(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for number, (term, told) in enumerate(rows):
        yield from () if number else (f".SH {title}",)
        yield from (".TP", rf"\fB{_text(term)}\fR", _text(told) or r"\&")


def _see_also(command: Described) -> Iterator[str]:
    above = ["-".join(command.words[:end]) for end in range(1, len(command.words))]
    pages = [*above, *(f"{command.page}-{name}" for name, _ in command.commands)]
    yield ".SH SEE ALSO"
    yield ",\n".join(rf"\fB{_text(name)}\fR(1)" for name in pages)


def _text(words: str) -> str:
    """Words that roff shows as they are: a hyphen can be copied, no line is an instruction."""
    shown = "".join(SPECIAL.get(letter, letter) for letter in " ".join(words.split()))
    return rf"\&{shown}" if shown.startswith(".") else shown
