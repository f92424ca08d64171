"""What is wrong with a value, in words for the person who typed it.

Never repeated: what stands at a secret key, what an unknown key holds, an address's credentials.
"""

import re

from kioskd.config import meant
from kioskd.config.config_keys import Complaint
from kioskd.config.keys import Key, find, listed, walk
from kioskd.config.problem import Problem, at_key, at_value
from kioskd.config.section import NAME_FORM
from kioskd.config.yaml_document import Document, Node, Path, dotted, shown_key

_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def problem(document: Document, complaint: Complaint) -> Problem:
    """The problem of which pydantic complained."""
    value, path = document.value, complaint.path
    match complaint.kind:
        case "missing":
            return _missing(document, path)
        case "union_tag_not_found":
            return _missing_kind(document, path)
        case "union_tag_invalid":
            return _unfit(document, (*path, _tag(document, path)))
        case "extra_forbidden":
            return _unknown(document, path)
        case "name":
            hint = _name_meant(str(path[-1])) if shown_key(str(path[-1])) == path[-1] else ""
            return at_key(document, path, f"the name must be {NAME_FORM}{hint}")
        case "too_short" if _is_map(find(path, value)):
            return at_key(document, path, "must hold at least one entry (found none)")
    return _unfit(document, path)


def _missing(document: Document, path: Path) -> Problem:
    key = find(path, document.value)
    expected = f"; it must be {key.expects}" if key else ""
    return at_key(document, path, f"is missing{expected}")


def _missing_kind(document: Document, path: Path) -> Problem:
    node = document.node(path)
    if node is not None and not isinstance(node.content, dict) and node.content is not None:
        return _unfit(document, path)
    return _missing(document, (*path, _tag(document, path)))


def _tag(document: Document, path: Path) -> str:
    """What tells the kinds of section apart that may stand here."""
    section = find(path, document.value)
    return next(iter(section.keys)) if section else ""


def _unknown(document: Document, path: Path) -> Problem:
    parent = find(path[:-1], document.value)
    known = tuple(parent.keys) if parent else ()
    name = str(path[-1])
    return at_key(document, path, f"is not a known key{_key_meant(name, known)}")


def _key_meant(name: str, known: tuple[str, ...]) -> str:
    if close := meant.key(name, known):
        return f", did you mean '{close}'?"
    homes = [(path, kind) for path, kind, _ in walk() if path[-1] == name]
    return f"; it belongs under {_home(homes)}" if homes else f" (known here: {', '.join(known)})"


def _home(homes: list[tuple[Path, str]]) -> str:
    """The first place where a key is known, and the kind that alone has it there, if one has."""
    path = homes[0][0]
    kinds = tuple(kind for at, kind in homes if at == path and kind)
    tag = "mode" if path[0] == "doors" else "kind"
    alone = f" of {tag} {kinds[0]}" if len(kinds) == 1 else ""
    return (dotted(path[:-1]) or "the top") + alone


def _unfit(document: Document, path: Path) -> Problem:
    """The value has the wrong type or is out of range; steps past a value are pydantic's own."""
    key = find(path, document.value)
    while key is None and path:
        path = path[:-1]
        key = find(path, document.value)
    node = document.node(path)
    assert key is not None
    assert node is not None
    hint = _meant(node, key, depth=_has_depth(document, path))
    return at_value(document, path, f"must be {key.expects} ({found(node, key)}){hint}")


def _words(node: Node) -> str:
    """A list of words as it was typed; what else is in it is only told."""
    assert isinstance(node.content, list)
    words = [entry.text or "nothing" for entry in node.content]
    return shown(", ".join(words)) if words else "an empty list"


def _has_depth(document: Document, path: Path) -> bool:
    """Whether the door at this path is watched by a depth camera."""
    feed = document.node((*path[:2], "feed")) if path[:1] == ("doors",) else None
    kind = document.node(("feeds", str(feed.content), "kind")) if feed is not None else None
    return kind is not None and kind.content == "realsense"


def found(node: Node, key: Key) -> str:
    """What stands there, as it was typed, as far as it may be shown."""
    if isinstance(node.content, dict):
        return "found a section"
    if isinstance(node.content, list):
        return "found a list" if not key.words else f"found {_words(node)}"
    if node.content is None:
        return "found nothing"
    if key.is_section and isinstance(node.content, bool):
        return f"found {node.text}"
    if key.secret or key.is_section:
        return "found text" if isinstance(node.content, str) else "found a number or true/false"
    return f"found {shown(node.text or '', node.quoted)}"


def shown(text: str, quoted: bool = False) -> str:
    """Text for a message: on one line, not too long, and no credentials of an address."""
    if "://" in text or "@" in text:
        return "an address"
    if len(text) > 40:
        text = text[:39] + "…"
    return repr(text) if quoted or not text.isprintable() or not text else text


def _meant(node: Node, key: Key, *, depth: bool) -> str:
    text = node.text
    if key.words:
        return _word_meant(node, key.words)
    if key.is_section and node.content is True and not any(k.required for k in key.keys.values()):
        return "; {} is one with its defaults"
    if text is None or key.secret or key.is_section or not text:
        return ""
    if "${" in text or re.fullmatch(r"\$\w+", text):
        return "; ${NAME} works in mqtt.username, mqtt.password and a feed's url alone"
    if key.type == "boolean":
        return _suggest(_BOOLEANS.get(text.lower(), text.lower()), ("true", "false"))
    if key.type in ("integer", "number"):
        return _number_meant(text, key, node.quoted)
    if not isinstance(node.content, str):
        quotes = _in_quotes(text, key) if key.type == "string" else ""
        return quotes or _suggest(text, key.choices, depth=depth)
    if key.expects == NAME_FORM:
        return _name_meant(text)
    return _suggest(text, key.choices, depth=depth)


def _word_meant(node: Node, words: tuple[str, ...]) -> str:
    """Which of several words is none of those that may stand there."""
    entries = node.content if isinstance(node.content, list) else []
    typed = [entry.text or "" for entry in entries] or (node.text or "").split(",")
    strange = next((word.strip() for word in typed if word.strip() not in words), "")
    if not strange or not strange.isprintable() or len(strange) > 40:
        return ""
    return f"; '{strange}' is none of {listed(words, 'and')}{_suggest(strange, words)}"


def _in_quotes(text: str, key: Key) -> str:
    """`serial: 821212060000`: the right letters, but YAML reads a number, or true or false."""
    if not key.allows(text):
        return ""
    return f'; without quotes it is no text, write "{text}"'


def _suggest(text: str, choices: tuple[str, ...], *, depth: bool = False) -> str:
    close = meant.choice(text, choices, depth=depth)
    return f", did you mean '{close}'?" if close else ""


def _number_meant(text: str, key: Key, quoted: bool) -> str:
    """`012`, `1e3`, `1_000`, `5.0` and `'80'` for a whole number: the number without the frill."""
    try:
        number = float(text.replace("_", "").replace(",", "."))
    except ValueError:
        return ""
    if not key.shape.get("minimum", number) <= number <= key.shape.get("maximum", number):
        return ""
    plain = f"{number:.6g}" if key.type == "number" else f"{number:.0f}"
    if plain == text:
        return "; write it without quotes" if quoted else ""
    return f", did you mean '{plain}'?" if float(plain) == number else ""


def _is_map(key: Key | None) -> bool:
    return key is not None and key.named is not None


def _name_meant(name: str) -> str:
    meant = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if "://" in name or "@" in name or not _NAME.fullmatch(meant):
        return ""
    return f", did you mean '{meant}'?"
