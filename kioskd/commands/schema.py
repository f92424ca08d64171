"""`kioskd schema`: the JSON Schema of config.yaml, of what kioskd sends, and its interfaces."""

import json
import sys
from pathlib import Path

from kioskd import shipped
from kioskd.commands.exit_status import OK, WRONG

CONFIG = "config"


def run(name: str) -> int:
    """Print the one of this name. Exit status 0, or 2 where there is none such."""
    if name == CONFIG:
        from kioskd.config import config_keys

        print(json.dumps(config_keys.schema(), indent=2))
        return OK
    files = named()
    if name not in files:
        print(
            f"there is no schema {name!r}; there are {CONFIG}, {', '.join(files)}", file=sys.stderr
        )
        return WRONG
    print(files[name].read_text("utf-8"), end="")
    return OK


def named() -> dict[str, Path]:
    """Each that lies in a file: messages by their kind, interfaces by whose they are."""
    messages = sorted((shipped.PACKAGE / "delivery" / "schemas").glob("*.json"))
    interfaces = sorted(shipped.PACKAGE.glob("*/*api.json"))
    return {file.stem: file for file in messages} | {
        f"{file.parent.name}-{file.stem}": file for file in interfaces
    }
