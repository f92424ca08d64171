"""The files of a kit are written, each for the one who must read it.

    DIR/mosquitto.conf, ca.pem, server.pem, acl      anybody may read
    DIR/server.key, passwords                        the broker's user only
    DIR/authority/                                   root only: who has ca.key can be any broker
    DIR/clients/NAME/                                root only: to be carried to that machine

Run again it keeps every key and password that there is, adds who is new, and gives each file to its
reader. A client whose folder was taken away is still known to the broker.
"""

import json
import os
import pwd
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from kioskd.broker_kit import authority, plan
from kioskd.broker_kit.plan import Controller, Kiosk, Operator, Plan, PlanError

LIST = "kit.json"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; None leaves it as it was, or at its default."""

    brokers: tuple[str, ...] = ()
    port: int | None = None
    prefix: str | None = None
    certificates: bool = False
    kiosks: tuple[Kiosk, ...] = ()
    controllers: tuple[Controller, ...] = ()
    collectors: tuple[str, ...] = ()
    operators: tuple[Operator, ...] = ()

    def beside(self, old: Plan) -> Plan:
        """The plan of before, and what is new in it."""
        return Plan(
            self.brokers or old.brokers,
            self.port or old.port,
            self.prefix or old.prefix,
            self.certificates or old.certificates,
            tuple(dict.fromkeys((*old.kiosks, *self.kiosks))),
            tuple(dict.fromkeys((*old.controllers, *self.controllers))),
            tuple(dict.fromkeys((*old.collectors, *self.collectors))),
            tuple(dict.fromkeys((*old.operators, *self.operators))),
        )


def write(folder: Path, asked: Asked, owner: str) -> tuple[Plan, pwd.struct_passwd | None]:
    """Write the kit; what it now is for, and the user who was given the broker's files, if any.

    Raises PlanError, AuthorityError or OSError.
    """
    whole = _whole(folder, asked)
    plan.check(whole)
    user = _owner(owner)
    _Kit(folder.absolute(), whole, user).write()
    return whole, user


def _owner(name: str) -> pwd.struct_passwd | None:
    """The broker's user; None where we are not root and cannot give files away."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise PlanError(
            f"there is no user {name} here: apt-get install mosquitto first, or name the user that "
            "the broker runs as by --owner"
        ) from None


def _whole(folder: Path, asked: Asked) -> Plan:
    """What is asked for, added to what the folder was made for."""
    made = folder / LIST
    if not made.exists():
        if folder.exists() and any(folder.iterdir()):
            raise PlanError(f"{folder} holds other files: name a folder that is empty or new")
        return asked.beside(Plan(()))
    try:
        old = json.loads(made.read_text(encoding="utf-8"))
        before = Plan(
            tuple(old["brokers"]),
            old["port"],
            old["prefix"],
            old["certificates"],
            tuple(Kiosk(**one) for one in old["kiosks"]),
            tuple(
                Controller(one["user"], Kiosk(**one["kiosk"]), one["source"])
                for one in old["controllers"]
            ),
            tuple(old["collectors"]),
            tuple(  # which earlier versions did not have
                Operator(one["user"], Kiosk(**one["kiosk"])) for one in old.get("operators", ())
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{made} is damaged: take the folder away, or restore it") from error
    return asked.beside(before)


class _Kit:
    def __init__(self, folder: Path, whole: Plan, owner: pwd.struct_passwd | None) -> None:
        self._folder = folder
        self._plan = whole
        self._owner = owner
        self._authority = (folder / "ca.pem", folder / "authority" / "ca.key")

    def write(self) -> None:
        self._make_folder(self._folder, 0o755)
        for name in ("authority", "clients"):
            self._make_folder(self._folder / name, 0o700)
        if not self._authority[1].exists():
            authority.make_authority(*self._authority, "kioskd door authority")
        self._server()
        known = self._known()
        lines = [self._client(user, known.get(user)) for user in self._plan.users]
        for kiosk in self._plan.kiosks:
            folder = self._folder / "clients" / kiosk.user
            if folder.exists():
                self._put(folder / "config.yaml", plan.kiosk_yaml(self._plan, kiosk), 0o600)
        self._put(self._folder / "passwords", "\n".join(lines) + "\n", 0o600, brokers=True)
        self._put(self._folder / "acl", plan.acl(self._plan), 0o644)
        conf = plan.mosquitto_conf(self._plan, self._folder)
        self._put(self._folder / "mosquitto.conf", conf, 0o644)
        self._authority[0].chmod(0o644)
        self._put(self._folder / LIST, json.dumps(asdict(self._plan), indent=2) + "\n", 0o644)

    def _make_folder(self, folder: Path, mode: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)

    def _server(self) -> None:
        """A certificate for these names; made anew where there is none, or for other names."""
        certificate, key = self._folder / "server.pem", self._folder / "server.key"
        named = self._folder / "authority" / "server.names"
        names = "\n".join(self._plan.brokers) + "\n"
        known = named.read_text(encoding="utf-8") if named.exists() else ""
        if not certificate.exists() or not key.exists() or known != names:
            authority.sign_server(self._plan.brokers, self._authority, (certificate, key))
            self._put(named, names, 0o600)
        certificate.chmod(0o644)
        key.chmod(0o600)
        self._give(key)

    def _known(self) -> dict[str, str]:
        """The line of each user that the broker knows."""
        file = self._folder / "passwords"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        return {line.partition(":")[0]: line for line in lines}

    def _client(self, user: str, known: str | None) -> str:
        """What a new client needs, in a folder of its own; its line for the broker."""
        folder = self._folder / "clients" / user
        signed = self._folder / "authority" / f"{user}.pem"
        if known is None or (self._plan.certificates and not signed.exists()):
            self._make_folder(folder, 0o700)
            self._put(folder / "ca.pem", self._authority[0].read_text(encoding="ascii"), 0o600)
        if self._plan.certificates and not signed.exists():
            own = folder / "client.pem"
            authority.sign_client(user, self._authority, (own, folder / "client.key"))
            self._put(signed, own.read_text(encoding="ascii"), 0o600)
        if known is not None:
            return known
        password = secrets.token_urlsafe(18)
        self._put(folder / "password", f"{password}\n", 0o600)
        return plan.password_line(user, password, secrets.token_bytes(12))

    def _put(self, path: Path, text: str, mode: int, brokers: bool = False) -> None:
        """Whole or not at all, and never readable by more than `mode` says."""
        new = path.with_name(f".{path.name}.new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        new.chmod(mode)
        if brokers:
            self._give(new)
        new.rename(path)

    def _give(self, path: Path) -> None:
        if self._owner is not None:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


def next_steps(folder: Path, whole: Plan, user: pwd.struct_passwd | None, owner: str) -> str:
    """What is to be done with the kit, a line each."""
    lines = [f"written to {folder}: {len(whole.users)} users, one broker ({whole.brokers[0]})"]
    if user is None:
        lines.append(
            f"You are not root, so the broker's user could not be given its files: "
            f"chown {owner} {folder}/server.key {folder}/passwords"
        )
    lines += [
        f"On the broker:  cp {folder}/mosquitto.conf /etc/mosquitto/conf.d/kioskd.conf",
        "                systemctl restart mosquitto",
        f"On each client: what lies in {folder}/clients/NAME; then take that folder away",
        f"Keep {folder}/authority to yourself: who has its key can be any broker",
    ]
    return "\n".join(lines)
