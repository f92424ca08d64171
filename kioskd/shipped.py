"""What stands beside the packages in a checkout and inside of them in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = {
    "config.yaml": "config.yaml",
    "kioskd.service": "systemd/kioskd.service",
    "kioskd-collect.service": "systemd/kioskd-collect.service",
    "fleet/streams.toml": "fleet/streams.toml",
}


def text(name: str) -> str:
    """Of the example `config.yaml`, a systemd unit, or the fleet's `streams.toml`."""
    inside = PACKAGE / "shipped" / name
    place = inside if inside.exists() else PACKAGE.parent / CHECKOUT[name]
    return place.read_text("utf-8")
