"""How the files of the kiosk's keys are called. The library for signing is not needed to know."""

KEY_FILE = "signing.key"  # in the state folder, or as a systemd credential
NEXT_FILE = "signing.next.key"  # beside it
BEFORE_FILE = "signing.before.json"  # in the state folder; public halves alone
