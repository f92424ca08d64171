"""An evaluation's curves as SVG for a page. The only file that imports matplotlib. Pure.

The same figures give the same bytes. Colours are those of the page's style sheet, by name, so that
they follow its light and its dark side; the page tells beside them which colour is which.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from statistics import NormalDist
from typing import Any, Literal

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kioskd.evaluation.error_measures import Bin, Curve

SIZE = (3.8, 3.2)  # inches; the page scales it
WIDE = (4.4, 2.9)  # of a chart whose axis has words
FEW_TICKS = 7  # words that have room beside each other
TOPS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8)  # of a scale of shares that does not reach 100 %
SERIES = 8  # colours of curves; a ninth begins again
BINS = 20  # bars of a histogram
DET_TICKS = (0.001, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8)
SHARE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST = DET_TICKS[0]  # errors below are drawn here on a DET chart, which has no zero

Alike = Literal["living", "living, alone", "attack", "attack, alone"]

# What matplotlib is given, and what the page calls it.
_PAGE = {"#00000a": "--soft", "#00000b": "--rule", "#00000c": "--live", "#00000d": "--fake"}
_PAGE |= {f"#00001{n}": f"--c{n}" for n in range(SERIES)}
_SOFT, _RULE, _LIVE, _FAKE, *_COLOURS = _PAGE
# Addresses of name spaces, a size, names that would stand twice on the page, and its own font.
_UNWANTED = (
    r' (xmlns[:a-z]*|width|height)="[^"]*[:/pt][^"]*"| id="[a-z0-9.]+_\d+"| font-family:[^;]*;'
)
_STYLE: dict[Any, Any] = {  # matplotlib's type of it is a list of all its keys
    "svg.hashsalt": "kioskd",
    "svg.fonttype": "none",
    "font.size": 8,
    "font.family": "sans-serif",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.edgecolor": _RULE,
    "grid.color": _RULE,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
    "axes.labelcolor": _SOFT,
    "figure.constrained_layout.use": True,
    "legend.labelcolor": _SOFT,
}


def det(curves: Sequence[Curve]) -> str:
    """Both errors at each threshold, on scales on which the curve of normal scores is straight."""
    with rc_context(_STYLE):
        figure, axes = _chart("attacks accepted (APCER)", "bona fide refused (BPCER)")
        for number, curve in _first_on_top(curves):
            axes.plot(_probits(curve.apcer), _probits(curve.bpcer), color=_COLOURS[number % SERIES])
        ticks = [f"{100 * tick:g} %" for tick in DET_TICKS]
        axes.set_xticks(_probits(DET_TICKS), ticks)
        axes.set_yticks(_probits(DET_TICKS), ticks)
        least, most = _probits((LEAST, 0.9))
        ends = (least - 0.03, most)  # a curve along the edge is seen in its full width
        axes.set(xlim=ends, ylim=ends)
        return _svg(figure)


def roc(curves: Sequence[Curve]) -> str:
    """Who is let in at each threshold."""
    with rc_context(_STYLE):
        figure, axes = _chart("attacks accepted", "bona fide accepted")
        _shares(axes)
        for number, curve in _first_on_top(curves):
            axes.plot(curve.apcer, 1.0 - curve.bpcer, color=_COLOURS[number % SERIES])
        return _svg(figure)


def histogram(bona_fide: Sequence[float], attack: Sequence[float]) -> str:
    """How the scores of the two classes lie, each as shares of its own frames."""
    with rc_context(_STYLE):
        figure, axes = _chart("score", "share of frames")
        for scores, colour in ((bona_fide, _LIVE), (attack, _FAKE)):
            weights = [1.0 / len(scores) for _ in scores]
            axes.hist(scores, BINS, range=(0.0, 1.0), weights=weights, color=colour, alpha=0.6)
        axes.set(xlim=(0.0, 1.0))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        return _svg(figure)


def reliability(bins: Sequence[Bin]) -> str:
    """How often a score of about p is bona fide in truth."""
    with rc_context(_STYLE):
        figure, axes = _chart("score", "bona fide in truth")
        _shares(axes)
        scores, shares = [each.mean_score for each in bins], [each.bona_fide for each in bins]
        axes.plot(scores, shares, marker="o", markersize=5, color=_COLOURS[0])
        return _svg(figure)


@dataclass(frozen=True, slots=True)
class Line:
    """Shares at each place of an axis, 0..1, NaN where nothing was counted.

    band   the interval about each, from and to; empty: none is drawn
    alike  which look it has, in colour, dash and mark: so it is told apart without colour too
    """

    name: str
    shares: Sequence[float]
    alike: Alike
    band: Sequence[tuple[float, float]] = ()


_LOOKS: dict[Alike, dict[str, Any]] = {
    "living": {"color": _LIVE, "linestyle": "-", "marker": "o"},
    "living, alone": {"color": _LIVE, "linestyle": "--", "marker": "s", "markerfacecolor": "none"},
    "attack": {"color": _FAKE, "linestyle": "-", "marker": "^"},
    "attack, alone": {"color": _FAKE, "linestyle": "--", "marker": "D", "markerfacecolor": "none"},
}


def over_values(
    x: str, y: str, values: Sequence[str], marks: Mapping[int, str], lines: Sequence[Line]
) -> str:
    """Shares over the values of a setting, which stand at equal distances in their own words.

    marks  what is written at which of the values
    """
    with rc_context(_STYLE):
        figure, axes = _chart(x, y, WIDE)
        places = range(len(values))
        for at, text in marks.items():
            axes.axvline(at, color=_SOFT, linewidth=1, linestyle=":")
            axes.annotate(
                text, (at, 1.0), (3, -9), axes.get_xaxis_transform(), "offset points", color=_SOFT
            )
        for line in lines:
            look = _LOOKS[line.alike]
            axes.plot(places, line.shares, label=line.name, markersize=4, linewidth=1.4, **look)
            if line.band:
                low, high = zip(*line.band, strict=True)
                axes.fill_between(places, low, high, color=look["color"], alpha=0.15, linewidth=0)
        axes.set_xticks(places, values, rotation=45 if len(values) > FEW_TICKS else 0)
        axes.set(xlim=(-0.3, len(values) - 0.5), ylim=(-0.02 * _top(lines), _top(lines)))
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
        figure.legend(loc="outside upper left", ncols=len(lines), frameon=False)
        return _svg(figure)


def _top(lines: Sequence[Line]) -> float:
    """Where the scale of shares ends: a round one above all that is drawn, bands among it."""
    drawn = [each for line in lines for each in (*line.shares, *(high for _, high in line.band))]
    highest = max((each for each in drawn if each == each), default=1.0)
    return next((top for top in TOPS if highest <= 0.95 * top), 1.04)


def _chart(x: str, y: str, size: tuple[float, float] = SIZE) -> tuple[Figure, Axes]:
    figure = Figure(size)
    axes = figure.subplots()
    axes.set(xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _shares(axes: Axes) -> None:
    """Two scales from 0 to 100 %, and the line on which both are the same."""
    ticks = [f"{100 * tick:g} %" for tick in SHARE_TICKS]
    axes.set_xticks(SHARE_TICKS, ticks)
    axes.set_yticks(SHARE_TICKS, ticks)
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01))
    axes.axline((0.0, 0.0), slope=1.0, color=_SOFT, linestyle="--", linewidth=1)


def _first_on_top(curves: Sequence[Curve]) -> Iterable[tuple[int, Curve]]:
    return reversed(list(enumerate(curves)))


def _probits(errors: Iterable[float]) -> list[float]:
    normal = NormalDist()
    return [normal.inv_cdf(min(max(float(error), LEAST), 1.0 - LEAST)) for error in errors]


def _svg(figure: Figure) -> str:
    """The picture alone, as HTML takes it: no prologue, no address of a name space, our colours."""
    written = StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    _, start, rest = written.getvalue().partition("<svg")
    bare = re.sub(_UNWANTED, "", start + rest)
    return re.sub(r"#0000[01][\da-d]", lambda found: f"var({_PAGE[found[0]]})", bare)
