"""What a key of the gate costs and buys, in sentences. Pure."""

from collections.abc import Iterator

from kioskd.evaluation.gate_keys import ON, Value
from kioskd.evaluation.gate_prices import KeyPrices, Price
from kioskd.evaluation.report import Rate
from kioskd.evaluation.report_text import percent


def shown(value: Value | None, unit: str = "") -> str:
    """A value with its unit; None: the key is off."""
    if value is None:
        return "off"
    if isinstance(value, str):
        return value
    return f"{value:g} {unit}".rstrip()


def told(rate: Rate, what: str) -> str:
    """Such as 12 of 345 attacks (3.5 %, 2.0 to 6.0)."""
    span = f"{100 * rate.low:.1f} to {100 * rate.high:.1f}"
    return f"{rate.hits} of {count(rate.of, what)} ({percent(rate.share)}, {span})"


def in_a_word(price: Price, off: Price) -> str:
    """What the key does at this value, against itself switched off."""
    if not (price.living.opened.of or price.attacks.opened.of):
        return "cannot be told"
    if price is off:
        return "asks for nothing"
    if _idle(price, off):
        passed = off.frames.bpcer.of or off.frames.apcer.of
        return "nothing here" if passed else "others refuse all"
    cost, gain = price.living.away.hits, price.attacks.away.hits
    if cost and gain:
        return "costs and buys"
    if cost:
        return "costs only"
    if gain:
        return "buys only"
    return "decides nothing"


def verdict(key: KeyPrices, value: Value) -> Iterator[str]:
    """What the key costs and buys at a value that is marked, the others as configured."""
    price, off = key.at(value), key.off
    if price is off:
        yield "At this value it asks for nothing."
        return
    if _idle(price, off):
        yield (
            "With the other keys as they are it refuses no frame here that they would let through,"
            " so it costs nothing and buys nothing."
        )
        return
    yield _living(price)
    yield _attacks(price, off)
    yield from _frames(price, off)


def titled(key: KeyPrices) -> str:
    """Its name, and its unit where the name does not have it."""
    own = not key.unit or key.key.endswith(("_px", "_deg"))
    return key.key if own else f"{key.key}, {key.unit}"


def place(key: KeyPrices, value: Value) -> str:
    """Such as: At 100 px, as shipped."""
    if value == ON:
        return "As configured"
    where = {key.shipped: "as shipped", key.configured: "as configured"}
    both = "as shipped and configured" if key.shipped == key.configured else where[value]
    return f"At {shown(value, key.unit)}, {both}"


def count(number: int, what: str) -> str:
    """Such as 1 attack, 2 attacks."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _living(price: Price) -> str:
    living = price.living
    if not living.opened.of:
        return "There is no living presentation here, so what it costs cannot be told."
    if not living.away.hits:
        text = f"It keeps out none of {count(living.away.of, 'living presentation')}"
    else:
        who = told(living.away, "living presentation")
        text = f"It keeps out {who} that are let in without it"
    also = f", and {living.added.hits} are let in only with it" if living.added.hits else ""
    ended = living.stopped
    tries = f"; {ended.hits} of {ended.of} attempts of theirs came to nothing by it"
    return f"{text}{also}{tries if ended.hits else ''}."


def _attacks(price: Price, off: Price) -> str:
    attacks = price.attacks
    if not attacks.opened.of:
        return "There is no attack here, so what it buys cannot be told."
    if not attacks.away.hits:
        text = f"It stops none of {count(attacks.away.of, 'attack')}"
    else:
        text = f"It stops {told(attacks.away, 'attack')} that open the door without it"
    also = f", and {attacks.added.hits} open it only with it" if attacks.added.hits else ""
    still = f"{attacks.opened.hits} open it with it and {off.attacks.opened.hits} without"
    if not attacks.opened.hits and not off.attacks.opened.hits:
        still = "none opens it with it or without"
    return f"{text}{also}; {still}."


def _frames(price: Price, off: Price) -> Iterator[str]:
    """Of single frames, what the networks err by with the key and without."""
    now, before = price.frames, off.frames
    parts = [
        f"{percent(a.share)} of {a.of} {what} (without it {percent(b.share)} of {b.of})"
        for what, a, b in (
            ("living frames score below the threshold", now.bpcer, before.bpcer),
            ("attack frames at or above it", now.apcer, before.apcer),
        )
        if a.of and b.of
    ]
    if parts:
        yield f"Of single frames that pass, {', and '.join(parts)}."


def _idle(price: Price, off: Price) -> bool:
    """Whether the key refuses no frame that the others let through, and changes no outcome."""
    frames = (price.frames.bpcer.of, price.frames.apcer.of)
    changed = (
        rate.hits
        for fates in (price.living, price.attacks)
        for rate in (fates.away, fates.added, fates.stopped)
    )
    return frames == (off.frames.bpcer.of, off.frames.apcer.of) and not any(changed)
