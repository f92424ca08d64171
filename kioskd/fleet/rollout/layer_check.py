"""Finds the mistakes of a layer before anybody signs it."""

import json

from kioskd.config import sentences
from kioskd.config.config_keys import Settings, validate
from kioskd.config.strict_yaml import read
from kioskd.layers.merging import check_said
from kioskd.refused import RefusedError


def mistakes(config: str) -> list[str]:
    """A sentence for each: what is no YAML, no layer's, or no key of its mode.

    Which mode a door has that is named stands in its kiosk's file alone: of those keys nothing is
    said, and the kiosk looks.
    """
    if not config.strip():
        return []
    document = read(config, "the layer")
    if document.problems:
        return [f"line {one.line}, column {one.column}: {one.text}" for one in document.problems]
    said = document.value
    try:
        check_said(said, {}, of_one_kiosk=False)
    except RefusedError as error:
        return [str(error)]
    modes = said.get("modes")
    doors = {
        mode.replace("_", "-"): {"mode": mode, "feed": "any", **keys}
        for mode, keys in (modes.items() if isinstance(modes, dict) else ())
        if isinstance(keys, dict)
    }
    if not doors:
        return []
    whole = {
        "site": "any",
        "device": "any",
        "mqtt": {"broker": "localhost"},
        "feeds": {"any": {"kind": "file", "path": "any"}},
        "doors": doors,
    }
    outcome = validate(whole)
    if isinstance(outcome, Settings):
        return []
    made = read(json.dumps(whole, ensure_ascii=False), "the layer")  # JSON is YAML
    found = (sentences.problem(made, complaint) for complaint in outcome)
    return [f"{one.path}: {one.text}" for one in found]
