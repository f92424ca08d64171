"""`kioskd people`: who is enrolled by which pictures, and what is refused: the command itself."""

import base64
import json
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.imaging import open_file, write_image
from kioskd.config.load import load
from kioskd.doctor import people_file
from kioskd.identity.gallery import Gallery
from kioskd.identity.people import Person, PersonError
from kioskd.identity.people_file import PeopleFile
from kioskd.identity.people_list import COLUMNS, Written, moment, read_list
from kioskd.identity.people_settings import PeopleSettings
from tests.support.commands import Said, kioskd
from tests.support.daemon import ATTACK, LIVE
from tests.support.somebody import somebody

BADGES = Path(__file__).resolve().parents[1] / "docs/connect/desk/badges"
HIM, HER = BADGES / "1001.jpg", BADGES / "1002.jpg"
KEY, NEXT_KEY = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
HOUR_S = 3600.0


class Kiosk:
    """A configuration with people, and the commands upon it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "config.yaml"
        self._patch = monkeypatch
        self.keys("KEY")

    def keys(self, *names: str) -> None:
        """Which of the two secrets are people.key and people.old_key."""
        for name, value in (("KEY", KEY), ("NEXT", NEXT_KEY)):
            self._patch.setenv(f"PEOPLE_{name}", value)
        said = dict(
            zip(("key", "old_key"), (f"${{PEOPLE_{name}}}" for name in names), strict=False)
        )
        settings = {
            "site": "hq", "device": "kiosk-07", "state_dir": "state",
            "mqtt": {"broker": "localhost"},
            "feeds": {"cam": {"kind": "file", "path": str(LIVE), "pace": "fast", "trial": True}},
            "doors": {"main": {"mode": "secure_access_rgb_liveness", "feed": "cam"}},
            "people": {"enabled": True, **said},
        }  # fmt: skip
        self.path.write_text(json.dumps(settings))

    def people(self, *arguments: str | Path) -> Said:
        return kioskd("people", *arguments, "-c", self.path)

    def listed(self) -> dict[str, dict[str, object]]:
        said = self.people("list", "--json")
        assert said.status == 0, said.err
        rows = map(json.loads, said.out.splitlines())
        return {row["person_id"]: row for row in rows}


@pytest.fixture
def kiosk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kiosk:
    return Kiosk(tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A frame of the demo's person, and one of the attack with their picture."""
    folder = tmp_path_factory.mktemp("frames")
    made = {}
    for name, clip in (("live", LIVE), ("attack", ATTACK)):
        capture = open_file(str(clip))
        assert capture is not None
        images = [capture.read() for _ in range(40)]
        assert images[-1] is not None
        made[name] = folder / f"{name}.png"
        write_image(str(made[name]), images[-1])
    return made


def test_somebody_is_enrolled_listed_and_erased(kiosk: Kiosk) -> None:
    said = kiosk.people("add", "him", HIM, "--class", "staff", "--name", "A. Man", "--door", "main")
    assert (said.status, said.out) == (0, "enrolled: him, staff, 1 picture\n")
    assert "medium quality: the face is smaller than 200 x 200 pixels" in said.err
    table = kiosk.people("list").out.splitlines()
    assert table[0].split() == ["id", "class", "name", "from", "until", "doors", "pictures"]
    assert table[1].split() == ["him", "staff", "A.", "Man", "main", "1"]
    assert kiosk.people("remove", "him").out == "erased: him\n"
    assert kiosk.listed() == {}
    again = kiosk.people("remove", "him")
    assert (again.status, again.err) == (1, "nobody is enrolled as him\n")


def test_more_pictures_stand_beside_the_first_and_what_is_not_said_stays(
    kiosk: Kiosk, frames: dict[str, Path]
) -> None:
    kiosk.people("add", "him", HIM, "--class", "staff", "--until", "2030-06-30")
    said = kiosk.people("add", "him", frames["live"], "--name", "A. Man")
    assert said.out == "enrolled: him, staff, 2 pictures\n", said.err
    assert kiosk.listed()["him"] == {
        "person_id": "him", "id_class": "staff", "name": "A. Man", "valid_from": None,
        "valid_until": moment("2030-07-01"), "doors": None, "pictures": 2,
    }  # fmt: skip


def test_a_picture_of_a_picture_enrols_nobody(kiosk: Kiosk, frames: dict[str, Path]) -> None:
    said = kiosk.people("add", "him", HIM, frames["attack"])
    assert said.status == 1
    assert f"{frames['attack']}: it looks like a picture of a picture or screen" in said.err
    assert kiosk.listed() == {}


def test_a_poor_picture_enrols_only_who_is_content_with_it(kiosk: Kiosk) -> None:
    said = kiosk.people("add", "her", HER)
    assert said.status == 1
    assert f"{HER}: the picture is of low quality: the face is smaller than 100" in said.err
    assert kiosk.people("add", "her", HER, "--least", "low").status == 0


def test_pictures_of_two_people_make_no_one_person(kiosk: Kiosk) -> None:
    said = kiosk.people("add", "him", HIM, HER, "--least", "low")
    assert said.status == 1
    assert "picture 2 does not look like the same person as the first" in said.err
    assert kiosk.people("add", "him", HIM).status == 0
    said = kiosk.people("add", "him", HER, "--least", "low")
    assert "picture 1 does not look like the same person as those enrolled before" in said.err


def test_a_person_enrolled_under_two_ids_is_noticed(kiosk: Kiosk, frames: dict[str, Path]) -> None:
    kiosk.people("add", "him", HIM)
    said = kiosk.people("add", "another", frames["live"])
    assert (said.status, list(kiosk.listed())) == (1, ["him"])
    assert "another looks like him, who is enrolled already" in said.err
    assert kiosk.people("add", "another", frames["live"], "--twin").status == 0


def test_who_stands_before_the_camera_is_enrolled_by_what_showed_that_they_live(
    kiosk: Kiosk,
) -> None:
    said = kiosk.people("capture", "him", "--at", "main", "--class", "staff")
    assert (said.status, said.out) == (0, "enrolled: him, staff, 1 picture\n"), said.err
    more = kiosk.people("add", "him", HIM)  # and it is him
    assert more.out == "enrolled: him, staff, 2 pictures\n", more.err
    assert (
        "there is no door side; there are main" in kiosk.people("capture", "x", "--at", "side").err
    )


def test_an_attack_before_the_camera_is_not_enrolled(kiosk: Kiosk) -> None:
    kiosk.path.write_text(kiosk.path.read_text().replace(str(LIVE), str(ATTACK)))
    said = kiosk.people("capture", "him")
    assert said.status == 1
    assert "the attempt did not pass" in said.err
    assert kiosk.listed() == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the picture has no content"),
        (b"text", "the file is no picture of a known kind"),
        (HIM.read_bytes()[:4000], "the picture is damaged or cut off"),
        (None, "No such file or directory"),
    ],
)
def test_what_is_no_picture_is_named(
    kiosk: Kiosk, tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "x.jpg"
    if content is not None:
        path.write_bytes(content)
    said = kiosk.people("add", "him", path)
    assert said.status == 1
    assert said.err.startswith(f"{path}: ")
    assert told in said.err


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (("--class", "king"), "him: the class must be one of staff, visitor, no_concern"),
        (("--until", "tomorrow"), "'tomorrow' is no date; write 2026-12-31"),
        (("--from", "2027-01-02", "--until", "2027-01-01T10:00"), "the last date must come after"),
        (("--name", "a\nb"), "a person's name must have 1 to 128 printable characters"),
    ],
)
def test_what_cannot_be_said_of_somebody_is_a_sentence(
    kiosk: Kiosk, how: tuple[str, ...], told: str
) -> None:
    said = kiosk.people("add", "him", HIM, *how)
    assert said.status == 1
    assert told in said.err
    assert kiosk.listed() == {}


def test_a_list_is_taken_whole_or_not_at_all(kiosk: Kiosk, tmp_path: Path) -> None:
    listed = tmp_path / "people.csv"
    for name in (HIM, HER):
        (tmp_path / name.name).write_bytes(name.read_bytes())
    head = "id,class,name,from,until,doors,images\n"
    listed.write_text(f"{head}him,staff,A. Man,2026-01-01,,main;side,1001.jpg\nher,,,,,,1009.jpg\n")
    said = kiosk.people("import", listed, "--least", "low")
    assert said.status == 1
    assert f"{listed}:3: {tmp_path / '1009.jpg'}: No such file" in said.err
    assert kiosk.listed() == {}
    listed.write_text(listed.read_text().replace("1009", "1002"))
    said = kiosk.people("import", listed, "--least", "low")
    assert said.out == f"enrolled: 2 people of {listed}\n"
    him, her = kiosk.listed().values()
    assert (him["id_class"], him["doors"], her["id_class"]) == (
        "staff",
        ["main", "side"],
        "visitor",
    )
    listed.write_text("id,picture\nhim,x\n")
    assert "needs the columns id and images" in kiosk.people("import", listed).err
    listed.write_text(f"{head},staff,,,,,1001.jpg\n")
    assert f"{listed}:2: needs an id" in kiosk.people("import", listed).err


def test_people_move_to_another_kiosk_sealed_by_a_key_of_the_way(
    kiosk: Kiosk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kiosk.people("add", "him", HIM, "--name", "A. Man")
    key, away = tmp_path / "way.key", tmp_path / "people.away"
    key.write_text(NEXT_KEY + "\n")
    assert kiosk.people("export", away, "--key-file", key).status == 0
    assert b"A. Man" not in away.read_bytes()
    (tmp_path / "other").mkdir()
    other = Kiosk(tmp_path / "other", monkeypatch)
    assert "no key given opens it" in other.people("import", away).err
    for _ in range(2):  # again, and nobody is there twice
        assert other.people("import", away, "--key-file", key).status == 0
        assert other.listed() == kiosk.listed()
    assert "there is no file" in other.people("import", tmp_path / "none").err
    key.write_text("no key")
    assert f"{key}: the key" in other.people("import", away, "--key-file", key).err


def test_a_key_is_replaced_without_losing_anybody(kiosk: Kiosk) -> None:
    kiosk.people("add", "him", HIM)
    kiosk.keys("NEXT")
    assert "no key given opens it" in kiosk.people("list").err
    kiosk.keys("NEXT", "KEY")
    assert list(kiosk.listed()) == ["him"]
    assert "sealed with people.key" in kiosk.people("seal").out
    kiosk.keys("NEXT")
    assert list(kiosk.listed()) == ["him"]


def test_the_doctor_says_whether_somebody_can_come_in(kiosk: Kiosk) -> None:
    def said() -> list[tuple[bool, str]]:
        return [(one.well, one.sentence) for one in people_file.look(load(kiosk.path))]

    assert said() == [(True, "0 people are enrolled")]
    settings = json.loads(kiosk.path.read_text())
    settings["doors"]["main"]["opens_to"] = "enrolled"
    kiosk.path.write_text(json.dumps(settings))
    ((well, told),) = said()
    assert not well
    assert "nobody is enrolled, and main opens to nobody else" in told
    kiosk.people("add", "him", HIM)
    assert said() == [(True, "1 person is enrolled")]
    kiosk.path.write_text(kiosk.path.read_text().replace("PEOPLE_KEY", "PEOPLE_NEXT"))
    ((well, told),) = said()
    assert not well
    assert "no key given opens it" in told
    del settings["people"], settings["doors"]["main"]["opens_to"]
    kiosk.path.write_text(json.dumps(settings))
    assert said() == []


def test_without_people_enabled_nobody_is_enrolled(kiosk: Kiosk) -> None:
    kiosk.path.write_text(kiosk.path.read_text().replace('"enabled": true', '"enabled": false'))
    said = kiosk.people("add", "him", HIM)
    assert (said.status, said.out) == (2, "")
    assert "people.enabled is false" in said.err


def test_two_who_enrol_at_once_lose_nobody(tmp_path: Path) -> None:
    """Two processes, each of which enrols twenty people, one by one."""
    program = (
        "import sys; from pathlib import Path\n"
        "from kioskd.identity.people import Person\n"
        "from kioskd.identity.people_file import PeopleFile\n"
        "from kioskd.identity.people_settings import PeopleSettings\n"
        "from tests.support.somebody import somebody\n"
        "file = PeopleFile(Path(sys.argv[1]), PeopleSettings(key=sys.argv[2]))\n"
        "for n in range(20):\n"
        "    with file.change() as people:\n"
        "        people.add(Person(f'{sys.argv[3]}-{n}', 'staff'), [somebody(n)])\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path), KEY]
    both = [subprocess.Popen([*command, name]) for name in ("a", "b")]
    assert [each.wait() for each in both] == [0, 0]
    people = PeopleFile(tmp_path, PeopleSettings(key=KEY)).read()
    assert len(people.people) == 40


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    file = PeopleFile(tmp_path, PeopleSettings(key=KEY))

    def fail(people: Gallery) -> None:
        people.add(Person("one", "staff"), [somebody(1)])
        raise PersonError("no")

    with pytest.raises(PersonError), file.change() as people:
        fail(people)
    assert file.read().people == ()


def test_a_date_stands_for_its_whole_day() -> None:
    first, last = moment("2026-12-31"), moment("2026-12-31", after=True)
    assert first is not None
    assert last is not None
    assert last - first == 24 * HOUR_S
    assert (
        moment("2026-12-31T18:00+00:00", after=True)
        == datetime(2026, 12, 31, 18, tzinfo=UTC).timestamp()
    )
    assert moment("") is None


@given(st.text(alphabet=',;"\n\rid,classimagesname0129 é', max_size=200))
def test_a_list_of_anything_is_read_or_refused_by_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(f"id,images,class\n{text}".encode())
    with suppress(PersonError):
        for each in read_list(path):
            assert each.person_id
            assert each.images


def test_a_list_says_of_somebody_what_a_command_can() -> None:
    before = Person("p", "staff", "Name", 1.0, 2.0, frozenset({"main"}))
    assert Written().person("p", before) == before
    assert Written(name="").person("p", before).name is None
    assert Written(since="", until="").person("p", before).valid_until is None
    assert set(COLUMNS) >= {"id", "images"}
