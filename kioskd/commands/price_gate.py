"""`kioskd evaluate --gate-prices`: what each key of the gate costs and buys on a data set."""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from time import monotonic

from kioskd.commands.configuration import WRONG, configuration
from kioskd.commands.figures import written
from kioskd.evaluation import gate_prices_text
from kioskd.evaluation.dataset import DataSet, DataSetError, read_data_set
from kioskd.evaluation.gate_keys import names, not_asked
from kioskd.evaluation.gate_prices import GatePrices, Pricing, keys_of
from kioskd.evaluation.gate_prices_page import page
from kioskd.evaluation.request import (
    Request,
    Settings,
    eye_of,
    judgings_of,
    looked,
    network_names,
    settings_of,
)
from kioskd.terminal import progress
from models.manifest import Manifest
from models.network_file import NetworkError

PAGE = "gate-prices.html"  # where a folder is asked for


def run(request: Request, place: Path, only: tuple[str, ...]) -> int:
    """Print what each key costs where it stands, and write the page to `place`.

    only  of these keys of the gate; none: of all
    Exit status 0; 1 where a file could not be read or written; 2 where nothing can be told.
    """
    config = None if request.config is None else configuration(request.config)
    try:
        settings = settings_of(request, config)
        check(request, settings, place, only)
        data = read_data_set(request.data_set, request.clip_frames, request.label)
        prices = priced(request, settings, data, only)
    except (DataSetError, NetworkError) as error:
        print(error, file=sys.stderr)
        return WRONG
    as_told = gate_prices_text.markdown if request.markdown else gate_prices_text.lines
    print(*as_told(prices), sep="\n")
    return written(lambda: write(request, place, prices), prices.unread)


def check(request: Request, settings: Settings, place: Path, only: tuple[str, ...]) -> None:
    """Raises DataSetError for what has no meaning, before an hour is spent on it."""
    if settings.depth is not None:
        raise DataSetError("--gate-prices is for RGB liveness; a mode with depth has no scheme")
    if request.gate == "off":
        raise DataSetError("--gate-prices needs the gate: leave --gate off out")
    if request.html_file is not None or request.thumbnails:
        raise DataSetError("--gate-prices writes a page of its own: leave --html and --thumbnails")
    for name in only:
        if name not in names():
            raise DataSetError(f"the gate has no key {name}; it has {', '.join(names())}")
    if not place.is_dir() and not place.parent.is_dir():
        raise DataSetError(f"{place}: there is no folder {place.parent} to write the page in")


def priced(
    request: Request,
    settings: Settings,
    data: DataSet,
    only: tuple[str, ...] = (),
    manifest: Manifest | None = None,
) -> GatePrices:
    """What each key costs and buys; raises DataSetError and NetworkError.

    `manifest` says which networks look; None: those of the settings.
    """
    judgings, left_out = judgings_of(request, settings)
    if not judgings:
        raise DataSetError("; ".join(left_out))
    if only and not any(any(keys_of(by, only)) for by in judgings):
        whys = (not_asked(by.gate, by.rgb.detection_scheme, only) for by in judgings)
        raise DataSetError("\n".join(dict.fromkeys(why for each in whys for why in each)))
    eye = eye_of(settings, images_fps=request.images_fps, manifest=manifest)
    pricing, began, replayed_s = Pricing(judgings, only), monotonic(), 0.0
    with progress("Looking and replaying") as tell:
        for sighting in looked(eye, data, tell):
            replaying = monotonic()
            pricing.add(sighting)
            replayed_s += monotonic() - replaying
    looked_s = monotonic() - began - replayed_s
    notes = (*left_out, *data.notes)
    prices = pricing.report(str(request.data_set), network_names(settings, manifest), notes)
    return replace(prices, looked_s=looked_s, replayed_s=replayed_s)


def write(request: Request, place: Path, prices: GatePrices) -> None:
    """The page, and the figures where they are asked for; raises OSError."""
    file = place / PAGE if place.is_dir() else place
    file.write_text(page(prices), encoding="utf-8")
    if request.json_file is not None:
        request.json_file.write_text(json.dumps(asdict(prices), indent=1), encoding="utf-8")
