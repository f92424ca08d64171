"""The gate as a list in words: what fits, what does not, and what to do. Pure.

The same lines as on the page (kioskd/page/static/page.js), from the same values.
"""

from math import ceil
from typing import Any

from kioskd.terminal_sections import Row
from kioskd.watch.wording import Wording

Json = dict[str, Any]
OF_PICTURE = ("colour", "blocks", "clumping", "flatness", "redness", "discord")
EVIDENCE = ("edges", "grid", "bands")
SHARES = ("face widths", "face heights")


def check_rows(look: Json, words: Wording) -> list[Row]:
    """A row per check: mark and name, value, limit, what to do."""
    rows = [_check(one, words) for one in _grouped(look["checks"])]
    shares = look.get("evidence", {})
    told = [(name, shares.get(name) or 0.0) for name in EVIDENCE]
    return rows + [_evidence(name, share, words) for name, share in told if share > 0]


def failing(look: Json) -> list[Json]:
    """The checks that keep the face from being judged."""
    return [one for one in look["checks"] if one["reason"] is not None and not one["passed"]]


def summary(look: Json, words: Wording) -> Row:
    """One line for whoever stands on the ladder."""
    wrong = failing(look)
    if not look["faces"]:
        return Row((words("page.nobody"),))
    if wrong:
        return Row((f"{words('page.n_fail', n=len(wrong))}: {advice(wrong[0], words)}",), "bad")
    if look["reasons"]:
        return Row((words(f"reasons.{look['reasons'][0]}"),))
    if not look["checks"]:
        return Row((words("page.not_asked"),))
    return Row((words("page.all_fit"),), "good")


def advice(check: Json, words: Wording) -> str:
    """What to do and by how much: "Move the camera back: 20 % more"."""
    least = check["bound"] == "least"
    own = f"checks.{check['key']}.{'less' if least else 'more'}"
    does = words(own) if words.knows(own) else words(f"reasons.{check['reason']}")
    if check["value"] is None or check["limit"] is None:
        return does
    missing = abs(check["limit"] - check["value"])
    shares = check["unit"] in SHARES
    amount = f"{ceil(100 * missing)} %" if shares else words.figure(missing, check["unit"])
    return f"{does}: {words('page.need_more' if least else 'page.need_less', missing=amount)}"


def name_of(key: str, words: Wording) -> str:
    return words(f"checks.{key}.name") if words.knows(f"checks.{key}.name") else key


def _grouped(checks: list[Json]) -> list[Json]:
    """The six checks of the picture as a whole are one line while nothing is wrong with them."""
    of = [one for one in checks if one["key"] in OF_PICTURE]
    if not of or not all(one["passed"] for one in of):
        return checks
    whole = {**of[0], "key": "picture", "value": None, "limit": None}
    first = checks.index(of[0])
    rest = [one for one in checks[first:] if one not in of]
    return [*checks[:first], whole, *rest]


def _check(check: Json, words: Wording) -> Row:
    passed, asks = check["passed"], check["reason"] is not None
    mark = f"{'✓' if passed else '✗'} {name_of(check['key'], words)}"
    if check["limit"] is None:
        value = limit = ""
    else:
        value = words.figure(check["value"], check["unit"])
        limit = words(f"page.{check['bound']}", limit=words.figure(check["limit"], check["unit"]))
    does = advice(check, words) if asks and not passed else ""
    return Row((mark, value, limit, does), "good" if passed else "bad" if asks else "note")


def _evidence(name: str, share: float, words: Wording) -> Row:
    does = words(f"evidence.{name}.more")
    return Row((f"! {words(f'evidence.{name}.name')}", f"{100 * share:.0f} %", "", does), "note")
