"""One step of a rollout after the other; each can be cut off anywhere and taken again.

What is to be said is written down first, signed, and published then: whoever comes after a crash
publishes it once more, which no kiosk takes twice.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import cast

from kioskd.fleet.database.library import Connection
from kioskd.fleet.rollout.canary import canary
from kioskd.fleet.rollout.publisher import Document, Publisher
from kioskd.fleet.rollout.rollout_store import Kiosk, Rollout, RolloutStore, Turn, Untold
from kioskd.fleet.rollout.rule import Seen, Share, judge
from kioskd.layers.layer import Level, read, write
from kioskd.layers.network_pieces import pieces
from kioskd.signing.ed25519 import Signer

_LOCK = 0x6B696F736F  # one command at a time steps
Publish = Callable[[Sequence[Document]], object]


class RolloutError(Exception):
    """It cannot be; the sentence says why."""


class Rollouts:
    """signer: the fleet's key. publish: as Publisher.publish does."""

    def __init__(
        self,
        connection: Connection,
        signer: Signer,
        publish: Publish | Publisher,
        wall: Callable[[], float] = lambda: datetime.now(UTC).timestamp(),
    ) -> None:
        self._db, self._store, self._signer = connection, RolloutStore(connection), signer
        self._publish = publish.publish if isinstance(publish, Publisher) else publish
        self._wall = wall
        self._hours: dict[tuple[int, tuple[str, ...]], Sequence[Share]] = {}

    def start(
        self,
        asked: Rollout,
        sites: Sequence[str],
        kiosks: Sequence[Kiosk] = (),
        files: Mapping[str, bytes] | None = None,
    ) -> Rollout:
        """Begin it, or go on with the one of this name; raises RolloutError.

        sites   whose kiosks it is for; none: all
        kiosks  it is for these alone; none: for all of the sites
        files   of the networks that it asks for, by SHA-256
        """
        known = self._store.find(asked.name)
        if known is not None:
            same = (known.config, known.level, dict(known.networks))
            if same != (asked.config, asked.level, dict(asked.networks)):
                told = f"{asked.name} is another one, of {known.began:%Y-%m-%d}"
                raise RolloutError(f"{told}: give this one a name of its own")
            return known
        if (other := self._store.at_work()) is not None:
            raise RolloutError(f"{other.name} is at work ({other.phase}): one at a time")
        found = [each for each in self._store.kiosks(sites) if not kiosks or each[0] in kiosks]
        missing = set(kiosks) - {kiosk for kiosk, _ in found}
        if missing or not found:
            named = ", ".join("/".join(kiosk) for kiosk in sorted(missing)[:3])
            raise RolloutError(f"no such kiosk in the record: {named or 'it has none'}")
        present = [kiosk for kiosk, heard in found if heard]
        if not present:
            raise RolloutError("none of these kiosks was heard of in the last day")
        for sha256, content in (files or {}).items():
            self._store.keep_file(sha256, content)
        share = asked.share * len(found) / len(present)
        first = canary(present, min(1.0, share), asked.name)
        return self._store.begin(asked, [kiosk for kiosk, _ in found], first)

    def step(self, name: str) -> Rollout:
        """Do what is to be done now, and give the rollout as it stands then."""
        self._db.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            self._say_again()
            rollout = self._found(name)
            if rollout.phase in ("canary", "all"):
                self._forward(rollout)
            elif rollout.phase == "returning":
                self._backward(rollout)
            return self._found(name)
        finally:
            self._db.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))

    def back(self, name: str, why: str) -> None:
        """Have it taken back by the next steps, wherever it stands; raises RolloutError."""
        rollout = self._found(name)
        if rollout.phase == "returned":
            raise RolloutError(f"{name} was taken back: {rollout.why}")
        other = self._store.at_work()
        if other is not None and other.id != rollout.id:
            raise RolloutError(f"{other.name} is at work ({other.phase}): one at a time")
        if rollout.phase == "done" and self._is_covered(rollout):
            raise RolloutError(f"{name} was followed by another one: take that back first")
        if rollout.phase != "returning":
            self._store.turn(rollout, "returning", why)

    def _is_covered(self, rollout: Rollout) -> bool:
        """Whether a later one said something else of the same level."""
        later = [one for one in self._store.all() if one.id > rollout.id]
        return any(one.level == rollout.level and one.phase == "done" for one in later)

    def _found(self, name: str) -> Rollout:
        found = self._store.find(name)
        if found is None:
            raise RolloutError(f"there is no rollout {name}")
        return found

    def _forward(self, rollout: Rollout) -> None:
        untold = self._store.untold(rollout, everybody=rollout.phase == "all")
        if untold:
            self._tell(rollout, untold, back=False)
            return
        says, why = judge(self._seen(rollout))
        if says == "halts":
            self._store.turn(rollout, "returning", why)
        elif says == "waits":
            self._store.says(rollout, why)
        elif rollout.phase == "canary":
            self._store.turn(rollout, "all", why)
        else:
            self._store.turn(rollout, "done", why)

    def _seen(self, rollout: Rollout) -> Seen:
        rest = self._store.rest(rollout)
        told = self._store.told(rollout)
        if rollout.phase == "all":  # a kiosk that is away takes it when it comes back
            told = [one for one in told if one.taken or one.refused or one.present] or told
        return Seen(told, *rest, *self._store.waited(rollout), partial(self._past, rollout))

    def _past(self, rollout: Rollout, names: Sequence[str]) -> Sequence[Share]:
        """Hour by hour; kept, since it is over."""
        key = rollout.id, tuple(names)
        if key not in self._hours:
            self._hours[key] = self._store.hours(rollout, names)
        return self._hours[key]

    def _backward(self, rollout: Rollout) -> None:
        unreturned = self._store.unreturned(rollout)
        if unreturned:
            self._tell(rollout, unreturned, back=True)
        else:
            self._store.turn(rollout, "returned", rollout.why)

    def _tell(self, rollout: Rollout, turns: Sequence[Turn], *, back: bool) -> None:
        with self._db.transaction():
            for turn in turns:
                modified = max(round(self._wall() * 1000), turn.modified + 1)
                document = self._signed(rollout, turn, modified)
                digest = read(document, self._trusted).digest
                self._store.tell(rollout, turn, modified, digest, document, back=back)
        self._say_again()

    def _signed(self, rollout: Rollout, turn: Turn, modified: int) -> bytes:
        """For this kiosk alone: what the first ones are told, no other one takes."""
        layer = write(
            self._signer,
            level=cast(Level, rollout.level),
            site=turn.site,
            device=turn.device,
            name=turn.name,
            modified=modified,
            config=turn.config,
            networks=turn.networks,
        )
        return json.dumps(layer, separators=(",", ":")).encode()

    def _say_again(self) -> None:
        """Publish what is written down and was not taken yet."""
        found = self._store.unpublished()
        self._publish([each for one in found for each in self._documents(one)])
        for one in found:
            self._store.published(one.site, one.device, one.level, one.modified)

    def _documents(self, one: Untold) -> Iterator[Document]:
        """The pieces of its networks first: a kiosk takes the layer when it has them all."""
        for entry in one.networks.values():
            content = self._store.file(entry["sha256"])
            for slot, body in pieces(entry["sha256"], content, entry["slot"]):
                yield Document(one.site, one.device, one.level, body, slot)
        yield Document(one.site, one.device, one.level, one.document)

    @property
    def _trusted(self) -> dict[str, str]:
        return {self._signer.key_id: self._signer.trust["publicKey"]}
