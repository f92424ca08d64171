"""What is to be evaluated: presentations, from a folder tree or a CSV file.

docs/measure/evaluation.md states the rules. Nothing is left out without a word: what cannot be used
is in `notes`.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path
from typing import Literal

from feeds.recording import INDEX, is_recording
from feeds.sources import IMAGE_SUFFIXES

Label = Literal["bonafide", "attack"]

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts", ".webm", ".wmv"}
)
REALSENSE_SUFFIXES = frozenset({".db3", ".bag"})  # recordings of a depth camera
UNKNOWN = "unknown"
CLIP_FRAMES = 30  # images are made into presentations of about this many


class DataSetError(Exception):
    """There is nothing to evaluate; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known about a presentation. A species is of attacks only, "" for bona fide.

    source   the collection and camera it came from; calibration keeps sources apart
    subject  whose face is seen, unique across sources
    """

    label: Label
    species: str
    subject: str
    source: str


@dataclass(frozen=True, slots=True)
class Presentation:
    """One person or attack before a camera once.

    files  one video, one RealSense recording, the index of one recording that kioskd made, or
           images in the order shown
    """

    name: str
    truth: Truth
    files: tuple[Path, ...]

    @property
    def is_video(self) -> bool:
        return self.files[0].suffix.lower() in VIDEO_SUFFIXES

    @property
    def is_still(self) -> bool:
        """A single image, which no door would decide by."""
        return len(self.files) == 1 and self.files[0].suffix.lower() in IMAGE_SUFFIXES

    @property
    def is_realsense(self) -> bool:
        return self.files[0].suffix.lower() in REALSENSE_SUFFIXES

    @property
    def is_recording(self) -> bool:
        return self.files[0].name == INDEX


@dataclass(frozen=True, slots=True)
class DataSet:
    """What was found, and in `notes` sentences about what could not be used as it stands."""

    presentations: tuple[Presentation, ...]
    notes: tuple[str, ...]


def read_data_set(path: Path, clip_frames: int = CLIP_FRAMES, label: str | None = None) -> DataSet:
    """The presentations of a folder or CSV file; raises DataSetError where there are none.

    `label`, such as attack_print, is that of everything in a folder whose names say nothing.
    """
    if path.is_dir():
        files, notes = _from_folder(path, () if label is None else (label,))
    elif path.is_file():
        files, notes = _from_csv(path)
    else:
        raise DataSetError(f"{path}: there is no such folder or CSV file")
    found = tuple(_presentations(files, path if path.is_dir() else path.parent, clip_frames))
    if not found:
        raise DataSetError("\n".join((f"{path}: holds no presentation with a label", *notes)))
    return DataSet(found, (*notes, *_missing_class(found)))


def _missing_class(found: tuple[Presentation, ...]) -> Iterator[str]:
    labels = {presentation.truth.label for presentation in found}
    if labels == {"attack"}:
        yield "there is no bona fide presentation: BPCER, AUC and EER cannot be told"
    if labels == {"bonafide"}:
        yield "there is no attack presentation: APCER, AUC and EER cannot be told"


# -- a folder: [COLLECTION/...](bonafide | attack_SPECIES)/[SUBJECT or SOURCE/...]FILE


def _from_folder(folder: Path, above: tuple[str, ...]) -> tuple[dict[Path, Truth], list[str]]:
    files: dict[Path, Truth] = {}
    notes: list[str] = []
    kept = {path.parent for path in folder.rglob(INDEX) if is_recording(path.parent)}
    for path in sorted(folder.rglob("*"), key=_natural):
        if path.is_dir():
            if path.is_symlink():
                notes.append(f"{path}: is a link to a folder, which is not followed, left out")
            continue
        if path.parent in kept and path.name != INDEX:
            continue  # what a recording is made of
        if not _usable(path):
            notes.append(f"{path}: is neither an image nor a video by its name, left out")
        elif truth := _truth((*above, *path.relative_to(folder).parts[:-1])):
            files[path] = truth
        else:
            notes.append(
                f"{path}: no folder above it is called bonafide or attack_SPECIES, left out"
            )
    return files, notes


def _truth(folders: tuple[str, ...]) -> Truth | None:
    """What the names of the folders above a file say of it."""
    labels = [name == "bonafide" or name.partition("_")[0] == "attack" for name in folders]
    if True not in labels:
        return None
    depth = labels.index(True)
    name, collection, below = folders[depth], "/".join(folders[:depth]), folders[depth + 1 :]
    kind: Label = "bonafide" if name == "bonafide" else "attack"
    species = (name.partition("_")[2] or UNKNOWN) if kind == "attack" else ""
    group = below[0] if below else ""
    if group.isdigit() or not group:  # a number is a subject, a name is a source
        source = collection or UNKNOWN
        subject = f"{source}/{group or UNKNOWN}"
    else:
        source = subject = f"{collection}/{group}".lstrip("/")
    return Truth(kind, species, subject, source)


# -- a CSV file: path, label, and where known species, subject, source


def _from_csv(path: Path) -> tuple[dict[Path, Truth], list[str]]:
    files: dict[Path, Truth] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = set(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataSetError(f"{path}: cannot be read as CSV ({error})") from error
    if missing := [name for name in ("path", "label") if name not in columns]:
        raise DataSetError(f"{path}: the column {' and '.join(missing)} is missing")
    notes = [
        f'{path}: the column {name} is missing, "{UNKNOWN}" stands for it'
        for name in ("species", "subject", "source")
        if name not in columns
    ]
    for number, row in enumerate(rows, start=2):
        found = _row(path, {key: (value or "").strip() for key, value in row.items() if key})
        if isinstance(found, str):
            notes.append(f"{path} line {number}: {found}, left out")
        else:
            files.update(found)
    return files, notes


def _row(path: Path, row: dict[str, str]) -> dict[Path, Truth] | str:
    label = row["label"]
    if label not in ("bonafide", "attack"):
        return f"the label must be bonafide or attack, found {label!r}"
    if not row["path"] or not _usable(Path(row["path"])):
        return f"{row['path']!r} is neither an image nor a video by its name"
    kind: Label = "bonafide" if label == "bonafide" else "attack"
    source = row.get("source") or UNKNOWN
    subject = f"{source}/{row.get('subject') or UNKNOWN}"
    species = (row.get("species") or UNKNOWN) if kind == "attack" else ""
    return {path.parent / row["path"]: Truth(kind, species, subject, source)}


# -- files to presentations


def _presentations(
    files: dict[Path, Truth], root: Path, clip_frames: int
) -> Iterator[Presentation]:
    """Each video or recording; and the images of one folder as clips of about `clip_frames`."""
    folders: dict[tuple[Path, Truth], list[Path]] = defaultdict(list)
    for path, truth in files.items():
        if path.suffix.lower() in VIDEO_SUFFIXES | REALSENSE_SUFFIXES:
            yield Presentation(_name(path, root), truth, (path,))
        elif path.name == INDEX:
            yield Presentation(_name(path.parent, root), truth, (path,))
        else:
            folders[path.parent, truth].append(path)
    for (folder, truth), paths in folders.items():
        clips = list(_clips(sorted(paths, key=_natural), clip_frames))
        for number, clip in enumerate(clips, start=1):
            part = f" [{number}/{len(clips)}]" if len(clips) > 1 else ""
            yield Presentation(_name(folder, root) + part, truth, tuple(clip))


def _clips(images: list[Path], clip_frames: int) -> Iterator[list[Path]]:
    """Sequences cut evenly where they are long, and joined to the next where they are short.

    Images of which no two are of one sequence are photographs, each for itself.
    """
    if not clip_frames:
        yield images
        return
    sequences = _sequences(images)
    if all(len(sequence) == 1 for sequence in sequences):
        yield from sequences
        return
    joined: list[list[Path]] = []
    for sequence in sequences:
        if joined and len(joined[-1]) < clip_frames // 2:
            joined[-1] += sequence
        else:
            joined.append(sequence)
    if len(joined) > 1 and len(joined[-1]) < clip_frames // 2:
        rest = joined.pop()
        joined[-1] += rest
    for sequence in joined:
        parts = max(1, round(len(sequence) / clip_frames))
        bounds = [len(sequence) * part // parts for part in range(parts + 1)]
        yield from (sequence[begin:end] for begin, end in pairwise(bounds))


def _sequences(images: list[Path]) -> list[list[Path]]:
    """Images whose names differ in their last number only."""
    prefixes = groupby(images, key=lambda path: re.sub(r"\d+(?=\D*$)", "#", path.stem))
    return [list(sequence) for _, sequence in prefixes]


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _natural(path: Path) -> list[tuple[int, str]]:
    """Sorts 9.jpg before 10.jpg."""
    pieces: Iterable[str] = re.split(r"(\d+)", str(path))
    return [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces]


def _usable(path: Path) -> bool:
    suffixes = VIDEO_SUFFIXES | REALSENSE_SUFFIXES | IMAGE_SUFFIXES
    return path.suffix.lower() in suffixes or path.name == INDEX
