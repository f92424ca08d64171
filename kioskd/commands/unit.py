"""`kioskd unit`: the systemd unit, for the kioskd that prints it; of a door, or of a collector."""

import sys
from pathlib import Path

from kioskd import shipped
from kioskd.commands.exit_status import OK

DOCUMENTED = "/opt/kioskd/bin/kioskd"
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # from a service, by the unit itself


def run(*, collector: bool = False) -> int:
    """Print it, and on standard error where the service could not see its program. Status 0."""
    name = "kioskd-collect.service" if collector else "kioskd.service"
    program = Path(sys.executable).with_name("kioskd")
    print(shipped.text(name).replace(DOCUMENTED, str(program)), end="")
    if any(program.is_relative_to(folder) for folder in HIDDEN):
        print(
            f"This unit hides {program} from the service: install kioskd elsewhere, as in /opt.",
            file=sys.stderr,
        )
    return OK
