"""Puts together for the daemon what judges pictures that others send."""

from collections.abc import Mapping
from dataclasses import dataclass

from kioskd.config.config import Config
from kioskd.credentials import digest
from kioskd.delivery.incoming import Reader
from kioskd.inspect.inspect_desk import LARGEST, InspectDesk, Json
from kioskd.inspect.inspect_http import InspectHttp
from kioskd.inspect.inspect_settings import InspectSettings
from kioskd.inspect.still_eye import MEASURES, PLAN
from kioskd.json_object import json_object
from kioskd.mqtt_requests import MqttRequests, Publish, hold_secret
from kioskd.worker import Worker
from models.network_file import Role
from models.observation import Measure
from models.perceive import needs
from models.session import Networks

ROLES: frozenset[Role] = needs(MEASURES | {Measure.IDENTITY, Measure.BLENDSHAPES}, (PLAN.scheme,))


@dataclass(frozen=True, slots=True)
class Inspects:
    """The part that works off what comes over MQTT, who answers over HTTP, who reads MQTT."""

    worker: Worker
    http: InspectHttp
    readers: Mapping[str, Reader]


def inspects(
    config: Config, settings: InspectSettings, networks: Networks, publish: Publish
) -> Inspects:
    """Ready to be started; `publish` publishes on a topic, with MQTT 5 correlation data."""
    desk, worker = InspectDesk(settings, networks), Worker("inspect", watched=False)
    topics = config.delivery.topics
    known = {"token": digest(settings.token)}

    def answered(said: Json) -> tuple[int, Json]:
        hold_secret(said, known, "inspect.token")
        return 200, desk.judge(said.get("picture"))

    def read(body: bytes) -> Json:
        return json_object(body, LARGEST)

    requests = MqttRequests(topics.inspect("response"), read, answered, publish, worker.later)
    readers = {topics.inspect("request"): requests.take}
    return Inspects(worker, InspectHttp(settings.token, desk), readers)
