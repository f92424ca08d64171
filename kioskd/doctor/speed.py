"""How many doors this machine can serve, from what a frame with a face costs on it.

What counts is processor time, not the time that passes, and of several rounds the best: so the
answer depends little on what else the machine does when it is asked.
"""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import kioskd.demo
from feeds import imaging
from feeds.frame import ColorImage, Frame
from kioskd.config.load import Config, Door
from kioskd.modes import catalogue
from kioskd.modes.spec import Needs
from models.observation import Observation, Wanted
from models.perceive import Perceiver
from models.schemes import LivenessPlan
from models.session import Networks

CLIP = Path(kioskd.demo.__file__).parent / "clips" / "live.mov"  # a face in its first 72 frames
WARM, ROUNDS, FRAMES = 5, 3, 10  # frames before, rounds, frames of each
RATES = (10, 15, 30)  # frames a second that cameras at doors are set to
SLOWEST = 5  # below it attempts take too long for anybody at a door
DECODE_S = 0.0021  # of a core for a 540p frame in its capture process: docs/measure/performance.md
USABLE = 0.8  # of the cores; beyond, frames wait for each other
CROWDED = 1.5  # times as long as the work takes: something else is at work beside us


@dataclass(frozen=True, slots=True)
class Speed:
    """What one frame with a face costs.

    work_s   seconds of one core, decoding apart
    takes_s  seconds that pass meanwhile
    cores    that this process may use
    """

    work_s: float
    takes_s: float
    cores: int

    def doors(self, rate: float) -> int:
        """How many doors at so many frames a second fit, if somebody stands at each."""
        return int(USABLE * self.cores / (rate * (self.work_s + DECODE_S)))


def measured(config: Config, loaded: Networks) -> Speed:
    """What a frame costs at the dearest door, on the shipped clip. Takes half a second."""
    images = _images(WARM + ROUNDS * FRAMES)
    costs = [
        _cost(door, Perceiver(loaded, config.perception.settings()), images)
        for door in config.doors
    ]
    work_s, takes_s = max(costs)
    if "cuda" in loaded.provider:  # what runs elsewhere is not our processor's time
        work_s = max(work_s, takes_s)
    return Speed(work_s, takes_s, len(os.sched_getaffinity(0)))


def sentence(speed: Speed, doors: int) -> tuple[bool, str]:
    """Whether this machine is fast enough for so many doors, and what to know or to do."""
    fit = ", ".join(f"{speed.doors(rate)} at {rate}" for rate in RATES)
    said = (
        f"a frame with a face takes {1000 * speed.work_s:.1f} ms of one core, so {speed.cores} "
        f"cores fit this many doors at so many frames a second: {fit}; {_configured(doors)}"
    )
    if speed.takes_s > CROWDED * speed.work_s:
        times = speed.takes_s / speed.work_s
        said += (
            f". At the moment it takes {times:.1f} times as long, for other programs are at work"
        )
    if speed.doors(SLOWEST) >= doors:
        return True, said
    return False, f"{said}: give this machine fewer doors, or take a faster one"


def _configured(doors: int) -> str:
    return "1 is configured" if doors == 1 else f"{doors} are configured"


def _images(count: int) -> Sequence[ColorImage]:
    capture = imaging.open_file(str(CLIP))
    assert capture is not None, CLIP  # it ships with kioskd
    try:
        read = (capture.read() for _ in range(count))
        return [image for image in read if image is not None]
    finally:
        capture.release()


def _cost(door: Door, perceiver: Perceiver, images: Sequence[ColorImage]) -> tuple[float, float]:
    """Processor and other seconds per frame, all measured that the door's mode may ask for."""
    needs = catalogue.needs(door.mode, binds=door.binds)
    plan = next((LivenessPlan(scheme, 0.6, 0.3) for scheme in needs.schemes), None)
    clocks = []
    for number, image in enumerate(images):
        clocks.append((time.process_time(), time.monotonic()))
        frame = Frame("speed", number, 0, number / 30, number / 30, image)
        seen = perceiver.look(frame)
        for wanted in _wanted(seen, needs, plan):
            seen = perceiver.measure(frame, seen, wanted)
    clocks.append((time.process_time(), time.monotonic()))
    rounds = pairwise(clocks[WARM::FRAMES])
    return min(((b[0] - a[0]) / FRAMES, (b[1] - a[1]) / FRAMES) for a, b in rounds)


def _wanted(seen: Observation, needs: Needs, plan: LivenessPlan | None) -> Iterator[Wanted]:
    if seen.faces:
        for measure in sorted(needs.measures):
            yield Wanted(seen.faces[0].track_id, frozenset({measure}), plan)
