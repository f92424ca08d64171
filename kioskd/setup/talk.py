"""Questions and answers: from flags where there are any, else from whoever sits at the terminal."""

import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class SetupError(Exception):
    """Setup ends and nothing is written; the message says what to do.

    status  the exit status: 2 where what was asked for cannot be, 1 where something did not work
    """

    def __init__(self, text: str, status: int = 2) -> None:
        super().__init__(text)
        self.status = status


class Refused(Exception):
    """An answer that cannot be used; the message says why, and what would do instead."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked, and how an answer is read.

    flag     that answers it where nobody can be asked
    read     what an answer means; raises Refused
    default  taken where nothing is typed; None: something must be, "": nothing may be
    form     what an answer looks like, for who cannot be asked
    """

    flag: str
    text: str
    read: Callable[[str], T]
    default: str | None = None
    form: str = ""

    @property
    def prompt(self) -> str:
        offered = "" if self.default is None else f" [{self.default or 'none'}]"
        return f"{self.text}{offered}: "


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation by plain functions.

    attended  whether somebody is there to answer; the two that ask are called only then
    """

    say: Callable[[str], None]
    ask: Callable[[str], str]
    ask_secret: Callable[[str], str]
    attended: bool

    def answer(self, question: Question[T], given: str | None = None) -> T:
        """What a flag gave, or the answer; asked again for as long as it cannot be used.

        Raises SetupError where nobody is there and no flag says what is needed.
        """
        if given is None and self.attended:
            return self._asked(question)
        text = question.default if given is None else given
        if text is None:
            raise SetupError(f"{question.flag} is missing: {question.form or question.text}")
        try:
            return question.read(text)
        except Refused as refused:
            if not self.attended:
                raise SetupError(f"{question.flag}: {refused}") from refused
            self.say(f"{question.flag}: {refused}")
            return self._asked(question)

    def agreed(self, text: str, default: bool) -> bool:
        """Yes or no of whoever is there; the default where nobody is."""
        offered = "Y/n" if default else "y/N"
        while self.attended:
            match self._typed(f"{text} [{offered}] ").lower():
                case "":
                    return default
                case "y" | "yes":
                    return True
                case "n" | "no":
                    return False
            self.say("answer y for yes or n for no")
        return default

    def secret(self, text: str) -> str:
        """What is typed unseen; "" for nothing."""
        try:
            return self.ask_secret(f"{text} (not shown): ")
        except EOFError as error:
            raise _silence() from error

    def _asked(self, question: Question[T]) -> T:
        while True:
            text = self._typed(question.prompt) or question.default
            if text is None:
                self.say("an answer is needed here")
                continue
            try:
                return question.read(text)
            except Refused as refused:
                self.say(str(refused))

    def _typed(self, prompt: str) -> str:
        try:
            return self.ask(prompt).strip()
        except EOFError as error:
            raise _silence() from error


def terminal() -> Talk:
    """With whoever sits at the terminal; without one on either side, with nobody."""
    attended = sys.stdin.isatty() and sys.stdout.isatty()
    return Talk(lambda line: print(line, flush=True), input, getpass.getpass, attended)


def _silence() -> SetupError:
    return SetupError("the answers ended before all was asked")
