"""`kioskd inspect`: judge still images, and say of each accept, doubt or reject."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from feeds.still_image import StillError, read_still
from kioskd.commands.configuration import FAILED, OK, WRONG
from kioskd.identity.reference import ROLES, NoReferenceError, read_reference
from kioskd.inspect.finding import Band
from kioskd.inspect.given import Given, GivenError, given
from kioskd.inspect.inspection import FacePolicy, Inspection, Request, inspect
from kioskd.inspect.named_models import MediaError, Model, check_model
from kioskd.inspect.profiles import LimitError, Profile, rules
from kioskd.inspect.still_eye import StillEye
from kioskd.inspect.told import as_json, sections, summary
from kioskd.terminal import plain
from models.embedding import Embedding
from models.network_file import NetworkError
from models.session import Networks

STATUS: Mapping[Band, int] = {"accept": OK, "doubt": 3, "reject": 4}  # beside FAILED and WRONG


class NoLookError(Exception):
    """Nobody can be compared with the reference, in a sentence."""


def run(
    images: Sequence[str],
    profile: Profile,
    limits: Mapping[str, str],
    policy: FacePolicy,
    model: Model,
    reference: Path | None,
    *,
    lines: bool,
) -> int:
    """Print what was found of each image; `lines`: as a line of JSON each.

    Exit status: of the worst image 0 accept, 3 doubt, 4 reject; 1 where a file could not be read;
    2 where nothing can be judged as it was asked for.
    """
    try:
        check_model(model)
        found = given(images)
        look = None if reference is None else _look(reference)
        request = Request(profile, rules(profile, limits), policy, model, look)
        eye = StillEye(verify=look is not None)
        told = list(_told(found, eye, request, lines=lines))
    except (GivenError, LimitError, MediaError, NetworkError, NoLookError) as error:
        print(error, file=sys.stderr)
        return FAILED if isinstance(error, GivenError) else WRONG
    if not lines and told:
        shown = sections(told[0]) if len(found) == 1 else summary(told)
        print(*plain(shown), sep="\n")
    return FAILED if len(told) < len(found) else max(STATUS[each.recommendation] for each in told)


def _told(
    found: Sequence[Given], eye: StillEye, request: Request, *, lines: bool
) -> Iterator[Inspection]:
    for each in found:
        try:
            inspection = inspect(each.name, each.read(), eye, request)
        except GivenError as error:
            print(error, file=sys.stderr)
            continue
        if lines:
            print(as_json(inspection), flush=True)
        yield inspection


def _look(path: Path) -> Embedding:
    """Of the one person in a reference; raises NoLookError or NetworkError."""
    try:
        content = Given(str(path), path).read()
        return read_reference(read_still(content), Networks.load(ROLES, "cpu")).look
    except (GivenError, NoReferenceError, StillError) as error:
        raise NoLookError(f"--reference {path}: {error}") from None
