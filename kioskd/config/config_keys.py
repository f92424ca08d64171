"""Every key of config.yaml: its type, unit, range, default and meaning. Nothing else decides.

The JSON Schema, the messages of `kioskd check`, and the tables of docs/install/configuration.md
are made from what stands here and, for the doors, in doors.py. Defaults that another room owns (a
feed's, the delivery's) are taken from that room's own settings.

Strict: no value is converted, an unknown key is refused, and nothing changes afterwards.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from feeds.feed_settings import FeedSettings, FileSource
from kioskd.alarms.alarms_settings import CERTIFICATE_DAYS, POST
from kioskd.config.doors import AnyDoor
from kioskd.config.live import marked
from kioskd.config.section import (
    Field,
    Name,
    SecretStr,
    Section,
    StringConstraints,
    ValidationError,
    name,
    number,
    several,
)
from kioskd.delivery.delivery_settings import DeliverySettings, Protocol
from kioskd.home_assistant.home_assistant_settings import HomeAssistantSettings
from kioskd.identity.people_settings import PeopleSettings
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.metrics.metrics_settings import MetricsSettings
from kioskd.page.page_settings import PageSettings
from kioskd.prompts import languages
from kioskd.reload.reload_settings import ReloadSettings
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.snapshots.snapshots_settings import Cut, Refusal, SnapshotsSettings
from models.perception_settings import USUAL

if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[languages()]  # whatever there are words in

FEED = FeedSettings("", FileSource(""))
PAGE, PAGE_ON = PageSettings(), False
SESSIONS, SESSIONS_ON = SessionsSettings(), False
PEOPLE, PEOPLE_ON = PeopleSettings(), False
ALARMS_ON = HOME_ASSISTANT_ON = False
METRICS, METRICS_ON = MetricsSettings(), False
INSPECT, INSPECT_ON = InspectSettings(), False
RELOAD = ReloadSettings()
SNAPSHOTS = SnapshotsSettings()
COMMANDS_ON = LAYERS_MAY_LOOSEN = False
FLEET_PROTOCOL: Protocol = "3.1.1"
DELIVERY = DeliverySettings(host="", port=0, site="", device="")

# Nothing but a device file: OpenCV would open addresses here too.
DevicePath = Annotated[str, StringConstraints(pattern=r"^/dev/[A-Za-z0-9/_.:+@-]+$")]


# With a zone, as in fe80::1%eth0, where an address of one network only needs it.
_IPV6 = r"[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9._-]+)?"


class Tls(Section):
    """Encrypted connection to the broker, which must prove who it is.

    An empty section, `tls: {}`, trusts the system's CAs.
    """

    ca_file: str | None = Field(
        default=None, description="File with the CA certificates to trust, PEM; none: the system's."
    )
    cert_file: str | None = Field(
        default=None,
        description="This device's own certificate, PEM, where the broker asks for one.",
    )
    key_file: str | None = Field(
        default=None, description="The private key of cert_file, PEM, without a passphrase."
    )


# What a section that names a broker says of TLS and of who we are there.
TLS = Field(default=None, description="Encrypt the connection; leave out for none.")
USERNAME = Field(
    default=None,
    min_length=1,
    max_length=256,
    description="User name at the broker; ${NAME} works.",
)
PASSWORD = Field(
    default=None,
    min_length=1,
    description="Password at the broker, as ${NAME} from the environment or a systemd"
    " credential. Never write the password itself here.",
)
PASSWORD_FILE = Field(
    default=None, description="File whose first line is the password, instead of password."
)
TOPIC_PREFIX = Field(
    default=DELIVERY.prefix,
    pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
    max_length=100,
    description="Topics begin with this, followed by /SITE/DEVICE/.",
    json_schema_extra={"x-form": "words of letters, digits, _ . and -, with / between"},
)


class Mqtt(Section):
    """The broker that carries the events to the doors."""

    broker: str = Field(
        # a name or IPv4; or IPv6, which has two colons: with one it is a port that stands there
        pattern=rf"^([A-Za-z0-9._-]+|{_IPV6}|\[{_IPV6}\])$",
        max_length=253,
        description="Host name or address of the broker; or embedded: a broker inside the"
        " daemon, reachable on this machine only, for trials.",
        json_schema_extra={"x-form": "a host name or address, without mqtt:// and without a port"},
    )
    port: int | None = number(
        None, 1, 65535, "", "TCP port; none: 8883 with tls, 1883 without, 18883 embedded."
    )
    tls: Tls | None = TLS
    username: str | None = USERNAME
    password: SecretStr | None = PASSWORD
    password_file: str | None = PASSWORD_FILE
    allow_insecure: bool = Field(
        default=False,
        description="Allow a broker on another machine without tls, or without a password or"
        " certificate. Anyone on the network could then open the door.",
    )
    protocol: Literal["5", "3.1.1"] = Field(
        default=DELIVERY.protocol,
        description='MQTT version, in quotes. With "3.1.1" the broker cannot expire an event'
        " nor say that it refused one; only for brokers that cannot do 5.",
    )
    client_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-]{1,64}$",
        description="MQTT client id, unique at the broker; none: kioskd-SITE-DEVICE.",
        json_schema_extra={"x-form": "up to 64 letters, digits, _ and -"},
    )
    topic_prefix: str = TOPIC_PREFIX
    keepalive_s: int = number(
        DELIVERY.keepalive_s, 5, 60, "s", "A silent broker is noticed after about twice this time."
    )
    action_expiry_s: float = number(
        DELIVERY.action_expiry_s,
        0.5,
        5.0,
        "s",
        "An event older than this, counted from the capture of its last frame, is dropped.",
    )
    ack_timeout_s: float = number(
        DELIVERY.ack_timeout_s,
        1.0,
        60.0,
        "s",
        "A publish without acknowledgement for so long: connect again.",
    )
    payload: Literal["full", "compact"] = Field(
        default=DELIVERY.payload,
        description="full, or compact: events, states and status with only what a controller needs,"
        " for those that drop messages over 256 bytes (docs/connect/mqtt.md, Sizes).",
    )
    prompt_language: Language = Field(
        default=DELIVERY.prompt_language,
        description="Language of what a kiosk's screen tells people to do"
        " (docs/understand/challenges.md).",
    )
    replies: bool = Field(
        default=False,
        description="Listen to what controllers answer to events, for a screen and the record"
        " (docs/connect/mqtt.md, Reply). Nothing is decided by it.",
    )
    health: bool = Field(
        default=DELIVERY.health,
        description="Publish on the health topic whether all is well, and why not"
        " (docs/connect/mqtt.md, Health). With metrics.enabled it is published too.",
    )
    diagnostics: bool = Field(
        default=False,
        description="Publish unconfirmed results, reasons and each model's scores on the diag"
        " topic. For setting up only: scores help an attacker.",
    )


class Audit(Section):
    """The durable record of every result, in state_dir."""

    keep_days: float = number(
        DELIVERY.keep_days,
        1.0,
        3650.0,
        "days",
        "Records the broker has taken are deleted after so long; others are kept.",
    )
    size_limit_mb: float = number(
        DELIVERY.size_limit_mb,
        1.0,
        100_000.0,
        "MB",
        "A larger audit log is a problem in /status. Nothing is deleted for it: a record has"
        " some 1100 bytes.",
    )


_HOST = r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"
_TOLD = r"^(stranger|threat)(, ?(stranger|threat))*$"
_REFUSAL = f"({'|'.join(get_args(Refusal))})"
_REFUSALS = rf"^{_REFUSAL}(, ?{_REFUSAL})*$"
_NAME = r"[a-z0-9][a-z0-9-]{0,39}"
NODE = rf"([A-Za-z0-9._-]+|\[{_IPV6}\])(:[1-9][0-9]{{0,4}})?"
_HOSTS = rf"^{_HOST}(, ?{_HOST})*$"
if TYPE_CHECKING:
    HostNames = str
    Nodes = str
    Tell = str
    Refusals = str
    DoorNames = str
else:
    HostNames = several(_HOSTS, {"pattern": rf"^{_HOST}$"})
    Nodes = several(rf"^{NODE}(, ?{NODE})*$", {"pattern": rf"^{NODE}$"})
    Tell = several(_TOLD, {"enum": ["stranger", "threat"]})
    Refusals = several(_REFUSALS, {"enum": list(get_args(Refusal))})
    DoorNames = several(rf"^{_NAME}(, ?{_NAME})*$", {"pattern": rf"^{_NAME}$"})


class PageTls(Section):
    """Encrypts the page; both keys or none."""

    cert_file: str | None = Field(
        default=None, description="The page's own certificate with its chain, PEM."
    )
    key_file: str | None = Field(
        default=None, description="The private key of cert_file, PEM, without a passphrase."
    )


class Page(Section):
    """The aiming page and the kiosk's screen, in a browser. They change nothing.

    docs/install/aiming.md shows them.
    """

    enabled: bool = Field(default=PAGE_ON, description="Serve the page.")
    address: str = Field(
        default=PAGE.address,
        pattern=rf"^([0-9]{{1,3}}(\.[0-9]{{1,3}}){{3}}|{_IPV6})$",
        description="Address of this machine to serve at; 127.0.0.1 reaches nobody else, 0.0.0.0"
        " is all of its addresses.",
        json_schema_extra={"x-form": "an address such as 127.0.0.1 or 0.0.0.0"},
    )
    port: int = number(PAGE.port, 1, 65535, "", "TCP port.")
    token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret that whoever looks must show, as ${NAME} from the environment or a"
        " systemd credential. Needed at any address but a loopback one.",
    )
    token_file: str | None = Field(
        default=None, description="File whose first line is the token, instead of token."
    )
    screen_token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret of the kiosks' screens, as ${NAME}; it shows the screens alone.",
    )
    tls: PageTls | None = Field(default=None, description="Encrypt the page; leave out for none.")
    names: HostNames | None = Field(
        default=None,
        description="Host names by which browsers ask for the page, beside addresses and localhost;"
        " to any other name it does not answer.",
        json_schema_extra={"x-form": "host names with commas between"},
    )
    viewers: int = number(
        PAGE.viewers, 1, 32, "", "How many may look at once; each kiosk's screen is one."
    )
    mirrored_view: bool = Field(
        default=PAGE.mirrored_view,
        description="Show people the live view on the kiosk's screen, as in a mirror.",
    )


class SessionClient(Section):
    """A program that may open sessions, and reads and ends those that it opened."""

    secret: SecretStr = Field(
        min_length=1,
        description="What it shows, 16 characters or more, as ${NAME} from the environment or a"
        " systemd credential.",
    )


class Sessions(Section):
    """Liveness on request: who may open sessions, over MQTT and over the page's server.

    docs/connect/sessions.md tells how.
    """

    enabled: bool = Field(default=SESSIONS_ON, description="Take sessions.")
    clients: dict[Name, SessionClient] = Field(
        default={}, description="The programs that may open sessions, by names of your choice."
    )
    busy: Literal["wait", "refuse"] = Field(
        default=SESSIONS.busy,
        description="A session for a door that has one: wait for its turn, or be refused.",
    )
    most_waiting: int = number(
        SESSIONS.most_waiting, 1, 1000, "sessions", "How many may wait for one door."
    )
    per_minute: int = number(
        SESSIONS.per_minute,
        1,
        600,
        "sessions",
        "How many one device, user or client may open in a minute.",
        "more",
    )
    keep_hours: float = number(
        SESSIONS.keep_h, 1.0, 720.0, "h", "Ended sessions can be read for so long."
    )


class People(Section):
    """Who is enrolled on this kiosk, for doors that open to nobody else.

    docs/install/people.md tells how people are enrolled.
    """

    enabled: bool = Field(default=PEOPLE_ON, description="Know the people who are enrolled.")
    key: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="What seals the file of people, 32 bytes in base64, as ${NAME} from the"
        " environment or a systemd credential; `openssl rand -base64 32` makes one.",
    )
    old_key: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="The key before, while `kioskd people seal` has not been run with the new one.",
    )
    token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret of whoever enrols people on the page, over HTTP or MQTT, 16 characters"
        " or more, as ${NAME}; without it people are enrolled by `kioskd people` alone.",
    )
    likeness: float = number(
        PEOPLE.likeness,
        0.3,
        0.9,
        "",
        "How alike somebody must look to be taken for one of all the people enrolled"
        " (docs/measure/identity.md, One among many).",
        "less",
    )
    smile_likeness_boost: float = number(
        PEOPLE.smile_likeness_boost,
        0.0,
        0.2,
        "",
        "By how much less is enough where a smile is asked for, which changes a face.",
        "more",
    )
    tell: Tell | None = Field(
        default=None,
        description="Whom to tell of by events of their own, which open nothing: stranger (a live"
        " person who is not enrolled), threat (one who is, as that).",
        json_schema_extra={"x-form": "stranger, threat or both, with a comma between"},
    )


class Signing(Section):
    """The kiosk's signature, by which a controller knows who made an event.

    docs/connect/mqtt.md, Signatures, tells how it is checked; `kioskd keys` prints the public key.
    """

    enabled: bool = Field(
        default=DELIVERY.signed,
        description="Sign events, states, status and audit records. With false, /status says so.",
    )
    key_file: str | None = Field(
        default=None,
        min_length=1,
        description="File of the private key, made by `kioskd keys create`; none: the systemd"
        " credential signing.key where there is one, else signing.key in state_dir.",
    )
    compact: bool = Field(
        default=DELIVERY.signed_compact,
        description="Sign the short forms of mqtt.payload: compact too. They outgrow 256 bytes then"
        " (docs/connect/mqtt.md, Sizes).",
    )


class Metrics(Section):
    """Numbers of the doors for Prometheus, and whether all is well, over HTTP.

    docs/install/monitoring.md shows what comes of them.
    """

    enabled: bool = Field(default=METRICS_ON, description="Serve /metrics, /healthz and /readyz.")
    address: str = Field(
        default=METRICS.address,
        pattern=rf"^([0-9]{{1,3}}(\.[0-9]{{1,3}}){{3}}|{_IPV6})$",
        description="Address of this machine to serve at; 127.0.0.1 reaches nobody else, 0.0.0.0"
        " is all of its addresses. Nobody is asked for a secret.",
        json_schema_extra={"x-form": "an address such as 127.0.0.1 or 0.0.0.0"},
    )
    port: int = number(METRICS.port, 1, 65535, "", "TCP port.")


class Alarms(Section):
    """What an operator must hear of: when it began and ended, on a topic and by a web request.

    docs/install/operations.md, Alarms, tells what to do for each.
    """

    enabled: bool = Field(default=ALARMS_ON, description="Tell of alarms.")
    url: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="https:// address that gets a POST when an alarm begins or ends; http:// on"
        " this machine alone. ${NAME} works.",
        json_schema_extra={"x-form": "an address that begins with https://"},
    )
    token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret that is shown there as a bearer token, as ${NAME} from the environment"
        " or a systemd credential.",
    )
    ca_file: str | None = Field(
        default=None,
        description="File with the CA certificates to trust there, PEM; none: the system's.",
    )
    timeout_s: float = number(
        POST.timeout_s, 1.0, 60.0, "s", "One request may take so long, then it is tried again."
    )
    per_hour: int = number(
        POST.per_hour, 1, 600, "", "Requests in any hour, those that failed among them."
    )
    certificate_days: float = number(
        CERTIFICATE_DAYS,
        1.0,
        365.0,
        "days",
        "A certificate that ends within so many is told, as a problem in /status too.",
    )


class Snapshots(Section):
    """Pictures of refused attempts, never of who passed, sealed: this kiosk cannot open them.

    docs/install/snapshots.md tells what is kept, and what a site has to do first.
    """

    enabled: bool = Field(
        default=SNAPSHOTS.enabled, description="Keep a picture of refused attempts."
    )
    recipient: str | None = Field(
        default=None,
        min_length=1,
        description="The public key they are sealed to, as `kioskd snapshots key` prints it on"
        " another machine, where the private half stays.",
        json_schema_extra={"x-form": "32 bytes in base64"},
    )
    of: Refusals = Field(
        default=", ".join(SNAPSHOTS.of),
        description="Which refusals: attack (a presentation attack), threat, stranger and"
        " not_admitted (at doors to the enrolled), not_the_person (in sessions), locked_out, failed"
        " (any other, such as a challenge).",
        json_schema_extra={"x-form": f"words of {', '.join(get_args(Refusal))}"},
    )
    doors: DoorNames | None = Field(
        default=None,
        description="At these doors alone; none: at all.",
        json_schema_extra={"x-form": "names of doors, with commas between"},
    )
    picture: Cut = Field(
        default=SNAPSHOTS.picture,
        description="face: what is around the face; frame: all that the camera saw, bystanders"
        " too.",
    )
    keep_days: float = number(SNAPSHOTS.keep_days, 1.0, 365.0, "days", "Then a picture is deleted.")
    max_mb: float = number(
        SNAPSHOTS.max_mb,
        2.0,
        100_000.0,
        "MB",
        "All of them together; beyond, the oldest are deleted.",
    )
    per_hour: int = number(
        SNAPSHOTS.per_hour, 1, 1000, "", "Pictures in any hour at one door; of more none is kept."
    )


class HomeAssistant(Section):
    """The kiosk as a device of Home Assistant's, by MQTT discovery: to look at, not to open by.

    docs/connect/home-assistant.md shows what comes of it.
    """

    enabled: bool = Field(default=HOME_ASSISTANT_ON, description="Tell Home Assistant.")
    prefix: str = Field(
        default=HomeAssistantSettings().prefix,
        pattern=r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$",
        max_length=100,
        description="The discovery prefix of its MQTT integration. The kiosk must be allowed to"
        " publish below it.",
        json_schema_extra={"x-form": "words of letters, digits, _ and -, with / between"},
    )


class Commands(Section):
    """What an operator may have this kiosk do over MQTT, such as disable a door.

    docs/connect/commands.md has the messages. `kioskd ctl` on the machine needs none of it.
    """

    enabled: bool = Field(default=COMMANDS_ON, description="Take commands over MQTT.")
    token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret of whoever gives commands, 16 characters or more, as ${NAME}.",
    )


class Layers(Section):
    """What a fleet says of this kiosk's doors from afar, signed, where this file says nothing.

    docs/install/rollout.md tells what a layer may say, and how it is taken.
    """

    trust: str | None = Field(
        default=None,
        min_length=1,
        description="File of the keys that sign layers, as `kioskd fleet keys export` prints them."
        " Without it none is taken.",
    )
    may_loosen: bool = Field(
        default=LAYERS_MAY_LOOSEN,
        description="Let a layer set a key that does not stand in this file to what lets more pass,"
        " or to what cannot be told to let less pass. What stands here wins over every layer"
        " either way.",
    )


class FleetTls(Tls):
    """As `mqtt.tls`, and a changed one holds at once."""


class Fleet(Section):
    """A road of the kiosk's own to a fleet's cluster, where its broker has no bridge to one.

    docs/install/fleet.md tells what goes up and what comes down. No event ever goes this way.
    """

    nodes: Nodes | None = Field(
        default=None,
        description="Host names or addresses of the cluster's nodes, each with :PORT where it is"
        " not 8883 with tls, 1883 without. The next is tried when one is lost. Without them"
        " nothing goes to a fleet.",
        json_schema_extra={
            "x-form": "host names or addresses, each with or without :PORT, with commas between"
        },
    )
    tls: FleetTls | None = TLS
    username: str | None = USERNAME
    password: SecretStr | None = PASSWORD
    password_file: str | None = PASSWORD_FILE
    allow_insecure: bool = Field(
        default=False,
        description="Allow a cluster on another machine without tls, or without a password or"
        " certificate. Anyone on the network could then read what this kiosk records.",
    )
    protocol: Literal["5", "3.1.1"] = Field(
        default=FLEET_PROTOCOL, description='MQTT version, in quotes. NATS speaks "3.1.1" alone.'
    )
    topic_prefix: str = TOPIC_PREFIX


class Inspect(Section):
    """Judging pictures that others send, as `kioskd inspect` does, over MQTT and the page's server.

    docs/understand/stills.md tells what is looked at.
    """

    enabled: bool = Field(default=INSPECT_ON, description="Judge pictures for others.")
    token: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Secret of whoever sends pictures, 16 characters or more, as ${NAME}.",
    )
    profile: Literal["selfie", "door"] = Field(
        default=INSPECT.profile, description="Whose limits hold where a request names none."
    )


class Perception(Section):
    """How the networks run. The defaults suit a small machine without a GPU."""

    provider: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="Where networks run. auto: CUDA where a session truly gets it, else CPU;"
        " cuda: refuse to start without it.",
    )
    threads: int = number(1, 1, 16, "", "Threads per network.")
    detector_input_size: int = number(
        USUAL.detector_long_side,
        160,
        1280,
        "px",
        "Longer side of the image given to the face detector. Larger finds smaller faces"
        " and costs its square.",
        multiple_of=32,
    )
    detect_every_frames: int = number(
        USUAL.detect_every,
        1,
        30,
        "frames",
        "Detect in every k-th frame and track between; 1: in each.",
    )
    added_networks: str | None = Field(
        default=None,
        description="File of networks that this site adds to the fused scheme"
        " (docs/change/networks.md).",
    )


class Feed(Section):
    """What all kinds of feed share."""

    stall_s: float = number(
        FEED.stall_s, 0.2, 10.0, "s", "Without a new frame for so long: stalled, opened again."
    )
    hang_s: float = number(
        FEED.hang_s,
        2.0,
        60.0,
        "s",
        "Without a sign of life from the capture process for so long: killed, started again.",
    )
    open_s: float = number(FEED.open_s, 1.0, 60.0, "s", "Opening the source may take so long.")
    retry_first_s: float = number(
        FEED.retry_first_s, 0.1, 30.0, "s", "First wait before opening again; doubled each time."
    )
    retry_most_s: float = number(
        FEED.retry_most_s, 0.5, 300.0, "s", "Longest wait before opening again."
    )
    rotate: int = number(
        FEED.rotate,
        0,
        270,
        "degrees",
        "How far to turn the picture clockwise so that heads are up, for a camera that hangs on its"
        " side or upside down.",
        multiple_of=90,
    )
    mirror: bool = Field(
        default=FEED.mirror,
        description="Swap left and right, after turning: for a camera that mirrors its picture, as"
        " many webcams do.",
    )
    identity: Literal["pin", "off"] = Field(
        default=FEED.pinning,
        description="pin: the first camera seen is the only one taken, until another is accepted by"
        " `kioskd feeds accept` (docs/install/feeds.md, The same camera); off: any.",
    )
    loops: Literal["refuse", "ignore"] = Field(
        default=FEED.loops,
        description="refuse: a camera that shows again what it showed before, as a recording in a"
        " loop does, gives no frames; ignore: it does (docs/install/feeds.md, Loops).",
    )


class UsbFeed(Feed):
    """A camera plugged into this machine."""

    kind: Literal["usb"] = Field(description="A camera plugged into this machine.")
    device: Annotated[int, Field(ge=0, le=63)] | DevicePath = Field(
        description="/dev/v4l/by-id/... (survives re-plugging), /dev/video0, or an index such as 0."
        " `kioskd devices` lists them.",
        json_schema_extra={"x-form": "a path such as /dev/video0, or an index from 0 to 63"},
    )
    width: int | None = number(None, 160, 7680, "px", "Image width; none: the camera's choice.")
    height: int | None = number(None, 120, 4320, "px", "Image height; none: the camera's choice.")
    fps: float | None = number(
        None, 1.0, 120.0, "frames/s", "Frame rate; none: the camera's choice."
    )
    virtual: bool = Field(
        default=False,
        description="Take a program's pictures for a camera's (v4l2loopback, OBS), for trials.",
    )


class RtspFeed(Feed):
    """A network camera over RTSP."""

    kind: Literal["rtsp"] = Field(description="A network camera over RTSP.")
    url: SecretStr = Field(
        description="rtsp:// or rtsps:// address; ${NAME} takes the password or the whole"
        " address from the environment or a systemd credential.",
        json_schema_extra={"x-form": "an address that begins with rtsp:// or rtsps://"},
    )
    transport: Literal["tcp", "udp"] = Field(
        default="tcp", description="How the video travels; tcp loses no packets."
    )


class HttpFeed(Feed):
    """A network camera over HTTP, such as Motion JPEG."""

    kind: Literal["http"] = Field(description="A network camera over HTTP, such as Motion JPEG.")
    url: SecretStr = Field(
        description="http:// or https:// address; ${NAME} as for rtsp.",
        json_schema_extra={"x-form": "an address that begins with http:// or https://"},
    )


class FileFeed(Feed):
    """A recording, for trials and tests. At a real door anyone could swap the file."""

    kind: Literal["file"] = Field(description="A recording, for trials and tests.")
    path: str = Field(
        min_length=1,
        description="A video, or a folder of images shown in the order of their names;"
        " relative to this file.",
    )
    pace: Literal["realtime", "fast"] = Field(
        default="realtime",
        description="realtime, or fast: as quickly as frames are judged, none skipped.",
    )
    repeat: Literal["once", "loop"] = Field(
        default="once", description="once, or loop: begin again at the end, for ever."
    )
    fps: float | None = number(
        None, 1.0, 120.0, "frames/s", "Frame rate; none: the video's own, 10 for images."
    )
    trial: bool = Field(
        default=False,
        description="Accept that a broker on another machine is told of a recording as if it were"
        " a camera. Whoever can change the file opens the door.",
    )


class RealSenseFeed(Feed):
    """A depth camera: colours, depth and infrared. Never colours alone."""

    kind: Literal["realsense"] = Field(description="An Intel RealSense depth camera.")
    serial: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z]{4,32}$",
        description="The camera's serial number, in quotes; `kioskd devices` tells it. No other"
        " camera is taken in its place. Beside recording: the camera it must come from.",
        json_schema_extra={"x-form": "4 to 32 letters and digits"},
    )
    emitter: bool = Field(
        default=True,
        description="Project the infrared pattern that gives plain surfaces something to measure.",
    )
    recording: str | None = Field(
        default=None,
        min_length=1,
        description="Play this .db3 or .bag recording instead of a camera, for trials and tests;"
        " relative to this file.",
    )
    pace: Literal["realtime", "fast"] = Field(
        default="realtime", description="Of a recording, as for file."
    )
    repeat: Literal["once", "loop"] = Field(
        default="once", description="Of a recording, as for file."
    )
    trial: bool = Field(default=False, description="Of a recording, as for file.")


AnyFeed = Annotated[
    UsbFeed | RtspFeed | HttpFeed | FileFeed | RealSenseFeed, Field(discriminator="kind")
]


class Reload(Section):
    """Reading this file again while kioskd is at work: `kioskd reload`, or SIGHUP.

    docs/install/operations.md, Change it while it runs, tells what holds at once.
    """

    watch: bool = Field(
        default=RELOAD.watch,
        description="Read this file again by itself, too, when it was changed and has been left"
        " alone for a second or two.",
    )


class Logging(Section):
    """The log on standard error, one line per change of state."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important line that is written."
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto",
        description="auto: with fields in systemd's journal, for people at a terminal, else json;"
        " console: for people; json: one object per line.",
    )


class Settings(Section):
    """kioskd's configuration."""

    site: Name = name("Name of the site, the first word of the topics after the prefix.")
    device: Name = name("Name of this kiosk, different from every other at the site.")
    state_dir: str | None = Field(
        default=None,
        min_length=1,
        description="Folder of the audit log; none: $STATE_DIRECTORY, which systemd sets, else var"
        " beside this file.",
    )
    mqtt: Mqtt = Field(description="The broker that carries the events to the doors.")
    audit: Audit = Field(default=Audit(), description="The durable record of every result.")
    perception: Perception = Field(default=Perception(), description="How the networks run.")
    feeds: dict[Name, AnyFeed] = Field(
        min_length=1, description="The cameras, by names of your choice."
    )
    doors: dict[Name, AnyDoor] = Field(
        min_length=1, description="The doors, by names of your choice."
    )
    page: Page = Field(default=Page(), description="The aiming page and the kiosk's screen.")
    sessions: Sessions = Field(default=Sessions(), description="Liveness on request.")
    people: People = Field(default=People(), description="Who is enrolled.")
    inspect: Inspect = Field(default=Inspect(), description="Judging pictures for others.")
    commands: Commands = Field(default=Commands(), description="What operators command.")
    signing: Signing = Field(
        default=Signing(), description="The signature in events, states, status and records."
    )
    layers: Layers = Field(
        default=Layers(), description="What a fleet says of this kiosk's doors, signed."
    )
    fleet: Fleet = Field(default=Fleet(), description="A road of its own to a fleet's cluster.")
    metrics: Metrics = Field(default=Metrics(), description="Numbers of the doors, over HTTP.")
    alarms: Alarms = Field(default=Alarms(), description="What an operator must hear of.")
    snapshots: Snapshots = Field(
        default=Snapshots(), description="Pictures of refused attempts, sealed."
    )
    home_assistant: HomeAssistant = Field(
        default=HomeAssistant(), description="The kiosk as a device of Home Assistant's."
    )
    reload: Reload = Field(default=Reload(), description="Reading this file again.")
    logging: Logging = Field(default=Logging(), description="The log on standard error.")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What pydantic found wrong at `path`. `kind` is its own code, or "name" for a bad name."""

    path: tuple[str | int, ...]
    kind: str


def validate(value: Mapping[str, object]) -> Settings | tuple[Complaint, ...]:
    """The settings, or every complaint about them."""
    try:
        return Settings.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return tuple(_complaint(e["loc"], e["type"]) for e in found)


def _complaint(loc: tuple[str | int, ...], kind: str) -> Complaint:
    """The place in the file, without pydantic's own steps: which union member, which part."""
    if loc[-1:] == ("[key]",):
        return Complaint(loc[:2], "name")
    if loc[:1] in (("feeds",), ("doors",)) and len(loc) > 2:
        loc = (*loc[:2], *loc[3:])
    return Complaint(loc, kind)


def schema() -> dict[str, Any]:
    """The JSON Schema of config.yaml; units stand as x-unit, forms of text as x-form.

    x-restart says whether a key waits for a restart (live.py).
    """
    plain = _without_titles(Settings.model_json_schema())
    assert isinstance(plain, dict)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **marked(plain)}


def _without_titles(part: object) -> object:
    """Pydantic repeats each key's name as its title."""
    if isinstance(part, dict):
        return {k: _without_titles(v) for k, v in part.items() if k != "title"}
    return [_without_titles(item) for item in part] if isinstance(part, list) else part
