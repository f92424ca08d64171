"""The order in which setup asks and tries, and what it writes in the end."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kioskd.config.config import Config
from kioskd.config.load import check, load
from kioskd.config.problem import ConfigError, Problem
from kioskd.doctor import camera_shows, round_trip
from kioskd.doctor.diagnosis import Diagnosis
from kioskd.setup import door, draft, key_frame_words, store, which_broker, which_camera
from kioskd.setup.known_so_far import Flags, Part, Secrets
from kioskd.setup.talk import SetupError, Talk
from kioskd.setup.which_camera import Found

TRIAL_BROKER = {"broker": "embedded"}  # stands in the file while the camera is tried


@dataclass(frozen=True, slots=True)
class Plan:
    """What setup may do.

    path      the file to write
    replace   what is there already, without asking
    untested  write the file though camera or broker do not answer, without trying them
    """

    path: Path
    secrets: Secrets
    replace: bool = False
    untested: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be written.

    text     of the file
    secrets  that were typed, by NAME
    notes    of what is allowed but unwise, as `check` has them
    replace  whether a file that is there may be replaced
    """

    text: str
    secrets: Mapping[str, str] = field(repr=False)
    notes: tuple[str, ...]
    replace: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried once a part is right, and what is said before, since it takes its time."""

    sentence: str
    look: Callable[[Config], Iterator[Diagnosis]]


def hold(talk: Talk, flags: Flags, plan: Plan, attached: Callable[[], Found]) -> Outcome:
    """Asks and tries everything; writes nothing that stays. Raises SetupError."""
    replace = _may_replace(talk, plan)
    with store.beside(plan.path, ""):
        pass  # that the folder cannot be written is better told before all questions
    names: dict[str, object] = {
        "site": door.name(talk, "--site", "Name of the site", flags.site),
        "device": door.name(talk, "--device", "Name of this kiosk", flags.device),
    }
    called = door.name(talk, "--door", "Name of the door", flags.door, "front-door")

    def seen(flags: Flags) -> Part:
        found = attached() if flags.camera is None else Found()  # anew: one may be plugged in
        return _door(talk, flags, called, found, plan.secrets)

    def carried(flags: Flags) -> Part:
        part = which_broker.asked(talk, flags, plan.path.parent, plan.secrets)
        return Part({"mqtt": part.keys}, part.secrets)

    around = Part({**names, "mqtt": TRIAL_BROKER})
    around = around.with_part(_settled(talk, plan, seen, flags, around, CAMERA))
    whole = around.with_part(_settled(talk, plan, carried, flags, around, BROKER))
    return _outcome(plan, whole, replace)


def _may_replace(talk: Talk, plan: Plan) -> bool:
    if plan.path.is_dir():
        raise SetupError(f"{plan.path} is a folder: name a file with -c")
    if plan.replace or not plan.path.exists():
        return plan.replace
    there = f"{plan.path} is there already"
    if not talk.attended:
        raise SetupError(f"{there}: name another with -c, or replace it with --replace")
    if not talk.agreed(f"{there}. Replace it, when all is asked?", False):
        raise SetupError(f"{there}: name another with -c")
    return True


def _door(talk: Talk, flags: Flags, name: str, found: Found, secrets: Secrets) -> Part:
    feed = which_camera.asked(talk, flags, found, secrets)
    mode = door.mode(talk, flags.mode, feed.keys["kind"] == "realsense")
    keys = {"feeds": {name: feed.keys}, "doors": {name: {"mode": mode, "feed": name}}}
    return Part(keys, feed.secrets)


def _settled(
    talk: Talk,
    plan: Plan,
    ask: Callable[[Flags], Part],
    flags: Flags,
    around: Part,
    trial: Trial,
) -> Part:
    """The part that `ask` gives, once it is right and works; asked again until then.

    around  the rest of the file, with which it is looked at
    """
    while True:
        part = ask(flags)
        try:
            config = _config(plan, around.with_part(part))
        except ConfigError as error:
            wrong = "\n".join(map(_line, error.problems))
            if not talk.attended:
                raise SetupError(wrong) from error
            talk.say(wrong)
        else:
            if plan.untested or _works(talk, trial, config):
                return part
        flags = flags.not_asked  # what the others said did not do


def _works(talk: Talk, trial: Trial, config: Config) -> bool:
    """Whether all is well, or is to be taken as it is. Raises SetupError where nobody says so."""
    talk.say(trial.sentence)
    well = True
    for finding in trial.look(config):
        talk.say(str(finding))
        well = well and finding.well
    if not well and not talk.attended:
        raise SetupError("not all is well; --untested writes the file without trying", status=1)
    return well or talk.agreed("Take it as it is nonetheless?", False)


def _camera(config: Config) -> Iterator[Diagnosis]:
    """What the camera shows, and how it codes that."""
    (watched,) = config.doors
    well = True
    for finding in camera_shows.look(watched):
        well = well and finding.well
        yield finding
    if well and (found := key_frame_words.look(watched.feed)) is not None:
        yield found


CAMERA = Trial("Looking at the camera for up to half a minute: stand before it.", _camera)
BROKER = Trial("Sending a message to the broker and back.", round_trip.look)


def _config(plan: Plan, whole: Part) -> Config:
    """As the daemon would read it from its place. Raises ConfigError."""
    with store.beside(plan.path, draft.text(whole.keys)) as place:
        return load(place, plan.secrets.with_new(whole.secrets))


def _outcome(plan: Plan, whole: Part, replace: bool) -> Outcome:
    """Looked at once more as a whole, as `kioskd check` does."""
    text = draft.text(whole.keys)
    with store.beside(plan.path, text) as place:
        problems = check(place, plan.secrets.with_new(whole.secrets))
    if errors := [_line(problem) for problem in problems if problem.weight == "error"]:
        raise SetupError("\n".join(errors))
    return Outcome(text, whole.secrets, tuple(map(_line, problems)), replace)


def _line(problem: Problem) -> str:
    return f"{problem.path}: {problem.text}"
