"""How kioskd was installed here, and so the command that adds a part of it.

Whoever installs kioskd in a way of their own says so in a file INSTALLED_BY in the environment's
folder (sys.prefix): in its first line `deb` or `container`, and, where it is another than usual,
in the second what adds an extra, with {extra} in its place. For all others the installer's own
record holds, direct_url.json, as PEP 610 has it: kioskd is on no package registry.
"""

import json
import shlex
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

RUNTIMES = {"cpu": "onnxruntime", "gpu": "onnxruntime-gpu"}  # the extra of each
USUAL = {"container": "run an image that was built with kioskd's extra {extra}"}


def to_add(extra: str, prefix: Path | None = None, ours: Distribution | None = None) -> str:
    """The command, or what else is to be done, that adds an extra such as "page" or "cpu,page".

    prefix  the environment's folder; else this one's
    ours    kioskd as it is installed; else as it is here
    """
    prefix = prefix or Path(sys.prefix)
    kind, template = _said(prefix)
    if template := template or USUAL.get(kind, ""):
        return template.replace("{extra}", extra)
    ours = ours or _installed()
    record = json.loads((ours and ours.read_text("direct_url.json")) or "{}")
    root = _path(record.get("url", ""))
    if root and root / ".venv" == prefix and "," not in extra:
        return _bootstrap(root, extra)
    pip = shlex.quote(str(prefix / "bin" / "pip"))
    return f"{_rival_gone(pip, extra)}{pip} install {_wanted(record, root, extra, ours)}"


def _said(prefix: Path) -> tuple[str, str]:
    """What INSTALLED_BY says: who installed it, and what adds an extra; empty where it does not."""
    try:
        lines = (prefix / "INSTALLED_BY").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    kind, template = (*lines, "", "")[:2]
    return kind.strip(), template.strip()


def _installed() -> Distribution | None:
    try:
        return distribution("kioskd")
    except PackageNotFoundError:  # run from its files alone
        return None


def _path(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _bootstrap(root: Path, extra: str) -> str:
    script = "scripts/bootstrap" if Path.cwd() == root else shlex.quote(f"{root}/scripts/bootstrap")
    return f"KIOSKD_RUNTIME={extra} {script} run" if extra in RUNTIMES else f"{script} {extra}"


def _rival_gone(pip: str, extra: str) -> str:
    """What takes the other ONNX Runtime away first: the two write over each other's files."""
    other = {"cpu": "gpu", "gpu": "cpu"}.get(extra)
    if other is None or not is_installed(RUNTIMES[other]):
        return ""
    return f"{pip} uninstall -y {RUNTIMES[other]} && "


def is_installed(package: str) -> bool:
    """Whether a package of this name is in this environment."""
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def _wanted(
    record: dict[str, Any], root: Path | None, extra: str, ours: Distribution | None
) -> str:
    """What pip is to install: kioskd again, from where it came, or what the extra consists of."""
    if root is not None:
        editable = "--editable " if record.get("dir_info", {}).get("editable") else ""
        return f"{editable}{shlex.quote(f'{root}[{extra}]')}"
    if url := record.get("url"):
        control = record.get("vcs_info", {}).get("vcs")
        return shlex.quote(f"kioskd[{extra}] @ {f'{control}+' if control else ''}{url}")
    return " ".join(shlex.quote(library) for library in _libraries(extra, ours))


def _libraries(extra: str, ours: Distribution | None) -> Iterator[str]:
    for line in (ours and ours.requires) or ():
        library, _, marker = line.partition(";")
        if any(f"extra == '{name}'" in marker.replace('"', "'") for name in extra.split(",")):
            yield library.strip()
