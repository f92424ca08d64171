"""What a person is told on the screen: every code has words, and none is left standing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from feeds.frame import Frame
from feeds.one_line import is_one_line
from kioskd import prompts
from kioskd.config.config_keys import Mqtt
from kioskd.event import Step
from kioskd.happenings import FrameJudged
from kioskd.modes.mode import PROMPT_CODES
from kioskd.prompter import Prompter
from models.observation import Observation

READABLE = 80  # characters: two lines of a screen that is read at two metres
ROOT = Path(__file__).parents[1]
FRAME = Frame("door", 0, 0, 0.0, 0.0, np.zeros((2, 2, 3), np.uint8))
SEEN = Observation("door", 0, 0, 0.0, 0.0, 2, 2, ())


def judged(prompt: str | None, at: float, phase: str = "ASKED") -> FrameJudged:
    step = Step(phase, prompt=prompt)
    return FrameJudged("side-entrance", FRAME, SEEN, step, at, at, at)


def said(*moments: tuple[str | None, float]) -> list[tuple[str, str | None]]:
    told: list[tuple[str, str | None]] = []
    prompter = Prompter(lambda feed, prompt: told.append((feed, prompt)))
    for prompt, at in moments:
        prompter(judged(prompt, at))
    return told


@pytest.mark.parametrize("language", prompts.languages())
def test_every_prompt_has_words_in_every_language_and_no_other(language: str) -> None:
    words = prompts.words(language)
    assert set(words) == {*PROMPT_CODES, *prompts.SCREEN}
    assert all(text == text.strip() and text for text in words.values())
    assert all(is_one_line(text) and len(text) <= READABLE for text in words.values())


def test_the_languages_that_may_be_configured_are_those_there_are_words_in() -> None:
    field = Mqtt.model_fields["prompt_language"]
    assert set(get_args(field.annotation)) == set(prompts.languages())
    assert len(prompts.languages()) >= 2


def test_no_two_codes_and_no_two_languages_say_the_same() -> None:
    said = [text for language in prompts.languages() for text in prompts.words(language).values()]
    assert len(said) == len(set(said))


def test_a_language_needs_nothing_but_its_file(tmp_path: Path) -> None:
    """In a copy of the project with one file more it may be configured, and is spoken."""
    shutil.copytree(ROOT / "kioskd", tmp_path / "kioskd", ignore=shutil.ignore_patterns("__pyc*"))
    for room in ("feeds", "models"):
        (tmp_path / room).symlink_to(ROOT / room)
    english = (ROOT / "kioskd/prompts/en.yaml").read_text("utf-8")
    another = english.replace("smile: Smile", "smile: Bonvolu rideti")
    (tmp_path / "kioskd/prompts/eo.yaml").write_text(another, "utf-8")
    run = subprocess.run(
        [sys.executable, "-c", SPEAK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "Bonvolu rideti\n"


SPEAK = """\
from kioskd import prompts
from kioskd.config.config_keys import Mqtt
print(prompts.words(Mqtt(broker="embedded", prompt_language="eo").prompt_language)["smile"])
"""


def test_each_change_is_said_once() -> None:
    moments = [(None, 0.0), ("look_straight", 0.1), ("look_straight", 0.2), ("nod", 0.3)]
    assert said(*moments, ("nod", 0.4), (None, 0.5), (None, 9.0)) == [
        ("door", "look_straight"),
        ("door", "nod"),
        ("door", None),
    ]


def test_what_stands_is_said_again_every_second() -> None:
    told = said(*(("nod", 10 + n / 10) for n in range(31)))
    assert told == [("door", "nod")] * 4


def test_a_mode_without_prompts_says_nothing() -> None:
    assert said((None, 0.0), (None, 5.0)) == []


def test_what_may_flicker_is_said_when_it_has_stood_for_a_while() -> None:
    shaky = [("look_at_camera" if n % 3 else "come_closer", n / 10) for n in range(9)]
    assert set(said(*shaky)) == {("door", "come_closer")}
    stands = [("come_closer", 0.0), ("hold_still", 0.1), ("hold_still", 0.3), ("hold_still", 0.4)]
    assert said(*stands) == [("door", "come_closer"), ("door", "hold_still")]


@pytest.mark.parametrize("prompt", ["smile", "one_at_a_time", "done", "try_again", None])
def test_what_cannot_flicker_is_said_at_once(prompt: str | None) -> None:
    assert said(("hold_still", 0.0), (prompt, 0.1)) == [("door", "hold_still"), ("door", prompt)]


def test_the_schema_and_the_page_have_every_prompt() -> None:
    schema = json.loads((ROOT / "kioskd/delivery/schemas/prompt.json").read_text("utf-8"))
    assert set(schema["properties"]["prompt"]["enum"]) == {None, *PROMPT_CODES}
    page = (ROOT / "docs/connect/mqtt.md").read_text("utf-8")
    assert not [code for code in PROMPT_CODES if f"`{code}`" not in page]


def test_another_phase_speaks_at_once() -> None:
    told: list[str | None] = []
    prompter = Prompter(lambda _, prompt: told.append(prompt))
    prompter(judged("try_again", 0.0, "CHALLENGE_FAILED"))
    prompter(judged("look_straight", 0.1, "START"))
    prompter(judged("come_closer", 0.2, "START"))
    prompter(judged("nod", 0.3, "ASKED"))
    assert told == ["try_again", "look_straight", "nod"]
