"""Which layers may stand over a file, and the configuration that comes of both.

A layer that does not fit the file is left out, and the file stands without it: whoever owns the
kiosk has the last word, and a kiosk starts whatever a fleet has sent it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kioskd.config.config import Config
from kioskd.config.load import said_in, with_more
from kioskd.config.problem import ConfigError
from kioskd.config.strict_yaml import read
from kioskd.layers.layer import LEVELS, Layer, Level
from kioskd.layers.layers_settings import LayersSettings
from kioskd.layers.merging import check_said, loosened, merged
from kioskd.refused import RefusedError

MOST_TOLD = 3  # mistakes or keys in one sentence


@dataclass(frozen=True, slots=True)
class Fitted:
    """used: the layers that stand over the file. unfit: why each of the others does not."""

    config: Config
    used: Mapping[Level, Layer]
    unfit: Mapping[Level, RefusedError]


def fitted(
    config: Config,
    path: Path,
    settings: LayersSettings,
    layers: Iterable[Layer],
    listed: Callable[[Layer], Path],
) -> Fitted:
    """`config`: what the file at `path` says by itself. Raises ConfigError where it is gone now.

    listed  where the list of a layer's networks lies, for one that asks for some
    """
    file, floor = said_in(path), config
    used: dict[Level, Layer] = {}
    said: list[Mapping[str, Any]] = []
    unfit: dict[Level, RefusedError] = {}
    for layer in sorted(layers, key=lambda one: LEVELS.index(one.level)):
        try:
            more = said_by(layer)
            check_said(more, file.get("doors") or {}, of_one_kiosk=layer.level == "device")
            whole: Mapping[str, Any] = merged(file, [*said, more])
            for one in [*used.values(), layer][::-1]:  # the nearest that asks for some wins
                if one.networks:
                    whole = _with_networks(whole, one, settings, listed(one))
            config = _with(floor, path, whole, settings)
        except RefusedError as error:
            unfit[layer.level] = error
        else:
            used[layer.level] = layer
            said.append(more)
    return Fitted(config, used, unfit)


def _with_networks(
    said: Mapping[str, Any], layer: Layer, settings: LayersSettings, listed: Path
) -> Mapping[str, Any]:
    """With a layer's networks beside ours: one that calls everything live would open doors."""
    if not settings.may_loosen:
        told = f"{', '.join(sorted(layer.networks)[:MOST_TOLD])}: a network {LOOSER}"
        raise RefusedError(422, "Loosens", told)
    if not listed.is_file():
        raise RefusedError(409, "NetworkMissing", "the list of its networks is gone")
    perception = said.get("perception") or {}
    return {**said, "perception": {"added_networks": str(listed), **perception}}


def said_by(layer: Layer) -> Mapping[str, Any]:
    """What a layer says, read as strictly as config.yaml; raises RefusedError."""
    if not layer.config.strip():
        return {}
    document = read(layer.config, "the layer")
    if document.problems:
        one = document.problems[0]
        told = f"line {one.line}, column {one.column}: {one.text}"
        raise RefusedError(422, "NotYaml", told)
    return document.value


def _with(floor: Config, path: Path, said: Mapping[str, Any], settings: LayersSettings) -> Config:
    """The configuration of file and layers; raises RefusedError where that may not be."""
    try:
        config = with_more(floor, said, path)
    except ConfigError as error:
        told = "; ".join(str(one) for one in error.problems[:MOST_TOLD])
        raise RefusedError(422, "CheckRefuses", told) from error
    looser = [] if settings.may_loosen else list(loosened(floor.said, config.said))
    if looser:
        told = f"{', '.join(looser[:MOST_TOLD])}: {LOOSER}"
        raise RefusedError(422, "Loosens", told)
    return config


LOOSER = (
    "lets more pass than this kiosk's own file does, or might; the file allows it by"
    " layers.may_loosen, or says the value itself"
)
