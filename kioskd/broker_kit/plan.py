"""Who may do what on a broker, and the texts that say so to mosquitto and to each client. Pure."""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kioskd.delivery.delivery_settings import DeliverySettings

DEFAULT_PORT = 8883
DEFAULT_PREFIX = DeliverySettings("", 0, "", "").prefix
HASH_ROUNDS = 10_000  # of a password; mosquitto reads the number from the file
QUEUED_MOST = 100_000  # messages kept for an audit collector that is away; mosquitto's own: 1000
_NAME = r"[a-z0-9][a-z0-9-]{0,39}"  # as config.yaml has it
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")


class PlanError(Exception):
    """What was asked for cannot be; the sentence says why and what is expected."""


@dataclass(frozen=True, slots=True, order=True)
class Kiosk:
    site: str
    device: str

    @property
    def user(self) -> str:
        """No name of a site or a device holds a dot, so no two kiosks share a user."""
        return f"{self.site}.{self.device}"


@dataclass(frozen=True, slots=True, order=True)
class Controller:
    """A door controller, and the kiosk and camera it listens to; source "+" is every camera."""

    user: str
    kiosk: Kiosk
    source: str


@dataclass(frozen=True, slots=True, order=True)
class Operator:
    """Who gives one kiosk commands."""

    user: str
    kiosk: Kiosk


@dataclass(frozen=True, slots=True)
class Plan:
    """One broker and everybody on it.

    brokers       its names and addresses; the first is the one that kiosks are told
    certificates  every client must show one of its own
    """

    brokers: tuple[str, ...]
    port: int = DEFAULT_PORT
    prefix: str = DEFAULT_PREFIX
    certificates: bool = False
    kiosks: tuple[Kiosk, ...] = ()
    controllers: tuple[Controller, ...] = ()
    collectors: tuple[str, ...] = field(default=())
    operators: tuple[Operator, ...] = ()

    @property
    def users(self) -> tuple[str, ...]:
        found = [kiosk.user for kiosk in self.kiosks]
        found += [controller.user for controller in self.controllers]
        found += [operator.user for operator in self.operators]
        return tuple(dict.fromkeys((*found, *self.collectors)))


def kiosk(text: str) -> Kiosk:
    """The kiosk that is called SITE/DEVICE; PlanError where that is no name."""
    if not re.fullmatch(f"{_NAME}/{_NAME}", text):
        raise PlanError(
            f"--kiosk must be SITE/DEVICE as in config.yaml, such as hq/kiosk-07 ({text})"
        )
    return Kiosk(*text.split("/"))


def controller(text: str) -> Controller:
    """The controller that NAME=SITE/DEVICE or NAME=SITE/DEVICE/SOURCE means; PlanError if none."""
    name, _, place = text.partition("=")
    if not _USER.fullmatch(name) or not re.fullmatch(f"{_NAME}/{_NAME}(/{_NAME})?", place):
        raise PlanError(
            "--controller must be NAME=SITE/DEVICE/SOURCE, such as "
            f"door-controller-3=hq/kiosk-07/door-3; without /SOURCE it hears every camera ({text})"
        )
    site, device, *source = place.split("/")
    return Controller(name, Kiosk(site, device), source[0] if source else "+")


def operator(text: str) -> Operator:
    """The operator that NAME=SITE/DEVICE means; PlanError if none."""
    name, _, place = text.partition("=")
    if not _USER.fullmatch(name) or not re.fullmatch(f"{_NAME}/{_NAME}", place):
        told = f"--operator must be NAME=SITE/DEVICE, such as control-room=hq/kiosk-07 ({text})"
        raise PlanError(told)
    return Operator(name, kiosk(place))


def check(plan: Plan) -> None:
    """Refuse, with PlanError, what cannot be carried out."""
    for name in plan.brokers:
        if not _is_address(name) and not _HOST.fullmatch(name):
            raise PlanError(f"--broker must be a host name or an IP address ({name})")
    for name in plan.collectors:
        if not _USER.fullmatch(name):
            raise PlanError(f"--collector must be a name of letters, digits, . _ and - ({name})")
    if not plan.brokers:
        raise PlanError("--broker is missing: the name or address under which kiosks reach it")
    places = [one.kiosk for one in plan.controllers] + [one.kiosk for one in plan.operators]
    unknown = set(places) - set(plan.kiosks)
    if unknown:
        raise PlanError(f"no such kiosk: {min(unknown).user.replace('.', '/')}; name it by --kiosk")
    kiosks = {one.user for one in plan.kiosks}
    named = [{one.user for one in each} for each in (plan.controllers, plan.operators)]
    named.append(set(plan.collectors))
    if twice := kiosks & set().union(*named) or _in_two(named):
        raise PlanError(f"{min(twice)} would be two clients: give each its own name")


def _in_two(named: Sequence[set[str]]) -> set[str]:
    """Names that stand in more than one of these."""
    return {name for name in set().union(*named) if sum(name in each for each in named) > 1}


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def mosquitto_conf(plan: Plan, folder: Path) -> str:
    """The broker's own configuration, for /etc/mosquitto/conf.d."""
    lines = [
        "# Written by kioskd broker-kit. Encrypted, with a user for everybody, and nothing else.",
        f"listener {plan.port}",
        f"cafile {folder}/ca.pem",
        f"certfile {folder}/server.pem",
        f"keyfile {folder}/server.key",
        *(["require_certificate true"] if plan.certificates else []),
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"acl_file {folder}/acl",
        "# An event waits for no other message's confirmation (up to 40 ms).",
        "set_tcp_nodelay true",
        "persistence true",
        "# Records for an audit collector that is away; what is more is lost.",
        f"max_queued_messages {QUEUED_MOST}",
    ]
    return "\n".join(lines) + "\n"


def acl(plan: Plan) -> str:
    """Each kiosk writes its own topics and no others; a door's controller only its replies."""
    return "\n\n".join("\n".join(_rights(plan, user)) for user in plan.users) + "\n"


def _rights(plan: Plan, user: str) -> Iterator[str]:
    yield f"user {user}"
    for one in plan.kiosks:
        if one.user == user:
            base = f"{plan.prefix}/{one.site}/{one.device}"
            yield f"topic write {base}/#"
            yield f"topic read {base}/#"
    for place in plan.controllers:
        if place.user == user:
            base = f"{plan.prefix}/{place.kiosk.site}/{place.kiosk.device}"
            yield f"topic read {base}/status"
            yield f"topic read {base}/{place.source}/action"
            yield f"topic read {base}/{place.source}/state"
            yield f"topic write {base}/{place.source}/reply"
    for one_operator in plan.operators:
        if one_operator.user == user:
            kiosk = one_operator.kiosk
            base = f"{plan.prefix}/{kiosk.site}/{kiosk.device}"
            yield f"topic write {base}/commands/request"
            yield f"topic read {base}/commands/response"
            yield f"topic read {base}/status"
    if user in plan.collectors:
        yield f"topic read {plan.prefix}/+/+/audit"


def password_line(user: str, password: str, salt: bytes) -> str:
    """As mosquitto_passwd of mosquitto 2 writes it: PBKDF2 with SHA-512."""
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ROUNDS)
    salted, hashed = (base64.b64encode(part).decode() for part in (salt, made))
    return f"{user}:$7${HASH_ROUNDS}${salted}${hashed}"


def kiosk_yaml(plan: Plan, one: Kiosk) -> str:
    """What stands in this kiosk's config.yaml about the broker."""
    own = (
        "    # as credentials of the service: docs/install/operations.md\n"
        "    cert_file: /etc/kioskd/kiosk.pem\n"
        "    key_file: /run/credentials/kioskd.service/MQTT_KEY\n"
    )
    prefix = f"  topic_prefix: {plan.prefix}\n" if plan.prefix != DEFAULT_PREFIX else ""
    broker = f"'{plan.brokers[0]}'" if ":" in plan.brokers[0] else plan.brokers[0]
    return (
        f"site: {one.site}\ndevice: {one.device}\nmqtt:\n  broker: {broker}\n"
        f"  port: {plan.port}\n  tls:\n    ca_file: /etc/kioskd/ca.pem\n"
        f"{own if plan.certificates else ''}"
        f"  username: {one.user}\n  password: ${{MQTT_PASSWORD}}\n{prefix}"
    )
