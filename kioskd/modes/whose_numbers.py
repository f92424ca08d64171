"""Whose numbers a door's gate goes by, in a sentence for who installs it."""

from collections.abc import Iterable
from dataclasses import asdict

from kioskd.modes.gate_settings import FACE_PX, GateSettings, asks_room, suited
from models.schemes import FUSED

SIZE, NUMBERS = "minimum_face_size_px", "numbers"


def whose_numbers(limits: GateSettings, usual: GateSettings, schemes: Iterable[str]) -> str:
    """How large a face must be, how much room it needs, and whose numbers these are.

    usual    the mode's limits, before the site wrote any
    schemes  by which the mode judges colours: one at most
    """
    before = asdict(usual)
    written = [key for key, value in asdict(limits).items() if value != before[key]]
    scheme = next(iter(schemes), None)
    said = f"{_asked(limits, scheme)}: {_whose(limits, usual, scheme, written)}"
    others = [key for key in written if key not in (SIZE, NUMBERS)]
    return said + (f"; this file sets {', '.join(others)}" if others else "")


def _asked(limits: GateSettings, scheme: str | None) -> str:
    if scheme is None:
        return f"a face of {limits.minimum_face_size_px or FACE_PX:g} px"
    face = f"a face of {suited(limits, scheme).minimum_face_size_px:g} px"
    if not asks_room(limits, scheme):
        return f"{face} and no room around it"
    return (
        f"{face}, and of its size {limits.hybrid_margin_left:.0%} of room on the left, "
        f"{limits.hybrid_margin_right:.0%} on the right, {limits.hybrid_margin_above:.0%} above "
        f"and {limits.hybrid_margin_below:.0%} below"
    )


def _whose(
    limits: GateSettings, usual: GateSettings, scheme: str | None, written: list[str]
) -> str:
    if SIZE in written:
        return "the size is this file's"
    if usual.minimum_face_size_px is not None:
        return "the mode's own number"
    if scheme != FUSED:
        return "SAFR's"
    if limits.numbers == "safr":
        return "SAFR's, as this file asks"
    return f"what the networks of {FUSED} were measured to need; `gate.numbers: safr` asks SAFR's"
