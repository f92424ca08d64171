"""`kioskd example`: the commented config.yaml, with the places that things have here."""

from kioskd import shipped
from kioskd.commands.exit_status import OK


def run() -> int:
    """Print it. It runs as it stands, on the clip that ships with kioskd. Exit status 0."""
    example = shipped.text("config.yaml")
    for place in ("kioskd/config/config.schema.json", "kioskd/demo/clips/live.mov"):
        example = example.replace(place, str(shipped.PACKAGE.parent / place), 1)
    print(example, end="")
    return OK
