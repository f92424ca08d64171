"""`kioskd evaluate`: sight the data set, decide by each scheme, and write the reports."""

import json
import sys
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from kioskd.config.load import ConfigError, load
from kioskd.evaluation import depth_modes, report_page, report_text
from kioskd.evaluation.dataset import CLIP_FRAMES, DataSet, DataSetError, read_data_set
from kioskd.evaluation.decide import Judging
from kioskd.evaluation.report import Report, full_report
from kioskd.evaluation.sight import COLOURS, IMAGES_FPS, GateUse, Sight, Sighting, roles
from kioskd.evaluation.thumbnails import thumbnails
from kioskd.modes import rgb
from kioskd.modes.depth_settings import Rgb3dSettings
from kioskd.modes.gate import GateSettings
from kioskd.modes.rgb_settings import RgbSettings
from models import added_scores
from models.manifest import (
    Added,
    Manifest,
    NetworkError,
    installed_models,
    missing_for,
    shipped,
)
from models.observation import Measure
from models.perceive import PerceptionSettings
from models.schemes import FUSED, SCHEMES
from models.session import Networks

OK, FAILED, WRONG = 0, 1, 2  # exit status

Evaluated = RgbSettings | depth_modes.DepthKind
MODES: dict[str, Evaluated] = {rgb.MODE: RgbSettings(), **depth_modes.DEFAULTS}


@dataclass(frozen=True, slots=True)
class Settings:
    """A door's settings, those of a configuration or the defaults.

    depth  the mode with a depth camera, if that is judged in place of RGB liveness
    added  networks that the site adds to the fused scheme
    """

    gate: GateSettings = field(default_factory=GateSettings)
    rgb: RgbSettings = field(default_factory=RgbSettings)
    perception: PerceptionSettings = field(default_factory=PerceptionSettings)
    depth: depth_modes.DepthKind | None = None
    added: tuple[Added, ...] = ()

    @property
    def manifest(self) -> Manifest:
        """The networks that ship, and those that the site adds."""
        return shipped().with_added(self.added)

    @property
    def measures(self) -> frozenset[Measure]:
        return COLOURS if self.depth is None else depth_modes.measures(self.depth)


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    schemes  empty: the configuration's own
    mode     None: the configuration's own, which is RGB liveness without one
    label    of everything in the data set; None: its folders or columns say
    """

    data_set: Path
    config: Path | None = None
    door: str | None = None
    schemes: tuple[str, ...] = ()
    mode: str | None = None
    gate: GateUse = "on"
    clip_frames: int = CLIP_FRAMES
    images_fps: float = IMAGES_FPS
    label: str | None = None
    json_file: Path | None = None
    html_file: Path | None = None
    thumbnails: bool = False
    markdown: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Sighted:
    """Everything the models said of a data set, and what each step cost."""

    sightings: tuple[Sighting, ...]
    notes: tuple[str, ...]
    step_ms: Mapping[str, float]  # one call of each stage and model


def run(request: Request, progress: Callable[[int, int], None] | None = None) -> int:
    """The command; returns the exit status."""
    try:
        settings = settings_of(request.config, request.door, request.mode)
        _check(request, settings)
        data = read_data_set(request.data_set, request.clip_frames, request.label)
        sighted = sight(data, settings, request.gate, request.images_fps, progress)
    except ConfigError as error:
        print(*error.problems, sep="\n", file=sys.stderr)
        return WRONG
    except (DataSetError, NetworkError) as error:
        print(error, file=sys.stderr)
        return WRONG
    report = report_of(request, settings, sighted)
    tell = report_text.markdown if request.markdown else report_text.lines
    print(*tell(report), sep="\n")
    try:
        _write(request, report)
    except OSError as error:
        print(f"{error.filename}: cannot be written ({error.strerror})", file=sys.stderr)
        return FAILED
    if report.unread:
        text = f"{report.unread} labelled file(s) or frame(s) could not be read; the figures are"
        print(f"{text} of the rest alone", file=sys.stderr)
        return FAILED
    return OK


def _write(request: Request, report: Report) -> None:
    if request.json_file is not None:
        request.json_file.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    if request.html_file is not None:
        mistakes = [m for scheme in report.schemes for m in scheme.worst]
        shown = thumbnails(mistakes) if request.thumbnails else {}
        request.html_file.write_text(report_page.page(report, shown), encoding="utf-8")


def settings_of(config: Path | None, door: str | None, mode: str | None = None) -> Settings:
    """The settings of a configuration's door, its first if none is named; raises ConfigError.

    A `mode` that is not the door's own stands with its defaults.
    """
    if mode not in (None, *MODES):
        raise DataSetError(f"no mode {mode} is evaluated; there are {', '.join(MODES)}")
    if config is None:
        return _judged(Settings(), MODES[mode or rgb.MODE])
    found = load(config)
    doors = {each.name: each for each in found.doors}
    if door is not None and door not in doors:
        raise DataSetError(f"{config} has no door called {door}; it has {', '.join(doors)}")
    chosen = doors[door] if door is not None else found.doors[0]
    settings = Settings(
        gate=chosen.gate, perception=found.perception.settings(), added=found.perception.added
    )
    own = chosen.mode if isinstance(chosen.mode, Evaluated) else None
    if mode is not None and (own is None or _name(own) != mode):
        return _judged(settings, MODES[mode])
    if own is None:
        raise DataSetError(
            f"door {chosen.name} has another mode; those that are evaluated: {', '.join(MODES)}"
        )
    return _judged(settings, own)


def _name(mode: Evaluated) -> str:
    return rgb.MODE if isinstance(mode, RgbSettings) else depth_modes.name(mode)


def _judged(settings: Settings, mode: Evaluated) -> Settings:
    if isinstance(mode, RgbSettings):
        return replace(settings, rgb=mode)
    if isinstance(mode, Rgb3dSettings):
        return replace(settings, depth=mode, rgb=mode.rgb)
    return replace(settings, depth=mode)


def _check(request: Request, settings: Settings) -> None:
    """Raises DataSetError for what was asked for and has no meaning to the mode."""
    if settings.depth is None:
        return
    mode = depth_modes.name(settings.depth)
    if request.gate == "off":
        raise DataSetError(f"--gate off is for RGB liveness: {mode} needs the face followed")
    if request.schemes and Measure.LIVENESS not in settings.measures:
        raise DataSetError(f"--scheme is of RGB liveness: {mode} has none")


def sight(
    data: DataSet,
    settings: Settings,
    gate: GateUse = "on",
    images_fps: float = IMAGES_FPS,
    progress: Callable[[int, int], None] | None = None,
    manifest: Manifest | None = None,
) -> Sighted:
    """Looks at every presentation; raises NetworkError.

    `progress` is told how many of how many files are done. `manifest` says which networks look;
    None: those of the settings.
    """
    manifest = manifest or settings.manifest
    networks = Networks.load(roles(settings.measures), "cpu", manifest=manifest)
    for added in manifest.added_to(networks.roles):
        added_scores.check(networks, added)
    eye = Sight(networks, settings.perception, gate, images_fps, settings.measures)
    sightings = []
    everything = sum(len(presentation.files) for presentation in data.presentations)
    done = 0
    for presentation in data.presentations:
        sightings.append(eye.look(presentation))
        done += len(presentation.files)
        if progress is not None:
            progress(done, everything)
    stages = eye.stages
    step_ms = {name: 1000 * stages.seconds[name] / stages.calls[name] for name in stages.calls}
    return Sighted(tuple(sightings), data.notes, step_ms)


def report_of(request: Request, settings: Settings, sighted: Sighted) -> Report:
    names = request.schemes or (settings.rgb.detection_scheme,)
    colours = Measure.LIVENESS in settings.measures
    usable = [name for name in names if not colours or not missing_for(name)]
    left_out = (f"scheme {name}: its networks are not installed" for name in names)
    judgings = [
        Judging(
            replace(settings.rgb, detection_scheme=name),
            settings.gate,
            request.gate,
            settings.depth,
            settings.manifest.weights,
        )
        for name in usable
    ]
    return full_report(
        str(request.data_set),
        sighted.sightings,
        judgings,
        network_names(settings),
        {
            by.name: scheme_cost(
                by.rgb.detection_scheme, sighted.step_ms, settings.manifest.weights.keys()
            )
            for by in judgings
            if request.gate == "on"
        },
        (
            *(n for n, name in zip(left_out, names, strict=True) if name not in usable),
            *sighted.notes,
        ),
    )


def network_names(settings: Settings) -> dict[str, str]:
    """The network file behind each score, with the first digits of its sha256."""
    manifest, needed = settings.manifest, roles(settings.measures)
    files = {str(model): manifest.file(model) for model in sorted(needed - {"face", "mesh"})}
    files |= {added.name: added.file for added in manifest.added_to(needed)}
    return {model: f"{file.name}:{file.sha256[:8]}" for model, file in files.items()}


def scheme_cost(scheme: str, step_ms: Mapping[str, float], added: Set[str]) -> float:
    """Milliseconds of one CPU core for a frame that passes the gate and asks every model."""
    own = set(SCHEMES[scheme].models) | (added if scheme == FUSED else set())
    others = (set(installed_models()) | added) - own
    return sum(ms for step, ms in step_ms.items() if step not in others)
