"""Somebody at the terminal, by what they type at which question; and nobody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from kioskd.setup.talk import Talk

_MOST = 60  # questions: who is asked more goes round in a circle


@dataclass
class Installer:
    """Types these answers, and Enter at all other questions.

    answers  by a word of the question, what is typed when it is asked first, second and so on
    said     all lines that setup said
    asked    all questions, also those for a password
    on       what happens when a question that holds this word is asked
    """

    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    on: dict[str, Callable[[], object]] = field(default_factory=dict)

    @property
    def talk(self) -> Talk:
        return Talk(self.said.append, self._type, self._type, attended=True)

    @property
    def heard(self) -> str:
        return "\n".join(self.said)

    def _type(self, question: str) -> str:
        self.asked.append(question)
        assert len(self.asked) < _MOST, self.heard
        for word, happens in self.on.items():
            if word in question:
                happens()
        for word, answers in self.answers.items():
            if word in question:
                times = sum(word in asked for asked in self.asked)
                return answers[times - 1] if times <= len(answers) else ""
        return ""


@dataclass
class Nobody:
    """No terminal: what is not said by a flag cannot be asked."""

    said: list[str] = field(default_factory=list)

    @property
    def talk(self) -> Talk:
        return Talk(self.said.append, self._none, self._none, attended=False)

    @property
    def heard(self) -> str:
        return "\n".join(self.said)

    def _none(self, question: str) -> str:
        raise AssertionError(f"nobody is there to answer: {question}")
