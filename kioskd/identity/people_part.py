"""Puts together for the daemon who is enrolled, and the ways in by which others enrol them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kioskd.config.config import Config
from kioskd.delivery.incoming import Reader
from kioskd.identity import enrolment
from kioskd.identity.enrolled import Enrolled
from kioskd.identity.gallery import GalleryError
from kioskd.identity.people_desk import PeopleDesk
from kioskd.identity.people_file import PeopleFile
from kioskd.identity.people_http import PeopleHttp
from kioskd.identity.people_mqtt import PeopleMqtt
from kioskd.identity.people_settings import PeopleSettings
from kioskd.mqtt_requests import Publish
from kioskd.state_dir import WrongStateDirError
from kioskd.worker import Worker
from models.network_file import Role
from models.session import Networks


@dataclass(frozen=True, slots=True)
class People:
    """The parts of the daemon; and with people.token who answers over HTTP, and reads MQTT."""

    enrolled: Enrolled
    workers: tuple[Worker, ...] = ()
    http: tuple[PeopleHttp, ...] = ()
    readers: Mapping[str, Reader] = field(default_factory=dict)


def people(
    config: Config,
    settings: PeopleSettings,
    networks: Networks,
    folder: Path,
    trouble: Callable[[str | None], None],
    publish: Publish,
) -> People:
    """Ready to be started. Raises WrongStateDirError.

    trouble  told why nobody is known, and None when all are again
    publish  publishes on a topic, with MQTT 5 correlation data
    """
    try:
        file = PeopleFile(folder, settings)
    except GalleryError as error:
        raise WrongStateDirError(str(error)) from error
    doors = [door.name for door in config.doors if door.recognises]
    enrolled = Enrolled(file, settings, doors, trouble)
    if settings.token is None:
        return People(enrolled)
    desk = PeopleDesk(file, networks, enrolled.refresh)
    topics = config.delivery.topics
    worker = Worker("people desk", watched=False)
    asked = PeopleMqtt(settings.token, topics, desk, publish, worker.later)
    return People(enrolled, (worker,), (PeopleHttp(settings.token, desk),), asked.readers)


def roles(settings: PeopleSettings) -> frozenset[Role]:
    """The networks that look at pictures of who is enrolled over the network."""
    return enrolment.roles() if settings.token is not None else frozenset()
