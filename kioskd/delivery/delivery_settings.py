"""What delivery must be told of its broker and of this kiosk."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from kioskd.delivery.wire import Topics

Protocol = Literal["5", "3.1.1"]
Form = Literal["full", "compact"]
Section = Literal["mqtt", "fleet"]  # of config.yaml, in which a broker stands


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How to trust the broker, and how it may trust us. All files are PEM.

    ca           the authority that signed the broker's certificate; None takes the system's
    certificate  this kiosk's own, for brokers that ask for one; needs `key`
    section      of config.yaml, in which these stand
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    section: str = "mqtt.tls"


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """One broker and our place on it. All times in seconds.

    action_expiry_s  an action older than this, counted from the capture of its deciding
                     frame, is never sent; at most 5
    ack_timeout_s    the broker left a message unacknowledged for so long: reconnect
    payload          compact: of actions, states and status only what a small controller needs
    prompt_language  of what a kiosk's screen says, a file in kioskd/prompts
    replies          listen to what controllers answer to events, for a screen and the record
    health           also say, retained, whether all is well, to .../health
    diagnostics      also send what the door must not act on, to .../diag
    model_version    which networks decided, and config_digest which settings: both are
                     copied into every action, and None leaves them out
    doors            the name of the door that each feed watches, by the feed's name
    cameras          a digest of what each feed's camera is, by the feed's name
    signed           events, states, status and records carry the kiosk's signature
    snapshots        the refusals of which pictures are kept, as /status says; none: none are
    signed_compact   the compact forms do too, and are larger than 256 bytes then
    section          of config.yaml, in which the broker stands
    others           further nodes of one cluster, as host and port: when one is lost, the next
                     is tried, and after the last the first again
    """

    host: str
    port: int
    site: str
    device: str
    prefix: str = "liveness/v1"
    client_id: str = ""  # "" takes kioskd-{site}-{device}
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: TlsSettings | None = None
    protocol: Protocol = "5"
    action_expiry_s: float = 5.0
    ack_timeout_s: float = 5.0
    keepalive_s: int = 10
    payload: Form = "full"
    prompt_language: str = "en"
    replies: bool = False
    health: bool = False
    diagnostics: bool = False
    keep_days: float = 90.0  # audit rows the broker has taken are deleted after so long
    size_limit_mb: float = 500.0  # a larger audit log is a problem; 400,000 records and more
    version: str = ""
    model_version: str | None = None
    config_digest: str | None = None
    doors: Mapping[str, str] = field(default_factory=dict)
    cameras: Mapping[str, str] = field(default_factory=dict)
    signed: bool = True
    signed_compact: bool = False
    snapshots: tuple[str, ...] = ()
    section: Section = "mqtt"
    others: tuple[tuple[str, int], ...] = ()

    @property
    def unsigned(self) -> str | None:
        """Why no signature stands in the events, in a sentence; None where one does."""
        if not self.signed:
            return _UNSIGNED.format("signing.enabled is false")
        if self.payload == "compact" and not self.signed_compact:
            why = "mqtt.payload is compact, and signing.compact false"
            return _UNSIGNED.format(why)
        return None

    @property
    def nodes(self) -> tuple["DeliverySettings", ...]:
        """The same for each node alone, in the order in which they are tried."""
        places = ((self.host, self.port), *self.others)
        return tuple(replace(self, host=host, port=port, others=()) for host, port in places)

    @property
    def topics(self) -> Topics:
        """This kiosk's topic tree."""
        return Topics(self.prefix, self.site, self.device)

    @property
    def name_on_broker(self) -> str:
        """The MQTT client id: one kiosk, one id, or the broker throws the other out."""
        return self.client_id or f"kioskd-{self.site}-{self.device}"


_UNSIGNED = "events are not signed, for {}: a controller cannot tell who made them"
