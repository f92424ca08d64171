"""What we write, held to the schemas with nothing added.

The schemas that ship are for readers, whom a new key must not break. A writer is held to the same
ones closed: each object has the keys that they name, and no other.
"""

import json
from functools import cache

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
    """The payload, as it arrives after a trip through JSON, is exactly what the schema says."""
    _validator(name).validate(json.loads(wire.encode(payload)))  # type: ignore[arg-type]


@cache
def _validator(name: SchemaName) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(closed(wire.schema(name)))  # type: ignore[arg-type]
