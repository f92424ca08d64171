"""`kioskd schema`: the JSON Schema of config.yaml, for editors."""

import json

from kioskd.commands.configuration import OK
from kioskd.config import config_keys


def run() -> int:
    """Print it. Exit status 0."""
    print(json.dumps(config_keys.schema(), indent=2))
    return OK
