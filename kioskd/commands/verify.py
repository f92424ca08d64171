"""`kioskd verify`: whether messages are of the kiosk that they name, and may open a door."""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.delivery.message_lines import letters
from kioskd.signing.ed25519 import SigningError
from kioskd.signing.key_ring import KeyRing
from kioskd.verify import Chain, Door, KeyFileError, RefusedError, Verifier, proved, read_keys
from kioskd.verify.lines import Line, LineError, read_line

SIGNED = ("action", "state", "status")
SOUND = ("proved", "kept", "begins", "again", "opens", "noted")


@dataclass(frozen=True, slots=True)
class Controller:
    """As which door's controller to judge; see kioskd/verify/door_rules.py."""

    topic: str
    action: str
    attribute: str | None
    door: str | None = None
    camera: str | None = None


class _WrongUseError(Exception):
    """What was asked for cannot be done; the sentence says what to say instead."""


def run(
    file: Path | None,
    config: Path | None,
    keys: Path | None,
    prefix: str,
    controller: Controller | None,
    as_json: bool,
) -> int:
    """Print a line for each message. Exit status 0; 1 if one was refused, 2 for wrong use.

    file    with a message a line, - for standard input; None: what `config`'s broker carries
    """
    try:
        trusted, prefix = _keys(keys, config, controller), _prefix(config, prefix)
        judge = _judge(trusted, prefix, controller)
        heard = _broker(config) if file is None else _lines(file)
        refused = 0
        for line in heard:
            refused += not _shown(line, *judge.heard(line), as_json)
    except (_WrongUseError, KeyFileError, LineError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return WRONG
    return FAILED if refused else OK


def _shown(line: Line, code: str, sentence: str, as_json: bool) -> bool:
    """Whether it was sound."""
    if as_json:
        print(json.dumps({"topic": line.topic, "code": code, "sentence": sentence}), flush=True)
    elif code:
        print(f"{code:<14} {line.topic}  {sentence}".rstrip(), flush=True)
    return code in ("", *SOUND)


class _Any:
    """Of every kiosk whose key is trusted: signatures, and the chain of records."""

    def __init__(self, keys: tuple[bytes, ...], prefix: str) -> None:
        self._keys, self._prefix = keys, prefix
        self._chain = Chain(keys, prefix)

    def heard(self, line: Line) -> tuple[str, str]:
        """A code and a sentence; no code for what is never signed."""
        kind = line.topic.rsplit("/", 1)[-1]
        if kind == "audit":
            linked = self._chain.heard(line.topic, line.payload)
            return linked.code, linked.sentence
        if kind not in SIGNED:
            return "", "never signed: act on none of these"
        try:
            proved(line.topic.removeprefix(f"{self._prefix}/"), line.payload, self._keys)
        except RefusedError as refusal:
            return refusal.code, str(refusal)
        return "proved", ""


class _One:
    """Of one door, by all the rules."""

    def __init__(self, door: Door) -> None:
        self._verifier = Verifier(door)

    def heard(self, line: Line) -> tuple[str, str]:
        now = time.time_ns() // 10**6 if line.at is None else line.at
        verdict = self._verifier.heard(line.topic, line.payload, line.retained, now)
        return verdict.code, verdict.sentence


def _judge(keys: tuple[bytes, ...], prefix: str, controller: Controller | None) -> _Any | _One:
    if controller is None:
        return _Any(keys, prefix)
    told = controller
    door = Door(told.topic, told.action, told.attribute, keys, prefix, told.door, told.camera)
    return _One(door)


def _keys(
    file: Path | None, config: Path | None, controller: Controller | None
) -> tuple[bytes, ...]:
    """Whom to believe: a controller none of the keys before, by which only records are signed."""
    if file is not None:
        return read_keys(file.read_bytes())
    if config is None:
        raise _WrongUseError(
            "say whose messages these are: --keys FILE, as `kioskd keys` prints it"
        )
    try:
        ours = configuration(config)
        known = KeyRing(ours.signing_key, ours.state_dir).known()
    except SigningError as error:
        raise _WrongUseError(f"{error}; or give --keys FILE") from error
    believed = [key.trust for key in known if controller is None or key.role != "before"]
    return read_keys(json.dumps({"keys": believed}).encode())


def _prefix(config: Path | None, prefix: str) -> str:
    return prefix if config is None else configuration(config).delivery.prefix


def _lines(file: Path) -> Iterator[Line]:
    if str(file) == "-":
        yield from _read(sys.stdin)
        return
    with file.open(encoding="utf-8") as lines:
        yield from _read(lines)


def _read(lines: Iterable[str]) -> Iterator[Line]:
    for number, text in enumerate(lines, 1):
        try:
            yield read_line(text)
        except LineError as error:
            raise LineError(f"line {number}: {error}") from error


def _broker(config: Path | None) -> Iterator[Line]:
    """What is heard there, until Ctrl-C or SIGTERM."""
    if config is None:
        raise _WrongUseError(
            "name a FILE of messages, - for standard input, or a broker's -c CONFIG"
        )
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    settings = configuration(config).delivery
    topics = settings.topics
    for letter in letters(settings, topics.everything, stop):
        yield Line(letter.topic, letter.body, letter.retain, None)
