"""Many kiosks at once: who they are, and all they say, in order of time. Pure."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from kioskd.fleet.simulator.kiosk import Names, Said, SimulatedKiosk
from kioskd.fleet.simulator.sent import KioskSent, Sent
from kioskd.fleet.simulator.spoiling import Shares, clock_off_s, spoilt
from kioskd.fleet.simulator.story import DoorStory, Fault

PER_SITE = 100  # kiosks: one sky and the same holidays


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate.

    kiosks, doors  how many, and doors of each
    every_s        a result so often at each door; None: as the stories have it
    health_s       between two words of how a kiosk is
    begins, until  unix seconds
    faults         by the kiosk's number, from 1, what goes wrong at its first door
    """

    kiosks: int
    begins: float
    until: float
    doors: int = 1
    every_s: float | None = None
    health_s: float = 30.0
    seed: int = 1
    site: str = "sim"
    prefix: str = "liveness/v1"
    shares: Shares = field(default_factory=Shares)
    faults: Mapping[int, Fault] = field(default_factory=dict)


class FleetOfKiosks:
    """All of a plan's. What they say is told to `sent` as it is taken."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.sent = Sent()
        self.kiosks = [SimulatedKiosk(_names(plan, number), plan.seed) for number in _numbers(plan)]
        for one in self.kiosks:
            self.sent.kiosks[one.names.name] = KioskSent(one.epoch, one.names.off_s)

    @property
    def trust(self) -> dict[str, object]:
        """The keys of all, for `kioskd fleet trust`."""
        return {"kiosks": [one.trust for one in self.kiosks]}

    def words(self) -> Iterator[Said]:
        """In order of time, without those that are lost."""
        courses = [self._course(one) for one in self.kiosks]
        for said in heapq.merge(*courses, key=lambda said: said.at):
            self.sent.note(said)
            if said.spoilt != "lost":
                yield said

    def _course(self, kiosk: SimulatedKiosk) -> Iterator[Said]:
        plan = self._plan
        rng = Random(f"{plan.seed}/{kiosk.names.name}/spoilt")
        return spoilt(kiosk.course(plan.begins, plan.until), plan.shares, rng)


def _numbers(plan: Plan) -> range:
    return range(1, plan.kiosks + 1)


def _names(plan: Plan, number: int) -> Names:
    site = f"{plan.site}-{(number - 1) // PER_SITE + 1}"
    device = f"kiosk-{number:05}"
    doors = {
        f"door-{door}": DoorStory(
            plan.seed,
            f"{site}/{device}/door-{door}",
            site,
            plan.faults.get(number) if door == 1 else None,
        )
        for door in range(1, plan.doors + 1)
    }
    off = clock_off_s(plan.seed, f"{site}/{device}", plan.shares.clocks)
    return Names(
        site, device, doors, plan.prefix, every_s=plan.every_s, health_s=plan.health_s, off_s=off
    )
