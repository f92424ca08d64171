"""What is known while setup asks: flags, secrets, and the part of the file that answers make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kioskd.config.secrets import SecretError, Vault
from kioskd.setup.talk import SetupError, Talk


@dataclass(frozen=True, slots=True)
class Flags:
    """Answers from the command line, as they were typed; None where there is none."""

    site: str | None = None
    device: str | None = None
    door: str | None = None
    camera: str | None = None
    camera_user: str | None = None
    transport: str | None = None
    rotate: str | None = None
    mode: str | None = None
    broker: str | None = None
    port: str | None = None
    tls: bool | None = None
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    user: str | None = None
    password_file: str | None = None
    allow_insecure: bool = False

    @property
    def not_asked(self) -> "Flags":
        """Those of them that no question stands for."""
        return Flags(
            transport=self.transport, rotate=self.rotate, allow_insecure=self.allow_insecure
        )


@dataclass(frozen=True, slots=True)
class Part:
    """Keys of the file, sections within sections, and the secrets that they name."""

    keys: Mapping[str, object]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def with_part(self, part: "Part") -> "Part":
        """Both; what `part` says of the same section counts."""
        return Part({**self.keys, **part.keys}, {**self.secrets, **part.secrets})


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where passwords are looked for, and where new ones go: a folder of one file for each."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def with_new(self, new: Mapping[str, str]) -> Mapping[str, str]:
        """An environment in which these are found too."""
        return {"CREDENTIALS_DIRECTORY": str(self.folder), **self.environment, **new}

    @property
    def vault(self) -> Vault:
        return Vault(self.with_new({}))

    def knows(self, name: str) -> bool:
        try:
            return bool(self.vault.filled(f"${{{name}}}"))
        except SecretError:
            return False

    def password(self, talk: Talk, name: str, whose: str) -> Mapping[str, str] | None:
        """The new secret `name`; empty where it is there already; None for no password.

        Raises SetupError where it is neither there nor can be asked for.
        """
        known = self.knows(name)
        if not talk.attended and not known:
            raise SetupError(
                f"the password of {whose} is missing: put it into the environment as {name}, or"
                f" alone into the file {self.folder / name}"
            )
        if not talk.attended:
            return {}
        kept = f", Enter keeps the one that {name} has" if known else ""
        typed = talk.secret(f"Password of {whose}{kept}")
        return {name: typed} if typed else {} if known else None
