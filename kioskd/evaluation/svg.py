"""Small charts as SVG text. Colours come from the page's style sheet. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from statistics import NormalDist

WIDTH, HEIGHT = 380, 320
LEFT, RIGHT, TOP, BOTTOM = 54, 24, 14, 44
COLOURS = 8  # classes c0 to c7 of the style sheet

Points = Sequence[tuple[float, float]]
Scale = Callable[[float], float]  # to 0..1

_PROBIT = NormalDist()
_LEAST = 0.001  # errors below are drawn here on a DET chart, which has no zero
DET_TICKS = (0.001, 0.01, 0.05, 0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True, slots=True)
class Axis:
    title: str
    ticks: tuple[float, ...]
    scale: Scale


def share_axis(title: str) -> Axis:
    """From 0 to 1, told in percent."""
    return Axis(title, (0.0, 0.25, 0.5, 0.75, 1.0), lambda value: value)


def det_axis(title: str) -> Axis:
    """Errors on a normal deviate scale, on which a normal score's curve is straight."""
    low, high = _PROBIT.inv_cdf(_LEAST), _PROBIT.inv_cdf(0.9)
    return Axis(title, DET_TICKS, lambda value: (_probit(value) - low) / (high - low))


def score_axis(title: str) -> Axis:
    return Axis(title, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), lambda value: value)


def lines(x: Axis, y: Axis, series: Sequence[tuple[str, Points]], diagonal: bool = False) -> str:
    """Curves by name, the first on top; hovering tells the name."""
    parts = list(_frame(x, y))
    if diagonal:
        parts.append(_path(x, y, [(0.0, 0.0), (1.0, 1.0)], "guide"))
    for index, (name, points) in reversed(list(enumerate(series))):
        title = f"<title>{escape(name)}</title>"
        parts.append(f"<g>{title}{_path(x, y, points, f'line c{index % COLOURS}')}</g>")
    return _svg(parts, f"{y.title} against {x.title}")


def dots(x: Axis, y: Axis, series: Sequence[tuple[str, Points]]) -> str:
    """Curves with a dot at each point, over the diagonal."""
    parts = [*_frame(x, y), _path(x, y, [(0.0, 0.0), (1.0, 1.0)], "guide")]
    for index, (name, points) in enumerate(series):
        parts.append(_path(x, y, points, f"line c{index % COLOURS}"))
        for px, py in points:
            at = f'cx="{_x(x, px):.1f}" cy="{_y(y, py):.1f}"'
            title = f"<title>{escape(name)} {px:.2f}: {py:.2f}</title>"
            parts.append(f'<circle class="dot c{index % COLOURS}" {at} r="4">{title}</circle>')
    return _svg(parts, f"{y.title} against {x.title}")


def histograms(title: str, series: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    """Shares per equal step from 0 to 1, one behind the other: name, class of colour, shares."""
    most = max((share for _, _, shares in series for share in shares), default=0.0) or 1.0
    top = next(t for t in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if t >= most - 1e-9)
    x = score_axis(title)
    y = Axis("share of frames", (0.0, top / 2, top), lambda value: value / top)
    parts = list(_frame(x, y))
    for name, colour, shares in series:
        step = 1.0 / max(1, len(shares))
        for index, share in enumerate(shares):
            if share:
                parts.append(_bar(x, y, index * step, step, share, name, colour))
    return _svg(parts, f"{title}, histogram")


def thinned(points: Points, most: int = 240) -> list[tuple[float, float]]:
    """Not every point of a curve is seen."""
    step = max(1, len(points) // most)
    return [*points[::step], points[-1]] if points else []


def _bar(x: Axis, y: Axis, begin: float, step: float, share: float, name: str, colour: str) -> str:
    left, right = _x(x, begin) + 1, _x(x, begin + step) - 1
    top, floor = _y(y, share), _y(y, 0.0)
    box = f'x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{floor - top:.1f}"'
    title = f"<title>{escape(name)} {begin:.2f} to {begin + step:.2f}: {share:.1%}</title>"
    return f'<rect class="bar {colour}" {box}>{title}</rect>'


def _frame(x: Axis, y: Axis) -> Iterator[str]:
    """Grid, ticks and titles."""
    left, right, top, floor = LEFT, WIDTH - RIGHT, TOP, HEIGHT - BOTTOM
    for tick in x.ticks:
        at = _x(x, tick)
        yield f'<path class="grid" d="M{at:.1f} {top}V{floor}"/>'
        yield f'<text x="{at:.1f}" y="{floor + 16}" text-anchor="middle">{_told(tick)}</text>'
    for tick in y.ticks:
        at = _y(y, tick)
        yield f'<path class="grid" d="M{left} {at:.1f}H{right}"/>'
        yield f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end">{_told(tick)}</text>'
    middle = (left + right) / 2
    yield f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x.title)}</text>'
    turned = f'transform="translate(12 {(top + floor) / 2}) rotate(-90)" text-anchor="middle"'
    yield f"<text {turned}>{escape(y.title)}</text>"


def _path(x: Axis, y: Axis, points: Points, style: str) -> str:
    steps = " ".join(f"{_x(x, px):.1f},{_y(y, py):.1f}" for px, py in points)
    return f'<polyline class="{style}" points="{steps}"/>'


def _x(axis: Axis, value: float) -> float:
    return LEFT + _inside(axis.scale(value)) * (WIDTH - RIGHT - LEFT)


def _y(axis: Axis, value: float) -> float:
    return HEIGHT - BOTTOM - _inside(axis.scale(value)) * (HEIGHT - BOTTOM - TOP)


def _inside(part: float) -> float:
    return min(max(part, 0.0), 1.0)


def _probit(value: float) -> float:
    return _PROBIT.inv_cdf(min(max(value, _LEAST), 1.0 - _LEAST))


def _told(tick: float) -> str:
    return f"{100 * tick:g} %"


def _svg(parts: Sequence[str], label: str) -> str:
    inner = "".join(parts)
    role = f'role="img" aria-label="{escape(label)}"'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" {role}>{inner}</svg>'
