"""The strict sections of config.yaml, made from the settings that the modes themselves define."""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from kioskd.config.section import Field, Section, made, number, several
from kioskd.modes.setting import Choice, Number, Part, Setting, Words, settings_in, words

BETWEEN = ", "  # stands between the words of a list that is written as text


def section(
    name: str,
    sentence: str,
    whole: object,
    without: Collection[str] = (),
    highest: Mapping[str, float] | None = None,
) -> type[Section]:
    """A section whose keys are a mode's settings, at the values that they have in `whole`.

    highest  a limit below the setting's own, by key
    """
    keys = {each.name: _key(each, highest or {}) for each in settings_in(whole, without)}
    return made(name, sentence, keys)


def _key(setting: Setting, highest: Mapping[str, float]) -> tuple[Any, Any]:
    """The type of a key, and what else pydantic must know of it."""
    match setting.note:
        case Number(low, high, unit, sentence, looser):
            high = highest.get(setting.name, high)
            return setting.type, number(setting.value, low, high, unit, sentence, looser)
        case Choice(sentence, looser, among):
            known = among or words(setting.type)
            kind = bool if setting.type is bool else Literal[known]
            value = setting.value if setting.type is bool else str(setting.value)
            return kind, _field(value, sentence, looser)
        case Words(sentence, looser, form):
            known = words(setting.type)
            more = {"x-form": form, "x-words": list(known)}
            text = BETWEEN.join(setting.value)
            return _several(known), _field(text, sentence, looser, **more)
        case Part(sentence):
            inner = section(setting.name, sentence, setting.value)
            return inner, Field(default=inner(), description=sentence)
    raise TypeError(f"{setting.name} says nothing of what it may be")


def _field(value: Any, sentence: str, looser: str, **more: Any) -> Any:
    extra = {"x-looser": looser, **more}
    return Field(default=value, description=sentence, json_schema_extra=extra)


def _several(known: tuple[str, ...]) -> Any:
    """Words as a YAML list, or as text with commas between."""
    any_ = "|".join(known)
    pattern = rf"^({any_})(, ?({any_}))*$"
    return several(pattern, {"enum": list(known)}, BETWEEN)
