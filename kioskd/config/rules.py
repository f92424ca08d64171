"""Rules that span several keys, each a generator of problems at the line to change."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from urllib.parse import urlsplit

from feeds import urls
from kioskd.config import (
    alarm_rules,
    broker_rules,
    cameras,
    command_rules,
    files,
    fleet_rules,
    hours_rules,
    inspect_rules,
    layer_rules,
    looser_limits,
    metrics_rules,
    networks,
    page_rules,
    people_rules,
    secret_rules,
    session_rules,
    snapshot_rules,
)
from kioskd.config.config import default_state_dir
from kioskd.config.effective_values import Answers, Below
from kioskd.config.problem import Problem, at_key, at_value, note
from kioskd.config.secrets import SecretError, Vault, holds_secret, without_braces
from kioskd.config.sentences import shown
from kioskd.config.yaml_document import Path
from kioskd.modes.catalogue import BY_NAME
from kioskd.modes.gate_settings import GateSettings, goes_by_own
from kioskd.modes.spec import ModeSpec
from models.schemes import SCHEMES as DETECTION

MissingFor = Callable[[str], tuple[str, ...]]  # models a scheme needs and the installation lacks
SCHEMES = {"rtsp": ("rtsp", "rtsps"), "http": ("http", "https")}
RECORDINGS = (".db3", ".bag")
MARGINS = ("left", "right", "above", "below")
GATE = GateSettings()


def problems(ask: Answers, vault: Vault, missing_for: MissingFor) -> Iterator[Problem]:
    """Everything that is wrong with the file as a whole, and notes on what is only unwise."""
    yield from _broker(ask, vault)
    yield from _spelling(ask)
    yield from _files(ask)
    for feed in ask.sections("feeds"):
        yield from _feed(ask, feed, vault)
    for door in ask.sections("doors"):
        yield from _door(ask, door, missing_for)
    near = broker_rules.is_loopback(ask.text("mqtt", "broker") or "")
    yield from cameras.problems(ask, vault, near)
    yield from networks.problems(ask)
    yield from page_rules.problems(ask, vault)
    yield from session_rules.problems(ask, vault)
    yield from people_rules.problems(ask, vault)
    yield from hours_rules.problems(ask)
    yield from metrics_rules.problems(ask)
    yield from inspect_rules.problems(ask, vault)
    yield from alarm_rules.problems(ask, vault)
    yield from command_rules.problems(ask, vault)
    yield from layer_rules.problems(ask)
    yield from fleet_rules.problems(ask, vault)
    yield from snapshot_rules.problems(ask)
    yield from _sharing(ask)
    yield from _state_dir(ask)


def _broker(ask: Answers, vault: Vault) -> Iterator[Problem]:
    yield from broker_rules.problems(ask, vault, "mqtt")
    broker = ask.text("mqtt", "broker")
    if broker == "embedded":
        yield from _embedded(ask)
    elif broker is not None and not broker_rules.is_loopback(broker):
        yield from broker_rules.exposed(ask, ("mqtt", "broker"), broker, "open the door")
    if ask.true("mqtt", "diagnostics") and broker != "embedded" and _has_camera(ask):
        yield note(ask.document, ("mqtt", "diagnostics"), _TALKATIVE)


def _has_camera(ask: Answers) -> bool:
    feeds = [ask.text("doors", door, "feed") or "" for door in ask.sections("doors")]
    return any(not cameras.is_recording(ask, feed) for feed in feeds)


_TALKATIVE = (
    "each model's scores and what stands in a person's way go to the broker, which teaches an"
    " attacker; set it to false when the door has been set up"
)


def _embedded(ask: Answers) -> Iterator[Problem]:
    for key in ("tls", "username", "password", "password_file"):
        if ask.set("mqtt", key):
            text = "the embedded broker is for trials and has no such thing; name a real broker"
            yield at_key(ask.document, ("mqtt", key), text)


def _spelling(ask: Answers) -> Iterator[Problem]:
    """Paths that no shell has unfolded, wherever one may stand."""
    feeds = [
        ("feeds", name, key) for name in ask.sections("feeds") for key in ("path", "recording")
    ]
    tls = [(at, "tls", key) for at in ("mqtt", "fleet") for key in broker_rules.TLS_FILES]
    passwords = (("mqtt", "password_file"), ("fleet", "password_file"))
    single = (("state_dir",), networks.KEY, layer_rules.TRUST)
    for path in (*single, *passwords, *page_rules.FILES, *tls, *feeds):
        text = ask.text(*path)
        if text and (wrong := files.misspelled(text)):
            yield at_value(ask.document, path, wrong)


def _files(ask: Answers) -> Iterator[Problem]:
    own = ("signing", "key_file")
    if (file := ask.file(*own)) is not None and (wrong := files.wrong_file(file)):
        yield note(ask.document, own, f"{wrong}: `kioskd keys create` makes the key")


def _feed(ask: Answers, name: str, vault: Vault) -> Iterator[Problem]:
    at = ("feeds", name)
    kind = ask.text(*at, "kind")
    if kind in SCHEMES:
        yield from _address(ask, (*at, "url"), SCHEMES[kind], vault)
    file = ask.file(*at, "path") if kind == "file" else None
    if file is not None and (wrong := files.wrong_video(file)):
        found = shown(ask.text(*at, "path") or "")
        yield at_value(ask.document, (*at, "path"), f"{wrong} (found {found})")
    if kind == "realsense":
        yield from _realsense(ask, at)
    yield from _order(ask, at, "retry_first_s", "retry_most_s")
    yield from _order(ask, at, "stall_s", "hang_s")


def _realsense(ask: Answers, at: tuple[str, ...]) -> Iterator[Problem]:
    """A camera by its serial number, or a recording."""
    if not ask.set(*at, "serial") and not ask.set(*at, "recording"):
        text = "is missing; it must be the camera's serial number, in quotes (`kioskd devices`)"
        yield at_key(ask.document, (*at, "serial"), text)
    for key in ("pace", "repeat", "trial"):
        if ask.set(*at, key) and not ask.set(*at, "recording"):
            yield at_key(ask.document, (*at, key), "is for a recording, and there is none here")
    file = ask.file(*at, "recording")
    found = shown(ask.text(*at, "recording") or "")
    if file is not None and not file.name.endswith(RECORDINGS):
        yield at_value(
            ask.document, (*at, "recording"), f"must end in .db3 or .bag (found {found})"
        )
    elif file is not None and (wrong := files.wrong_file(file)):
        yield at_value(ask.document, (*at, "recording"), f"{wrong} (found {found})")


def _address(ask: Answers, path: Path, schemes: tuple[str, ...], vault: Vault) -> Iterator[Problem]:
    typed = ask.text(*map(str, path))
    if typed is None:
        return
    if without_braces(typed):
        yield at_value(ask.document, path, secret_rules.BARE)
        return
    try:
        wrong = _address_fault(vault.filled_address(typed), schemes)
    except SecretError as error:
        wrong = str(error)
    if wrong:
        yield at_value(ask.document, path, wrong)
    elif urls.has_password(typed) and not holds_secret(typed):
        yield note(ask.document, path, secret_rules.PLAIN)


def _address_fault(url: str, schemes: tuple[str, ...]) -> str:
    """What is wrong with an address, without repeating any of it; "" if nothing is."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in schemes:
        meant = get_close_matches(scheme.lower()[:12], schemes, 1)
        hint = f", did you mean '{meant[0]}://'?" if meant else ""
        begins = " or ".join(f"{known}://" for known in schemes)
        return f"must be an address that begins with {begins}{hint}"
    if urls.misread(url):
        return f"is not read as it is meant{urls.hint(url)}"
    try:
        host, _ = urlsplit(url).hostname, urlsplit(url).port
    except ValueError:
        return "is not an address: its host or port cannot be read (encode @, / and : as %40, ...)"
    if not url.isprintable() or " " in url:
        return "is not an address: it holds a blank or a control character"
    return "" if host else "is not an address: there is no host in it"


def _door(ask: Answers, name: str, missing_for: MissingFor) -> Iterator[Problem]:
    at = ("doors", name)
    yield from _door_feed(ask, at)
    yield from _order(ask, (*at, "gate"), "minimum_brightness", "maximum_brightness")
    spec = BY_NAME.get(ask.text(*at, "mode") or "")
    if spec is not None:
        yield from _mode(ask, at, spec)
    scheme = ask.text(*at, "rgb_liveness", "detection_scheme") or ""
    if missing := missing_for(scheme):
        text = f"{scheme} needs the {' and '.join(missing)} network, which is not installed"
        yield at_value(ask.document, (*at, "rgb_liveness", "detection_scheme"), text)
    yield from _margins(ask, at, scheme)
    recorded = cameras.is_recording(ask, ask.text(*at, "feed") or "")
    yield from looser_limits.problems(ask, name, recorded)


def _mode(ask: Answers, at: tuple[str, ...], spec: ModeSpec) -> Iterator[Problem]:
    """What the door's mode says of its own keys, and of the camera that it needs."""
    feed = ask.text(*at, "feed") or ""
    kind = ask.text("feeds", feed, "kind")
    if spec.depth and kind not in (None, "realsense"):
        text = f"{spec.name} needs a feed of kind realsense ({feed} is of kind {kind})"
        yield at_value(ask.document, (*at, "feed"), text)
    joins = (*at, spec.joins, "joined_with")
    if spec.joins and ask.text(*joins) == "depth" and kind not in (None, "realsense"):
        text = f"depth needs a feed of kind realsense ({feed} is of kind {kind}); rgb does not"
        yield at_value(ask.document, joins, text)
    if spec.replays(Below(ask, at)) and not cameras.is_recording(ask, feed):
        yield note(ask.document, (*at, "mode"), _REPLAYED)
    for order in spec.orders:
        section = (*at, order.section)
        yield from _order(ask, section, order.low, order.high, strict=order.strict)
    for fault in spec.faults(Below(ask, at)):
        place = at_key if fault.there else at_value
        yield place(ask.document, (*at, *fault.at), fault.text)


_REPLAYED = (
    "a replayed video of somebody who does what is asked passes, and nothing else watches this door"
    " (docs/install/operations.md, Replayed videos)"
)


def _door_feed(ask: Answers, at: tuple[str, ...]) -> Iterator[Problem]:
    feed, feeds = ask.text(*at, "feed"), tuple(ask.sections("feeds"))
    if feed is None or feed in feeds:
        return
    meant = get_close_matches(feed, feeds, 1)
    hint = f", did you mean '{meant[0]}'?" if meant else ""
    yield at_value(ask.document, (*at, "feed"), f"no such feed (found {shown(feed)}){hint}")


def _margins(ask: Answers, at: tuple[str, ...], scheme: str) -> Iterator[Problem]:
    """Less room than the hybrid model was made for is for recordings only."""
    feed = ask.text(*at, "feed") or ""
    looks = scheme in DETECTION and "hybrid" in DETECTION[scheme].models
    if cameras.is_recording(ask, feed) or not looks:
        return
    if goes_by_own(ask.text(*at, "gate", "numbers"), scheme):
        for side in MARGINS:
            if ask.set(*at, "gate", key := f"hybrid_margin_{side}"):
                text = f"is not asked for with {scheme}; write numbers: safr to ask for it"
                yield note(ask.document, (*at, "gate", key), text)
        return
    for side in MARGINS:
        key, least = f"hybrid_margin_{side}", getattr(GATE, f"hybrid_margin_{side}")
        value = ask.number(*at, "gate", key)
        if value is not None and value < least:
            text = f"{value:g} is less room than the hybrid model needs ({least:g})"
            yield note(ask.document, (*at, "gate", key), text)


def _order(
    ask: Answers, at: tuple[str, ...], low: str, high: str, *, strict: bool = False
) -> Iterator[Problem]:
    """`low` must not be above `high`; said at the one that stands in the file."""
    least, most = ask.number(*at, low), ask.number(*at, high)
    if least is None or most is None or least < most:
        return
    if least == most:
        if strict:
            text = f"must be below {high}, which is {most:g} (found {least:g})"
            yield at_value(ask.document, (*at, low), text)
        return
    if ask.set(*at, low):
        text = f"must not be above {high}, which is {most:g} (found {least:g})"
        yield at_value(ask.document, (*at, low), text)
    else:
        text = f"must not be below {low}, which is {least:g} (found {most:g})"
        yield at_value(ask.document, (*at, high), text)


def _sharing(ask: Answers) -> Iterator[Problem]:
    """Each feed serves one door: who decides there must not be in doubt."""
    taken: dict[str, str] = {}
    for door in ask.sections("doors"):
        feed = ask.typed("doors", door, "feed")
        if feed is not None and feed in taken:
            text = f"feed {shown(feed)} already serves door {taken[feed]}; one feed, one door"
            yield at_value(ask.document, ("doors", door, "feed"), text)
        elif feed is not None:
            taken[feed] = door
    if not taken.keys() <= set(ask.sections("feeds")):
        return  # a door names a feed that is not there, and may mean one of these
    for feed in ask.sections("feeds"):
        if feed not in taken:
            yield note(ask.document, ("feeds", feed), "no door uses this feed, so it is not opened")


def _state_dir(ask: Answers) -> Iterator[Problem]:
    path = ("state_dir",)
    if ask.set(*path):
        folder = ask.file(*path)
    else:
        folder = default_state_dir(ask.folder)
        if wrong := files.misspelled(str(folder)):
            yield at_key(ask.document, path, f"$STATE_DIRECTORY stands for it, and {wrong}")
            return
    if folder is None:
        return
    if wrong := files.wrong_folder(folder):
        yield at_value(ask.document, path, wrong)
    elif ask.set(*path) and not files.may_write(folder):
        text = f"user {files.me()} may not write to {folder}, where the audit log belongs"
        yield note(ask.document, path, text)
