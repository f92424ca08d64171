"""The keys of one kiosk: the one by which it signs, the one that comes next, and those before.

Two are valid while one takes the other's place: controllers are given the next one's public half
first, and only then does the kiosk sign by it. Of keys that signed before only the public half is
kept, for the records that they signed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kioskd.private_file import replace_file, sync_folder
from kioskd.signing.ed25519 import Signer, SigningError, signer_at
from kioskd.signing.key_files import BEFORE_FILE, NEXT_FILE

Role = Literal["present", "next", "before"]
Trust = dict[str, str]  # algorithm, keyId and publicKey, as a controller keeps them


@dataclass(frozen=True, slots=True)
class KnownKey:
    """One of the ring's, and what it is there for."""

    role: Role
    trust: Trust


class KeyRing:
    """Everything raises SigningError where a file cannot be used.

    key     the file of the present one; the next one lies beside it
    folder  where public halves are kept of those before
    """

    def __init__(self, key: Path, folder: Path) -> None:
        self._present, self._next = key, key.with_name(NEXT_FILE)
        self._before = folder / BEFORE_FILE

    @property
    def begun(self) -> bool:
        """Whether there is a key to sign by."""
        return self._present.exists()

    def create(self, file: Path | None = None) -> Trust:
        """The first key, before the first start, in its file or, such as for systemd, another."""
        made = file or self._present
        if made.exists():
            raise SigningError(f"there is a key already, {made}: rotate it")
        try:
            made.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise SigningError(f"{made} cannot be made ({error.strerror})") from error
        return signer_at(made).trust

    def prepare(self) -> Trust:
        """The key that comes next, made if there is none."""
        self._signer()
        return signer_at(self._next).trust

    def turn(self) -> Trust:
        """From the next start on the kiosk signs by the next key; the one before is no more."""
        if not self._next.exists():
            raise SigningError("there is no next key: rotate without --now first")
        present, following = self._signer().trust, signer_at(self._next).trust
        try:
            kept = json.dumps({"keys": [*self._read_before(), present]}, indent=2)
            self._before.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(self._before, kept.encode())
            self._next.replace(self._present)
            sync_folder(self._present.parent)
        except OSError as error:
            raise SigningError(f"the keys cannot be changed ({error.strerror})") from error
        return following

    def known(self) -> list[KnownKey]:
        """All of them; what is signed from now on is by none of those before."""
        present = self._signer().trust
        found = [KnownKey("present", present)]
        if self._next.exists():
            found.append(KnownKey("next", signer_at(self._next).trust))
        before = [trust for trust in self._read_before() if trust["keyId"] != present["keyId"]]
        return found + [KnownKey("before", trust) for trust in before]

    def _signer(self) -> Signer:
        if not self.begun:
            raise SigningError("there is no key yet: start kioskd once, or make one with create")
        return signer_at(self._present)

    def _read_before(self) -> list[Trust]:
        if not self._before.exists():
            return []
        try:
            return [dict(each) for each in json.loads(self._before.read_bytes())["keys"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SigningError(f"{self._before} holds no list of keys: move it away") from error
