"""Who is enrolled: who is found again, how they are kept, and that an erased one is gone."""

import ast
import base64
from pathlib import Path

import numpy as np
import pytest

from kioskd.identity.gallery import Gallery, GalleryError
from kioskd.identity.people import IdClass, Person, PersonError
from kioskd.signing.aes_gcm import SealError, key_from, unsealed
from models.embedding import Embedding

KEY, NEXT_KEY = bytes(range(32)), bytes(range(1, 33))
FORMAT = b"kioskd people 1\n"  # written out: a file of today must be read tomorrow


def look(seed: int) -> Embedding:
    return Embedding(np.random.default_rng(seed).normal(size=128).astype(np.float32))


def gallery(*seeds: int) -> Gallery:
    made = Gallery()
    for seed in seeds:
        made.add(Person(f"badge-{seed}", "staff", name=f"Somebody {seed}"), [look(seed)])
    return made


def inside(path: Path, key: bytes = KEY) -> bytes:
    return unsealed(path.read_bytes()[len(FORMAT) :], [key], FORMAT)


def test_the_most_alike_is_found() -> None:
    found = gallery(1, 2, 3).closest(look(2))
    assert found is not None
    assert found.person.person_id == "badge-2"
    assert found.likeness == pytest.approx(1.0)


def test_any_look_of_a_person_finds_them() -> None:
    people = gallery(1)
    people.add(Person("badge-2", "visitor"), [look(20), look(21)])
    for seed in (20, 21):
        found = people.closest(look(seed))
        assert found is not None
        assert found.person.person_id == "badge-2"


def test_nobody_is_found_among_nobody() -> None:
    people = gallery(1)
    people.remove("badge-1")
    assert people.closest(look(1)) is None
    assert Gallery().closest(look(1)) is None


def test_what_is_kept_comes_back_whole(tmp_path: Path) -> None:
    people = gallery(1)
    visitor = Person("v", "visitor", "Zoë", 10.0, 20.0, frozenset({"front", "lab"}))
    people.add(visitor, [look(5), look(6)])
    people.keep(tmp_path / "people", KEY)
    again = Gallery.kept(tmp_path / "people", [KEY])
    assert again.people == people.people
    found = again.closest(look(6))
    assert found is not None
    assert found.person == visitor
    assert found.likeness == pytest.approx(1.0)


def test_nobody_is_kept_where_no_file_is(tmp_path: Path) -> None:
    assert Gallery.kept(tmp_path / "people", [KEY]).people == ()


def test_a_kept_file_tells_nothing_without_the_key(tmp_path: Path) -> None:
    path = tmp_path / "people"
    gallery(1).keep(path, KEY)
    assert path.stat().st_mode & 0o077 == 0
    content = path.read_bytes()
    for told in (b"badge-1", b"Somebody", look(1).for_gallery().tobytes()):
        assert told not in content
        assert told in inside(path)


def test_nothing_of_an_erased_person_remains(tmp_path: Path) -> None:
    path = tmp_path / "people"
    people = gallery(1, 2)
    people.keep(path, KEY)
    people.remove("badge-1")
    people.keep(path, KEY)
    assert list(tmp_path.iterdir()) == [path]
    for told in (b"badge-1", b"Somebody 1", look(1).for_gallery().tobytes()):
        assert told not in inside(path)
    assert look(2).for_gallery().tobytes() in inside(path)
    found = Gallery.kept(path, [KEY]).closest(look(1))
    assert found is not None
    assert found.person.person_id == "badge-2"
    assert found.likeness < 0.4


def test_enrolling_again_takes_the_place_of_the_former_looks() -> None:
    people = gallery(1)
    people.add(Person("badge-1", "threat"), [look(9)])
    assert [person.id_class for person in people.people] == ["threat"]
    found = people.closest(look(1))
    assert found is not None
    assert found.likeness < 0.4


def test_a_key_is_replaced_by_reading_with_both_and_writing_with_the_new(tmp_path: Path) -> None:
    path = tmp_path / "people"
    gallery(1).keep(path, KEY)
    Gallery.kept(path, [NEXT_KEY, KEY]).keep(path, NEXT_KEY)
    assert len(Gallery.kept(path, [NEXT_KEY]).people) == 1
    with pytest.raises(GalleryError, match="no key given opens it"):
        Gallery.kept(path, [KEY])


@pytest.mark.parametrize("place", [len(FORMAT), len(FORMAT) + 12, -1])
def test_a_changed_file_is_not_read(tmp_path: Path, place: int) -> None:
    path = tmp_path / "people"
    gallery(1).keep(path, KEY)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(GalleryError, match="changed since it was sealed"):
        Gallery.kept(path, [KEY])


@pytest.mark.parametrize("content", [b"", b"SQLite format 3", FORMAT, FORMAT + b"short"])
def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people"
    path.write_bytes(content)
    with pytest.raises(GalleryError, match=str(path)):
        Gallery.kept(path, [KEY])


def test_nobody_is_erased_who_is_not_enrolled() -> None:
    with pytest.raises(GalleryError, match="nobody is enrolled as badge-7"):
        gallery(1).remove("badge-7")


@pytest.mark.parametrize("count", [0, 11])
def test_a_person_needs_one_to_ten_pictures_and_keeps_those_before(count: int) -> None:
    people = gallery(1)
    with pytest.raises(GalleryError, match=f"{count} pictures"):
        people.add(Person("badge-1", "staff"), [look(2)] * count)
    found = people.closest(look(1))
    assert found is not None
    assert found.likeness == pytest.approx(1.0)


def test_a_person_enrolled_under_two_ids_is_noticed() -> None:
    people = gallery(1, 2, 3)
    assert people.duplicates("badge-9", [look(8), look(2), look(2)], 0.4) == ("badge-2",)
    assert people.duplicates("badge-2", [look(2)], 0.4) == ()
    assert people.duplicates("badge-9", [look(8)], 0.4) == ()
    assert Gallery().duplicates("badge-9", [look(8)], 0.4) == ()


def test_many_come_all_or_none() -> None:
    people = gallery(1)
    for faulty in (Person("b", "staff"), Person("c", "staff")):
        looks = [] if faulty.person_id == "c" else [look(3)]
        with pytest.raises(GalleryError):
            people.add_all([(Person("b", "staff"), [look(2)]), (faulty, looks)])
    assert [person.person_id for person in people.people] == ["badge-1"]
    people.add_all([])
    assert len(people.people) == 1


@pytest.mark.parametrize("text", ["", "no base64!", base64.b64encode(b"short").decode()])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SealError, match="openssl rand -base64 32"):
        key_from(text)
    assert key_from(base64.b64encode(KEY).decode()) == KEY


@pytest.mark.parametrize(
    ("id_class", "enters"),
    [
        ("staff", True),
        ("visitor", True),
        ("no_concern", True),
        ("threat", False),
        ("stranger", False),
    ],
)
def test_threats_and_strangers_never_enter(id_class: IdClass, enters: bool) -> None:
    assert Person("p", id_class).may_enter("front", 0.0) is enters


def test_a_person_enters_within_their_dates_and_by_their_doors() -> None:
    visitor = Person("v", "visitor", None, 10.0, 20.0, frozenset({"front"}))
    assert [visitor.may_enter("front", now) for now in (9.9, 10.0, 19.9, 20.0)] == [
        False,
        True,
        True,
        False,
    ]
    assert not visitor.may_enter("back", 15.0)
    assert not visitor.may_enter("front", float("nan"))


def test_a_person_who_cannot_be_is_refused() -> None:
    with pytest.raises(PersonError, match="id must have"):
        Person("")
    with pytest.raises(PersonError, match="name must have"):
        Person("p", "staff", "two\nlines")
    with pytest.raises(PersonError, match="last date"):
        Person("p", "staff", None, 20.0, 20.0)


def test_only_the_gallery_asks_a_look_for_its_numbers() -> None:
    root = Path(__file__).parents[1]
    asking = {
        str(path.relative_to(root))
        for room in ("kioskd", "models", "feeds")
        for path in (root / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "for_gallery"
    }
    assert asking == {"kioskd/identity/gallery.py"}
