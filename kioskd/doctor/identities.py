"""Whether each feed has the camera that it had first, as far as the daemon remembers."""

from collections.abc import Iterator

from feeds.hardware import differences
from kioskd.camera_pins import CameraPins, PinError
from kioskd.config.config import Config
from kioskd.doctor.diagnosis import Diagnosis


def look(config: Config) -> Iterator[Diagnosis]:
    """Of the feeds whose camera was refused, or cannot be told; of the others nothing."""
    pins = CameraPins(config.state_dir)
    for feed in [door.feed.name for door in config.doors if door.feed.pinning != "off"]:
        try:
            known = pins.known(feed)
        except PinError as error:
            yield Diagnosis(f"camera {feed}", False, f"none is taken: {error}")
            continue
        if known.refused is not None:
            changed = differences(known.pinned or {}, known.refused)
            yield Diagnosis(
                f"camera {feed}",
                False,
                f"another one than before was refused ({changed}): if you changed it, run"
                f" `kioskd feeds accept {feed}`; if not, see who did",
            )
