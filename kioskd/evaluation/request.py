"""What an evaluation is asked for, the settings that this means, and the way to its report."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from kioskd.config.load import Config
from kioskd.evaluation import depth_modes
from kioskd.evaluation.dataset import CLIP_FRAMES, DataSet, DataSetError
from kioskd.evaluation.decide import Judging
from kioskd.evaluation.report import Report, full_report
from kioskd.evaluation.sight import COLOURS, IMAGES_FPS, GateUse, Sight, Sighting, roles
from kioskd.modes.catalogue import SPECS, ModeSettings, spec_of
from kioskd.modes.depth.depth_settings import Rgb3dSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb import rgb_mode as rgb
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.added import Added
from models.liveness.bona_fide import check_added
from models.manifest import Manifest, installed_models, missing_for, shipped
from models.network_file import NetworkError
from models.observation import Measure
from models.perceive import PerceptionSettings
from models.schemes import FUSED, SCHEMES
from models.session import Networks

MODES = {spec.name: spec.settings for spec in SPECS if spec.score is not None}


@dataclass(frozen=True, slots=True)
class Settings:
    """A door's settings, those of a configuration or the defaults.

    depth  the mode with a depth camera, if that is judged in place of RGB liveness
    added  networks that the site adds to the fused scheme
    """

    gate: GateSettings = field(default_factory=GateSettings)
    rgb: RgbSettings = field(default_factory=RgbSettings)
    perception: PerceptionSettings = field(default_factory=PerceptionSettings)
    depth: ModeSettings | None = None
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


def settings_of(request: Request, config: Config | None) -> Settings:
    """The settings of the door that is asked for, or of the first; raises DataSetError.

    config  what stands in the file that `request` names
    A mode that is asked for and is not the door's own stands with its defaults.
    """
    mode = request.mode
    if mode not in (None, *MODES):
        raise DataSetError(f"no mode {mode} is evaluated; there are {', '.join(MODES)}")
    if config is None:
        return _judged(Settings(), MODES[mode or rgb.MODE])
    doors = {door.name: door for door in config.doors}
    chosen = doors.get(request.door or config.doors[0].name)
    if chosen is None:
        known = ", ".join(doors)
        raise DataSetError(f"{request.config} has no door called {request.door}; it has {known}")
    settings = Settings(
        gate=chosen.gate, perception=config.perception.settings(), added=config.perception.added
    )
    own = chosen.mode if spec_of(chosen.mode).score is not None else None
    if mode is not None and (own is None or spec_of(own).name != mode):
        return _judged(settings, MODES[mode])
    if own is None:
        raise DataSetError(
            f"door {chosen.name} has another mode; those that are evaluated: {', '.join(MODES)}"
        )
    return _judged(settings, own)


def _judged(settings: Settings, mode: ModeSettings) -> Settings:
    if isinstance(mode, RgbSettings):
        return replace(settings, rgb=mode)
    if isinstance(mode, Rgb3dSettings):
        return replace(settings, depth=mode, rgb=mode.rgb)
    return replace(settings, depth=mode)


def check(request: Request, settings: Settings) -> None:
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
    eye = eye_of(settings, gate, images_fps, manifest)
    sightings = tuple(looked(eye, data, progress))
    stages = eye.stages
    step_ms = {name: 1000 * stages.seconds[name] / stages.calls[name] for name in stages.calls}
    return Sighted(sightings, data.notes, step_ms)


def eye_of(
    settings: Settings,
    gate: GateUse = "on",
    images_fps: float = IMAGES_FPS,
    manifest: Manifest | None = None,
) -> Sight:
    """What looks, with its networks loaded; raises NetworkError. The words are those of `sight`."""
    manifest = manifest or settings.manifest
    networks = Networks.load(roles(settings.measures), "cpu", manifest=manifest)
    for added in manifest.added_to(networks.roles):
        check_added(networks, added)
    return Sight(networks, settings.perception, gate, images_fps, settings.measures)


def looked(
    eye: Sight, data: DataSet, progress: Callable[[int, int], None] | None = None
) -> Iterator[Sighting]:
    """Presentation by presentation, so that whoever counts them need not keep them."""
    everything = sum(len(presentation.files) for presentation in data.presentations)
    done = 0
    for presentation in data.presentations:
        yield eye.look(presentation)
        done += len(presentation.files)
        if progress is not None:
            progress(done, everything)


def judgings_of(request: Request, settings: Settings) -> tuple[tuple[Judging, ...], list[str]]:
    """How each scheme that is asked for judges, and sentences on those that cannot.

    Raises NetworkError where none of them can.
    """
    names = request.schemes or (settings.rgb.detection_scheme,)
    colours = Measure.LIVENESS in settings.measures
    usable = [name for name in names if not colours or not missing_for(name)]
    if not usable:
        raise NetworkError(
            f"nothing can judge: the networks of {', '.join(names)} are not installed"
        )
    judgings = tuple(
        Judging(
            replace(settings.rgb, detection_scheme=name),
            settings.gate,
            request.gate,
            settings.depth,
            settings.manifest.weights,
        )
        for name in usable
    )
    left_out = [name for name in names if name not in usable]
    return judgings, [f"scheme {name}: its networks are not installed" for name in left_out]


def report_of(request: Request, settings: Settings, sighted: Sighted) -> Report:
    judgings, left_out = judgings_of(request, settings)
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
        (*left_out, *sighted.notes),
    )


def network_names(settings: Settings, manifest: Manifest | None = None) -> dict[str, str]:
    """The network file behind each score, with the first digits of its sha256.

    `manifest` says which networks look; None: those of the settings.
    """
    manifest, needed = manifest or settings.manifest, roles(settings.measures)
    files = {str(model): manifest.file(model) for model in sorted(needed - {"face", "mesh"})}
    files |= {added.name: added.file for added in manifest.added_to(needed)}
    return {model: f"{file.name}:{file.sha256[:8]}" for model, file in files.items()}


def scheme_cost(scheme: str, step_ms: Mapping[str, float], added: Set[str]) -> float:
    """Milliseconds of one CPU core for a frame that passes the gate and asks every model."""
    own = set(SCHEMES[scheme].models) | (added if scheme == FUSED else set())
    others = (set(installed_models()) | added) - own
    return sum(ms for step, ms in step_ms.items() if step not in others)
