"""`kioskd keys`: the public key by which controllers know this kiosk."""

import json
import sys
from pathlib import Path

from kioskd.commands.configuration import FAILED, OK, configuration
from kioskd.signing.ed25519 import KEY_FILE, SigningError, signer_at


def run(path: Path) -> int:
    """Print it as JSON. Exit status 0; 1 where there is none yet, or it cannot be read."""
    file = configuration(path).state_dir / KEY_FILE
    try:
        if not file.exists():
            # made by the daemon, as its user: a key of root's would be of no use to it
            print("there is no key yet: start kioskd once", file=sys.stderr)
            return FAILED
        trust = signer_at(file).trust
    except (SigningError, OSError) as error:
        print(f"{error}: run this as the service's user", file=sys.stderr)
        return FAILED
    print(json.dumps({"keys": [trust]}, indent=2))
    return OK
