"""All that the page can show has words in each of its languages."""

from collections.abc import Iterator
from typing import Any

import pytest

from kioskd import prompts
from kioskd.delivery.delivery_settings import DeliverySettings
from kioskd.modes.catalogue import SPECS
from kioskd.modes.challenges.kinds import Challenge
from kioskd.modes.gate import PICTURE_LIMITS
from kioskd.modes.gate_settings import UNITS
from kioskd.modes.reasons import SENTENCES, Reason
from kioskd.page import assets
from models.passive.passive import SCALES

LANGUAGES = assets.languages()


def paths(words: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in words.items():
        if isinstance(value, dict):
            yield from paths(value, (*path, key))
        else:
            yield (*path, key)


def test_the_page_speaks_english_and_german() -> None:
    assert set(LANGUAGES) >= {"en", "de"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_the_same_things(language: str) -> None:
    assert set(paths(assets.words(language))) == set(paths(assets.words("en")))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_has_words_of_its_own_language(language: str) -> None:
    said = assets.words(language)["reasons"]
    assert set(said) == {reason.value for reason in Reason}
    if language != "en":
        assert not [one for one in Reason if said[one.value] == SENTENCES[one]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_phase_of_every_mode_has_words(language: str) -> None:
    phases = {
        phase.value
        for spec in SPECS
        for (before, _), after in spec.table.items()
        for phase in (before, after)
    }
    assert set(assets.words(language)["modes"]) == phases | {"SHUT"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_check_and_each_evidence_has_a_name_and_says_what_to_do(language: str) -> None:
    words = assets.words(language)
    limits = {key for key in UNITS if key != "bystander_share"}
    limits |= {measure for measure, *_ in PICTURE_LIMITS}
    limits |= {kind.value for kind in Challenge}
    for key in limits:
        assert {"name"} < set(words["checks"][key]), key
    assert set(words["evidence"]) >= set(SCALES)


def test_a_screen_has_words_in_more_languages_than_the_page() -> None:
    for language in prompts.languages():
        words = assets.words(language)
        assert words["code"] == language
        assert set(words["prompts"]) == set(prompts.words("en"))
    assert DeliverySettings("", 0, "", "").prompt_language in LANGUAGES
