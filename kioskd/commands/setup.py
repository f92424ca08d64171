"""`kioskd setup`: ask what a door needs, try it, and write a configuration that is right."""

import os
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

from kioskd.commands.configuration import FAILED, OK
from kioskd.setup import store
from kioskd.setup.conversation import Outcome, Plan, hold
from kioskd.setup.known_so_far import Flags, Secrets
from kioskd.setup.talk import SetupError, Talk, terminal
from kioskd.setup.which_camera import Found, found

__all__ = ["Flags", "plan", "run"]


def run(
    flags: Flags, plan: Plan, talk: Talk | None = None, attached: Callable[[], Found] = found
) -> int:
    """Ask, try and write. Exit status 0; 1 where something did not work; 2 where it cannot be so.

    talk      with whom; None: with whoever sits at the terminal
    attached  tells the cameras of this machine
    """
    talk = talk or terminal()
    try:
        outcome = hold(talk, flags, plan, attached)
        for note in outcome.notes:
            talk.say(f"note  {note}")
        _write(talk, plan, outcome)
    except KeyboardInterrupt:
        print("\nsetup: ended; nothing was written", file=sys.stderr)
        return FAILED
    except SetupError as error:
        print(f"setup: {error}\nsetup: nothing was written", file=sys.stderr)
        return error.status
    talk.say(_next_steps(plan, outcome))
    return OK


def plan(path: Path, credentials: Path | None, replace: bool, untested: bool) -> Plan:
    """What setup may do to the file at `path`, or where a link there leads."""
    path = Path(os.path.realpath(path))
    folder = credentials or path.parent / "credentials"
    return Plan(path, Secrets(folder.absolute(), os.environ), replace, untested)


def _write(talk: Talk, plan: Plan, outcome: Outcome) -> None:
    """The secrets first: without them the file would be wrong."""
    folder = plan.secrets.folder
    new = {
        name: secret for name, secret in outcome.secrets.items() if not _kept(folder / name, secret)
    }
    replaced = [str(folder / name) for name in new if (folder / name).exists()]
    if replaced and not plan.replace:
        there = f"{' and '.join(replaced)} holds another password"
        if not talk.attended:
            raise SetupError(f"{there}: replace it with --replace")
        if not talk.agreed(f"{there}. Replace it?", False):
            raise SetupError(f"{there}: name another folder with --credentials")
    if talk.attended:
        talk.say(outcome.text)
        if not talk.agreed(f"Write this to {plan.path}?", True):
            raise SetupError("as you wish", FAILED)
    for name, secret in new.items():
        store.keep(folder, name, secret, replace=bool(replaced))
    try:
        store.write(plan.path, outcome.text, store.READ_BY_ALL, replace=outcome.replace)
    except FileExistsError as error:
        raise SetupError(f"{plan.path} came meanwhile: look at it first") from error


def _kept(file: Path, secret: str) -> bool:
    """Whether the file holds this very secret."""
    try:
        return file.read_text(encoding="utf-8").rstrip("\n") == secret
    except (OSError, UnicodeDecodeError):
        return False


def _next_steps(plan: Plan, outcome: Outcome) -> str:
    config, folder = shlex.quote(str(plan.path)), plan.secrets.folder.absolute()
    names = sorted(set(re.findall(r"\$\{(\w+)\}", outcome.text)) - {"NAME"})
    before = f"CREDENTIALS_DIRECTORY={shlex.quote(str(folder))} " if names else ""
    lines = [f"{plan.path} is written; `kioskd check` has nothing against it."]
    lines += _places(names, folder)
    lines += [
        "Next, to look at everything a door needs, and to start:",
        f"  {before}kioskd doctor -c {config}",
        f"  {before}kioskd run -c {config}",
    ]
    return "\n".join(lines)


def _places(names: list[str], folder: Path) -> list[str]:
    """Where the passwords lie, and how a service gets them."""
    lines = []
    for name in names:
        file = folder / name
        there = (
            f"lies in {file}, which only you may read" if file.exists() else "is in the environment"
        )
        lines.append(f"What ${{{name}}} stands for {there}.")
    if names:
        lines.append("Under systemd hand it over by `systemctl edit kioskd`, below [Service]:")
        lines += [f"  LoadCredential={name}:{folder / name}" for name in names]
    return lines
