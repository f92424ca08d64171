"""Why the broker does not do what we ask, as sentences for the person at the door. Pure."""

import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kioskd.delivery.broker_limits import Limits
from kioskd.delivery.delivery_settings import DeliverySettings, Section
from kioskd.delivery.tls import TlsFileError

# MQTT 5 reason codes (OASIS MQTT 5.0, 2.4); paho gives the same ones for 3.1.1
NO_SUBSCRIBERS = 0x10
UNSPECIFIED = 0x80
NOT_AUTHORIZED = 0x87
TAKEN_OVER = 0x8E
TOO_LARGE = 0x95
NO_RETAIN = 0x9A
NO_QOS = 0x9B
OF_THE_MESSAGE = frozenset({0x83, TOO_LARGE, 0x99})  # this one is not taken, the next may be
OF_RIGHTS = frozenset({UNSPECIFIED, NOT_AUTHORIZED})  # what an ACL answers
MOST_TOLD = 4  # messages in one sentence


def place(settings: DeliverySettings) -> str:
    """Host and port; of a cluster all of them, the first tried first."""
    places = ((settings.host, settings.port), *settings.others)
    return " or ".join(f"{_bracketed(host)}:{port}" for host, port in places)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@dataclass(frozen=True, slots=True)
class _Section:
    """What stands in a section of config.yaml under another name than in the next."""

    host: str
    port: str
    prefix: str
    own_name: str  # what to do about another client of our name,
    refused_name: str  # and about a broker that does not take ours


_SECTIONS: Mapping[Section, _Section] = {
    "mqtt": _Section(
        "mqtt.broker",
        "mqtt.port",
        "an mqtt.topic_prefix",
        "give each its own mqtt.client_id",
        "set mqtt.client_id",
    ),
    "fleet": _Section(
        "fleet.nodes",
        "fleet.nodes",
        "a fleet.topic_prefix",
        "see that no bridge and no other machine comes as this kiosk",
        "allow it there",
    ),
}


def _keys(settings: DeliverySettings) -> _Section:
    return _SECTIONS[settings.section]


def cannot_connect(error: Exception, settings: DeliverySettings) -> str:
    """Why no connection came about, from what the socket or TLS raised."""
    where, keys = place(settings), _keys(settings)
    match error:
        case socket.gaierror():
            return f"the broker's host name {settings.host} cannot be found: check {keys.host}"
        case ConnectionRefusedError():
            named = " and ".join(dict.fromkeys((keys.host, keys.port)))
            return f"no MQTT broker listens at {where}: start it, or check {named}"
        case TlsFileError():
            return str(error)
        case ssl.SSLCertVerificationError():
            return _not_trusted(error, settings)
        case ssl.SSLError():
            return tls_alert(error.reason or "", settings)
        case ConnectionResetError() | BrokenPipeError():
            return gave_no_answer(settings)
        case TimeoutError():
            return f"the broker at {where} does not answer: check the network"
        case FileNotFoundError() | PermissionError():
            return f"a TLS file cannot be read: {error.filename}: {error.strerror}"
        case OSError():
            return f"the broker at {where} cannot be reached: {error.strerror or error}"
        case _:
            return f"the connection to {where} failed: {error}"


def _not_trusted(error: ssl.SSLCertVerificationError, settings: DeliverySettings) -> str:
    shows = f"the broker at {place(settings)} shows a certificate that"
    match error.verify_code:
        case 9:  # X509_V_ERR_CERT_NOT_YET_VALID
            return (
                f"{shows} is not valid yet: this kiosk's clock says {_today()}; set it "
                "(timedatectl, a time service), or see from when the certificate is valid"
            )
        case 10:  # X509_V_ERR_CERT_HAS_EXPIRED
            return (
                f"{shows} has expired: renew it at the broker, unless this kiosk's clock, which "
                f"says {_today()}, is wrong"
            )
        case 62 | 64:  # a host name, or an address, that does not stand in it
            return (
                f"{shows} is for another name ({error.verify_message}): give "
                f"{_keys(settings).host} as it stands in the certificate, or make one with this "
                "name in its subjectAltName"
            )
    return (
        f"{shows} is not trusted ({error.verify_message}): check that "
        f"{settings.section}.tls.ca_file is the authority that signed it, and "
        f"{_keys(settings).host}"
    )


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def tls_alert(name: str, settings: DeliverySettings) -> str:
    """Why TLS did not come about or was ended by the broker, from OpenSSL's name for it."""
    where, own = place(settings), settings.tls is not None and settings.tls.certificate is not None
    words, files = name.upper(), f"{settings.section}.tls"
    if "CERTIFICATE_REQUIRED" in words or ("HANDSHAKE_FAILURE" in words and not own):
        return (
            f"the broker at {where} asks for a certificate of this kiosk: "
            f"set {files}.cert_file and {files}.key_file"
        )
    if own and any(part in words for part in _OURS):
        said = name.lower().rpartition("alert_")[2].replace("_", " ")
        return (
            f"the broker at {where} refuses the certificate of this kiosk ({said}): see that the "
            f"one in {files}.cert_file is signed by the authority that the broker trusts, and is "
            "valid now by the broker's clock"
        )
    if "WRONG_VERSION" in words or "HTTP_REQUEST" in words or "RECORD_LAYER" in words:
        port = f"name the broker's TLS port in {_keys(settings).port}"
        return f"what answers at {where} speaks no TLS: {port}"
    return f"no TLS with {where} ({name}): check {_keys(settings).port} and {files}"


_OURS = ("UNKNOWN_CA", "CERTIFICATE", "HANDSHAKE_FAILURE", "DECRYPT_ERROR", "ACCESS_DENIED")


def speaks_http(settings: DeliverySettings) -> str:
    return (
        f"what listens at {place(settings)} speaks HTTP, as a websocket listener does, and kioskd "
        f"speaks plain MQTT: name the broker's MQTT port in {_keys(settings).port} (1883, or 8883 "
        "with TLS)"
    )


def refused(code: int, name: str, settings: DeliverySettings) -> str:
    """Why the broker answered our CONNECT with a no."""
    where = place(settings)
    match code:
        case 0x84:
            return f"the broker at {where} does not speak MQTT {settings.protocol}: " + (
                f"set {settings.section}.protocol: 3.1.1"
                if settings.protocol == "5"
                else "use another broker"
            )
        case 0x85:
            cure = _keys(settings).refused_name
            return f"the broker at {where} refuses the client id {settings.name_on_broker}: {cure}"
        case 0x86 | 0x87:
            user = f"user {settings.username}" if settings.username else "a client without a name"
            return (
                f"the broker at {where} refuses {user}: "
                f"check {settings.section}.username, {settings.section}.password and the broker's "
                "own list of users"
            )
        case _:
            return f"the broker at {where} refuses the connection: {name}"


def disconnected(code: int, name: str, settings: DeliverySettings) -> str:
    """Why an established connection ended."""
    if code == TAKEN_OVER:
        return taken_over(settings)
    if code == UNSPECIFIED:  # also what paho says of a socket that was closed without a word
        told = (
            f"the broker at {place(settings)} hung up, or the network to it broke: "
            "look whether it still runs"
        )
        return "; ".join((told, *(f"if {hint}" for hint in _of_dots(settings))))
    return f"the connection to the broker at {place(settings)} ended: {name}"


def taken_over(settings: DeliverySettings) -> str:
    return (
        f"another program uses the client id {settings.name_on_broker} at "
        f"{place(settings)} and throws this one out: {_keys(settings).own_name}"
    )


def perhaps_taken_over(settings: DeliverySettings, times: int) -> str:
    return (
        f"the broker at {place(settings)} took this kiosk and hung up on it {times} times in a "
        f"row: if another program uses the client id {settings.name_on_broker}, "
        f"{_keys(settings).own_name}"
    )


def gave_no_answer(settings: DeliverySettings) -> str:
    """The broker hung up on us before it said yes or no. No advice here takes security away."""
    files, port = f"{settings.section}.tls", _keys(settings).port
    if settings.tls is None:
        hints = [f"it wants TLS, set {files}"]
    elif settings.tls.certificate is None:
        hints = [
            f"it asks for a certificate of this kiosk, set {files}.cert_file and {files}.key_file",
            f"this is its port without TLS, name its TLS port in {port}",
        ]
    else:
        hints = [
            f"it does not trust {files}.cert_file, see its log",
            f"this is its port without TLS, name its TLS port in {port}",
        ]
    if settings.protocol == "5":
        hints.append(f"it knows no MQTT 5, set {settings.section}.protocol: 3.1.1")
    hints += _of_dots(settings)
    told = "; ".join(f"if {hint}" for hint in hints)
    return f"what listens at {place(settings)} hung up before it answered; {told}"


def _of_dots(settings: DeliverySettings) -> list[str]:
    """NATS hangs up on topics with a dot, once it has let a client in."""
    if "." not in settings.prefix:
        return []
    return [f"it is NATS, choose {_keys(settings).prefix} without dots"]


def denied(topics: Mapping[str, str]) -> str:
    """What the broker does not take, with its own word for it, "" where that speaks of rights."""
    told = ", ".join(f"{topic} ({why})" if why else topic for topic, why in sorted(topics.items()))
    look = [] if all(topics.values()) else ["ACL"]
    look += ["limits", "log"] if any(topics.values()) else []
    return f"the broker refuses messages on {told}: check its {' and '.join(look)}"


def learned(code: int, cause: str, limits: Limits) -> Limits:
    """What a broker may take of a last will, after it did not take us.

    One that hangs up without a word may do so because of a retained will: try it without, in turn.
    """
    if code == NO_RETAIN:
        return replace(limits, retain=False)
    if cause == "broken":
        return replace(limits, retain=not limits.retain)
    return replace(limits, qos=0) if code == NO_QOS else limits


def lacks(limits: Limits) -> list[str]:
    """What a door has to do without on this broker, in words."""
    found = []
    if not limits.retain:
        found.append(
            "it keeps no retained messages, so the status and the states are said again every "
            "30 s, and a controller that connects waits as long for them"
        )
    if limits.qos == 0:
        found.append(
            "it takes quality of service 0 only and so acknowledges nothing: an event may be "
            "lost unseen, and all audit records stay in this kiosk"
        )
    return found


def limited(lacking: Sequence[str], limits: Limits, settings: DeliverySettings) -> str:
    size = f" (it takes {limits.packet_bytes} bytes at most)" if limits.packet_bytes else ""
    return f"the broker at {place(settings)} is limited{size}: {'; '.join(lacking)}"


def too_large(topic: str, size: int, settings: DeliverySettings) -> str:
    smaller = "; mqtt.payload: compact makes it smaller" if settings.payload == "full" else ""
    return f"a message on {topic} is too large for it, {size} bytes, and is left out{smaller}"


def rows_too_large(count: int, first: int, size: int) -> str:
    rows = "audit record" if count == 1 else f"{count} audit records, the first of them"
    return f"{rows} number {first} with {size} bytes, are too large for it and stay in this kiosk"


def hung_up_on_row(row: int, size: int) -> str:
    return f"audit record {row} ({size} bytes; it stays in this kiosk)"


def refused_row(row: int, size: int, reason: str) -> str:
    return f"audit record {row} ({size} bytes, {reason}; it stays in this kiosk)"


def hung_up_on_rows(topic: str) -> str:
    return f"all messages on {topic} (audit records stay in this kiosk; tried again in an hour)"


def hung_up_on_action(topic: str, size: int) -> str:
    return f"events on {topic} ({size} bytes; tried again after half a minute)"


def hung_up_on_retained(topic: str, size: int) -> str:
    return f"retained messages on {topic} ({size} bytes; said again every 30 s instead)"


def hung_up_on_topic(topic: str, size: int) -> str:
    return f"messages on {topic} ({size} bytes; tried again in an hour)"


def rejects(what: Sequence[str], settings: DeliverySettings) -> str:
    """The messages that ended connections, or that the broker refused for what they are."""
    told = ", ".join(what[-MOST_TOLD:])
    more = f", and {len(what) - MOST_TOLD} more" if len(what) > MOST_TOLD else ""
    return (
        f"the broker at {place(settings)} hangs up on, or refuses: {told}{more}. Everything else "
        "goes on without them: check its limits on size, topics, retain and QoS, and its log"
    )


def our_mistake(error: Exception) -> str:
    return f"a mistake in kioskd's delivery, which goes on ({error!r}): report it with the log"
