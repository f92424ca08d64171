"""What stands beside the packages in a checkout and inside of them in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = {"config.yaml": "config.yaml", "kioskd.service": "systemd/kioskd.service"}


def text(name: str) -> str:
    """Of the commented example `config.yaml` or of the unit `kioskd.service`."""
    inside = PACKAGE / "shipped" / name
    place = inside if inside.exists() else PACKAGE.parent / CHECKOUT[name]
    return place.read_text("utf-8")
