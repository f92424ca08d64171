"""Why the broker does not do what we ask, as sentences for the person at the door. Pure."""

import socket
import ssl

from kioskd.delivery.settings import DeliverySettings

# MQTT 5 reason codes (OASIS MQTT 5.0, 2.4); paho gives the same ones for 3.1.1
NO_SUBSCRIBERS = 0x10
UNSPECIFIED = 0x80
UNSUPPORTED_PROTOCOL = 0x84
BAD_CLIENT_ID = 0x85
BAD_PASSWORD = 0x86
NOT_AUTHORIZED = 0x87
BANNED = 0x8A
TAKEN_OVER = 0x8E


def place(settings: DeliverySettings) -> str:
    return f"{settings.host}:{settings.port}"


def cannot_connect(error: Exception, settings: DeliverySettings) -> str:
    """Why no connection came about, from what the socket or TLS raised."""
    where = place(settings)
    match error:
        case socket.gaierror():
            return f"the broker's host name {settings.host} cannot be found: check mqtt.broker"
        case ConnectionRefusedError():
            return (
                f"no MQTT broker listens at {where}: start it, or check mqtt.broker and mqtt.port"
            )
        case ssl.SSLCertVerificationError():
            return (
                f"the broker at {where} shows a certificate that is not trusted "
                f"({error.verify_message}): check mqtt.tls.ca_file and mqtt.broker"
            )
        case ssl.SSLError():
            return f"no TLS with {where} ({error.reason}): check mqtt.port and mqtt.tls"
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


def refused(code: int, name: str, settings: DeliverySettings) -> str:
    """Why the broker answered our CONNECT with a no."""
    where = place(settings)
    match code:
        case 0x84:
            return f"the broker at {where} does not speak MQTT {settings.protocol}: " + (
                "set mqtt.protocol: 3.1.1" if settings.protocol == "5" else "use another broker"
            )
        case 0x85:
            return (
                f"the broker at {where} refuses the client id {settings.name_on_broker}: "
                "set mqtt.client_id"
            )
        case 0x86 | 0x87:
            user = f"user {settings.username}" if settings.username else "a client without a name"
            return (
                f"the broker at {where} refuses {user}: "
                "check mqtt.username, mqtt.password and the broker's own list of users"
            )
        case _:
            return f"the broker at {where} refuses the connection: {name}"


def disconnected(code: int, name: str, settings: DeliverySettings) -> str:
    """Why an established connection ended."""
    if code == TAKEN_OVER:
        return taken_over(settings)
    if code == UNSPECIFIED:  # also what paho says of a socket that was closed without a word
        return (
            f"the broker at {place(settings)} hung up, or the network to it broke: "
            "look whether it still runs"
        )
    return f"the connection to the broker at {place(settings)} ended: {name}"


def taken_over(settings: DeliverySettings) -> str:
    return (
        f"another program uses the client id {settings.name_on_broker} at "
        f"{place(settings)} and throws this one out: give each its own mqtt.client_id"
    )


def perhaps_taken_over(settings: DeliverySettings, times: int) -> str:
    return (
        f"the broker at {place(settings)} took this kiosk and hung up on it {times} times in a "
        f"row: if another program uses the client id {settings.name_on_broker}, "
        "give each its own mqtt.client_id"
    )


def gave_no_answer(settings: DeliverySettings) -> str:
    """The broker hung up on us before it said yes or no."""
    tls = "has no TLS, leave mqtt.tls out" if settings.tls else "wants TLS, set mqtt.tls"
    older = "; if it knows no MQTT 5, set mqtt.protocol: 3.1.1" if settings.protocol == "5" else ""
    return f"what listens at {place(settings)} hung up before it answered; if it {tls}{older}"


def denied(topic: str) -> str:
    return f"the broker refuses messages on {topic}: check its ACL"
