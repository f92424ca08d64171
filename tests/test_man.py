"""Each command has a manual page, in the words of --help, that groff takes without a warning."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kioskd.cli import main
from kioskd.commands.man import Described, page
from tests.support.commands import kioskd


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("man") / "share" / "man1"
    said = kioskd("man", folder)
    assert (said.status, said.out, said.err) == (0, "", "")
    return folder


def commands(command: click.Command, name: str) -> Iterator[str]:
    yield name
    if isinstance(command, click.Group):
        for word, child in command.commands.items():
            yield from commands(child, f"{name} {word}")


EVERY = sorted(commands(main, "kioskd"))


def shown(*pages: Path) -> str:
    """What a terminal shows of pages, as one line of words, and no warning with it."""
    groff = ["groff", "-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=400n", "-rHY=0"]
    done = subprocess.run([*groff, *pages], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return " ".join(done.stdout.replace("\N{HYPHEN}", "-").replace("\N{MINUS SIGN}", "-").split())


def test_each_command_has_a_page(folder: Path) -> None:
    assert "kioskd people add" in EVERY
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"{name.replace(' ', '-')}.1" for name in EVERY
    )


def test_no_page_has_anything_that_groff_warns_of(folder: Path) -> None:
    shown(*sorted(folder.iterdir()))


@pytest.mark.parametrize("name", ["kioskd", "kioskd check", "kioskd inspect", "kioskd people add"])
def test_a_page_says_what_help_says(folder: Path, name: str) -> None:
    told = kioskd(*name.split()[1:], "--help").out
    options = re.findall(r"^  ((?:-\w, )?--[\w-]+)", told, re.MULTILINE)
    below = re.findall(r"^  ([a-z][\w-]*)  ", told.partition("Commands:")[2], re.MULTILINE)
    usage = told.partition("Usage: ")[2].partition("\n\n")[0]
    text = shown(folder / f"{name.replace(' ', '-')}.1")
    assert options
    for words in (" ".join(usage.split()), *options, *below):
        assert words in text


def test_a_group_and_what_is_below_it_name_each_other(folder: Path) -> None:
    assert "kioskd(1), kioskd-people(1)" in shown(folder / "kioskd-people-add.1")
    assert "kioskd-people-add(1)" in shown(folder / "kioskd-people.1")


def test_words_that_roff_would_take_for_its_own_are_shown_as_they_are(tmp_path: Path) -> None:
    words = r".so 'it' ~ ^ `x` a\nb --door"
    file = tmp_path / "kioskd-odd.1"
    file.write_text(page(Described(("kioskd", "odd"), "X", words, words, ((words, words),))))
    assert shown(file).count(words) == 4


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = kioskd("man", tmp_path / "file" / "man1")
    assert said.status == 2
    assert said.err == f"man: {tmp_path}/file/man1: Not a directory\n"
