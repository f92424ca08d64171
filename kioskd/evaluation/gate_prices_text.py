"""The prices of a gate's keys for the terminal, and as tables of a page."""

from collections.abc import Iterator, Sequence

from kioskd.evaluation.gate_prices import GatePrices, KeyPrices, SchemePrices
from kioskd.evaluation.gate_sentences import count, in_a_word, shown
from kioskd.evaluation.report import Rate
from kioskd.evaluation.report_text import markdown_table, percent, problem_lines, rate
from kioskd.terminal import table

HEAD = (
    *("key", "value", "in a word", "living kept out by it", "attacks stopped by it"),
    *("door opened to attacks", "living frames refused", "attack frames accepted"),
)
WITHOUT = "the last three without the key, then with it; frames are those that pass"


def lines(prices: GatePrices) -> Iterator[str]:
    """What each key costs and buys where it stands, as text, line by line."""
    yield from head(prices)
    for scheme in prices.schemes:
        yield ""
        yield f"{scheme.scheme}: each key as it stands, against itself switched off;"
        yield WITHOUT
        yield from table(HEAD, _rows(scheme))
        yield from (f"  {sentence}" for sentence in scheme.unasked)
    yield from problem_lines(prices.problems)
    yield ""
    yield took(prices)


def markdown(prices: GatePrices) -> Iterator[str]:
    for scheme in prices.schemes:
        yield f"`{scheme.scheme}`:"
        yield ""
        yield from markdown_table(HEAD, _rows(scheme))
        yield ""


def head(prices: GatePrices) -> Iterator[str]:
    """What was looked at, and what is to be known of it before anything is chosen by it."""
    living, attacks = (prices.presentations[label] for label in ("bonafide", "attack"))
    yield (
        f"{prices.data_set}: {count(living, 'living presentation')} and {count(attacks, 'attack')},"
        f" {count(prices.subjects, 'subject')}, {count(prices.sources, 'source')};"
        f" {prices.frames['bonafide']} and {count(prices.frames['attack'], 'frame')}"
    )
    if prices.still_images:
        yield (
            f"STILL IMAGES: {prices.still_images} of them, each judged by its one frame; no door"
            " decides by one, and what a face's movement and change cost cannot be told of it"
        )
    if prices.unread:
        yield f"{prices.unread} labelled file(s) or frame(s) could not be read and are in no figure"
    if prices.too_few:
        yield f"TOO FEW to choose by: {'; '.join(prices.too_few)}"


def took(prices: GatePrices) -> str:
    """How long it took, for whoever plans to do it again with more."""
    frames = sum(prices.frames.values())
    return (
        f"It took {prices.looked_s:.0f} s to look at {frames} frames and {prices.replayed_s:.0f} s"
        " to replay the gate over them"
    )


def _rows(scheme: SchemePrices) -> list[Sequence[str]]:
    return [_row(key) for key in scheme.keys]


def _row(key: KeyPrices) -> Sequence[str]:
    price, off = key.at(key.configured), key.off
    changed = "" if key.configured == key.shipped else f", shipped {shown(key.shipped)}"
    return (
        key.key,
        f"{shown(key.configured, key.unit)}{changed}",
        in_a_word(price, off),
        rate(price.living.away),
        rate(price.attacks.away),
        _both(off.attacks.opened, price.attacks.opened),
        _both(off.frames.bpcer, price.frames.bpcer),
        _both(off.frames.apcer, price.frames.apcer),
    )


def _both(without: Rate, with_it: Rate) -> str:
    """Such as 6.0 % of 400, 5.1 % of 380; once where they are the same."""
    each = (f"{percent(found.share)} of {found.of}" for found in (without, with_it))
    return ", ".join(dict.fromkeys(each))
