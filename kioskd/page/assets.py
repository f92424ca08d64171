"""The files that a browser is given, and the words in each language. Nothing else is served."""

from functools import cache
from importlib import resources
from typing import Any

from kioskd import prompts
from kioskd.config.strict_yaml import read
from kioskd.modes.reasons import SENTENCES

STATIC = resources.files("kioskd.page") / "static"
WORDS = resources.files("kioskd.page") / "words"
KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
FILES = frozenset(file.name for file in STATIC.iterdir() if file.name.rpartition(".")[2] in KINDS)
BEFORE_LOGIN = ("/static/page.css", "/static/login.js", "/static/icon.svg")


@cache
def file(name: str) -> tuple[bytes, str]:
    """The content of one of FILES, and its kind."""
    return (STATIC / name).read_bytes(), KINDS[name.rpartition(".")[2]]


def languages() -> tuple[str, ...]:
    """Those that the aiming page speaks, such as "en"."""
    names = (file.name for file in WORDS.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


@cache
def words(language: str) -> dict[str, Any]:
    """All that is said in a language, `kioskd.prompts` included.

    The page speaks fewer languages than a kiosk's screen; where it lacks one it is English. The
    reasons' own sentences are English.
    """
    said = _written(language if language in languages() else "en")
    reasons = {reason.value: sentence for reason, sentence in SENTENCES.items()}
    return {
        **said,
        "code": language,
        "reasons": {**reasons, **said.get("reasons", {})},
        "prompts": dict(prompts.words(language)),
        "languages": {code: _written(code)["language"] for code in languages()},
    }


@cache
def _written(language: str) -> dict[str, Any]:
    name = f"{language}.yaml"
    document = read((WORDS / name).read_bytes(), name)
    if document.problems:
        raise ValueError(f"{name}: {document.problems[0]}")
    said: dict[str, Any] = document.value
    return said
