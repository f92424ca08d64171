"""Whether somebody is there to take alarms. None is told: it would ring."""

from collections.abc import Iterator

from kioskd.alarms.alarms_settings import PostSettings
from kioskd.alarms.post import PostError, looked_at, place, told
from kioskd.config.config import Config
from kioskd.doctor.diagnosis import Diagnosis

REFUSED = (401, 403)
NOT_ASKED_SO = (405, 501)  # by who takes POST alone


def look(config: Config) -> Iterator[Diagnosis]:
    """Nothing where alarms are posted nowhere."""
    if config.alarms is not None and config.alarms.post is not None:
        yield _look(config.alarms.post)


def _look(settings: PostSettings) -> Diagnosis:
    shown = place(settings.url).shown
    try:
        status = looked_at(settings)
    except PostError as error:
        return Diagnosis("alarms", False, f"{shown} (alarms.url): {error}")
    said = f"{shown} (alarms.url) answers {told(status)}"
    if status in REFUSED:
        return Diagnosis("alarms", False, f"{said}: see that alarms.token is the one it knows")
    if status >= 500 and status not in NOT_ASKED_SO:
        return Diagnosis("alarms", False, f"{said}: see what is wrong with the server")
    if status < 300 or status in NOT_ASKED_SO:
        return Diagnosis("alarms", True, f"{shown} (alarms.url) is there; no alarm was posted")
    told_of = f"{said} to HEAD; some take POST all the same: see that the path is right"
    return Diagnosis("alarms", True, told_of, note=True)
