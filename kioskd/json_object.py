"""A request as JSON, from whoever sends one."""

import json
from typing import Any

from kioskd.refused import RefusedError


def json_object(body: bytes, most: int) -> dict[str, Any]:
    """What is asked; RefusedError for what is no JSON object, or larger than `most` bytes."""
    if len(body) > most:
        told = f"the request is larger than {most // 2**20} MiB"
        raise RefusedError(413, "RequestTooLarge", told)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(400, "BadRequest", "the request is not JSON") from None
    if not isinstance(said, dict):
        raise RefusedError(400, "BadRequest", "the request is to be a JSON object")
    return said
