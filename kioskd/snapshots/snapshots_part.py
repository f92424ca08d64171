"""Puts together what keeps snapshots."""

from collections.abc import Callable
from pathlib import Path

from kioskd.config.config import Config
from kioskd.snapshots.shelf import Shelf
from kioskd.snapshots.snapshots_settings import FOLDER
from kioskd.snapshots.taken import Taken
from kioskd.snapshots.taker import Taker
from kioskd.stream import Stream


def snapshots(
    config: Config,
    folder: Path,
    stream: Stream,
    record: Callable[[Taken], object],
    trouble: Callable[[str | None], object],
) -> Taker:
    """Ready to be started. `folder`: where the kiosk keeps its state; see Taker for the others."""
    settings = config.snapshots
    shelf = Shelf(folder / FOLDER, settings.keep_days, settings.max_mb)
    taker = Taker(settings, shelf, (config.site, config.device), record, trouble)
    taker.listen(stream)
    return taker
