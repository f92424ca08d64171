"""How each command is called. The only file that imports click; kioskd/commands/ does the work.

Exit status: 0 all is well; 1 something failed while running (systemd starts it again);
2 the configuration or the installation is wrong (a restart would not mend it). `kioskd inspect`
has two more: 3 a person should look at an image, 4 one is rejected.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from inspect import cleandoc
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource
from click.shell_completion import get_completion_class

from feeds.surroundings import hold_standard
from kioskd import __version__
from kioskd.commands.extras import extra, what_every_door_needs
from kioskd.config.files import misspelled

if TYPE_CHECKING:
    from kioskd.commands.fleet import Nats
    from kioskd.commands.fleet_rollout import Road
    from kioskd.commands.man import Described


class PlainPath(click.Path):
    """A path in which no ~ is left over: systemd, `sudo` and quotes do not unfold it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if wrong := misspelled(str(value)):
            self.fail(f"{str(value)!r} {wrong}", param, ctx)
        return super().convert(value, param, ctx)


PATH = PlainPath(path_type=Path)
CONFIG = click.option(
    "-c",
    "--config",
    "config",
    type=PATH,
    default=lambda: Path(os.environ.get("KIOSKD_CONFIG", "config.yaml")),
    show_default="$KIOSKD_CONFIG, else config.yaml",
    help="The configuration file.",
)


# kioskd simulate
SPEED = "So many times as fast as time goes; other than 1, it ends now. 0: as fast as it goes."
EVERY = "A result so often at each door; else as the doors' stories have it."
DIRECT = "The fleet's PostgreSQL takes it, as `kioskd collect` would store it."
HEALTH = "Seconds between two words of how a kiosk is."
CONNECTIONS = "That carry them; else one for each kiosk, at most 200."
BROKEN = "moved, lamp or lens, at that kiosk's first door from that day of the span on."
SPOIL = "A share of outages, late, again, lost, forged or clocks, 0 to 1."


class Commands(click.Group):
    """All commands; each needs what every door needs, or is told how to get it."""

    def invoke(self, ctx: click.Context) -> Any:
        with what_every_door_needs():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kioskd")
def main() -> None:
    """Watch the cameras at your doors and tell over MQTT whether a live person stands there."""
    _hold_standard()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a locale may lack what a name holds


def _hold_standard() -> None:
    """A command that was started without input, output or errors has them, and they are empty."""
    with suppress(OSError):  # where there is no /dev/null there is nothing to be done
        hold_standard()
        for fd, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
            if getattr(sys, name) is None:
                setattr(sys, name, os.fdopen(fd, mode, closefd=False))


@main.command()
@CONFIG
def run(config: Path) -> None:
    """Run the daemon until SIGTERM."""
    from kioskd.commands import run as command

    sys.exit(command.run(config))


@main.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reload(config: Path, as_json: bool) -> None:
    """Have the running daemon read its configuration again; say what it took, and what not."""
    from kioskd.commands import reload as command

    sys.exit(command.run(config, as_json=as_json))


@main.command()
@CONFIG
@click.option("--socket", type=PATH, help="The daemon's socket, where it is neither of the usual.")
@click.option("--modified", type=int, help="Date of a change, ms since 1970; else now.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.argument("command")
@click.argument("names", nargs=-1)
@click.pass_context
def ctl(
    context: click.Context,
    config: Path,
    socket: Path | None,
    modified: int | None,
    as_json: bool,
    command: str,
    names: tuple[str, ...],
) -> None:
    """Give the daemon on this machine a command.

    list, status, enable DOOR, disable DOOR, set DOOR=on DOOR=off ..., restart FEED, end-lockout
    DOOR, debug DOOR, reload, diagnostics. docs/connect/commands.md tells what each does.
    """
    from kioskd.commands import ctl as work

    given = context.get_parameter_source("config") is ParameterSource.COMMANDLINE
    place = socket or work.place(config, given=given)
    sys.exit(work.run(place, command, names, modified, as_json=as_json))


PASSPHRASE = click.option(
    "--passphrase-file",
    type=PATH,
    help="File whose first line is the passphrase; else a terminal is asked.",
)


@main.command()
@click.argument("file", type=PATH)
@CONFIG
@click.option("--keys", is_flag=True, help="Keys and passwords too, sealed by a passphrase.")
@PASSPHRASE
def backup(file: Path, config: Path, keys: bool, passphrase_file: Path | None) -> None:
    """Write configuration and state to FILE, while the daemon runs: audit log, people, cameras.

    Keys and passwords only with --keys. With a passphrase FILE is sealed as a whole.
    docs/install/upgrade.md says what is in it, and what is not.
    """
    from kioskd.commands import backup as command

    asked = _passphrase(passphrase_file, needed=keys, twice=True)
    sys.exit(command.run(file, config, keys=keys, passphrase=asked))


@main.command()
@click.argument("file", type=PATH)
@CONFIG
@click.option("--replace", is_flag=True, help="Keep aside what is there already.")
@PASSPHRASE
def restore(file: Path, config: Path, replace: bool, passphrase_file: Path | None) -> None:
    """Put a backup back, once all of it is proved; kioskd must be stopped.

    The configuration goes to -c CONFIG, the state to the folder that it names.
    docs/install/upgrade.md says what to see to afterwards.
    """
    from kioskd.commands import restore as command

    asked = _passphrase(passphrase_file, needed=command.needs_passphrase(file), twice=False)
    sys.exit(command.run(file, config, replace=replace, passphrase=asked))


def _passphrase(file: Path | None, *, needed: bool, twice: bool) -> str | None:
    """From the file, or whoever sits at the terminal; None where nobody can be asked."""
    from kioskd.config.secrets import SecretError, from_file

    if file is not None:
        try:
            return from_file(file, f"the passphrase in {file}")
        except SecretError as error:
            raise click.UsageError(str(error)) from error
    if not needed or not sys.stdin.isatty():
        return None
    asked = click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True)
    return str(asked)


@main.command()
@CONFIG
@click.option("--as", "user", help="Look as this user does; the unit's own is kioskd. Needs root.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(config: Path, user: str | None, as_json: bool) -> None:
    """Check the configuration; say every mistake at once. Exit status 0, or 2."""
    from kioskd.commands import check as command

    sys.exit(command.run(config, user, as_json=as_json))


@main.command()
@CONFIG
@click.option("--site", help="Name of the site, the first word of the topics.")
@click.option("--device", help="Name of this kiosk.")
@click.option("--door", help="Name of the door and of its feed.")
@click.option("--camera", help="An address, a device such as /dev/video0, or a serial number.")
@click.option("--camera-user", help="Who asks the camera; the password is CAMERA_PASSWORD.")
@click.option("--transport", type=click.Choice(("tcp", "udp")), help="How RTSP video travels.")
@click.option("--rotate", type=click.Choice(("90", "180", "270")), help="Turn the picture upright.")
@click.option("--mode", help="What a person must do, by a mode's name.")
@click.option("--broker", help="Host name or address of the broker, or embedded.")
@click.option("--port", help="The broker's port.")
@click.option("--tls/--no-tls", default=None, help="Encrypt the connection to the broker.")
@click.option("--ca-file", help="Of the CA that signed the broker's certificate.")
@click.option("--cert-file", help="This kiosk's own certificate, where the broker asks for one.")
@click.option("--key-file", help="The private key of --cert-file.")
@click.option("--user", help="User name at the broker; the password is MQTT_PASSWORD.")
@click.option("--password-file", help="The file that holds the broker's password, instead.")
@click.option("--allow-insecure", is_flag=True, help="A broker elsewhere without TLS or password.")
@click.option("--credentials", type=PATH, help="Folder for passwords; else credentials beside -c.")
@click.option("--replace", is_flag=True, help="Write over what is there, without asking.")
@click.option("--untested", is_flag=True, help="Write it without trying camera and broker.")
def setup(
    config: Path, credentials: Path | None, replace: bool, untested: bool, **answers: Any
) -> None:
    """Ask what a door needs, try camera and broker, and write a commented configuration.

    What a flag says is not asked. Passwords are typed unseen, or taken from the environment
    variables CAMERA_PASSWORD and MQTT_PASSWORD; none stands in the configuration.
    """
    from kioskd.commands import setup as command

    sys.exit(
        command.run(command.Flags(**answers), command.plan(config, credentials, replace, untested))
    )


@main.command()
@click.argument("name", default="config")
def schema(name: str) -> None:
    """Print the JSON Schema of config.yaml, for editors, or the one that is named.

    NAME is a kind of message, such as action, state or status, or an interface, such as
    sessions-openapi; a wrong one is answered with all there are.
    """
    from kioskd.commands import schema as command

    sys.exit(command.run(name))


@main.command()
def example() -> None:
    """Print the commented example of config.yaml, every key explained."""
    from kioskd.commands import example as command

    sys.exit(command.run())


@main.command()
@click.option("--collector", is_flag=True, help="That of a fleet's collector instead.")
def unit(collector: bool) -> None:
    """Print the systemd unit for this kioskd."""
    from kioskd.commands import unit as command

    sys.exit(command.run(collector=collector))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the events' JSON only.")
def demo(as_json: bool) -> None:
    """Run the daemon on the two clips that ship with it and print what a door would receive."""
    from kioskd.commands import demo as command

    sys.exit(command.run(as_json=as_json))


@main.command("try")
@click.argument("camera", required=False)
@click.option("--mode", default="secure_access_rgb_liveness", show_default=True)
@click.option("--no-browser", is_flag=True, help="Name the page's address and open nothing.")
def try_(camera: str | None, mode: str, no_browser: bool) -> None:
    """Try a camera without any configuration: page and verdicts, until Ctrl-C.

    CAMERA is an address (rtsp://, http://), a device or a video file; else the first USB camera.
    """
    from kioskd.commands import try_ as command

    sys.exit(command.run(camera, mode, browser=not no_browser))


@main.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def doctor(config: Path, as_json: bool) -> None:
    """Look at this machine and say, line by line, what is well and what to do."""
    from kioskd.commands import doctor as command

    sys.exit(command.run(config, as_json=as_json))


@main.command("broker-kit")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--broker", "brokers", multiple=True, help="Its name or address; first: kiosks'.")
@click.option("--kiosk", "kiosks", multiple=True, help="SITE/DEVICE; again for each.")
@click.option("--controller", "controllers", multiple=True, help="NAME=SITE/DEVICE/SOURCE.")
@click.option("--collector", "collectors", multiple=True, help="A reader of all audit records.")
@click.option("--operator", "operators", multiple=True, help="NAME=SITE/DEVICE, for commands.")
@click.option("--port", type=click.IntRange(1, 65535), show_default="8883")
@click.option("--prefix", help="mqtt.topic_prefix of the kiosks.", show_default="liveness/v1")
@click.option("--client-certificates", is_flag=True, help="Everybody must show one of their own.")
@click.option("--owner", default="mosquitto", show_default=True, help="The broker's user.")
def broker_kit(
    folder: Path,
    brokers: tuple[str, ...],
    kiosks: tuple[str, ...],
    controllers: tuple[str, ...],
    collectors: tuple[str, ...],
    operators: tuple[str, ...],
    port: int | None,
    prefix: str | None,
    client_certificates: bool,
    owner: str,
) -> None:
    """Write to DIR what a mosquitto broker needs: certificates, users, rights, configuration."""
    from kioskd.broker_kit import plan
    from kioskd.broker_kit.kit import Asked
    from kioskd.commands import broker_kit as command

    try:
        asked = Asked(
            brokers,
            port,
            prefix,
            client_certificates,
            tuple(map(plan.kiosk, kiosks)),
            tuple(map(plan.controller, controllers)),
            collectors,
            tuple(map(plan.operator, operators)),
        )
    except plan.PlanError as error:
        raise click.UsageError(str(error)) from None
    sys.exit(command.run(folder, asked, owner))


@main.command()
def devices() -> None:
    """List the cameras of this machine by stable name."""
    from kioskd.commands import devices as command

    sys.exit(command.run())


@main.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print topic and payload as JSON lines.")
def events(config: Path, as_json: bool) -> None:
    """Follow what the broker carries for this device, readably, until interrupted."""
    from kioskd.commands import events as command

    sys.exit(command.run(config, as_json=as_json))


@main.command()
@CONFIG
@click.option("--door", help="Which door of the configuration; else its first.")
@click.option("--once", is_flag=True, help="Print what is so now as plain text, and end.")
@click.option("--language", default="en", show_default=True, help="One that the page speaks.")
def watch(config: Path, door: str | None, once: bool, language: str) -> None:
    """Show one door's gate, scores, phase and verdicts, as the page does, in a terminal."""
    with extra("page"):
        from kioskd.commands import watch as command

    sys.exit(command.run(config, door, language, once=once))


@main.command()
@click.argument("file", type=PATH)
@click.option("--feeds", default="1,2,4,8", show_default=True, help="How many feeds, in turn.")
@click.option("--seconds", default=15.0, show_default=True, help="How long each run lasts.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def bench(file: Path, feeds: str, seconds: float, as_json: bool) -> None:
    """Measure the whole road on this machine, with FILE (a video) as the camera."""
    from kioskd.commands import bench as command

    try:
        counts = [int(n) for n in feeds.split(",")]
    except ValueError:
        raise click.BadParameter(f"numbers with commas, such as 1,2,4 (got {feeds!r})") from None
    sys.exit(command.run(file, counts, seconds, as_json=as_json))


def _data_set_options(command: Callable[..., None]) -> Callable[..., None]:
    """What `evaluate` and `calibrate` share."""
    options = (
        click.argument("data_set", metavar="DATASET", type=PATH),
        click.option("-c", "--config", type=PATH, help="Take a door's settings."),
        click.option("--door", help="Which door of the configuration; else its first."),
        click.option(
            "--gate",
            type=click.Choice(("on", "off")),
            default="on",
            show_default=True,
            help="off: judge every image with a face by itself, for tight crops.",
        ),
        click.option(
            "--clip-frames",
            default=30,
            show_default=True,
            type=click.IntRange(0),
            help="Images per presentation; 0: a folder's images are one.",
        ),
        click.option(
            "--images-fps",
            default=10.0,
            show_default=True,
            type=click.FloatRange(1, 120),
            help="The rate at which images are shown.",
        ),
        click.option("--label", help="Of everything in DATASET: bonafide or attack_SPECIES."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@_data_set_options
@click.option("--mode", help="Which mode is judged; else the door's, or RGB liveness.")
@click.option("--scheme", "schemes", multiple=True, help="A detection scheme, or all.")
@click.option("--json", "json_file", type=PATH, help="Write all figures.")
@click.option("--html", "html_file", type=PATH, help="Write a report.")
@click.option("--thumbnails", is_flag=True, help="Show the worst errors in it: faces of people.")
@click.option("--markdown", is_flag=True, help="Print the tables of docs/measure instead.")
@click.option("--gate-prices", type=PATH, help="Price each key of the gate instead: a page.")
@click.option("--gate-key", "gate_keys", multiple=True, help="Of this key alone; again for each.")
def evaluate(
    schemes: tuple[str, ...], gate_prices: Path | None, gate_keys: tuple[str, ...], **asked: Any
) -> None:
    """Measure what a door's settings are worth on DATASET: a folder or CSV of known truth."""
    with extra("evaluation"):
        from kioskd.commands import evaluate as command
        from kioskd.commands import price_gate
        from kioskd.evaluation.request import Request

    if gate_keys and gate_prices is None:
        raise click.UsageError("--gate-key goes with --gate-prices PAGE.html")
    request = Request(schemes=_schemes(schemes), **asked)
    if gate_prices is not None:
        sys.exit(price_gate.run(request, gate_prices, gate_keys))
    sys.exit(command.run(request))


@main.command()
@_data_set_options
@click.option("--scheme", help="The detection scheme; else the configuration's.")
@click.option("--bpcer", type=click.FloatRange(0, 100), help="Wanted: % of doors wrongly shut.")
@click.option("--apcer", type=click.FloatRange(0, 100), help="Wanted: % of attacks let in.")
@click.option("--write", type=PATH, help="Write the proposal there too.")
@click.option("--allow-looser", is_flag=True, help="Choose what lets more pass than the defaults.")
@click.option("--apply", is_flag=True, help="Put it into the door's configuration, and reload.")
def calibrate(
    scheme: str | None,
    bpcer: float | None,
    apcer: float | None,
    write: Path | None,
    allow_looser: bool,
    apply: bool,
    **asked: Any,
) -> None:
    """Fit the score to DATASET and propose thresholds, with what each choice costs."""
    with extra("evaluation"):
        from kioskd.commands import calibrate as command
        from kioskd.evaluation.request import Request
        from kioskd.evaluation.threshold_choice import Wish

    if (bpcer is None) == (apcer is None):
        raise click.UsageError("say either --bpcer or --apcer, such as --bpcer 5")
    wish = Wish("bpcer", bpcer / 100) if bpcer is not None else Wish("apcer", (apcer or 0.0) / 100)
    request = Request(schemes=_schemes((scheme,) if scheme else ()), **asked)
    told = " ".join(("kioskd", *sys.argv[1:]))
    if apply and request.config is None:
        raise click.UsageError("--apply goes with -c FILE, which it changes")
    sys.exit(command.run(request, command.Proposing(wish, told, write, allow_looser, apply)))


@main.command()
@click.argument("feed")
@CONFIG
@click.option(
    "--to",
    "folder",
    type=PATH,
    default=Path("recordings"),
    show_default=True,
    help="The folder of all recordings.",
)
@click.option("--minutes", default=5.0, show_default=True, type=click.FloatRange(0.01, 720))
@click.option("--keep-gb", default=5.0, show_default=True, type=click.FloatRange(0.001, 10_000))
@click.option("--keep-days", default=7.0, show_default=True, type=click.FloatRange(0.01, 3650))
@click.option("--yes", is_flag=True, help="I know that this keeps pictures of people.")
def record(
    feed: str,
    config: Path,
    folder: Path,
    minutes: float,
    keep_gb: float,
    keep_days: float,
    yes: bool,
) -> None:
    """Keep the frames of FEED as the camera gives them, for replay, evaluation and reports."""
    from kioskd.commands import record as command

    def agreed(warning: str) -> bool:
        click.echo(warning, err=True)
        return yes or (sys.stdin.isatty() and click.confirm("Record?", err=True))

    limits = command.Limits(minutes, keep_gb, keep_days)
    sys.exit(command.run(config, feed, folder, limits, agreed))


@main.command("inspect")
@click.argument("images", metavar="IMAGE|FOLDER|-", nargs=-1, required=True)
@click.option(
    "--profile",
    type=click.Choice(("selfie", "door")),
    default="selfie",
    show_default=True,
    help="door: ask for what a door's camera can give.",
)
@click.option("--limit", "limits", multiple=True, metavar="CODE=REJECT[,DOUBT]", help="Another.")
@click.option(
    "--faces",
    "policy",
    type=click.Choice(("largest", "one")),
    default="largest",
    show_default=True,
    help="one: reject a picture of several people.",
)
@click.option(
    "--model",
    type=click.Choice(("rgb-single-image", "rgb-sequence", "infrared", "depth")),
    default="rgb-single-image",
    show_default=True,
    help="Which model is to judge; an error where it cannot.",
)
@click.option("--reference", type=PATH, help="A picture of who it must be.")
@click.option("--json", "lines", is_flag=True, help="Print one JSON object per image.")
@click.option("--html", type=PATH, help="Write a report.")
@click.option("--thumbnails", "pictures", is_flag=True, help="Show the faces in it.")
def inspect(limits: tuple[str, ...], model: str, html: Path | None, **asked: Any) -> None:
    """Judge still images: accept, doubt or reject each, and why.

    Exit status of the worst image: 0 accept, 3 doubt, 4 reject.
    """
    with extra("page"):
        from kioskd.commands import inspect as command
        from kioskd.inspect.named_models import Model

    if html is not None:
        with extra("evaluation"):
            from kioskd.inspect import inspection_page as inspection_page
    if wrong := [limit for limit in limits if "=" not in limit]:
        raise click.BadParameter(f"--limit {wrong[0]}: such as sharpness=0.1,0.2")
    by_code = dict(limit.split("=", 1) for limit in limits)
    sys.exit(command.run(command.Asked(limits=by_code, model=Model(model), html=html, **asked)))


@main.group(invoke_without_command=True)
@CONFIG
@click.pass_context
def keys(context: click.Context, config: Path) -> None:
    """The keys by which this kiosk signs; without a word more, export."""
    if context.invoked_subcommand is None:
        from kioskd.commands import keys as command

        sys.exit(command.export(config))


@keys.command("export")
@CONFIG
@click.option("--all", "every", is_flag=True, help="Those before too, for who keeps old records.")
def keys_export(config: Path, every: bool) -> None:
    """Print the public keys that controllers are to trust, as JSON: the present and the next."""
    from kioskd.commands import keys as command

    sys.exit(command.export(config, every=every))


@keys.command("create")
@CONFIG
@click.option("--file", type=PATH, help="Make it here, such as for a systemd credential.")
def keys_create(config: Path, file: Path | None) -> None:
    """Make the key before the first start, so that controllers can have it."""
    from kioskd.commands import keys as command

    sys.exit(command.create(config, file=file))


@keys.command("list")
@CONFIG
def keys_list(config: Path) -> None:
    """Print each key's id: present, next, or before."""
    from kioskd.commands import keys as command

    sys.exit(command.show(config))


@keys.command("rotate")
@CONFIG
@click.option("--now", is_flag=True, help="Sign by the next key from the next start on.")
def keys_rotate(config: Path, now: bool) -> None:
    """Prepare the next key; with --now, let it take the present one's place."""
    from kioskd.commands import keys as command

    sys.exit(command.rotate(config, now=now))


@keys.command("trust")
@click.argument("file", type=PATH)
@click.argument("exported", type=PATH, required=False)
@click.option("--forget", multiple=True, help="A key's id, to trust no more; again for each.")
def keys_trust(file: Path, exported: Path | None, forget: tuple[str, ...]) -> None:
    """On a controller: add EXPORTED keys to FILE, those it trusts, or forget some."""
    from kioskd.commands import keys as command

    sys.exit(command.trust(file, exported, forget))


@main.group()
def snapshots() -> None:
    """The pictures kept of refused attempts, where a site asked for them."""


@snapshots.command("key")
@click.option("--out", type=PATH, required=True, help="File of the private key; yours alone.")
def snapshots_key(out: Path) -> None:
    """Make the key that opens them, NOT on a kiosk; print what snapshots.recipient is to be."""
    from kioskd.commands import snapshots as command

    sys.exit(command.make_key(out))


@snapshots.command("list")
@CONFIG
@click.option("--folder", type=PATH, help="Where they lie, instead of the configuration's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per snapshot.")
def list_snapshots(config: Path, folder: Path | None, as_json: bool) -> None:
    """Print what may be known without the key: when, at which door, why, of which event."""
    from kioskd.commands import snapshots as command

    sys.exit(command.show(config, folder, as_json=as_json))


@snapshots.command("open")
@click.argument("files", nargs=-1, type=PATH, required=True)
@click.option("--key", type=PATH, required=True, help="File of the private key.")
@click.option("--out", type=PATH, default=Path(), help="Folder of the pictures; default here.")
def open_snapshots(files: tuple[Path, ...], key: Path, out: Path) -> None:
    """Write each picture as JPEG, for your user alone; on the machine that has the key."""
    from kioskd.commands import snapshots as command

    sys.exit(command.open_sealed(files, key, out))


@snapshots.command("delete")
@CONFIG
@click.option("--folder", type=PATH, help="Where they lie, instead of the configuration's.")
@click.option("--all", "every", is_flag=True, help="All of them.")
@click.argument("events", nargs=-1)
def delete_snapshots(
    config: Path, folder: Path | None, every: bool, events: tuple[str, ...]
) -> None:
    """Delete those of these EVENTS, by their ids; where one has none, nothing is deleted."""
    from kioskd.commands import snapshots as command

    sys.exit(command.delete(config, folder, events, every=every))


@main.command()
@click.argument("file", type=PATH, required=False)
@click.option("-c", "--config", type=PATH, help="Follow this configuration's broker; its own key.")
@click.option("--keys", type=PATH, help="Public keys to trust, as `kioskd keys` prints them.")
@click.option("--prefix", default="liveness/v1", help="What stands before SITE in the topics.")
@click.option("--topic", help="Judge as the controller of this door: the topic of its actions.")
@click.option("--action", help="With --topic: the actionId of the door's mode.")
@click.option("--attribute", help='With --topic: what must be "true" beside it; none: nothing.')
@click.option("--door", help="With --topic: the door's name, as x.doorId says it.")
@click.option("--camera", help="With --topic: the camera's, as x.cameraId says it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
def verify(
    file: Path | None,
    config: Path | None,
    keys: Path | None,
    prefix: str,
    topic: str | None,
    action: str | None,
    attribute: str | None,
    door: str | None,
    camera: str | None,
    as_json: bool,
) -> None:
    """Say of each message whether its kiosk signed it; with --topic, whether it opens that door.

    FILE holds a message a line ({"topic", "retained", "payload" as text, "at"}); - is standard
    input. Records of the audit log are checked for being a whole chain.
    """
    from kioskd.commands import verify as command

    controller = None
    if topic is not None:
        if action is None or attribute is None:
            raise click.UsageError(
                "--topic needs --action and --attribute, as docs/connect/mqtt.md"
            )
        needed = None if attribute == "none" else attribute
        controller = command.Controller(topic, action, needed, door, camera)
    sys.exit(command.run(file, config, keys, prefix, controller, as_json))


@main.group()
def feeds() -> None:
    """Which camera each feed is known to have."""


@feeds.command("list")
@CONFIG
def feeds_list(config: Path) -> None:
    """Print what is known of each feed's camera, and any that was refused in its place."""
    from kioskd.commands import feeds as command

    sys.exit(command.show(config))


@feeds.command("accept")
@click.argument("feed")
@CONFIG
def feeds_accept(feed: str, config: Path) -> None:
    """Take the other camera that was refused at FEED: you changed it yourself."""
    from kioskd.commands import feeds as command

    sys.exit(command.accept(config, feed))


@main.group()
def people() -> None:
    """Who is enrolled on this kiosk, for doors that open to nobody else."""


def _person_options(command: Callable[..., None]) -> Callable[..., None]:
    """What is said of somebody who is enrolled."""
    options = (
        click.option("--class", "id_class", help="staff, visitor, no_concern, threat, stranger."),
        click.option("--name", help="For people who read the list; no need of it."),
        click.option("--from", "since", help="From when on they may enter: 2026-12-01."),
        click.option("--until", help="The last day, or a time: 2026-12-31T18:00."),
        click.option("--door", "doors", multiple=True, help="Where; again for each. Else all."),
        click.option(
            "--least",
            type=click.Choice(("low", "medium", "high")),
            default="medium",
            show_default=True,
            help="How good a picture must be.",
        ),
        click.option("--twin", is_flag=True, help="They may look like somebody enrolled."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _how(least: Any, twin: bool, doors: tuple[str, ...] = (), **said: str | None) -> Any:
    from kioskd.commands.people import How
    from kioskd.identity.people_list import Written

    return How(Written(doors=doors or None, **said), least, twin)


@people.command("add")
@click.argument("person_id", metavar="ID")
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=PATH)
@CONFIG
@_person_options
def add_person(config: Path, person_id: str, images: tuple[Path, ...], **said: Any) -> None:
    """Enrol somebody by pictures; more pictures of somebody enrolled are added to theirs."""
    how = _how(**said)
    from kioskd.commands import people as command

    sys.exit(command.add(config, person_id, images, how))


@people.command("capture")
@click.argument("person_id", metavar="ID")
@CONFIG
@click.option("--at", help="Before which door's camera; else the first's.")
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1, 3600))
@_person_options
def capture_person(
    config: Path, person_id: str, at: str | None, seconds: float, **said: Any
) -> None:
    """Enrol who stands before a door's camera, if they pass what the door asks."""
    how = _how(**said)
    from kioskd.commands import people as command

    sys.exit(command.capture(config, person_id, at, seconds, how))


@people.command("list")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def list_people(config: Path, as_json: bool) -> None:
    """Print everybody who is enrolled."""
    from kioskd.commands import people as command

    sys.exit(command.show(config, as_json=as_json))


@people.command("remove")
@click.argument("person_ids", metavar="ID...", nargs=-1, required=True)
@CONFIG
def remove_people(config: Path, person_ids: tuple[str, ...]) -> None:
    """Erase people, with all that is kept of them."""
    from kioskd.commands import people as command

    sys.exit(command.remove(config, person_ids))


@people.command("import")
@click.argument("source", metavar="FILE", type=PATH)
@CONFIG
@click.option("--key-file", type=PATH, help="Holds the key of a sealed FILE, if it has another.")
@click.option(
    "--least",
    type=click.Choice(("low", "medium", "high")),
    default="medium",
    show_default=True,
    help="How good a picture must be.",
)
@click.option("--twin", is_flag=True, help="They may look like somebody enrolled.")
def import_people(
    source: Path, config: Path, key_file: Path | None, least: str, twin: bool
) -> None:
    """Enrol everybody of FILE: a CSV list with pictures, or what `export` wrote."""
    how = _how(least, twin)
    from kioskd.commands import people as command

    sys.exit(command.take_in(config, source, key_file, how))


@people.command("export")
@click.argument("target", metavar="FILE", type=PATH)
@CONFIG
@click.option("--key-file", type=PATH, help="Holds the key to seal with, instead of people.key.")
def export_people(target: Path, config: Path, key_file: Path | None) -> None:
    """Write everybody to FILE, sealed, for another kiosk."""
    from kioskd.commands import people as command

    sys.exit(command.give_out(config, target, key_file))


@people.command("seal")
@CONFIG
def seal_people(config: Path) -> None:
    """Seal the file of people with people.key, where people.old_key was its key before."""
    from kioskd.commands import people as command

    sys.exit(command.seal(config))


def _span(_context: click.Context, param: click.Parameter, value: str) -> float:
    """Seconds of a span such as 90s, 30m, 12h or 21d."""
    try:
        span = float(value[:-1]) * SPANS[value[-1:]]
    except (KeyError, ValueError):
        span = 0.0
    if not 0 < span < 10 * 365 * SPANS["d"]:
        raise click.BadParameter(
            f"a span such as 90s, 30m, 12h or 21d (got {value!r})", param=param
        )
    return span


SPANS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@main.command()
@click.option("--kiosks", required=True, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--doors", default=1, show_default=True, type=click.IntRange(1, 8), help="Of each.")
@click.option("--broker", metavar="HOST[:PORT]", help="Who takes what they say.")
@click.option("--to", type=PATH, metavar="FILE", help="A file takes it instead; - prints it.")
@click.option("--database", metavar="ADDRESS", help=DIRECT)
@click.option("--span", default="60s", show_default=True, callback=_span, help="How much of time.")
@click.option("--speed", type=click.FloatRange(0), default=1.0, show_default=True, help=SPEED)
@click.option("--every", type=click.FloatRange(0.01), metavar="S", help=EVERY)
@click.option(
    "--health", type=click.FloatRange(1, 3600), default=30, show_default=True, help=HEALTH
)
@click.option("--connections", type=click.IntRange(1, 5000), help=CONNECTIONS)
@click.option("--broken", multiple=True, metavar="WHAT=KIOSK@DAY", help=BROKEN)
@click.option("--spoil", multiple=True, metavar="WHAT=SHARE", help=SPOIL)
@click.option("--seed", default=1, show_default=True, help="The same seed says the same bytes.")
@click.option("--site", default="sim", show_default=True, help="Begins the sites' names.")
@click.option("--prefix", default="liveness/v1", show_default=True, help="mqtt.topic_prefix.")
@click.option("--trust", type=PATH, metavar="FILE", help="Write their public keys there.")
@click.option("--protocol", type=click.Choice(("5", "3.1.1")), default="5", show_default=True)
@click.option("--user", help="At the broker; the password is MQTT_PASSWORD.")
@click.option("--ca-file", type=PATH, help="Connect by TLS; who signed the broker's certificate.")
@click.option("--json", "as_json", is_flag=True, help="Print what was sent, kiosk by kiosk.")
def simulate(**asked: Any) -> None:
    """Be many kiosks without cameras: real, signed rows, health, states and alarms.

    What they say is drawn from stories of doors, and made by the code of a real kiosk. None of it
    is an action, so it can open no door. docs/install/fleet.md tells how to try a cluster with it.
    """
    from kioskd.commands import simulate as command
    from kioskd.commands import simulate_asked

    try:
        plan, way = simulate_asked.read(**asked)
    except simulate_asked.AskedError as error:
        raise click.UsageError(str(error)) from None
    sys.exit(command.run(plan, way))


DATABASE = click.option(
    "--database",
    help="The fleet's PostgreSQL, as psql takes it; else $KIOSKD_FLEET_DATABASE.",
)
STREAMS = click.option(
    "--streams", type=PATH, help="What the cluster keeps; else the file that ships."
)


def _nats(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which a command of the fleet reaches the cluster, as one value `nats`."""

    @wraps(command)
    def called(**given: Any) -> None:
        from kioskd.commands import fleet as work

        ours = {name: given.pop(f"nats_{name}") for name in ("user", "password_file")}
        tls = {name: given.pop(name) for name in ("ca", "certificate", "key")}
        command(nats=work.Nats(work.servers(given.pop("servers")), **ours, **tls), **given)

    for option in (
        click.option("--key", type=PATH, help="The private key of --certificate."),
        click.option("--certificate", type=PATH, help="One's own, where the cluster asks for it."),
        click.option("--ca", type=PATH, help="Of the CA that signed the nodes' certificates."),
        click.option(
            "--nats-password-file",
            type=PATH,
            help="File with the password; else $KIOSKD_FLEET_NATS_PASSWORD.",
        ),
        click.option("--nats-user", help="User name at the cluster."),
        click.option(
            "--nats",
            "servers",
            multiple=True,
            help="nats://HOST:PORT or tls://HOST:PORT of a node, again for each; else"
            " $KIOSKD_FLEET_NATS, with commas between.",
        ),
    ):
        called = option(called)
    return called


@main.command()
@_nats
@STREAMS
@DATABASE
@click.option(
    "--metrics",
    metavar="[ADDRESS:]PORT",
    help="Serve its counts there for Prometheus, without an address to this machine alone; else"
    " $KIOSKD_FLEET_METRICS, else nowhere. Needs the extra metrics.",
)
def collect(nats: "Nats", streams: Path | None, database: str | None, metrics: str | None) -> None:
    """Collect a fleet's records into PostgreSQL until SIGTERM; any number may share the work.

    Needs the extra fleet, and `kioskd fleet apply` once before. docs/install/fleet.md tells how.
    """
    from kioskd.commands import collect as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.run(nats, streams, address(database), metrics))


@main.group()
def fleet() -> None:
    """Look after many kiosks: their record, their view, what is rolled out to them."""


@fleet.command()
@_nats
@STREAMS
def apply(nats: "Nats", streams: Path | None) -> None:
    """Make the cluster keep what the streams file says; run again, change only what differs."""
    from kioskd.commands import fleet_apply as command

    sys.exit(command.run(nats, streams))


@fleet.command()
@DATABASE
def migrate(database: str | None) -> None:
    """Make or change the record's tables as this version needs them; `collect` does it too."""
    from kioskd.commands import fleet_migrate as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.run(address(database)))


@fleet.command()
@DATABASE
@click.argument("file", type=PATH, required=False)
@click.option("--kiosk", help="SITE/DEVICE, where the file does not say whose keys these are.")
@click.option("--forget", multiple=True, metavar="ID", help="A key to trust no more; again.")
def trust(
    database: str | None, file: Path | None, kiosk: str | None, forget: tuple[str, ...]
) -> None:
    """Believe a kiosk's records: FILE has what `kioskd keys export` prints there, or is -."""
    from kioskd.commands import fleet_trust as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.run(address(database), file, kiosk, forget))


@fleet.command()
@DATABASE
@click.argument("file", type=PATH)
@click.option("--kiosk", required=True, help="SITE/DEVICE whose audit log this is.")
def fill(database: str | None, file: Path, kiosk: str) -> None:
    """Fill gaps by hand from FILE, a copy of a kiosk's audit.db; each record is proved."""
    from kioskd.commands import fleet_fill as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.run(address(database), file, kiosk))


@fleet.command()
@DATABASE
@click.argument("days", type=click.IntRange(1, 36500), required=False)
@click.option("--site", default="", help="For this site; else for every site without its own.")
@click.option("--now", is_flag=True, help="Delete at once what is older; collectors do it hourly.")
def retain(database: str | None, days: int | None, site: str, now: bool) -> None:
    """Say for how many DAYS records are kept, and print what holds."""
    from kioskd.commands import fleet_retain as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.run(address(database), days, site, now=now))


HOURS = click.option(
    "--hours",
    type=click.FloatRange(0.1, 24 * 365),
    default=24,
    show_default=True,
    help="Attempts of so many hours.",
)
SITE = click.option("--site", default="", help="This site alone.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@fleet.command("list")
@DATABASE
@SITE
@AS_JSON
def list_(database: str | None, site: str, as_json: bool) -> None:
    """List every kiosk: when it was heard, how it is, what it runs and what is wrong."""
    from kioskd.commands import fleet_view as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.list_kiosks(address(database), site, as_json=as_json))


@fleet.command()
@DATABASE
@HOURS
@AS_JSON
@click.argument("kiosk", metavar="SITE/DEVICE")
def show(database: str | None, hours: float, as_json: bool, kiosk: str) -> None:
    """Show one kiosk and its doors."""
    from kioskd.commands import fleet_view as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.show(address(database), kiosk, hours, as_json=as_json))


@fleet.command()
@DATABASE
@SITE
@HOURS
@AS_JSON
def doors(database: str | None, site: str, hours: float, as_json: bool) -> None:
    """Show each door's refusals beside the fleet's, and what changed at it: camera, lamp, lens."""
    from kioskd.commands import fleet_view as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.doors(address(database), site, hours, as_json=as_json))


@fleet.command()
@DATABASE
@SITE
@AS_JSON
def gaps(database: str | None, site: str, as_json: bool) -> None:
    """Show records that have not come, and messages that were put aside."""
    from kioskd.commands import fleet_view as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.gaps(address(database), site, as_json=as_json))


@fleet.command()
@DATABASE
@SITE
@AS_JSON
def drift(database: str | None, site: str, as_json: bool) -> None:
    """Look at every door's past weeks, note what changed and since when, and print what stands.

    For a timer, once an hour: Grafana shows what was noted, and --json says what is new.
    """
    from kioskd.commands import fleet_view as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.drift(address(database), site, as_json=as_json))


@fleet.command()
@DATABASE
@SITE
@HOURS
@AS_JSON
@click.option(
    "--by",
    type=click.Choice(("version", "config", "networks", "layer")),
    default="config",
    show_default=True,
    help="What sets kiosks apart.",
)
def compare(database: str | None, site: str, hours: float, as_json: bool, by: Any) -> None:
    """Compare refusals by version, configuration or network digests, or a fleet's layers."""
    from kioskd.commands import fleet_view as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.compare(address(database), by, site, hours, as_json=as_json))


@fleet.command()
@click.argument("file", type=PATH)
@click.option("--kiosk", "kiosks", multiple=True, required=True, help="SITE/DEVICE; again.")
@click.option("--prefix", default="liveness/v1", show_default=True, help="mqtt.topic_prefix.")
def kiosks(file: Path, kiosks: tuple[str, ...], prefix: str) -> None:
    """Add kiosks to FILE, the cluster's users.conf, and print the password of each new one."""
    from kioskd.commands import fleet_kiosks as command

    sys.exit(command.run(file, kiosks, prefix))


@fleet.group("keys")
def fleet_keys() -> None:
    """The key that signs what is rolled out; it lies on no kiosk."""


@fleet_keys.command("create")
@click.argument("file", type=PATH)
def fleet_keys_create(file: Path) -> None:
    """Make the key in FILE, which only you may read then."""
    from kioskd.commands import fleet_keys as command

    sys.exit(command.create(file))


@fleet_keys.command("export")
@click.argument("file", type=PATH)
def fleet_keys_export(file: Path) -> None:
    """Print the public half of the key in FILE, for layers.trust of the kiosks."""
    from kioskd.commands import fleet_keys as command

    sys.exit(command.export(file))


def _road(command: Callable[..., None]) -> Callable[..., None]:
    """The options by which a rollout reaches the record, the broker and its key, as one `road`."""

    @wraps(command)
    def called(**given: Any) -> None:
        from kioskd.commands.fleet import database as address
        from kioskd.commands.fleet_rollout import Road

        names = ("broker", "key", "user", "password_file", "ca", "prefix")
        road = {name: given.pop(name) for name in names}
        command(road=Road(address(given.pop("database")), **road), **given)

    for option in (
        DATABASE,
        click.option(
            "--prefix", default="liveness/v1", show_default=True, help="mqtt.topic_prefix."
        ),
        click.option("--ca", type=PATH, help="Of the CA that signed the broker's certificate."),
        click.option(
            "--password-file",
            type=PATH,
            help="File with the password; else $KIOSKD_ROLLOUT_PASSWORD.",
        ),
        click.option("--user", help="User name at the broker."),
        click.option("--key", type=PATH, required=True, help="`kioskd fleet keys create` made it."),
        click.option("--broker", required=True, help="HOST:PORT of the cluster's MQTT."),
    ):
        called = option(called)
    return called


@fleet.group()
def rollout() -> None:
    """Set limits at a part of the kiosks, then at all, and take them back if they do harm."""


@rollout.command("start")
@_road
@click.argument("name")
@click.argument("file", type=PATH)
@click.option(
    "--level", type=click.Choice(("fleet", "site", "device")), default="fleet", show_default=True
)
@click.option("--site", "sites", multiple=True, help="Its kiosks alone; again for each.")
@click.option("--kiosk", "kiosks", multiple=True, help="SITE/DEVICE alone; again for each.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.1,
    show_default=True,
    help="Of the kiosks that are told first.",
)
@click.option("--networks", type=PATH, help="Network files too, as perception.added_networks has.")
@click.option("--wait", default="1h", show_default=True, help="So long each part is watched.")
@click.option(
    "--patience", default="7d", show_default=True, help="After so long it is taken back unproved."
)
def rollout_start(road: "Road", **asked: Any) -> None:
    """Roll out the layer in FILE under a NAME, and watch it; run again, go on with it.

    docs/install/rollout.md has the rule. Exit status 0: all have it; 1: it was taken back.
    """
    from kioskd.commands import fleet_rollout as command

    sys.exit(command.start(road, command.Asked(**asked)))


@rollout.command("status")
@DATABASE
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print an object for each.")
def rollout_status(database: str | None, name: str | None, as_json: bool) -> None:
    """Print how rollouts stand, or of one how it stands at each kiosk."""
    from kioskd.commands import fleet_rollout as command
    from kioskd.commands.fleet import database as address

    sys.exit(command.status(address(database), name, as_json=as_json))


@rollout.command("halt")
@_road
@click.argument("name")
def rollout_halt(road: "Road", name: str) -> None:
    """Stop a rollout, and give each kiosk that was told it what it had before."""
    from kioskd.commands import fleet_rollout as command

    sys.exit(command.back(road, name, "somebody halted it"))


@rollout.command("back")
@_road
@click.argument("name")
def rollout_back(road: "Road", name: str) -> None:
    """Take back a rollout that is done: each kiosk has what it had before."""
    from kioskd.commands import fleet_rollout as command

    sys.exit(command.back(road, name, "somebody took it back"))


# end of fleet


@main.command()
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print what SHELL must read so that Tab completes kioskd's commands and options.

    For bash: eval "$(kioskd completion bash)". docs/install/install.md says where it is kept.
    """
    from kioskd.commands import completion as command

    made = get_completion_class(shell)
    assert made is not None  # click has each of the three
    sys.exit(command.run(made(main, {}, "kioskd", "_KIOSKD_COMPLETE").source()))


@main.command()
@click.argument("folder", type=PATH)
def man(folder: Path) -> None:
    """Write a manual page for each command into FOLDER."""
    from kioskd.commands import man as command

    top = click.Context(main, info_name="kioskd", **main.context_settings)
    sys.exit(command.run(folder, _described(main, top)))


def _described(command: click.Command, context: click.Context) -> Iterator["Described"]:
    """A command and all below it, in the words of --help."""
    from kioskd.commands.man import Described

    below = dict(sorted(command.commands.items())) if isinstance(command, click.Group) else {}
    told = command.get_params(context)
    options = (each.get_help_record(context) for each in told if isinstance(each, click.Option))
    yield Described(
        words=tuple(context.command_path.split()),
        usage=" ".join(command.collect_usage_pieces(context)),
        summary=_summary(command),
        help=cleandoc(command.help or ""),
        options=tuple(option for option in options if option),
        commands=tuple((name, _summary(child)) for name, child in below.items()),
    )
    for name, child in below.items():
        yield from _described(child, click.Context(child, info_name=name, parent=context))


def _summary(command: click.Command) -> str:
    return command.get_short_help_str(limit=1000)


def _schemes(names: tuple[str, ...]) -> tuple[str, ...]:
    from models.schemes import SCHEMES

    if unknown := set(names) - {"all", *SCHEMES}:
        known = ", ".join(SCHEMES)
        raise click.BadParameter(f"no scheme {', '.join(sorted(unknown))}; all, or: {known}")
    return tuple(SCHEMES) if "all" in names else names
