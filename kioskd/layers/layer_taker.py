"""Takes the layers that a fleet publishes for this kiosk, one after the other, or refuses them.

They come retained, so a kiosk that was away finds the newest when it comes back. What is refused
changes nothing: what stood before stands. All of it happens on the thread on which config.yaml is
read again, for a layer is applied as a changed file is, and no camera is opened again for it.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from kioskd.commanded import Commanded
from kioskd.config.config import Config
from kioskd.config.load import load_again
from kioskd.delivery.incoming import Reader
from kioskd.delivery.mqtt import Letter
from kioskd.layers.fitting import Fitted, fitted
from kioskd.layers.kept_layers import FOLDER as LAYERS_FOLDER
from kioskd.layers.kept_layers import KeptLayers, trusted_keys
from kioskd.layers.layer import LEVELS, Layer, Level, fits, read
from kioskd.layers.layers_settings import LayersSettings
from kioskd.layers.network_pieces import SLOTS, NetworkPieces
from kioskd.quota import Quota
from kioskd.refused import RefusedError
from kioskd.reload.reloaded import Reloaded
from models.network_file import NetworkError

MOST_WAITING = 8  # documents, of 128 KiB at most each
REFUSALS, WITHIN_S = 30, 60.0  # so many are recorded in so long: else anybody could fill the disk
AGAIN_S = 10.0  # between two tries of a layer whose time has not come
COMMAND = "layer"  # as the record calls it

LATER = ("AheadOfClock", "NotTaken", "NetworkMissing")  # refusals that are tried again

Load = Callable[[Path], Config]


@dataclass(frozen=True, slots=True)
class Ways:
    """What the daemon does for it.

    later   has work done on the thread on which config.yaml is read again
    offer   has a configuration taken as a changed file is; on that thread alone
    prove   loads the networks of a configuration beside those that run; raises NetworkError
    record  called with each layer once it was taken or refused
    trouble why what came last is refused, in a sentence; None where nothing is
    """

    later: Callable[[Callable[[], object]], object]
    offer: Callable[[Load], Reloaded]
    prove: Callable[[Config], object]
    record: Callable[[Commanded], object]
    trouble: Callable[[str | None], object]


class LayerTaker:
    """`path`: the kiosk's own file. `wall`: unix seconds."""

    def __init__(
        self,
        config: Config,
        settings: LayersSettings,
        path: Path,
        ways: Ways,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._site, self._device, self._topics = config.site, config.device, config.delivery.topics
        self._settings, self._path, self._ways, self._wall = settings, path, ways, wall
        self._kept = KeptLayers(config.state_dir)
        self._pieces = NetworkPieces(config.state_dir / LAYERS_FOLDER)
        self._broken: dict[Level, RefusedError] = {}  # whose networks cannot be loaded any more
        self._newest = self._kept.present(self._trusted())
        self._standing: Mapping[Level, Layer] = {}
        self._made: Fitted | None = None  # and not in force yet
        self._troubles: dict[Level, str] = {}
        self._refusals, self._last = Quota(REFUSALS, WITHIN_S), dict[Level, bytes]()
        self._waiting: dict[Level, bytes] = {}  # documents whose time has not come
        self._again_at = 0.0
        self._started = False
        self._places = threading.BoundedSemaphore(MOST_WAITING)

    @property
    def readers(self) -> Mapping[str, Reader]:
        levels = {self._topics.layer(level): partial(self._take, level) for level in LEVELS}
        if not self._settings.may_loosen:  # a network might let more pass: none is taken
            return levels
        slots = range(SLOTS)
        return levels | {
            self._topics.piece(slot): partial(self._take_piece, slot) for slot in slots
        }

    @property
    def told(self) -> list[dict[str, Any]]:
        """The layers that stand, for status and health; from any thread."""
        standing = self._standing
        return [standing[level].told for level in LEVELS if level in standing]

    def over(self, config: Config) -> Config:
        """The configuration to start with: the file's, and what was kept of the layers."""
        found = self._fitted(config)
        for level in found.unfit:
            if (before := self._kept.before(level, self._trusted())) is not None:
                again = self._fitted(config, {level: before})
                found = again if level in again.used else found
        found = self._proved(config, found)
        self._made = found
        self.took(found.config.digest)
        return found.config

    def _proved(self, config: Config, found: Fitted) -> Fitted:
        """Without the layers that ask for networks, where these cannot be loaded any more."""
        asking = [level for level, layer in found.used.items() if layer.networks]
        try:
            if asking:
                self._ways.prove(found.config)
        except NetworkError as error:
            for level in asking:
                self._broken[level] = RefusedError(422, "NetworkRefused", str(error))
            return self._fitted(config)
        return found

    def start(self) -> None:
        """Who hears of problems hears of them from here on."""
        self._started = True
        self._tell_troubles()

    def load(self, path: Path) -> Config:
        """As `load_again`, with the layers that stand; raises ConfigError."""
        self._made = self._fitted(load_again(path))
        return self._made.config

    def took(self, digest: str) -> None:
        """The configuration of this digest is in force."""
        made, self._made = self._made, None
        if made is None or made.config.digest != digest:
            return
        self._standing = made.used
        for level in LEVELS:
            self._trouble(level, str(made.unfit[level]) if level in made.unfit else None)

    def turn(self) -> None:
        """Try again what had to wait; on the thread of `later`, about once a second."""
        now = time.monotonic()
        if self._waiting and now >= self._again_at:
            self._again_at = now + AGAIN_S
            waiting, self._waiting = self._waiting, {}
            for level, document in waiting.items():
                self._serve(level, document)

    def _take(self, level: Level, letter: Letter) -> None:
        """A document came; on the courier's thread. An empty one only clears what was retained."""
        if letter.body and self._places.acquire(blocking=False):
            self._ways.later(partial(self._served, level, letter.body))

    def _take_piece(self, slot: int, letter: Letter) -> None:
        """A piece of a network's file came; on the courier's thread."""
        if letter.body and self._pieces.take(slot, letter.body):
            self._again_at = 0.0

    def _served(self, level: Level, document: bytes) -> None:
        try:
            self._serve(level, document)
        finally:
            self._places.release()

    def _serve(self, level: Level, document: bytes) -> None:
        try:
            layer = read(document, self._trusted())
            newest = self._newest.get(level)
            if newest is not None and newest.digest == layer.digest:
                self._trouble(level, None)  # as the broker keeps it, brought at each connection
                return
            fits(layer, level, self._site, self._device, round(self._wall() * 1000))
            _newer(layer, newest)
            if layer.networks and self._settings.may_loosen:
                self._pieces.ready(layer)
            self._apply(layer)
        except RefusedError as error:
            self._refuse(level, document, error)
        except OSError as error:
            told = f"its networks cannot be kept ({error.strerror})"
            self._refuse(level, document, RefusedError(409, "NotTaken", told))

    def _apply(self, layer: Layer) -> None:
        answer = self._ways.offer(partial(self._load_with, layer))
        if answer.refused:
            told = "; ".join(str(problem) for problem in answer.refused[:3])
            raise RefusedError(409, "NotTaken", told)
        self._newest[layer.level] = layer
        self._broken.pop(layer.level, None)
        self._waiting.pop(layer.level, None)
        self._last.pop(layer.level, None)
        try:
            self._kept.keep(layer)
            self._tidy()
        except OSError as error:
            told = f"{layer.name} holds until the next start: it cannot be kept ({error.strerror})"
            self._trouble(layer.level, told)
        self._record(layer.level, layer, 200, "", "")

    def _tidy(self) -> None:
        """Delete network files that neither a present layer asks for nor the one before it."""
        trusted = self._trusted()
        before = (self._kept.before(level, trusted) for level in LEVELS)
        kept = [*self._newest.values(), *(one for one in before if one is not None)]
        self._pieces.forget_all_but(iter(kept))

    def _load_with(self, layer: Layer, path: Path) -> Config:
        """The file with one layer more; raises RefusedError where it does not fit."""
        found = self._fitted(load_again(path), {layer.level: layer})
        broken = {level: why for level, why in found.unfit.items() if level in self._standing}
        for why in (found.unfit.get(layer.level), *broken.values()):
            if why is not None:
                raise why
        if layer.networks:
            self._prove(found.config)
        self._made = found
        return found.config

    def _prove(self, config: Config) -> None:
        try:
            self._ways.prove(config)
        except NetworkError as error:
            raise RefusedError(422, "NetworkRefused", str(error)) from error

    def _fitted(self, config: Config, more: Mapping[Level, Layer] | None = None) -> Fitted:
        layers, more = {**self._newest, **(more or {})}, more or {}
        asked = [one for level, one in layers.items() if level in more or level not in self._broken]
        found = fitted(config, self._path, self._settings, asked, self._pieces.file)
        broken = {level: why for level, why in self._broken.items() if level not in more}
        return replace(found, unfit={**broken, **found.unfit})

    def _refuse(self, level: Level, document: bytes, error: RefusedError) -> None:
        if error.code in LATER:
            self._waiting[level] = document
        digest = hashlib.sha256(document).digest()
        if self._last.get(level) == digest:
            return  # told before
        self._last[level] = digest
        self._trouble(level, str(error))
        if self._refusals.admits(time.monotonic()):
            try:
                layer = read(document, self._trusted())
            except RefusedError:
                layer = None
            self._record(level, layer, error.status, error.code, str(error))

    def _record(
        self, level: Level, layer: Layer | None, status: int, code: str, detail: str
    ) -> None:
        who, request = f"{level} layer", ""
        if layer is not None:
            who, request = f"{who} {layer.name}, key {layer.key_id}", layer.digest
        left_out = self._refusals.take_left_out()
        told = Commanded(COMMAND, "", "mqtt", who, request, status, code, detail, left_out)
        self._ways.record(told)

    def _trouble(self, level: Level, sentence: str | None) -> None:
        self._troubles.pop(level, None)
        if sentence is not None:
            self._troubles[level] = sentence
        self._tell_troubles()

    def _tell_troubles(self) -> None:
        if not self._started:
            return
        told = [f"the {name}'s layer: {why}" for name, why in self._troubles.items()]
        self._ways.trouble("; ".join(told) or None)

    def _trusted(self) -> dict[str, str]:
        """As the file has them now, so that a key can be forgotten without a restart."""
        return trusted_keys(self._settings.trust)


def _newer(layer: Layer, newest: Layer | None) -> None:
    if newest is not None and layer.modified <= newest.modified:
        told = f"it is not newer than the one that was taken, {newest.name}"
        raise RefusedError(409, "NotNewer", told)
