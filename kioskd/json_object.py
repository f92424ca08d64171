"""A request as JSON, from whoever sends one."""

import json
from typing import Any, TypeVar

from kioskd.config.section import Section, ValidationError
from kioskd.refused import RefusedError

Asked = TypeVar("Asked", bound=Section)


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


def checked(kind: type[Asked], said: object) -> Asked:
    """What is asked for, by its keys; RefusedError names every key that is wrong."""
    try:
        return kind.model_validate(said)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        wrong = "; ".join(f"{_key(each['loc'])}: {each['msg']}" for each in found[:5])
        raise RefusedError(400, "BadRequest", wrong) from None


def _key(at: tuple[int | str, ...]) -> str:
    """The key's name, if a person could have written it."""
    name = ".".join(map(str, at))
    return name if name.isprintable() and len(name) <= 60 else "a key"
