"""The configuration as the daemon uses it: checked, complete, secrets filled in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from feeds.feed_settings import FeedSettings
from kioskd.alarms.alarms_settings import CERTIFICATE_DAYS, AlarmsSettings
from kioskd.control.control_settings import ControlSettings
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.home_assistant.home_assistant_settings import HomeAssistantSettings
from kioskd.identity.people_settings import PeopleSettings
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.layers.layers_settings import LayersSettings
from kioskd.lockout_settings import LockoutSettings
from kioskd.metrics.metrics_settings import MetricsSettings
from kioskd.modes.catalogue import ModeSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.opening_hours import OpeningHours
from kioskd.page.page_settings import PageSettings
from kioskd.reload.reload_settings import ReloadSettings
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.snapshots.snapshots_settings import SnapshotsSettings
from models.added import Added
from models.perception_settings import PerceptionSettings

Arm = Literal["always", "session"]
OpensTo = Literal["anyone", "enrolled"]


@dataclass(frozen=True, slots=True)
class Door:
    """One door: the feed that watches it, and the mode that decides by its settings.

    arm         always: it decides by itself; session: only while a session is open for it
    opens_to    anyone: who is live; enrolled: who is live, enrolled and allowed in
    one_person  whether all frames that count are compared, whoever it opens to
    lockout     when repeated attacks lock it out
    hours       when it may open at all
    pause_s     seconds after an opening in which it does not open again
    """

    name: str
    feed: FeedSettings
    gate: GateSettings
    mode: ModeSettings
    arm: Arm = "always"
    opens_to: OpensTo = "anyone"
    lockout: LockoutSettings = field(default_factory=LockoutSettings)
    hours: OpeningHours = field(default_factory=OpeningHours)
    pause_s: float = 0.0
    one_person: bool = False

    @property
    def binds(self) -> bool:
        """Whether its attempts are bound to one look."""
        return self.one_person or self.recognises

    @property
    def recognises(self) -> bool:
        return self.opens_to == "enrolled"


@dataclass(frozen=True, slots=True)
class Perception:
    """How the networks run."""

    provider: Literal["auto", "cpu", "cuda"]
    threads: int
    detector_input_size: int
    detect_every_frames: int
    added: tuple[Added, ...] = ()

    def settings(self) -> PerceptionSettings:
        return PerceptionSettings(
            detector_long_side=self.detector_input_size, detect_every=self.detect_every_frames
        )


@dataclass(frozen=True, slots=True)
class Config:
    """What config.yaml says. Every path is absolute.

    signing_key  where the key is by which this kiosk signs
    embedded  the broker is to run inside the daemon, at delivery.host and delivery.port
    doors     in the file's order; only the feeds that serve one are in here
    notes     what is allowed but unwise, as lines for the log
    digest    of the file's content, 16 hexadecimal digits
    page      how the aiming page is served; None: it is not
    sessions  how sessions are kept; None: there are none
    people    how the enrolled are known; None: nobody is
    metrics   where the metrics are served; None: they are not
    inspect   how pictures are judged for others; None: they are not
    alarms    how alarms are told; None: they are not
    home_assistant    how it is told of this kiosk; None: it is not
    certificate_days  one that ends within so many is told
    commands  how they are taken over MQTT; None: they are not
    layers    whose layers are taken; None: nobody's
    fleet     the cluster that is told of this kiosk, beside the broker; None: none is
    reload    how a changed file is noticed
    snapshots which refused attempts a picture is kept of
    said      every key with its value as the file has it, defaults filled in, secrets not
    """

    site: str
    device: str
    state_dir: Path
    signing_key: Path
    embedded: bool
    delivery: DeliverySettings = field(repr=False)  # holds the password
    perception: Perception
    doors: tuple[Door, ...]
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["auto", "console", "json"]
    notes: tuple[str, ...]
    digest: str
    page: PageSettings | None = None
    sessions: SessionsSettings | None = None
    people: PeopleSettings | None = None
    metrics: MetricsSettings | None = None
    inspect: InspectSettings | None = None
    alarms: AlarmsSettings | None = None
    home_assistant: HomeAssistantSettings | None = None
    certificate_days: float = CERTIFICATE_DAYS
    commands: ControlSettings | None = None
    layers: LayersSettings | None = None
    fleet: DeliverySettings | None = field(default=None, repr=False)  # holds a password
    reload: ReloadSettings = field(default_factory=ReloadSettings)
    snapshots: SnapshotsSettings = field(default_factory=SnapshotsSettings)
    said: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def default_state_dir(folder: Path) -> Path:
    """$STATE_DIRECTORY, which systemd sets (the first of several), else var beside the file."""
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(given) if given else folder / "var"
