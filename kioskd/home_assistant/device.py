"""What Home Assistant is told: a kiosk is one device, with an entity for each thing to see. Pure.

The device form of its MQTT discovery (2024.12 and later):
https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload. Its templates read what
the kiosk publishes anyway, full or compact; nothing is published for it but this.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kioskd.delivery.wire import Payload, Topics

ONLINE = "{{ 'online' if value_json.state == 'online' else 'offline' }}"
# What an action's attributes say (docs/connect/mqtt.md, Action). No word of who it was.
VERDICT = (
    "{% set said = [value_json.get('livenessConfirmed'), value_json.get('smile'),"
    " value_json.get('challengeConfirmed')] | select('string') | list %}"
    "{% set passed = said | reject('eq', 'true') | list | length == 0"
    " if said else value_json.get('actionId') == 'poseLiveness' %}"
    "{{ {'event_type': 'passed' if passed else 'failed', 'action': value_json.get('actionId'),"
    " 'event_id': value_json.get('eventId')} | to_json }}"
)
RINGS = "{{ 'ON' if value_json.alarms | selectattr('ended', 'none') | list else 'OFF' }}"


@dataclass(frozen=True, slots=True)
class Told:
    """What of a kiosk can be told.

    doors   the source that watches each
    health  whether the health topic is published; alarms: the same of theirs
    """

    topics: Topics
    version: str
    doors: Mapping[str, str]
    health: bool = False
    alarms: bool = False

    @property
    def id(self) -> str:
        """Unlike that of any other kiosk: no name of a site or a device holds an underscore."""
        return f"kioskd_{self.topics.site}_{self.topics.device}"


def topic(prefix: str, told: Told) -> str:
    return f"{prefix}/device/{told.id}/config"


def device(told: Told, gone: Mapping[str, str] | None = None) -> Payload:
    """The discovery payload.

    gone  platform of each component that was there before and is to be removed
    """
    present = components(told)
    removed = {name: {"platform": was} for name, was in (gone or {}).items() if name not in present}
    return {
        "device": {
            "identifiers": [told.id],
            "name": f"kioskd {told.topics.site} {told.topics.device}",
            "manufacturer": "kioskd",
            "model": "camera kiosk",
            "sw_version": told.version,
        },
        "origin": {"name": "kioskd", "sw_version": told.version},
        "qos": 1,
        "components": {**removed, **present},
    }


def components(told: Told) -> dict[str, Payload]:
    """Every entity, by its name within the device."""
    found = _of_the_kiosk(told)
    for door, source in told.doors.items():
        found |= _of_a_door(told, door, source)
    return found


def _of_the_kiosk(told: Told) -> dict[str, Payload]:
    topics = told.topics
    found = {
        "online": _binary("Online", "connectivity", topics.status, _on("state == 'online'")),
        "problem": _listing(
            _binary("Problem", "problem", topics.status, _on("problems")), "problems"
        ),
    }
    if told.alarms:
        alarm = _binary("Alarm", "problem", topics.alarms, RINGS)
        found["alarm"] = _listing(alarm, "alarms")
    if told.health:
        health = topics.health
        found |= {
            "audit_rows": _sensor("Records waiting", health, "value_json.auditRowsWaiting"),
            "memory": _sensor("Memory", health, "value_json.memoryMb", "data_size", "MB"),
            "open_files": _sensor("Open files", health, "value_json.openFiles"),
            "up": _sensor("Running for", health, "value_json.upS", "duration", "s"),
        }
    return {name: _named(told, name, one, always=name == "online") for name, one in found.items()}


def _of_a_door(told: Told, door: str, source: str) -> dict[str, Payload]:
    topics = told.topics
    found: dict[str, Payload] = {
        "result": {
            "platform": "event",
            "name": f"{door} result",
            "event_types": ["passed", "failed"],
            "state_topic": topics.action(source),
            "value_template": VERDICT,
        },
        "camera": _binary(
            f"{door} camera", "connectivity", topics.state(source), _on("state == 'online'")
        ),
    }
    for verdict in ("passed", "failed", "undecided") if told.health else ():
        counted = f"(value_json.doors | selectattr('doorId', 'eq', '{door}') | first).{verdict}"
        one = _sensor(f"{door} {verdict}", topics.health, counted)
        found[verdict] = {**one, "state_class": "total_increasing"}
    return {f"{door}_{name}": _named(told, f"{door}_{name}", one) for name, one in found.items()}


def _named(told: Told, name: str, component: Payload, *, always: bool = False) -> Payload:
    """With an id of its own, and unavailable while the kiosk is away."""
    status: Payload = {"topic": told.topics.status, "value_template": ONLINE}
    away: Payload = {} if always else {"availability": [status]}
    return {**component, "unique_id": f"{told.id}_{name}", **away}


def _on(condition: str) -> str:
    return f"{{{{ 'ON' if value_json.{condition} else 'OFF' }}}}"


def _binary(name: str, kind: str, state_topic: str, template: str) -> Payload:
    return {
        "platform": "binary_sensor",
        "name": name,
        "device_class": kind,
        "entity_category": "diagnostic",
        "state_topic": state_topic,
        "value_template": template,
    }


def _listing(component: Payload, key: str) -> Payload:
    """With what stands under a key of the message as attributes."""
    template = f"{{{{ {{'{key}': value_json.{key}}} | to_json }}}}"
    attributes = {
        "json_attributes_topic": component["state_topic"],
        "json_attributes_template": template,
    }
    return {**component, **attributes}


def _sensor(name: str, state_topic: str, value: str, kind: str = "", unit: str = "") -> Payload:
    return {
        "platform": "sensor",
        "name": name,
        "state_topic": state_topic,
        "value_template": f"{{{{ {value} }}}}",
        "state_class": "measurement",
        "entity_category": "diagnostic",
        **({"device_class": kind, "unit_of_measurement": unit} if kind else {}),
    }
