"""`kioskd calibrate`: sight the data set, propose thresholds, write them down."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kioskd.config.load import ConfigError
from kioskd.evaluation import calibrate_text
from kioskd.evaluation.calibrate import CalibrationError, Proposal, Wish, propose
from kioskd.evaluation.dataset import DataSetError, read_data_set
from kioskd.evaluation.decide import Judging
from kioskd.evaluation.report import named
from kioskd.evaluation.run import OK, WRONG, Request, network_names, settings_of, sight
from models.manifest import NetworkError, missing_for

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Looking:
    """Whom to tell how many files were looked at, and how many choices were tried."""

    files: Progress | None = None
    choices: Progress | None = None


def run(request: Request, wish: Wish, command: str, write: Path | None, tell: Looking) -> int:
    """The command; returns the exit status. `request` names one scheme at most."""
    try:
        proposal, notes = _proposal(request, wish, tell)
    except ConfigError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return WRONG
    except (CalibrationError, DataSetError, NetworkError) as error:
        print(error, file=sys.stderr)
        return WRONG
    print(*calibrate_text.lines(proposal), sep="\n")
    print(*("", "Problems", *notes) if notes else (), sep="\n")
    names = [f"{model} {name}" for model, name in network_names().items()]
    text = calibrate_text.fragment(proposal, command, names)
    print(text)
    if write is not None:
        write.write_text(text, encoding="utf-8")
    return OK


def _proposal(request: Request, wish: Wish, tell: Looking) -> tuple[Proposal, tuple[str, ...]]:
    settings = settings_of(request.config, request.door)
    if settings.depth is not None:
        raise DataSetError("only RGB liveness is calibrated, and this door has another mode")
    scheme = (*request.schemes, settings.rgb.detection_scheme)[0]
    if missing := missing_for(scheme):
        raise NetworkError(f"{scheme} needs the {' and '.join(missing)} network")
    data = read_data_set(request.data_set, request.clip_frames, request.label)
    sighted = sight(data, settings, request.gate, request.images_fps, tell.files)
    by = Judging(replace(settings.rgb, detection_scheme=scheme), settings.gate, request.gate)
    problems = [problem for sighting in sighted.sightings for problem in named(sighting)]
    return propose(sighted.sightings, by, wish, tell.choices), (*data.notes, *problems)
