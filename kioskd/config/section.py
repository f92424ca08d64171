"""What every section of config.yaml is made of. The only file that imports pydantic.

It hands on to its neighbours what they declare their keys with.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)

__all__ = [
    "NAME_FORM",
    "Field",
    "Name",
    "SecretStr",
    "Section",
    "StringConstraints",
    "ValidationError",
    "WithJsonSchema",
    "joined",
    "made",
    "name",
    "number",
    "several",
]

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
NAME_FORM = "up to 40 lower-case letters, digits and hyphens, not a hyphen first"


def name(description: str) -> Any:
    return Field(description=description, json_schema_extra={"x-form": NAME_FORM})


def number(
    default: float | None,
    low: float,
    high: float,
    unit: str,
    description: str,
    looser: str = "",
    **more: Any,
) -> Any:
    """A number's key; `looser` says which way it lets more pass: "less", "more" or "neither".

    A key that begins with minimum_ or maximum_ says so by its name.
    """
    extra = {"x-unit": unit, "x-looser": looser}
    return Field(
        default,
        ge=low,
        le=high,
        description=description,
        json_schema_extra={name: said for name, said in extra.items() if said},
        **more,
    )


def joined(between: str) -> BeforeValidator:
    """Makes text of a YAML list of words, so that a key takes either: code sees the text."""

    def as_text(value: object) -> object:
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            return value
        return between.join(value)

    return BeforeValidator(as_text)


def several(pattern: str, item: Mapping[str, Any], between: str = ", ") -> Any:
    """The type of a key that is words with commas between, or a YAML list of them.

    pattern  of the text; item: JSON Schema of one word
    """
    forms = [
        {"type": "string", "pattern": pattern},
        {"type": "array", "minItems": 1, "items": dict(item)},
    ]
    return Annotated[
        str,
        StringConstraints(pattern=pattern),
        joined(between),
        WithJsonSchema({"anyOf": forms}),
    ]


class Section(BaseModel):
    """A part of the file. Errors never repeat what was found: it may be a password."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_all_defaults(cls, value: object) -> object:
        """A section whose every line is commented out."""
        return {} if value is None else value


def made(
    name: str, sentence: str, keys: Mapping[str, tuple[Any, Any]], base: type[Section] = Section
) -> type[Section]:
    """A section with these keys, each a type and a Field, beside those of `base`."""
    return create_model(name, __base__=base, __doc__=sentence, **dict(keys))  # type: ignore[call-overload, no-any-return]
