"""Small pictures of the worst errors, for the HTML report. They show people: by request only."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from feeds.frame import ColorImage
from feeds.imaging import ImageFileError, encoded, read_image, resize
from feeds.recording import INDEX, RecordingError, read_index
from feeds.sources import IMAGE_SUFFIXES, SourceError
from kioskd.evaluation.report import Mistake
from kioskd.evaluation.sight import played

WIDTH = 200  # pixels


def thumbnails(mistakes: Iterable[Mistake]) -> dict[Mistake, bytes]:
    """A JPEG for each mistake whose deciding frame can still be read."""
    found = {}
    for mistake in mistakes:
        image = _image(Path(mistake.file), mistake.frame)
        if image is not None:
            height, width = image.shape[:2]
            size = (WIDTH, max(1, round(WIDTH * height / width)))
            found[mistake] = encoded(resize(image, size, "area"), ".jpg")
    return found


def _image(path: Path, frame: int) -> ColorImage | None:
    try:
        if path.name == INDEX:
            path = path.parent / read_index(path.parent)[frame].color
        if path.suffix.lower() in IMAGE_SUFFIXES:
            return read_image(str(path))
        reader = played(path)
        try:
            shots = iter(reader.read, None)
            shot = next(islice(shots, frame, None), None)
            return None if shot is None else shot.image
        finally:
            reader.close()
    except (ImageFileError, RecordingError, SourceError):
        return None
