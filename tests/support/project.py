"""The project's own files, for tests of what holds for all of them."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


@cache
def shipped() -> tuple[Path, ...]:
    """Every file of the project: what git tracks, or all of an archive without git."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-C", str(ROOT), "ls-files", "-z"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        tracked = (ROOT / name for name in listed.split("\0") if name)
        return tuple(path for path in tracked if path.is_file())
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and not made_here(path))


def made_here(path: Path) -> bool:
    """Whether the file was made by a tool, in an archive where only names can tell."""
    parts = path.relative_to(ROOT).parts
    tools = (".venv", ".hypothesis", "__pycache__", "var", "dist")
    return any(part in tools or part.endswith("_cache") for part in parts)


@cache
def texts() -> tuple[tuple[Path, str], ...]:
    """Each text among them: its place below the root, and what it says."""
    found = []
    for path in shipped():
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue  # a clip, a picture or a network
    return tuple(found)
