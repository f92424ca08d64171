"""What nobody would send, many times over: it must be refused in sentences, and open nothing."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from feeds.frame import ColorImage, Frame
from kioskd.config.load import ConfigError, load
from kioskd.modes import catalogue
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from models.perceive import Perceiver
from tests.faults.bench import ATTACK_FEED, BASE, Bench, attack, bench
from tests.faults.broker import ended
from tests.faults.findings import Findings
from tests.faults.messages import asking, changed, enable, mutated, reply, request
from tests.faults.rows import Asked, row
from tests.support.broker import eventually
from tests.support.clips import images_of
from tests.support.daemon import ATTACK
from tests.support.eyes import FPS, RGB_DOOR, networks, shown_to
from tests.support.project import ROOT

_VALUES = (
    "0",
    "1",
    "-1",
    "0.5",
    "1e9",
    ".nan",
    "true",
    "x",
    "''",
    "[]",
    "{}",
    "~",
    "12:30",
    "front-door",
)
_LARGEST = 60_000  # bytes of a message
_AT_ONCE = 50  # messages that are on their way


def _other_values(text: str, dice: random.Random) -> bytes:
    """The same lines, of which up to four have another value: most of it is still YAML."""
    lines = text.splitlines()
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(lines))
        key, between, _ = lines[at].partition(": ")
        if between:
            lines[at] = f"{key}: {dice.choice(_VALUES)}"
    return "\n".join(lines).encode()


@row("fuzz-configuration")
def configurations(asked: Asked) -> Findings:
    """config.yaml with up to four places changed: it is loaded, or refused in sentences."""
    found, dice = Findings(), random.Random(16)
    example = (ROOT / "config.yaml").read_text().splitlines()
    bare = "\n".join(line.partition("  #")[0] for line in example if line.strip()[:1] not in "#")
    bare = bare.replace("kioskd/demo", str(ROOT / "kioskd/demo"))
    path, loaded = asked.folder / "config.yaml", 0
    for number in range(asked.times):
        made = mutated(bare.encode(), dice) if number % 2 else _other_values(bare, dice)
        path.write_bytes(made)
        found.faults += 1
        try:
            load(path, {})
            loaded += 1
        except ConfigError as error:
            if not str(error).strip():
                found.short.append("it was refused without a word")
        except Exception as error:
            found.short.append(f"{error!r} for {path.read_bytes()!r}")
    found.said.append(f"{loaded} of {asked.times} were loaded, the others refused")
    return found


@row("fuzz-frames")
def frames(asked: Asked) -> Findings:
    """Pictures of an attack and of nothing, disturbed by chance, judged by the default mode."""
    found, dice = Findings(), np.random.default_rng(16)
    eye = Perceiver(networks(*RGB_DOOR))
    mode = catalogue.make(RgbSettings(), GateSettings(), lambda _: 0)
    clip = images_of(ATTACK, 40)
    for number in range(asked.times):
        image = DISTURBED[number % len(DISTURBED)](clip[number % len(clip)], dice)
        found.faults += 1
        step = shown_to(mode, eye, frame_of(image, number))
        if step.result is not None and step.result.verdict == "passed":
            found.positive += 1
            found.wrong += 1
    return found


def frame_of(image: ColorImage, number: int) -> Frame:
    at = number / FPS
    return Frame("front", number, number // 500, 100.0 + at, 1.7e9 + at, image)


def _as_is(image: ColorImage, _: np.random.Generator) -> ColorImage:
    return image


def _noise(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    return dice.integers(0, 256, image.shape, np.uint8)


def _bits(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    made = image.copy()
    places = dice.integers(0, made.size, made.size // 100)
    made.reshape(-1)[places] ^= np.uint8(1 << dice.integers(0, 8))
    return made


def _blocks(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    """Pieces of the picture in other places, as a spoilt stream shows it."""
    made = image.copy()
    for _ in range(20):
        (y, x), (to_y, to_x) = dice.integers(0, min(image.shape[:2]) - 64, (2, 2))
        made[to_y : to_y + 64, to_x : to_x + 64] = image[y : y + 64, x : x + 64]
    return made


def _one_colour(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    return np.full_like(image, dice.integers(0, 256))


def _rolled(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    return np.roll(image, int(dice.integers(1, image.size)))


def _other_size(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    height, width = dice.integers(1, 500, 2)
    return np.ascontiguousarray(image[:height, :width])


def _gains(image: ColorImage, dice: np.random.Generator) -> ColorImage:
    return np.clip(image * dice.uniform(0.0, 4.0, 3), 0, 255).astype(np.uint8)


Disturbed = Callable[[ColorImage, np.random.Generator], ColorImage]
DISTURBED: tuple[Disturbed, ...] = (
    *(_as_is, _as_is, _bits, _blocks, _as_is, _gains),
    *(_rolled, _noise, _one_colour, _other_size),
)


@dataclass
class Mouth:
    """Who says things on a kiosk's topics that it listens to."""

    client: paho.Client
    count: int = 0

    def say(self, topic: str, body: bytes) -> None:
        """Waits where the broker is behind, so that nothing is thrown away here."""
        said = self.client.publish(topic, body[:_LARGEST], qos=1)
        self.count += 1
        if self.count % _AT_ONCE == 0:
            said.wait_for_publish(60.0)


def mouth(kiosk: Bench) -> Mouth:
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.connect("127.0.0.1", kiosk.broker.port)
    client.loop_start()
    eventually(client.is_connected)
    return Mouth(client)


def _closed(talking: Mouth) -> None:
    talking.client.disconnect()
    talking.client.loop_stop()


@row("fuzz-replies")
def replies(asked: Asked) -> Findings:
    """Controllers' answers with some bytes changed, of events that came a moment ago."""
    with bench(asked.folder, attack(), behind_wire=False) as kiosk:
        kiosk.config["mqtt"]["replies"] = True
        kiosk.start()
        kiosk.weigh()
        talking, topic = mouth(kiosk), f"{BASE}/{ATTACK_FEED}/reply"
        for _ in range(asked.times):
            event = next(each for each in reversed(kiosk.seen.seen) if each.kind == "action")
            talking.say(topic, changed(reply(str(event.payload["eventId"])), kiosk.dice))
            kiosk.found.faults += 1
        _closed(talking)
        taken = kiosk.daemon.log.count("the controller answered")
        kiosk.found.said.append(f"{taken} were taken for replies, which open nothing")
        return ended(kiosk)


@row("fuzz-commands")
def commands(asked: Asked) -> Findings:
    """Requests for sessions, for pictures to be judged, and an operator's commands, with the right
    secret and changed.
    """
    with bench(asked.folder, attack(), behind_wire=False, more=asking()) as kiosk:
        kiosk.start()
        kiosk.weigh()
        talking = mouth(kiosk)
        for number in range(asked.times):
            topic, good = request(number)
            talking.say(f"{BASE}/{topic}", changed(good, kiosk.dice))
            kiosk.found.faults += 1
        _enabled_again(kiosk, talking)
        _closed(talking)
        failed = kiosk.daemon.log.count("a request could not be answered")
        if failed:
            kiosk.found.short.append(f"{failed} requests met a mistake of ours: see the log")
        return ended(kiosk)


def _enabled_again(kiosk: Bench, talking: Mouth) -> None:
    """Whatever was taken for a command left the door so that it is judged there again."""
    known = len(kiosk.seen.of("action"))

    def judged() -> bool:
        talking.say(f"{BASE}/commands/request", json.dumps(enable()).encode())
        time.sleep(1.0)
        return len(kiosk.seen.of("action")) > known

    eventually(judged)
