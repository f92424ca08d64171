"""`kioskd fleet keys`: the key that signs what is rolled out; it lies on no kiosk."""

import json
import sys
from pathlib import Path

from kioskd.commands.exit_status import FAILED, OK, WRONG
from kioskd.signing.ed25519 import SigningError, signer_at


def create(file: Path) -> int:
    """Make the key in a file that is not there yet, readable by this user alone."""
    if file.exists():
        print(f"there is a file {file} already, and no key is made over it", file=sys.stderr)
        return WRONG
    try:
        print(f"made: {signer_at(file).key_id}")
    except (SigningError, OSError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK


def export(file: Path) -> int:
    """Print the public half as JSON, for `layers.trust` of the kiosks."""
    try:
        print(json.dumps({"keys": [signer_at(file, makes=False).trust]}, indent=2))
    except SigningError as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK
