"""A proposal for the terminal, and as a fragment of config.yaml."""

from collections.abc import Iterator, Sequence

from kioskd.evaluation.attack_table import SchemeTable
from kioskd.evaluation.report import Rate
from kioskd.evaluation.report import rate as counted
from kioskd.evaluation.report_text import percent, rate
from kioskd.evaluation.threshold_choice import HeldOut, Looser, Price, Proposal
from kioskd.terminal import table
from models.schemes import uncalibrated

SECTION = "rgb_liveness"  # of a door
HEAD = ("N x ratio", "T live", "T fake", "APCER, worst species", "refused", "called", "caught", "f")


def lines(proposal: Proposal, attacks: SchemeTable | str = "") -> Iterator[str]:
    """What was fitted, what each choice costs, and how it fares on sources kept apart.

    attacks  of a site's own living people: what thresholds let in elsewhere, or why nobody knows
    """
    yield from _line(proposal)
    yield ""
    yield f"{proposal.scheme}: {_wish(proposal)}"
    yield "  N x ratio: frames that must agree of a window; refused: bona fide presentations"
    yield "  that were not confirmed; called: those of them called an attack; caught: attacks"
    yield "  called one; f: frames until life was confirmed, the median"
    yield ""
    yield "The best threshold for each window"
    yield from table(HEAD, [_row(price) for price in proposal.prices])
    yield ""
    yield "The chosen window at each threshold"
    yield from table(HEAD, [_row(price) for price in proposal.around])
    yield ""
    yield "Chosen"
    yield from table(HEAD, [_row(proposal.chosen)])
    yield ""
    yield from _held_out(proposal.held_out, _unit(proposal))
    if not proposal.kept and not proposal.looser and not proposal.site:
        yield "No choice as strict as the defaults keeps the wish; --allow-looser tries others"
    if proposal.site:
        yield ""
        yield from _let_in(proposal, attacks)
        yield from _instead(proposal, attacks)


def _let_in(proposal: Proposal, attacks: SchemeTable | str) -> Iterator[str]:
    """What the thresholds do to attacks, which a site cannot record."""
    if isinstance(attacks, str):
        yield f"Attacks: {attacks}"
        return
    yield "What each threshold lets in of attacks, in single frames, measured elsewhere on sources"
    yield "held out; a door asks several frames to agree. Beside it the living who are refused"
    columns = attacks.species.items()
    counts = [f"{name}, {column.frames} of {column.sources}" for name, column in columns]
    live = attacks.bona_fide
    yield f"  frames of sources: {'; '.join(counts)}; bona fide, {live.frames} of {live.sources}"
    yield from table(
        ("T live", *attacks.species, "refused there", "refused here"),
        [_let_in_row(proposal, attacks, price) for price in proposal.around],
    )


def _let_in_row(proposal: Proposal, attacks: SchemeTable, price: Price) -> tuple[str, ...]:
    score = uncalibrated(price.choice.live, proposal.line)
    return (
        f"{price.choice.live:g}"
        + (" *" if price.choice.live == proposal.chosen.choice.live else ""),
        *(percent(attacks.accepted(species, score)) for species in attacks.species),
        percent(attacks.refused(score)),
        rate(price.refused),
    )


def _instead(proposal: Proposal, attacks: SchemeTable | str) -> Iterator[str]:
    """What a looser choice would do for a site whose wish is not kept; nothing takes it unasked."""
    if proposal.kept or proposal.looser:
        return
    yield ""
    looser = proposal.instead
    if looser is None:
        yield "No choice as strict as the defaults keeps the wish, and no looser one refuses fewer"
        return
    yield "No choice as strict as the defaults keeps the wish. --allow-looser would choose"
    yield from (f"  {setting}" for setting in looser.settings)
    counts = _in_place_of(looser.price.refused, proposal.chosen.refused)
    yield f"and refuse {counts} of the visits of your people"
    if looser.held_out:
        pair = (_together(each.held_out) for each in (looser, proposal))
        yield f"  each subject judged by what was chosen without them: {_in_place_of(*pair)}"
    yield from _its_price(proposal, looser, attacks)


def _its_price(proposal: Proposal, looser: Looser, attacks: SchemeTable | str) -> Iterator[str]:
    """What the looser choice lets in; it is proposed where that is nothing."""
    if isinstance(attacks, str):
        yield "What it lets in of attacks is not known: try what you can hold up before you take it"
        return
    prices = (looser.price, proposal.chosen)
    loose, strict = (uncalibrated(price.choice.live, proposal.line) for price in prices)
    let_in = (
        f"{name} {percent(attacks.of(column, loose))} ({percent(attacks.of(column, strict))})"
        for name, column in attacks.species.items()
    )
    yield "Of single attack frames, sources held out, it lets in (and the strict one above)"
    yield f"  {', '.join(let_in)}"
    if prices[0].choice.window != prices[1].choice.window:
        yield "Not proposed: single frames say nothing of a window that is shorter or asks for less"
        return
    low = attacks.low
    if low is not None:
        both = f"{percent(attacks.of(low, loose))} ({percent(attacks.of(low, strict))})"
        frames = f"{low.frames} frames of {low.sources} sources"
        yield f"  where the living score low as here, {frames}: {both}"
    yield from _advice(attacks, strict, loose)


def _advice(attacks: SchemeTable, strict: float, loose: float) -> Iterator[str]:
    """Proposes the flag where no more attacks get in; at cameras like this, if such are known."""
    like_here = [attacks.low] if attacks.low is not None else list(attacks.species.values())
    if any(attacks.of(column, loose) > attacks.of(column, strict) for column in like_here):
        cameras = "all cameras together" if attacks.low is None else "cameras like this one"
        yield f"Not proposed: at {cameras} it lets in attacks that the strict one stops"
        return
    yield "PROPOSED, as it lets in no attack more. Hold up a print and a phone yourself; where they"
    yield "are refused, call this again with --allow-looser"


def _in_place_of(loose: Rate, strict: Rate) -> str:
    return f"{_count(loose)} in place of {_count(strict)}"


def _together(found: Sequence[HeldOut]) -> Rate:
    """Refused, of all held out."""
    refused = [each.price.refused for each in found]
    return counted(sum(each.hits for each in refused), sum(each.of for each in refused))


def _at_chosen(proposal: Proposal, attacks: SchemeTable | str) -> Iterator[str]:
    if not proposal.site:
        return
    if isinstance(attacks, str):
        yield f"attacks: {attacks}" if attacks else "attacks: not known"
        return
    score = uncalibrated(proposal.chosen.choice.live, proposal.line)
    shares = (f"{name} {percent(attacks.accepted(name, score))}" for name in attacks.species)
    yield f"attacks let in, single frames, sources held out elsewhere: {', '.join(shares)}"


def fragment(
    proposal: Proposal,
    command: str,
    networks: Sequence[str],
    attacks: SchemeTable | str = "",
) -> str:
    """What to put into a door of config.yaml; it says where it comes from."""
    price = proposal.chosen
    species = [f"#   APCER {name}: {rate(found)}" for name, found in price.species]
    comments = (
        f"# Proposed by: {command}",
        f"# Networks: {', '.join(networks)}",
        *species,
        f"#   bona fide refused: {rate(price.refused)}",
        *(f"# {line}" for line in _pooled(proposal.held_out, _unit(proposal))),
        *(f"# {line}" for line in _at_chosen(proposal, attacks)),
        *(f"# LOOSER THAN THE DEFAULT: {each}" for each in proposal.looser),
        *(() if proposal.kept else (f"# NOT REACHED: {_wish(proposal)}",)),
    )
    body = (f"  {key}: {value}" for key, value in keys(proposal).items())
    return "\n".join((*comments, f"{SECTION}:", *body)) + "\n"


def keys(proposal: Proposal) -> dict[str, str | int | float]:
    """What is proposed, by the keys of the door's section."""
    choice = proposal.chosen.choice
    return {
        "detection_scheme": proposal.scheme,
        "evaluate_liveness_over_n_frames": choice.frames,
        "evaluate_fake_over_n_frames": choice.frames,
        "minimum_confirmations_required": choice.ratio,
        "liveness_detection_threshold": choice.live,
        "fake_detection_threshold": choice.fake,
        "minimum_preliminary_liveness_threshold": choice.preliminary,
        "calibration_slope": proposal.line.slope,
        "calibration_intercept": proposal.line.intercept,
    }


def _line(proposal: Proposal) -> Iterator[str]:
    fitted = proposal.fitted
    if fitted is None:
        yield "One class is missing: no calibration can be fitted, the configured one is kept"
        return
    yield f"logit(p) = {fitted.slope:g} x logit(score) + {fitted.intercept:g}"
    if proposal.quality is not None:
        before, after = proposal.quality
        yield (
            f"  sources held out: Brier {before.brier:.4f} before, {after.brier:.4f} after;"
            f" log loss {before.log_loss:.4f} before, {after.log_loss:.4f} after"
        )
    if proposal.line != fitted:
        yield "  which is no better there: the score is proposed as it is"


def _wish(proposal: Proposal) -> str:
    wish = proposal.wish
    what = "bona fide refused" if wish.target == "bpcer" else "APCER of the worst species"
    reached = "" if proposal.kept else "; no choice keeps it, the nearest is shown"
    return f"{what} at most {percent(wish.most)}{reached}"


def _row(price: Price) -> tuple[str, ...]:
    choice = price.choice
    worst = f"{price.species[0][0]} {rate(price.species[0][1])}" if price.species else "-"
    return (
        f"{choice.frames} x {choice.ratio:g}",
        f"{choice.live:g}",
        f"{choice.fake:g}",
        worst,
        rate(price.refused),
        _count(price.called),
        _count(price.caught),
        "-" if price.after is None else f"{price.after:g}",
    )


def _count(found: Rate) -> str:
    return f"{found.hits}/{found.of}"


def _unit(proposal: Proposal) -> str:
    """What is held out."""
    return "subject" if proposal.site else "source"


def _held_out(found: Sequence[HeldOut], unit: str) -> Iterator[str]:
    if not found:
        yield f"There is one {unit} only: nothing could be held out, the figures flatter"
        return
    yield f"Each {unit} judged by what was chosen without it"
    yield from table((unit, *HEAD), [(each.source, *_row(each.price)) for each in found])
    yield from (f"  {line}" for line in _pooled(found, unit))


def _pooled(found: Sequence[HeldOut], unit: str) -> Iterator[str]:
    """Those held out together, and the worst of them."""
    if not found:
        return
    species = sorted({name for each in found for name, _ in each.price.species})
    for name in species:
        rates = [r for each in found for n, r in each.price.species if n == name]
        yield f"held out by {unit}: APCER {name} {_sum(rates, unit)}"
    refused = [each.price.refused for each in found]
    yield f"held out by {unit}: bona fide refused {_sum(refused, unit)}"


def _sum(rates: Sequence[Rate], unit: str) -> str:
    hits, of = sum(r.hits for r in rates), sum(r.of for r in rates)
    worst = max((r.share for r in rates if r.of), default=0.0)
    mean = [r.share for r in rates if r.of]
    return (
        f"{percent(hits / of if of else None)} {hits}/{of}; by {unit}: mean"
        f" {percent(sum(mean) / len(mean) if mean else None)}, worst {percent(worst)}"
    )
