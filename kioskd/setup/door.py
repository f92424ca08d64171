"""What the door is called, and which mode decides there."""

from difflib import get_close_matches

from kioskd.config.keys import find
from kioskd.modes.catalogue import BY_NAME, SPECS
from kioskd.modes.spec import ModeSpec
from kioskd.setup.talk import Question, Refused, Talk


def name(talk: Talk, flag: str, text: str, given: str | None, default: str | None = None) -> str:
    """A name as the topics need it. Raises SetupError."""
    return talk.answer(Question(flag, text, _name, default), given)


def mode(talk: Talk, given: str | None, depth: bool) -> str:
    """A mode of the catalogue, of those that this door's camera can serve. Raises SetupError.

    depth  whether it is a depth camera
    """
    offered = [spec for spec in SPECS if depth or not spec.depth]
    if given is None and talk.attended:
        talk.say("What a person must do at this door:")
        for number, spec in enumerate(offered, 1):
            talk.say(f"  {number}  {spec.name}: {spec.sentence}")

    def read(text: str) -> str:
        return _mode(text, offered)

    question = Question("--mode", "Mode (its number or its name)", read, offered[0].name)
    return talk.answer(question, given)


def _name(text: str) -> str:
    key = find(("site",), {})
    assert key is not None
    if key.allows(text):
        return text
    meant = "-".join(word for word in _plain(text).split("-") if word)[:40]
    hint = f", such as {meant}" if key.allows(meant) else ""
    raise Refused(f"must be {key.expects}{hint}")


def _plain(text: str) -> str:
    letters = (each if each.isascii() and each.isalnum() else "-" for each in text.lower())
    return "".join(letters)


def _mode(text: str, offered: list[ModeSpec]) -> str:
    if text.isdecimal() and 0 < int(text) <= len(offered):
        return offered[int(text) - 1].name
    names = [spec.name for spec in offered]
    if text in names:
        return text
    if text in BY_NAME:
        raise Refused(f"{text} needs a depth camera, and the chosen one is none")
    meant = get_close_matches(text, names, 1)
    hint = f", did you mean {meant[0]}?" if meant else f"; there are {', '.join(names)}"
    raise Refused(f"there is no such mode{hint}")
