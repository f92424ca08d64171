"""How a kiosk takes commands over MQTT."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Its token is what whoever gives a command shows."""

    token: str = field(default="", repr=False)
