"""The command line. The only file that imports click; each command's work stands elsewhere.

Exit status: 0 all is well; 1 something failed while running (systemd starts it again);
2 the configuration or the installation is wrong (a restart would not mend it).
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from kioskd import __version__

CONFIG = click.option(
    "-c",
    "--config",
    "config",
    type=click.Path(path_type=Path),
    default=lambda: Path(os.environ.get("KIOSKD_CONFIG", "config.yaml")),
    show_default="$KIOSKD_CONFIG, else config.yaml",
    help="The configuration file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kioskd")
def main() -> None:
    """Watch the cameras at your doors and tell over MQTT whether a live person stands there."""


@main.command()
@CONFIG
def run(config: Path) -> None:
    """Run the daemon until SIGTERM."""
    from kioskd.daemon import run as run_daemon

    sys.exit(run_daemon(config))


@main.command()
@CONFIG
def check(config: Path) -> None:
    """Check the configuration; say every mistake at once. Exit status 0, or 2."""
    from kioskd.config.commands import check_command

    status, lines = check_command(config)
    for line in lines:
        click.echo(line, err=status != 0)
    sys.exit(status)


@main.command()
def schema() -> None:
    """Print the JSON Schema of config.yaml, for editors."""
    from kioskd.config.commands import schema as config_schema

    click.echo(json.dumps(config_schema(), indent=2))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the events' JSON only.")
def demo(as_json: bool) -> None:
    """Run the daemon on the two clips that ship with it and print what a door would receive."""
    from kioskd.demo.demo import run as run_demo

    sys.exit(run_demo(as_json=as_json))


@main.command()
@CONFIG
def doctor(config: Path) -> None:
    """Look at this machine and say, line by line, what is well and what to do."""
    from kioskd.doctor import run as run_doctor

    sys.exit(run_doctor(config))


@main.command()
def devices() -> None:
    """List the cameras of this machine by stable name."""
    from kioskd.devices import run as list_devices

    sys.exit(list_devices())


@main.command()
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print topic and payload as JSON lines.")
def events(config: Path, as_json: bool) -> None:
    """Follow what the broker carries for this device, readably, until interrupted."""
    from kioskd.follow import run as run_follow

    sys.exit(run_follow(config, as_json=as_json))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--feeds", default="1,2,4,8", show_default=True, help="How many feeds, in turn.")
@click.option("--seconds", default=15.0, show_default=True, help="How long each run lasts.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def bench(file: Path, feeds: str, seconds: float, as_json: bool) -> None:
    """Measure the whole road on this machine, with FILE (a video) as the camera."""
    from kioskd.bench.bench import run as run_bench

    try:
        counts = [int(n) for n in feeds.split(",")]
    except ValueError:
        raise click.BadParameter(f"numbers with commas, such as 1,2,4 (got {feeds!r})") from None
    sys.exit(run_bench(file, counts, seconds, as_json=as_json))


@main.command()
@click.argument("data_set", metavar="DATASET", type=click.Path(path_type=Path))
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Take a door's settings.")
@click.option("--door", help="Which door of the configuration; its first if none is named.")
@click.option("--scheme", "schemes", multiple=True, help="A detection scheme, or all.")
@click.option(
    "--gate",
    type=click.Choice(("on", "off")),
    default="on",
    show_default=True,
    help="off: judge every frame with a face, for tight crops.",
)
@click.option(
    "--clip-frames",
    default=30,
    show_default=True,
    type=click.IntRange(0),
    help="Images per presentation; 0: a folder's images are one.",
)
@click.option(
    "--images-fps",
    default=10.0,
    show_default=True,
    type=click.FloatRange(1, 120),
    help="The rate at which images are shown.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write all figures.")
def evaluate(data_set: Path, schemes: tuple[str, ...], **asked: Any) -> None:
    """Measure what a door's settings are worth on DATASET, a folder or CSV of known truth."""
    from kioskd.evaluation.run import Request
    from kioskd.evaluation.run import run as run_evaluation
    from models.schemes import SCHEMES

    names = tuple(SCHEMES) if "all" in schemes else schemes
    if unknown := set(names) - set(SCHEMES):
        raise click.BadParameter(f"{', '.join(sorted(unknown))}: use all, or {', '.join(SCHEMES)}")
    with click.progressbar(length=1, label="Looking", file=sys.stderr) as bar:

        def progress(done: int, all_: int) -> None:
            bar.length = all_
            bar.update(done - bar.pos)

        status = run_evaluation(Request(data_set, schemes=names, **asked), progress)
    sys.exit(status)
