"""A service of a compose file, started by podman alone: the flags that mean the same.

A key that is not known here is an error, so that nothing of the file goes untried unseen.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Flags = Iterator[str]


class ComposeError(Exception):
    """A key of the file that nobody here knows how to carry out."""


def service(file: Path, name: str) -> dict[str, Any]:
    """What the file says of one of its services."""
    told: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))["services"][name]
    return told


def flags(told: Mapping[str, Any], place: Path, but: Collection[str] = ()) -> list[str]:
    """What stands before the image in `podman run`. Raises ComposeError.

    place  the folder that relative paths begin at
    but    keys that are left out, for a machine that cannot have them
    """
    found: list[str] = []
    for key, value in told.items():
        if key in ("image", "command", *but):
            continue
        if key not in _FLAGS:
            raise ComposeError(f"{key}: this is not known how to try; add it to {__name__}")
        found += _FLAGS[key](value, place)
    return found


def _healthcheck(value: Mapping[str, Any], _place: Path) -> Flags:
    test = value["test"]
    if test[0] != "CMD":
        raise ComposeError(f"healthcheck.test: CMD and its words ({test[0]})")
    yield f"--health-cmd={' '.join(test[1:])}"
    for key in sorted(set(value) - {"test"}):
        yield f"--health-{key.replace('_', '-')}={value[key]}"


def _volumes(value: list[str], place: Path) -> Flags:
    for each in value:
        source, _, rest = each.partition(":")
        yield f"--volume={place / source if source.startswith('.') else source}:{rest}"


def _secrets(value: list[str], place: Path) -> Flags:
    """As Compose does it: the file itself, shown in /run/secrets."""
    for name in value:
        yield f"--volume={place / 'secrets' / name}:/run/secrets/{name}:ro"


def _each(flag: str) -> Callable[[Any, Path], Flags]:
    return lambda value, _place: (f"--{flag}={one}" for one in value)


def _one(flag: str) -> Callable[[Any, Path], Flags]:
    return lambda value, _place: iter((f"--{flag}={_plain(value)}",))


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(value: str, _place: Path) -> Flags:
    yield f"--stop-timeout={value.removesuffix('s')}"


def _logging(value: Mapping[str, Any], _place: Path) -> Flags:
    yield f"--log-driver={value['driver']}"
    yield from (f"--log-opt={name}={one}" for name, one in value["options"].items())


def _ulimits(value: Mapping[str, Any], _place: Path) -> Flags:
    yield from (f"--ulimit={name}={one}:{one}" for name, one in value.items())


_FLAGS: dict[str, Callable[[Any, Path], Flags]] = {
    "cap_drop": _each("cap-drop"),
    "healthcheck": _healthcheck,
    "init": _one("init"),
    "logging": _logging,
    "mem_limit": _one("memory"),
    "pids_limit": _one("pids-limit"),
    "ports": _each("publish"),
    "read_only": _one("read-only"),
    "secrets": _secrets,
    "security_opt": _each("security-opt"),
    "stop_grace_period": _seconds,
    "tmpfs": _each("tmpfs"),
    "ulimits": _ulimits,
    "user": _one("user"),
    "volumes": _volumes,
    "working_dir": _one("workdir"),
}
