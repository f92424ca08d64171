"""From the settings as they stand in the file to what each room must be told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from feeds.settings import (
    FeedSettings,
    FileSource,
    RealSenseSource,
    RecordingSource,
    Source,
    StreamSource,
    UsbSource,
)
from kioskd import __version__
from kioskd.config.attempts import Attempts, Tries
from kioskd.config.challenges import Challenge, EngineKeys, ExtentKeys, Sequence, listed
from kioskd.config.config import Config, Door, Perception, default_state_dir
from kioskd.config.doors import (
    AnyDoor,
    ChallengeDoor,
    Depth3dDoor,
    DepthDoor,
    Gate,
    InfraredDoor,
    PoseDoor,
    Rgb3dDoor,
    RgbDoor,
    SequenceDoor,
    Smile,
    SmileDoor,
    SmileRgbDoor,
)
from kioskd.config.networks import added_networks
from kioskd.config.pose import WalkGate
from kioskd.config.secrets import Vault, from_file
from kioskd.config.section import Section
from kioskd.config.settings import (
    AnyFeed,
    FileFeed,
    Mqtt,
    RealSenseFeed,
    Settings,
    UsbFeed,
)
from kioskd.delivery.settings import DeliverySettings, TlsSettings
from kioskd.modes.attempt import AttemptSettings
from kioskd.modes.catalogue import ModeSettings
from kioskd.modes.challenges.challenge_settings import (
    ChallengeSettings,
    Engine,
    Extents,
    SequenceSettings,
    Unified,
)
from kioskd.modes.challenges.kinds import Challenge as Kind
from kioskd.modes.depth.depth_settings import (
    DepthSettings,
    InfraredSettings,
    ReliefSettings,
    Rgb3dSettings,
)
from kioskd.modes.gate import GateSettings
from kioskd.modes.pose import pose_settings
from kioskd.modes.pose.pose_settings import PoseSettings
from kioskd.modes.rgb.rgb_settings import RgbSettings
from kioskd.modes.smile.smile_settings import SmileSettings
from kioskd.modes.smile_rgb.smile_rgb_settings import SmileRgbSettings

EMBEDDED_PORT = 18883  # not 1883: a broker may be there already


def build(
    settings: Settings, folder: Path, vault: Vault, notes: tuple[str, ...], digest: str
) -> Config:
    """The Config of settings in which `check` found no error; `folder` starts relative paths."""
    state_dir = folder / settings.state_dir if settings.state_dir else default_state_dir(folder)
    perception = settings.perception
    return Config(
        site=settings.site,
        device=settings.device,
        state_dir=Path(state_dir),
        embedded=settings.mqtt.broker == "embedded",
        delivery=delivery_settings(settings, folder, vault, digest),
        perception=Perception(
            provider=perception.provider,
            threads=perception.threads,
            detector_input_size=perception.detector_input_size,
            detect_every_frames=perception.detect_every_frames,
            added=added_networks(folder / perception.added_networks)
            if perception.added_networks
            else (),
        ),
        doors=tuple(_doors(settings, folder, vault)),
        log_level=settings.logging.level,
        log_format=settings.logging.format,
        notes=notes,
        digest=digest,
    )


def delivery_settings(
    settings: Settings, folder: Path, vault: Vault, digest: str
) -> DeliverySettings:
    mqtt = settings.mqtt
    return DeliverySettings(
        host="127.0.0.1" if mqtt.broker == "embedded" else mqtt.broker.strip("[]"),
        port=mqtt.port or _default_port(mqtt),
        site=settings.site,
        device=settings.device,
        prefix=mqtt.topic_prefix,
        client_id=mqtt.client_id or "",
        username=vault.filled(mqtt.username) if mqtt.username else None,
        password=_password(mqtt, folder, vault),
        tls=_tls(mqtt, folder),
        protocol=mqtt.protocol if mqtt.broker != "embedded" else "3.1.1",
        action_expiry_s=mqtt.action_expiry_s,
        ack_timeout_s=mqtt.ack_timeout_s,
        keepalive_s=mqtt.keepalive_s,
        payload=mqtt.payload,
        prompt_language=mqtt.prompt_language,
        diagnostics=mqtt.diagnostics,
        keep_days=settings.audit.keep_days,
        size_limit_mb=settings.audit.size_limit_mb,
        version=__version__,
        config_digest=digest,
        doors={door.feed: name for name, door in settings.doors.items()},
    )


def feed_settings(name: str, feed: AnyFeed, folder: Path, vault: Vault) -> FeedSettings:
    return FeedSettings(
        name=name,
        source=_source(feed, folder, vault),
        stall_s=feed.stall_s,
        hang_s=feed.hang_s,
        open_s=feed.open_s,
        retry_first_s=feed.retry_first_s,
        retry_most_s=feed.retry_most_s,
        rotate=feed.rotate,
        mirror=feed.mirror,
    )


def gate_settings(gate: Gate | WalkGate) -> GateSettings:
    """Field by field the same names, which a test holds."""
    if isinstance(gate, WalkGate):
        return replace(pose_settings.GATE, **gate.model_dump())
    return GateSettings(**gate.model_dump())


def mode_settings(door: AnyDoor) -> ModeSettings:
    """The same names too, those of an attempt apart."""
    match door:
        case RgbDoor():
            return RgbSettings(**own(door.rgb_liveness), attempt=attempt(door.rgb_liveness))
        case PoseDoor():
            return PoseSettings(**own(door.profile_pose), attempt=attempt(door.profile_pose))
        case SmileDoor():
            return smile_settings(door.smile)
        case SmileRgbDoor():
            rgb = RgbSettings(**door.rgb_liveness.model_dump(), attempt=attempt(door.smile))
            return SmileRgbSettings(smile_settings(door.smile), rgb)
        case ChallengeDoor(challenge=section):
            return ChallengeSettings(Kind(section.action), **limits(section))
        case SequenceDoor(sequence=section):
            return sequence_settings(section)
        case Depth3dDoor() | DepthDoor():
            relief = ReliefSettings(**own(door.liveness_3d))
            return DepthSettings(door.mode, relief, attempt(door.liveness_3d))
        case InfraredDoor():
            return InfraredSettings(**own(door.infrared), attempt=attempt(door.infrared))
        case Rgb3dDoor():
            rgb = RgbSettings(**own(door.rgb_liveness), attempt=attempt(door.rgb_liveness))
            return Rgb3dSettings(rgb, ReliefSettings(**door.liveness_3d.model_dump()))


def smile_settings(smile: Smile) -> SmileSettings:
    return SmileSettings(**own(smile), attempt=attempt(smile))


def sequence_settings(section: Sequence) -> SequenceSettings:
    actions = tuple(map(Kind, listed(section.actions)))
    length = len(actions) if section.order == "fixed" else section.length
    return SequenceSettings(actions, section.order, length, **limits(section))


def limits(section: Challenge | Sequence) -> dict[str, Any]:
    """What a challenge and a sequence share: the same names again, part by part."""
    return {
        "extents": Extents(**section.model_dump(include=set(ExtentKeys.model_fields))),
        "engine": Engine(**section.model_dump(include=set(EngineKeys.model_fields))),
        "unified": Unified(**section.unified.model_dump()),
        "attempt": attempt(section),
    }


def own(section: Section) -> dict[str, Any]:
    """A mode's keys without those that bound an attempt."""
    return section.model_dump(exclude=set(Attempts.model_fields))


def attempt(section: Tries) -> AttemptSettings:
    return AttemptSettings(**section.model_dump(include=set(Attempts.model_fields)))


def _doors(settings: Settings, folder: Path, vault: Vault) -> Iterator[Door]:
    for name, door in settings.doors.items():
        yield Door(
            name=name,
            feed=feed_settings(door.feed, settings.feeds[door.feed], folder, vault),
            gate=gate_settings(door.gate),
            mode=mode_settings(door),
        )


def _source(feed: AnyFeed, folder: Path, vault: Vault) -> Source:
    if isinstance(feed, UsbFeed):
        return UsbSource(feed.device, feed.width, feed.height, feed.fps)
    if isinstance(feed, FileFeed):
        return FileSource(str(folder / feed.path), feed.pace, feed.repeat, feed.fps)
    if isinstance(feed, RealSenseFeed):
        return _realsense(feed, folder)
    url = vault.filled_address(feed.url.get_secret_value())
    return StreamSource(url, feed.transport) if feed.kind == "rtsp" else StreamSource(url)


def _realsense(feed: RealSenseFeed, folder: Path) -> Source:
    if feed.recording is None:
        assert feed.serial is not None  # rules.py holds it
        return RealSenseSource(feed.serial, feed.emitter)
    return RecordingSource(str(folder / feed.recording), feed.serial, feed.pace, feed.repeat)


def _default_port(mqtt: Mqtt) -> int:
    if mqtt.broker == "embedded":
        return EMBEDDED_PORT
    return 8883 if mqtt.tls else 1883


def _password(mqtt: Mqtt, folder: Path, vault: Vault) -> str | None:
    if mqtt.password_file:
        return from_file(folder / mqtt.password_file, "the file")
    return vault.filled(mqtt.password.get_secret_value()) if mqtt.password else None


def _tls(mqtt: Mqtt, folder: Path) -> TlsSettings | None:
    if mqtt.tls is None:
        return None
    ca, own, key = mqtt.tls.ca_file, mqtt.tls.cert_file, mqtt.tls.key_file
    return TlsSettings(
        ca=folder / ca if ca else None,
        certificate=folder / own if own else None,
        key=folder / key if key else None,
    )
