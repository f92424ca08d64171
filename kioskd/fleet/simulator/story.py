"""What happens at one simulated door, hour by hour: who comes, in what light, and what is decided.

Everything here is drawn, nothing is measured: the figures are ours, chosen wide
(docs/measure/fleet.md tells them). An hour is always the same for the same seed and door, whichever
is asked first. Pure: time is a parameter.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp, log
from random import Random
from typing import Literal

from kioskd.event import Verdict
from kioskd.fleet.simulator.daylight import DAY_S, daylight

HOUR_S = 3600
FaultKind = Literal["moved", "lamp", "lens"]

# People in each hour of a working day, in shares: an office, a shift's gate, a public door.
_WEEKDAYS = {
    "office": (0, 0, 0, 0, 0, 1, 4, 12, 18, 10, 6, 6, 12, 10, 5, 5, 6, 8, 4, 2, 1, 0, 0, 0),
    "shift": (1, 0, 0, 1, 6, 14, 6, 2, 2, 2, 2, 2, 4, 12, 10, 3, 2, 2, 2, 2, 6, 14, 5, 1),
    "public": (0, 0, 0, 0, 0, 0, 1, 3, 6, 9, 10, 10, 9, 9, 10, 10, 9, 8, 4, 2, 0, 0, 0, 0),
}
_SHARES = {name: tuple(each / sum(hours) for each in hours) for name, hours in _WEEKDAYS.items()}
# Where the light comes from: (lamp, daylight), against what the camera needs to expose well.
_LIGHTS = {"inside": (4.0, 0.0), "window": (2.5, 8.0), "outside": (1.8, 300.0)}
TARGET = 0.42  # mean grey at which a camera's exposure aims


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at a door, from a moment on.

    moved  the camera looks elsewhere, and from a distance of its own
    lamp   the lamp is dark
    lens   dirt or a lost focus: fine detail goes
    at     unix seconds
    """

    kind: FaultKind
    at: float


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who tries, as the gate would measure them.

    at                 unix seconds of the frame that decided
    x, y, width        of the face, in widths and heights of the picture
    light              mean grey of the whole picture, 0 to 1
    score              liveness, 0 to 1; None: it came to nothing before
    """

    at: float
    took_s: float
    x: float
    y: float
    width: float
    light: float
    sharpness: float
    brightness: float
    verdict: Verdict
    reasons: tuple[str, ...]
    score: float | None


@dataclass(frozen=True, slots=True)
class Traits:
    """What a door is like, drawn once.

    busy          people on a working day
    weekend       of these, the share on a Saturday or Sunday
    season        by which share more or less come in summer
    refused       share of people who come to nothing on a good day
    attacked      share of attempts that are called attacks
    saver         the lamp is off at night and on days off, though some come
    wander        spread of a day's mean against another, of all that is measured, in parts
    """

    kind: str
    lights: str
    busy: float
    weekend: float
    season: float
    refused: float
    attacked: float
    score: float
    x: float
    y: float
    width: float
    sharpness: float
    lamp: float
    saver: bool
    wander: float
    latitude_deg: float


class DoorStory:
    """One door's.

    name    of the door in the whole fleet, by which it is drawn
    region  doors of one region have one sky and the same holidays
    """

    def __init__(self, seed: int, name: str, region: str = "", fault: Fault | None = None) -> None:
        self._seed, self._name, self._region = seed, name, region
        self.fault = fault
        self.traits = _traits(Random(f"{seed}/{name}/traits"))
        self._wandered = -1.0, (0.0, 0.0, 0.0, 0.0)  # of the day that was last asked for
        self._sky = -1.0, 0.0

    def hour(self, begins: float) -> list[Person]:
        """Who comes in the hour that begins then (unix seconds, a whole hour), in order."""
        rng = self._rng("hour", begins // HOUR_S)
        came = _poisson(rng, self.expected(begins))
        moments = sorted(begins + rng.random() * HOUR_S for _ in range(came))
        return [self.person(rng, at) for at in moments]

    def expected(self, begins: float) -> float:
        """How many come in that hour in the mean."""
        one, local = self.traits, _local(begins)
        day, share = local // DAY_S, self._share(local)
        busy = one.busy * (one.weekend if self._off(day) else 1.0)
        season = 1.0 + one.season * (daylight(day * DAY_S + DAY_S / 2, one.latitude_deg, 1.0) - 0.5)
        return busy * season * share * exp(self._rng("busy", day).gauss(0.0, 0.25))

    def _share(self, local: float) -> float:
        return _SHARES[self.traits.kind][int(local % DAY_S // HOUR_S)]

    def _off(self, day: float) -> bool:
        """Whether people are at home that day: a weekend, or one of seven holidays a year."""
        weekday = int(day + 3) % 7  # 1970-01-01 was a Thursday
        return weekday >= 5 or self._shared("holiday", day).random() < 0.02

    def _quiet(self, at: float) -> bool:
        local = _local(at)
        return self._share(local) < 0.02 or self._off(local // DAY_S)

    def person(self, rng: Random, at: float) -> Person:
        """Somebody who comes at that moment; `rng` draws what is theirs alone."""
        one, day = self.traits, at // DAY_S
        days = self._wander(day)
        light, lit = self._light(at, rng)
        x = one.x + 0.1 * days[0] + rng.gauss(0.0, 0.06)
        y = one.y + 0.1 * days[1] + rng.gauss(0.0, 0.06)
        width = one.width * exp(0.5 * days[2] + rng.gauss(0.0, 0.18))
        sharpness = one.sharpness + 0.3 * days[3] + rng.gauss(0.0, 0.07) - 0.08 * (1.0 - lit)
        brightness = light * exp(rng.gauss(0.05, 0.2))
        person = Person(
            at, 0.8 + rng.expovariate(1.0), x, y, width, light, _clip(sharpness, 0.05, 0.95),
            _clip(brightness, 0.01, 0.99), "passed", (), None,
        )  # fmt: skip
        return self._decided(rng, self._spoilt(person))

    def _light(self, at: float, rng: Random) -> tuple[float, float]:
        """Mean grey of the picture, and how well it is lit, 0 to 1."""
        one = self.traits
        lamp, sky = _LIGHTS[one.lights]
        if self._broken("lamp", at) or (one.saver and self._quiet(at)):
            lamp *= 0.04  # of the corridor's others
        clearness = self._clearness(at // DAY_S)
        there = lamp * one.lamp + sky * daylight(at, one.latitude_deg, clearness)
        lit = min(1.0, there) ** 0.8  # beyond the camera's longest exposure it is dark
        return _clip(TARGET * lit * exp(rng.gauss(0.0, 0.1)), 0.005, 0.95), lit

    def _spoilt(self, person: Person) -> Person:
        """As it is seen by a camera that was moved, or through dirt."""
        if self._broken("moved", person.at):
            how = Random(f"{self._seed}/{self._name}/moved")
            away = how.choice((-1, 1)) * how.uniform(0.08, 0.25), how.uniform(-0.15, 0.15)
            width = person.width * exp(how.uniform(-0.35, 0.35))
            person = replace(person, x=person.x + away[0], y=person.y + away[1], width=width)
        if self._broken("lens", person.at):
            left = Random(f"{self._seed}/{self._name}/lens").uniform(0.45, 0.72)
            person = replace(person, sharpness=person.sharpness * left)
        return person

    def _decided(self, rng: Random, person: Person) -> Person:
        """By a rule of thumb of ours: what the gate would refuse comes to nothing now and then."""
        one = self.traits
        wrong = [reason for reason, so in _WRONG.items() if so(person)]
        if wrong and rng.random() < 0.6:
            return replace(person, verdict="undecided", reasons=("time_over", *wrong))
        if rng.random() < one.refused:
            reason = rng.choice(("moving", "head_turned", "face_too_small", "several_faces"))
            return replace(person, verdict="undecided", reasons=("time_over", reason))
        if rng.random() < one.attacked:
            return replace(
                person, verdict="failed", reasons=("not_live",), score=rng.uniform(0, 0.3)
            )
        blurred = 0.25 * max(0.0, 0.35 - person.sharpness)
        odds = log(one.score / (1 - one.score)) - 8 * blurred + rng.gauss(0.0, 0.6)
        return replace(person, score=_clip(1 / (1 + exp(-odds)), 0.6, 0.999))

    def _broken(self, kind: FaultKind, at: float) -> bool:
        return self.fault is not None and self.fault.kind == kind and at >= self.fault.at

    def _wander(self, day: float) -> tuple[float, float, float, float]:
        """How that day's x, y, width and sharpness lie beside the door's own, and no more."""
        if self._wandered[0] != day:
            rng, spread = self._rng("wander", day), self.traits.wander
            four = (
                rng.gauss(0, spread),
                rng.gauss(0, spread),
                rng.gauss(0, spread),
                rng.gauss(0, spread),
            )
            self._wandered = day, four
        return self._wandered[1]

    def _clearness(self, day: float) -> float:
        """Of that day's sky, which the whole region has."""
        if self._sky[0] != day:
            self._sky = day, 0.25 + 0.75 * self._shared("sky", day).random()
        return self._sky[1]

    def _rng(self, what: str, number: float) -> Random:
        return Random(f"{self._seed}/{self._name}/{what}/{number:.0f}")

    def _shared(self, what: str, number: float) -> Random:
        return Random(f"{self._seed}/{self._region}/{what}/{number:.0f}")


_WRONG: dict[str, Callable[[Person], bool]] = {
    "too_dark": lambda person: person.brightness < 0.15,
    "blurry": lambda person: person.sharpness < 0.25,
    "face_near_border": lambda person: not 0.12 < person.x < 0.88 or not 0.12 < person.y < 0.88,
}


def needs_lamp(story: DoorStory, at: float) -> bool:
    """Whether a dead lamp is seen there on that day: it is the light for half of the people."""
    day = at // DAY_S * DAY_S
    lamp, sky = _LIGHTS[story.traits.lights]
    hours = [day + HOUR_S * hour for hour in range(24)]
    weights = [_SHARES[story.traits.kind][hour] for hour in range(24)]
    dark = (sky * daylight(each + 1800, story.traits.latitude_deg, 0.6) < 0.3 for each in hours)
    return lamp > 0 and sum(w for w, so in zip(weights, dark, strict=True) if so) >= 0.5


def _traits(rng: Random) -> Traits:
    score = rng.uniform(0.88, 0.985)
    weekend = rng.choice((0.02, 0.05, 0.1, 0.3, 0.7))
    return Traits(
        kind=rng.choice(tuple(_SHARES)),
        lights=rng.choices(tuple(_LIGHTS), (5, 3, 2))[0],
        busy=min(900.0, max(6.0, rng.lognormvariate(log(70.0), 0.9))),
        weekend=weekend,
        season=rng.uniform(-0.3, 0.3),
        refused=min(0.3, rng.lognormvariate(log(0.05), 0.5)),
        attacked=rng.choice((0.0, 0.0, 0.002, 0.01)),
        score=score,
        x=rng.gauss(0.5, 0.05),
        y=rng.gauss(0.45, 0.06),
        width=rng.uniform(0.12, 0.32),
        sharpness=rng.uniform(0.45, 0.75),
        lamp=rng.uniform(0.7, 1.6),
        saver=weekend <= 0.1 and rng.random() < 0.4,
        wander=rng.uniform(0.02, 0.08),
        latitude_deg=rng.uniform(44.0, 58.0),
    )


def _local(at: float) -> float:
    """By the clocks of people, who rise an hour earlier from the end of March to that of October.

    Doors stand on the meridian of UTC; the days are those of 2023, near enough.
    """
    day = (at / DAY_S) % 365.25
    return at + HOUR_S if 84 < day < 301 else at


def _poisson(rng: Random, mean: float) -> int:
    """Knuth's way for small means, the normal one for large."""
    if mean > 40:
        return max(0, round(rng.gauss(mean, mean**0.5)))
    least, product, count = exp(-mean), rng.random(), 0
    while product > least:
        product *= rng.random()
        count += 1
    return count


def _clip(value: float, least: float, most: float) -> float:
    return max(least, min(most, value))
