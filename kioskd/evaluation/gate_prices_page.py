"""The prices of a gate's keys as one HTML file that needs nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kioskd.evaluation import curves
from kioskd.evaluation.gate_keys import ON
from kioskd.evaluation.gate_prices import GatePrices, KeyPrices
from kioskd.evaluation.gate_prices_text import head, took
from kioskd.evaluation.gate_sentences import count, in_a_word, place, shown, titled, verdict
from kioskd.evaluation.report import Rate
from kioskd.evaluation.report_page import rendered
from kioskd.evaluation.report_text import percent

TEMPLATE = Path(__file__).with_name("gate_prices.html.jinja")
FEWEST = 3  # values that make a curve


@dataclass(frozen=True, slots=True)
class Charts:
    """Three pictures of one key, as SVG."""

    living: str
    attacks: str
    frames: str


def page(prices: GatePrices) -> str:
    """The text of the whole file."""
    return rendered(
        TEMPLATE,
        prices=prices,
        head=list(head(prices)),
        took=took(prices),
        charts={id(key): charts(key) for scheme in prices.schemes for key in scheme.keys},
        identity=id,
        verdicts=verdicts,
        marks=_marks,
        count=count,
        shown=shown,
        titled=titled,
        in_a_word=in_a_word,
        percent=percent,
        span=span,
    )


def verdicts(key: KeyPrices) -> dict[str, list[str]]:
    """What it costs and buys at each value that is marked, by the words for that value."""
    marked = dict.fromkeys((key.shipped, key.configured))
    return {place(key, value): list(verdict(key, value)) for value in marked}


def span(found: Rate) -> str:
    """Its interval in percent, short enough for a table: 2.0 to 6.1 as 2.0-6.1."""
    return f"{100 * found.low:.1f}-{100 * found.high:.1f}"


def charts(key: KeyPrices) -> Charts | None:
    """None where there are too few values, or nothing was counted."""
    if len(key.together) < FEWEST or not (key.off.living.opened.of or key.off.attacks.opened.of):
        return None
    return Charts(_living(key), _attacks(key), _frames(key))


def _living(key: KeyPrices) -> str:
    lines = [
        _line("other keys as configured", "living", [p.living.none for p in key.together]),
        _line("this key alone", "living, alone", [p.living.none for p in key.alone]),
    ]
    return _over(key, "living: no decision", lines)


def _attacks(key: KeyPrices) -> str:
    lines = [
        _line("other keys as configured", "attack", [p.attacks.opened for p in key.together]),
        _line("this key alone", "attack, alone", [p.attacks.opened for p in key.alone]),
    ]
    return _over(key, "attacks: door opened", lines)


def _frames(key: KeyPrices) -> str:
    lines = [
        _line("living refused", "living", [p.frames.bpcer for p in key.together]),
        _line("attacks accepted", "attack", [p.frames.apcer for p in key.together]),
    ]
    return _over(key, "frames that pass: errors", lines)


def _over(key: KeyPrices, y: str, lines: list[curves.Line]) -> str:
    values = [shown(price.value) for price in key.together]
    return curves.over_values(titled(key), y, values, _marks(key), lines)


def _line(name: str, alike: curves.Alike, rates: list[Rate]) -> curves.Line:
    """Shares with their intervals, which of a key alone would only lie over the others'."""
    nothing = float("nan")
    band = [(r.low, r.high) if r.of else (nothing, nothing) for r in rates]
    return curves.Line(name, [r.share for r in rates], alike, () if "alone" in alike else band)


def _marks(key: KeyPrices) -> Mapping[int, str]:
    """The values that stand out, by their place."""
    at = {price.value: place for place, price in enumerate(key.together)}
    found: dict[int, str] = {at[key.shipped]: "here" if key.shipped == ON else "shipped"}
    return found | ({at[key.configured]: "here"} if key.configured != key.shipped else {})
