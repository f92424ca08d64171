"""Logs: one line per change of state, never per frame, and no secrets.

The only file that imports structlog. Rooms below (feeds, models) never log; they return
states and raise errors, and the daemon says what changed.
"""

import io
import logging
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from kioskd.journal import SOCKET, Journal, leads_to_journal

Log = FilteringBoundLogger
Level = Literal["debug", "info", "warning", "error"]
Style = Literal["auto", "console", "json"]

# rtsp://user:password@camera -> rtsp://***@camera. The last line of defence: the code that
# handles URLs redacts them already.
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+(?:@[^/\s@]+)*@")


def configure(
    level: Level = "info",
    style: Style = "console",
    to: TextIO | None = None,
    journal: Path = SOCKET,
) -> None:
    """Set up logging for the whole process. Lines go to standard error unless `to` is given.

    style  auto: fields for the journal where systemd reads the stream, for people at a terminal,
           else JSON
    """
    given = to or sys.stderr
    stream = cast(TextIO, _Steadfast(given))
    to_journal = style == "auto" and leads_to_journal(given, os.environ)
    made: Any = Journal(stream, journal) if to_journal else structlog.WriteLogger(stream)
    taker: Processor = _as_it_is if to_journal else _renderer(style, stream)
    structlog.configure(
        processors=[_made_safely(taker, dated=not to_journal)],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: made,
        cache_logger_on_first_use=False,
    )


def _as_it_is(_logger: WrappedLogger, _method: str, line: EventDict) -> Any:
    """For the journal, which takes fields, and dates each line itself."""
    return (line,), {}


def _made_safely(renderer: Processor, *, dated: bool = True) -> Processor:
    """All that is done to a line. One that cannot be made is said to be lost, and no more."""
    steps = (
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        *((structlog.processors.TimeStamper(fmt="iso", utc=True),) if dated else ()),
        structlog.processors.format_exc_info,
        _redact,
        renderer,
    )

    def made(logger: WrappedLogger, method: str, line: EventDict) -> Any:
        try:
            made: Any = line
            for step in steps:
                made = step(logger, method, made)
        except Exception as error:
            lost = f"a line of the log could not be made ({type(error).__name__})"
            return renderer(logger, method, {"event": lost, "level": "error"})
        return made

    return made


class _Steadfast(io.TextIOBase):
    """Lines that nobody takes, for the disk is full or the terminal gone, are lost and no more.

    Otherwise the log would end whoever writes to it, a judge or the courier. Whatever the reason is
    that a stream gives: a log that cannot be written has nowhere to say so.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(Exception):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(Exception):
            self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()


def let_go() -> None:
    """Drop what standard error could not take, at the end of the process.

    Else Python tries once more, and ends with status 120 where the disk is full still.
    """
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        with suppress(OSError), open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), 2)


def logger(**context: object) -> Log:
    """A logger whose every line carries `context`, such as feed="front-door"."""
    bound: Log = structlog.get_logger(**context)
    return bound


def debug_anyway(event: str, **fields: object) -> None:
    """A debug line, whatever the least level is that is written."""
    every = structlog.make_filtering_bound_logger(logging.DEBUG)
    line: Log = structlog.wrap_logger(None, wrapper_class=every)
    line.debug(event, **fields)


def redacted(text: str) -> str:
    """`text` with the credentials of every URL in it replaced by ***."""
    return _CREDENTIALS.sub("***@", text)


def _redact(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    return {key: redacted(v) if isinstance(v, str) else v for key, v in line.items()}


def _renderer(style: str, stream: TextIO) -> Processor:
    if style == "json" or (style == "auto" and not stream.isatty()):
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), sort_keys=False)
