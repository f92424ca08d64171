"""What a folder's or a table's names say of the files in it."""

from pathlib import Path

import pytest

from kioskd.evaluation.dataset import DataSetError, Presentation, Truth, read_data_set


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def by_name(folder: Path, clip_frames: int = 30) -> dict[str, Presentation]:
    return {p.name: p for p in read_data_set(folder, clip_frames).presentations}


def test_a_video_is_a_presentation(tmp_path: Path) -> None:
    found = by_name(files(tmp_path, "lab/attack_mask/rex/a.mp4", "lab/attack_mask/rex/b.mp4"))
    assert set(found) == {"lab/attack_mask/rex/a.mp4", "lab/attack_mask/rex/b.mp4"}
    assert {p.truth.species for p in found.values()} == {"mask"}


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("nuaa/bonafide/0001/a.mp4", Truth("bonafide", "", "nuaa/0001", "nuaa")),
        ("nuaa/attack_print/0001/a.mp4", Truth("attack", "print", "nuaa/0001", "nuaa")),
        ("crops/bonafide/alex/a.mp4", Truth("bonafide", "", "crops/alex", "crops/alex")),
        ("attack_replay/a.mp4", Truth("attack", "replay", "unknown/unknown", "unknown")),
        ("lab/attack/7/a.mp4", Truth("attack", "unknown", "lab/7", "lab")),
        ("lab/attack_print_a4/7/x/y/a.mp4", Truth("attack", "print_a4", "lab/7", "lab")),
    ],
)
def test_folders_say_what_is_true(tmp_path: Path, name: str, truth: Truth) -> None:
    (presentation,) = by_name(files(tmp_path, name)).values()
    assert presentation.truth == truth


def test_a_label_may_be_given_for_a_folder_whose_names_say_nothing(tmp_path: Path) -> None:
    files(tmp_path, "monday/a.mp4")
    with pytest.raises(DataSetError, match="no presentation with a label"):
        read_data_set(tmp_path)
    (presentation,) = read_data_set(tmp_path, label="attack_print").presentations
    assert presentation.truth == Truth("attack", "print", "monday", "monday")


def test_images_are_shown_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    (found,) = by_name(files(tmp_path, *(f"bonafide/1/{n}.jpg" for n in (10, 9, 100)))).values()
    assert [path.stem for path in found.files] == ["9", "10", "100"]


def test_a_long_sequence_is_cut_evenly_and_nothing_is_lost(tmp_path: Path) -> None:
    found = by_name(files(tmp_path, *(f"bonafide/1/{n}.jpg" for n in range(100))))
    assert list(found) == [f"bonafide/1 [{n}/3]" for n in (1, 2, 3)]
    assert [len(p.files) for p in found.values()] == [33, 33, 34]
    assert [path.stem for p in found.values() for path in p.files] == [str(n) for n in range(100)]


def test_short_sequences_are_joined_and_a_short_rest_goes_to_the_last(tmp_path: Path) -> None:
    lengths = {"a": 17, "b": 4, "c": 13, "d": 14, "e": 3}
    names = [
        f"bonafide/1/{letter}_{n}.jpg" for letter, count in lengths.items() for n in range(count)
    ]
    found = by_name(files(tmp_path, *names))
    assert [len(p.files) for p in found.values()] == [17, 17, 17]
    assert sum(len(p.files) for p in found.values()) == len(names)


@pytest.mark.parametrize("count", [1, 7, 14, 15, 29, 45, 46, 90, 293])
def test_every_image_is_in_exactly_one_presentation(tmp_path: Path, count: int) -> None:
    names = [f"attack_print/1/{n % 3}_{n}.jpg" for n in range(count)]
    found = by_name(files(tmp_path, *names))
    shown = [path for p in found.values() for path in p.files]
    assert len(shown) == len(set(shown)) == count


def test_photographs_are_no_sequence(tmp_path: Path) -> None:
    """Images of which no two differ in their last number alone stand each for itself."""
    found = by_name(files(tmp_path, *(f"bonafide/1/{name}.jpg" for name in ("anna", "ben", "7"))))
    assert [len(p.files) for p in found.values()] == [1, 1, 1]
    assert all(p.is_still for p in found.values())


def test_every_image_may_stand_for_itself(tmp_path: Path) -> None:
    found = by_name(files(tmp_path, *(f"bonafide/1/{n}.jpg" for n in range(5))), clip_frames=1)
    assert [p.is_still for p in found.values()] == [True] * 5


def test_a_video_is_no_still(tmp_path: Path) -> None:
    (found,) = by_name(files(tmp_path, "bonafide/1/a.mp4")).values()
    assert not found.is_still


def test_a_folder_may_be_left_whole(tmp_path: Path) -> None:
    found = by_name(files(tmp_path, *(f"bonafide/1/{n}.jpg" for n in range(100))), clip_frames=0)
    assert [len(p.files) for p in found.values()] == [100]


def test_links_are_not_passed_over_in_silence(tmp_path: Path) -> None:
    """A broken one is a file that cannot be read; one to a folder is named."""
    files(tmp_path, "set/bonafide/1/a.mp4", "elsewhere/b.mp4")
    (tmp_path / "set/bonafide/1/broken.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / "set/bonafide/2").symlink_to(tmp_path / "elsewhere")
    data = read_data_set(tmp_path / "set")
    assert {p.name for p in data.presentations} == {
        "bonafide/1/a.mp4",
        "bonafide/1/broken.mp4",
    }
    assert any("bonafide/2: is a link to a folder" in note for note in data.notes)


# -- tables


def table(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text)
    return path


def test_a_table_says_what_is_true(tmp_path: Path) -> None:
    data = read_data_set(
        table(
            tmp_path,
            "path,label,species,subject,source\n"
            "a.mp4,bonafide,,anna,door\n"
            "sub/b.mp4,attack,print,anna,door\n",
        )
    )
    assert [(p.files[0], p.truth) for p in data.presentations] == [
        (tmp_path / "a.mp4", Truth("bonafide", "", "door/anna", "door")),
        (tmp_path / "sub/b.mp4", Truth("attack", "print", "door/anna", "door")),
    ]
    assert data.notes == ()


def test_missing_columns_are_named_and_what_can_be_used_is_used(tmp_path: Path) -> None:
    data = read_data_set(table(tmp_path, "path,label\na.mp4,attack\nb.mp4,bonafide\n"))
    assert len(data.presentations) == 2
    assert data.presentations[0].truth == Truth("attack", "unknown", "unknown/unknown", "unknown")
    for column in ("species", "subject", "source"):
        assert any(f"the column {column} is missing" in note for note in data.notes)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("label,species\nattack,print\n", "the column path is missing"),
        ("path,species\na.mp4,print\n", "the column label is missing"),
        ("a,b\n1,2\n", "the column path and label is missing"),
        ("", "the column path and label is missing"),
    ],
)
def test_without_paths_or_labels_nothing_can_be_evaluated(
    tmp_path: Path, text: str, sentence: str
) -> None:
    with pytest.raises(DataSetError, match=sentence):
        read_data_set(table(tmp_path, text))


def test_a_row_that_cannot_be_used_is_named_by_its_line(tmp_path: Path) -> None:
    data = read_data_set(
        table(
            tmp_path,
            "path,label\na.mp4,bonafide\nb.mp4,spoof\nc.txt,attack\n,attack\nshort\n",
        )
    )
    assert len(data.presentations) == 1
    notes = "\n".join(data.notes)
    assert "line 3: the label must be bonafide or attack, found 'spoof', left out" in notes
    assert "line 4: 'c.txt' is neither an image nor a video by its name, left out" in notes
    assert "line 5: '' is neither an image nor a video" in notes
    assert "line 6: the label must be bonafide or attack, found ''" in notes


def test_a_file_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"\xff\xfe\x00path")
    with pytest.raises(DataSetError, match="cannot be read as CSV"):
        read_data_set(path)
