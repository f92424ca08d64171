"""From the settings as they stand in the file to what each room must be told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

from feeds.feed_settings import (
    FeedSettings,
    FileSource,
    RealSenseSource,
    RecordingSource,
    Source,
    StreamSource,
    UsbSource,
)
from kioskd import __version__
from kioskd.alarms.alarms_settings import AlarmsSettings, PostSettings
from kioskd.config.camera_identity import camera_id
from kioskd.config.config import Config, Door, Perception, default_state_dir
from kioskd.config.config_keys import (
    AnyFeed,
    FileFeed,
    Fleet,
    Mqtt,
    RealSenseFeed,
    Settings,
    UsbFeed,
)
from kioskd.config.doors import AnyDoor
from kioskd.config.fleet_rules import node_place
from kioskd.config.networks import added_networks
from kioskd.config.secrets import Vault, from_file
from kioskd.control.control_settings import ControlSettings
from kioskd.delivery.delivery_settings import DeliverySettings, TlsSettings
from kioskd.home_assistant.home_assistant_settings import HomeAssistantSettings
from kioskd.identity.people_settings import PeopleSettings, Told
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.layers.layers_settings import LayersSettings
from kioskd.lockout_settings import LockoutSettings
from kioskd.metrics.metrics_settings import MetricsSettings
from kioskd.modes.catalogue import BY_NAME, ModeSettings
from kioskd.modes.gate_settings import GateSettings
from kioskd.modes.setting import filled
from kioskd.modes.spec import ModeSpec
from kioskd.opening_hours import opening_hours
from kioskd.page.page_settings import PageSettings
from kioskd.reload.reload_settings import ReloadSettings
from kioskd.sessions.session_settings import SessionsSettings
from kioskd.signing.key_files import KEY_FILE
from kioskd.signing.sealed_to import public_key
from kioskd.snapshots.snapshots_settings import Refusal, SnapshotsSettings

FLEET_ACK_S = 10.0  # a cluster that chooses a new leader answers nothing for some seconds
FLEET_KEEPALIVE_S = 20
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
        signing_key=_signing_key(settings, folder, Path(state_dir), vault),
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
        page=page_settings(settings, folder, vault) if settings.page.enabled else None,
        sessions=sessions_settings(settings, vault) if settings.sessions.enabled else None,
        people=people_settings(settings, vault) if settings.people.enabled else None,
        metrics=metrics_settings(settings) if settings.metrics.enabled else None,
        inspect=inspect_settings(settings, vault) if settings.inspect.enabled else None,
        alarms=alarms_settings(settings, folder, vault) if settings.alarms.enabled else None,
        home_assistant=home_assistant_settings(settings),
        certificate_days=settings.alarms.certificate_days,
        reload=ReloadSettings(settings.reload.watch),
        snapshots=snapshots_settings(settings),
        said=settings.model_dump(),
        commands=control_settings(settings, vault) if settings.commands.enabled else None,
        layers=layers_settings(settings, folder),
        fleet=fleet_settings(settings, folder, vault, digest),
    )


def _signing_key(settings: Settings, folder: Path, state_dir: Path, vault: Vault) -> Path:
    """Where the configuration says, else where systemd put it, else in the state folder."""
    if settings.signing.key_file:
        return folder / settings.signing.key_file
    credentials = vault.environment.get("CREDENTIALS_DIRECTORY")
    given = Path(credentials, KEY_FILE) if credentials else None
    return given if given is not None and given.exists() else state_dir / KEY_FILE


def layers_settings(settings: Settings, folder: Path) -> LayersSettings | None:
    said = settings.layers
    return LayersSettings(folder / said.trust, said.may_loosen) if said.trust else None


def metrics_settings(settings: Settings) -> MetricsSettings:
    return MetricsSettings(settings.metrics.address, settings.metrics.port)


def alarms_settings(settings: Settings, folder: Path, vault: Vault) -> AlarmsSettings:
    said = settings.alarms
    if said.url is None:
        return AlarmsSettings()
    return AlarmsSettings(
        PostSettings(
            url=vault.filled_address(said.url.get_secret_value()),
            token=vault.filled(said.token.get_secret_value()) if said.token else None,
            ca=folder / said.ca_file if said.ca_file else None,
            timeout_s=said.timeout_s,
            per_hour=said.per_hour,
        )
    )


def snapshots_settings(settings: Settings) -> SnapshotsSettings:
    said = settings.snapshots
    refusals: tuple[Refusal, ...] = get_args(Refusal)
    asked = {each.strip() for each in said.of.split(",")}
    return SnapshotsSettings(
        enabled=said.enabled,
        recipient=public_key(said.recipient) if said.recipient else b"",
        of=tuple(each for each in refusals if each in asked),
        doors=tuple(each.strip() for each in (said.doors or "").split(",") if each),
        picture=said.picture,
        keep_days=said.keep_days,
        max_mb=said.max_mb,
        per_hour=said.per_hour,
    )


def home_assistant_settings(settings: Settings) -> HomeAssistantSettings | None:
    said = settings.home_assistant
    return HomeAssistantSettings(said.prefix) if said.enabled else None


def inspect_settings(settings: Settings, vault: Vault) -> InspectSettings:
    said = settings.inspect
    assert said.token is not None  # inspect_rules.py holds it
    return InspectSettings(vault.filled(said.token.get_secret_value()), said.profile)


def control_settings(settings: Settings, vault: Vault) -> ControlSettings:
    token = settings.commands.token
    assert token is not None  # command_rules.py holds it
    return ControlSettings(vault.filled(token.get_secret_value()))


def people_settings(settings: Settings, vault: Vault) -> PeopleSettings:
    said = settings.people
    assert said.key is not None  # people_rules.py holds it
    old = said.old_key
    tell: tuple[Told, ...] = get_args(Told)
    return PeopleSettings(
        key=vault.filled(said.key.get_secret_value()),
        old_key=vault.filled(old.get_secret_value()) if old else None,
        token=vault.filled(said.token.get_secret_value()) if said.token else None,
        likeness=said.likeness,
        smile_likeness_boost=said.smile_likeness_boost,
        tell=tuple(each for each in tell if each in (said.tell or "")),
    )


def sessions_settings(settings: Settings, vault: Vault) -> SessionsSettings:
    said = settings.sessions
    return SessionsSettings(
        clients={
            name: vault.filled(client.secret.get_secret_value())
            for name, client in said.clients.items()
        },
        busy=said.busy,
        most_waiting=said.most_waiting,
        per_minute=said.per_minute,
        keep_h=said.keep_hours,
    )


def page_settings(settings: Settings, folder: Path, vault: Vault) -> PageSettings:
    page = settings.page
    certificate, key = (page.tls.cert_file, page.tls.key_file) if page.tls else (None, None)
    token, screen_token = (
        vault.filled(secret.get_secret_value()) if secret else None
        for secret in (page.token, page.screen_token)
    )
    return PageSettings(
        address=page.address,
        port=page.port,
        token=from_file(folder / page.token_file, "the file") if page.token_file else token,
        screen_token=screen_token,
        certificate=folder / certificate if certificate else None,
        key=folder / key if key else None,
        names=tuple(each.strip() for each in (page.names or "").split(",") if each),
        viewers=page.viewers,
        mirrored_view=page.mirrored_view,
        language=settings.mqtt.prompt_language,
        awaits_answer=settings.mqtt.replies,
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
        tls=_tls(mqtt, folder, "mqtt.tls"),
        protocol=mqtt.protocol if mqtt.broker != "embedded" else "3.1.1",
        action_expiry_s=mqtt.action_expiry_s,
        ack_timeout_s=mqtt.ack_timeout_s,
        keepalive_s=mqtt.keepalive_s,
        payload=mqtt.payload,
        prompt_language=mqtt.prompt_language,
        replies=mqtt.replies,
        health=mqtt.health or settings.metrics.enabled,
        diagnostics=mqtt.diagnostics,
        keep_days=settings.audit.keep_days,
        size_limit_mb=settings.audit.size_limit_mb,
        version=__version__,
        config_digest=digest,
        doors={door.feed: name for name, door in settings.doors.items()},
        cameras={name: camera_id(feed) for name, feed in settings.feeds.items()},
        signed=settings.signing.enabled,
        signed_compact=settings.signing.compact,
        snapshots=snapshots_settings(settings).of if settings.snapshots.enabled else (),
    )


def fleet_settings(
    settings: Settings, folder: Path, vault: Vault, digest: str
) -> DeliverySettings | None:
    """The cluster, and how we are called there, as a bridge would be."""
    fleet = settings.fleet
    if fleet.nodes is None:
        return None
    usual = 8883 if fleet.tls else 1883
    (host, port), *others = (node_place(each.strip(), usual) for each in fleet.nodes.split(","))
    return DeliverySettings(
        host=host,
        port=port,
        others=tuple(others),
        site=settings.site,
        device=settings.device,
        prefix=fleet.topic_prefix,
        client_id=f"fleet-{settings.site}-{settings.device}",
        username=vault.filled(fleet.username) if fleet.username else None,
        password=_password(fleet, folder, vault),
        tls=_tls(fleet, folder, "fleet.tls"),
        protocol=fleet.protocol,
        ack_timeout_s=FLEET_ACK_S,
        keepalive_s=FLEET_KEEPALIVE_S,
        section="fleet",
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
        pinning=feed.identity,
        loops=feed.loops,
    )


def gate_settings(spec: ModeSpec, door: AnyDoor) -> GateSettings:
    return filled(spec.gate.defaults, door.gate, spec.gate.without)


def mode_settings(spec: ModeSpec, door: AnyDoor) -> ModeSettings:
    """The mode's own settings, with what its sections say."""
    settings = spec.settings
    for name, place in spec.sections.items():
        said = getattr(door, name)
        if place.field:
            part = filled(getattr(settings, place.field), said, place.without)
            settings = replace(settings, **{place.field: part})
        else:
            settings = filled(settings, said, place.without)
    return settings


def _doors(settings: Settings, folder: Path, vault: Vault) -> Iterator[Door]:
    for name, door in settings.doors.items():
        spec = BY_NAME[door.mode]
        yield Door(
            name=name,
            feed=feed_settings(door.feed, settings.feeds[door.feed], folder, vault),
            gate=gate_settings(spec, door),
            mode=mode_settings(spec, door),
            arm=door.arm,
            opens_to=door.opens_to,
            lockout=LockoutSettings(**door.lockout.model_dump()),
            hours=opening_hours(door.hours.open, door.hours.closed_on, door.hours.time_zone),
            pause_s=door.pause_s,
            one_person=door.one_person,
        )


def _source(feed: AnyFeed, folder: Path, vault: Vault) -> Source:
    if isinstance(feed, UsbFeed):
        return UsbSource(feed.device, feed.width, feed.height, feed.fps, feed.virtual)
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


def _password(broker: Mqtt | Fleet, folder: Path, vault: Vault) -> str | None:
    if broker.password_file:
        return from_file(folder / broker.password_file, "the file")
    return vault.filled(broker.password.get_secret_value()) if broker.password else None


def _tls(broker: Mqtt | Fleet, folder: Path, section: str) -> TlsSettings | None:
    if broker.tls is None:
        return None
    ca, own, key = broker.tls.ca_file, broker.tls.cert_file, broker.tls.key_file
    return TlsSettings(
        ca=folder / ca if ca else None,
        certificate=folder / own if own else None,
        key=folder / key if key else None,
        section=section,
    )
