"""`kioskd inspect`: judge still images, and say of each accept, doubt or reject."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from feeds.still_image import StillError, read_still
from kioskd.commands.configuration import FAILED, OK, WRONG
from kioskd.identity.reference_picture import ROLES, NoReferenceError, read_reference
from kioskd.inspect.given import Given, GivenError, given
from kioskd.inspect.inspection import FacePolicy, Inspection, Request, inspect
from kioskd.inspect.named_models import MediaError, Model, check_model
from kioskd.inspect.pool import in_order, workers
from kioskd.inspect.profiles import LimitError, Profile, rules
from kioskd.inspect.still_eye import StillEye
from kioskd.inspect.still_finding import Band
from kioskd.inspect.told import as_json, sections, summary
from kioskd.terminal import plain, progress
from models.embedding import Embedding
from models.network_file import NetworkError
from models.session import Networks

STATUS: Mapping[Band, int] = {"accept": OK, "doubt": 3, "reject": 4}  # beside FAILED and WRONG


class NoLookError(Exception):
    """Nobody can be compared with the reference, in a sentence."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands on the command line.

    lines     print a line of JSON per image, as soon as it is known
    html      where a report is to be written
    pictures  show in it the faces of people
    """

    images: Sequence[str]
    profile: Profile
    limits: Mapping[str, str]
    policy: FacePolicy
    model: Model
    reference: Path | None = None
    lines: bool = False
    html: Path | None = None
    pictures: bool = False


def run(asked: Asked) -> int:
    """Print what was found of each image.

    Exit status: of the worst image 0 accept, 3 doubt, 4 reject; 1 where a file could not be read
    or written; 2 where nothing can be judged as it was asked for.
    """
    try:
        check_model(asked.model)
        found, request = given(asked.images), _request(asked)
        whole = len(found) == 1 or asked.html is not None
        eye = StillEye(verify=request.reference is not None)
        told = list(_told(found, eye, request, lines=asked.lines, whole=whole))
    except (GivenError, LimitError, MediaError, NetworkError, NoLookError) as error:
        print(error, file=sys.stderr)
        return FAILED if isinstance(error, GivenError) else WRONG
    if not asked.lines and told:
        shown = sections(told[0]) if len(found) == 1 else summary(told)
        print(*plain(shown), sep="\n")
    whole = len(told) == len(found) and _written(asked.html, told)
    return max(STATUS[each.recommendation] for each in told) if whole else FAILED


def _request(asked: Asked) -> Request:
    limits = rules(asked.profile, asked.limits)
    look = None if asked.reference is None else _look(asked.reference)
    pictures = asked.pictures and asked.html is not None
    return Request(asked.profile, limits, asked.policy, asked.model, look, pictures)


def _told(
    found: Sequence[Given], eye: StillEye, request: Request, *, lines: bool, whole: bool
) -> Iterator[Inspection]:
    """Of each that can be read; of the others an error is told.

    `whole`: with all findings. Else with what is against it, so that a thousand take little room.
    """

    def judge(each: Given) -> Inspection | GivenError:
        try:
            return inspect(each.name, each.read(), eye, request)
        except GivenError as error:
            return error

    with progress("Inspecting") as tell:
        for done, judged in enumerate(in_order(judge, found, workers(len(found))), 1):
            tell(done, len(found))
            if isinstance(judged, GivenError):
                print(judged, file=sys.stderr)
                continue
            if lines:
                print(as_json(judged), flush=True)
            yield judged if whole else replace(judged, findings=judged.against)


def _written(html: Path | None, told: Sequence[Inspection]) -> bool:
    if html is None or not told:
        return True
    # kioskd/cli.py has seen that its libraries are there.
    from kioskd.inspect.inspection_page import page

    try:
        html.write_text(page(told), encoding="utf-8")
    except OSError as error:
        print(f"{html}: cannot be written ({error.strerror})", file=sys.stderr)
        return False
    return True


def _look(path: Path) -> Embedding:
    """Of the one person in a reference; raises NoLookError or NetworkError."""
    try:
        content = Given(str(path), path).read()
        return read_reference(read_still(content), Networks.load(ROLES, "cpu")).look
    except (GivenError, NoReferenceError, StillError) as error:
        raise NoLookError(f"--reference {path}: {error}") from None
