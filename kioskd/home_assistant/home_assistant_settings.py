"""Where Home Assistant looks for devices."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HomeAssistantSettings:
    """prefix: the first words of its discovery topics, as its MQTT integration is set to"""

    prefix: str = "homeassistant"
