"""Whether the file of enrolled people can be read, and whether somebody is in it."""

from collections.abc import Iterator

from kioskd.config.config import Config
from kioskd.doctor.diagnosis import Diagnosis
from kioskd.identity.gallery import GalleryError
from kioskd.identity.people_file import PeopleFile


def look(config: Config) -> Iterator[Diagnosis]:
    """Nothing where nobody is to be known."""
    if config.people is None:
        return
    try:
        count = len(PeopleFile(config.state_dir, config.people).read().people)
    except GalleryError as error:
        yield Diagnosis("people", False, f"{error}: doors to the enrolled stay shut")
        return
    doors = [door.name for door in config.doors if door.recognises]
    if doors and not count:
        told = f"nobody is enrolled, and {', '.join(doors)} opens to nobody else: kioskd people add"
        yield Diagnosis("people", False, told)
    else:
        told = "1 person is enrolled" if count == 1 else f"{count} people are enrolled"
        yield Diagnosis("people", True, told)
