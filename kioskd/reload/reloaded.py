"""What came of reading config.yaml again, as a value for whoever asked."""

from dataclasses import dataclass
from typing import Any

from kioskd.config.problem import Problem


@dataclass(frozen=True, slots=True)
class Reloaded:
    """One answer. Keys are written as `doors.main.gate.minimum_face_size`; no value is told.

    before   digest of the configuration that stood when the file was read
    after    of the one that stands now: the same where the file was refused
    applied  keys whose new values hold from the next frame on
    waiting  keys whose new values hold after a restart alone
    refused  why the file was refused, with line and column where there are any, and nothing of it
             was taken; nothing: it was taken
    notes    what is allowed but unwise in it, a sentence each
    """

    before: str
    after: str
    applied: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    refused: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def as_json(self) -> dict[str, Any]:
        """For files and messages."""
        return {
            "before": self.before,
            "after": self.after,
            "applied": list(self.applied),
            "waiting": list(self.waiting),
            "refused": [_json(problem) for problem in self.refused],
            "notes": list(self.notes),
        }


def refused(standing: str, sentence: str, file: str = "") -> Reloaded:
    """That nothing was taken, for a reason that has no line; `standing`: digest of what stands."""
    return Reloaded(standing, standing, refused=(Problem(file, 0, 0, "", sentence),))


def _json(problem: Problem) -> dict[str, Any]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "key": problem.path,
        "detail": problem.text,
    }
