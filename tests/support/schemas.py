"""What we write, held to the schemas with nothing added.

The schemas that ship are for readers, whom a new key must not break. A writer is held to the same
ones closed: each object has the keys that they name, and no other.
"""

import json
from collections.abc import Callable
from functools import cache

import fastjsonschema
import jsonschema

from kioskd.delivery import wire
from kioskd.delivery.wire import SchemaName


def closed(part: object) -> object:
    """The schema with no other keys in any object that names its own."""
    if isinstance(part, list):
        return [closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    # What stands under allOf adds to the object around it, and names only some of its keys.
    inner = {key: value if key == "allOf" else closed(value) for key, value in part.items()}
    if part.get("type") == "object" and "properties" in part:
        inner.setdefault("additionalProperties", False)
    return inner


def check(name: SchemaName, payload: wire.Payload | dict[str, object]) -> None:
    """The payload, as it arrives after a trip through JSON, is exactly what the schema says.

    A second validator, which shares no code with the first, takes it by the schema that ships.
    """
    arrived = json.loads(wire.encode(payload))  # type: ignore[arg-type]
    _validator(name).validate(arrived)
    readers(name)(arrived)


@cache
def readers(name: SchemaName) -> Callable[[object], object]:
    """What a reader has made of the schema that ships; raises JsonSchemaValueException."""
    made: Callable[[object], object] = fastjsonschema.compile(wire.schema(name))
    return made


@cache
def _validator(name: SchemaName) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(closed(wire.schema(name)))  # type: ignore[arg-type]
