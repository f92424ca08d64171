"""`fleet/nats/users.conf`: a line for each kiosk, which may say what goes up, no more. Pure."""

import re
from collections.abc import Callable

# What of a kiosk goes up. No action is among it, nor a topic on which somebody could command one.
UP = ("audit", "status", "health", "alarms", "*.state")
_KIOSK = re.compile(r'^  \{ user: "([a-z0-9-]+)\.([a-z0-9-]+)", password: "([^"]*)"', re.MULTILINE)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


class UsersFileError(Exception):
    """The file is not as `kioskd fleet kiosks` leaves it, or a name is none."""


def added(
    text: str, kiosks: tuple[tuple[str, str], ...], prefix: str, password: Callable[[], str]
) -> tuple[str, dict[str, str]]:
    """The file with those that were missing, and their passwords by user. Raises UsersFileError.

    Who stands there already keeps the line and the password.
    """
    head, end, tail = text.rpartition("\n]")
    if not end or tail.strip():
        raise UsersFileError("the file does not end in a line ], as fleet/nats/users.conf does")
    there = {f"{site}.{device}" for site, device, _ in _KIOSK.findall(text)}
    made: dict[str, str] = {}
    for site, device in kiosks:
        if not (_NAME.fullmatch(site) and _NAME.fullmatch(device)):
            raise UsersFileError(
                f"{site}/{device} is no SITE/DEVICE as a kiosk's config.yaml has it"
            )
        user = f"{site}.{device}"
        if user not in there and user not in made:
            made[user] = password()
            head += "\n" + _line(site, device, prefix, made[user])
    return f"{head}\n]\n", made


def _line(site: str, device: str, prefix: str, password: str) -> str:
    base = f"{prefix.replace('/', '.')}.{site}.{device}"
    up = ", ".join(f'"{base}.{topic}"' for topic in UP)
    down = f'"{base}.layers", "{base}.layers.>", "$MQTT.sub.>"'  # MQTT's # is both
    return (
        f'  {{ user: "{site}.{device}", password: "{password}",'
        f" permissions: {{ publish: [{up}], subscribe: [{down}] }} }}"
    )
