"""`kioskd calibrate`: sight the data set, propose thresholds, write them down."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from kioskd.commands import reload
from kioskd.commands.configuration import FAILED, OK, WRONG, configuration
from kioskd.config.change_file import change
from kioskd.config.load import Config
from kioskd.config.problem import ConfigError
from kioskd.config.yaml_edit import EditError
from kioskd.evaluation import attack_table, least_data, proposal_text
from kioskd.evaluation.attack_table import SchemeTable
from kioskd.evaluation.dataset import DataSetError, read_data_set
from kioskd.evaluation.decide import Judging
from kioskd.evaluation.report import named
from kioskd.evaluation.request import (
    Request,
    Settings,
    network_names,
    settings_of,
    sight,
)
from kioskd.evaluation.threshold_choice import CalibrationError, Proposal, Wish, propose
from kioskd.reload.asking import AskingError, NobodyThereError, ask
from kioskd.terminal import progress
from models.manifest import Manifest, missing_for
from models.network_file import NetworkError


@dataclass(frozen=True, slots=True)
class Proposing:
    """What is wished for, where to write it, and whether it may be looser than the defaults.

    apply  put it into the configuration itself, and have the running daemon read that again
    """

    wish: Wish
    command: str
    write: Path | None = None
    allow_looser: bool = False
    apply: bool = False


@dataclass(frozen=True, slots=True)
class _Found:
    """A proposal, and in `little` what is too little to propose anything by."""

    settings: Settings
    proposal: Proposal
    little: tuple[str, ...]
    notes: tuple[str, ...]


def run(request: Request, asked: Proposing) -> int:
    """Print a proposal, and write it where asked to. `request` names one scheme at most.

    Exit status 0; 1 where the file cannot be written; 2 where nothing can be proposed.
    """
    config = None if request.config is None else configuration(request.config)
    try:
        found = _proposal(request, config, asked)
    except (CalibrationError, DataSetError, NetworkError) as error:
        print(error, file=sys.stderr)
        return WRONG
    attacks = _attacks(found.proposal, found.settings.manifest)
    print(*proposal_text.lines(found.proposal, attacks), sep="\n")
    print(*("", "Problems", *found.notes) if found.notes else (), sep="\n")
    if found.little:
        print("nothing is proposed or written: this is too little to choose by", file=sys.stderr)
        print(*(f"  {sentence}" for sentence in found.little), sep="\n", file=sys.stderr)
        return WRONG
    names = [f"{model} {name}" for model, name in network_names(found.settings).items()]
    text = proposal_text.fragment(found.proposal, asked.command, names, attacks)
    print(text)
    if asked.write is not None:
        try:
            asked.write.write_text(text, encoding="utf-8")
        except OSError as error:
            print(f"{asked.write}: cannot be written ({error.strerror})", file=sys.stderr)
            return FAILED
    if asked.apply:
        assert request.config is not None  # kioskd/cli.py holds it
        assert config is not None
        door = request.door or config.doors[0].name
        return applied(request.config, config.state_dir, door, found.proposal)
    return OK


def applied(path: Path, folder: Path, door: str, proposal: Proposal) -> int:
    """Put a proposal into a door of the file at `path`, and have the daemon of `folder` read it."""
    section = ("doors", door, proposal_text.SECTION)
    try:
        kept = change(path, section, proposal_text.keys(proposal))
    except (ConfigError, EditError) as error:
        print(f"{error}\nnothing was changed: put the lines above in by hand", file=sys.stderr)
        return WRONG
    except OSError as error:
        print(f"{path}: cannot be written ({error.strerror})", file=sys.stderr)
        return FAILED
    print(f"written into {path}; {kept} is the file of before")
    try:
        answer = ask(folder)
    except NobodyThereError:
        print("no kioskd runs with it: it holds when one is started")
        return OK
    except AskingError as error:
        print(error, file=sys.stderr)
        return FAILED
    reload.tell(answer)
    return WRONG if answer.refused else OK


def _attacks(proposal: Proposal, manifest: Manifest) -> SchemeTable | str:
    """What thresholds let in elsewhere; a site that has its own attacks needs no such figures."""
    if not proposal.site:
        return ""
    try:
        return attack_table.table_of(proposal.scheme, manifest=manifest)
    except attack_table.TableError as error:
        return str(error)


def _proposal(request: Request, config: Config | None, asked: Proposing) -> _Found:
    settings = settings_of(request, config)
    if settings.depth is not None:
        raise DataSetError("only RGB liveness is calibrated, and this door has another mode")
    scheme = (*request.schemes, settings.rgb.detection_scheme)[0]
    if missing := missing_for(scheme):
        raise NetworkError(f"{scheme} needs the {' and '.join(missing)} network")
    data = read_data_set(request.data_set, request.clip_frames, request.label)
    with progress("Looking") as tell:
        sighted = sight(data, settings, request.gate, request.images_fps, tell)
    rgb = replace(settings.rgb, detection_scheme=scheme)
    by = Judging(rgb, settings.gate, request.gate, added=settings.manifest.weights)
    problems = [problem for sighting in sighted.sightings for problem in named(sighting)]
    looked = sighted.sightings
    with progress("Choosing") as tell:
        proposal = propose(looked, by, asked.wish, tell, allow_looser=asked.allow_looser)
    return _Found(settings, proposal, least_data.lacking(looked), (*data.notes, *problems))
