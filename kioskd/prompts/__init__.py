"""The words for what a person is asked to do or told on a screen, one file for each language."""

from collections.abc import Mapping
from importlib import resources

from kioskd.config.strict_yaml import read

# What a screen says beside the prompts of the modes (kioskd/modes/mode.py): that the controller
# opened, or did not; that its answer is awaited; that nobody is there; that nobody can be judged.
SCREEN = ("granted", "denied", "wait", "idle", "unavailable")

FOLDER = resources.files("kioskd.prompts")


def languages() -> tuple[str, ...]:
    """Those there is a file for, such as "en"."""
    names = (file.name for file in FOLDER.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


def words(language: str) -> Mapping[str, str]:
    """What to say for each prompt's code, and for each of SCREEN.

    Raises OSError for a language there is no file for.
    """
    name = f"{language}.yaml"
    document = read((FOLDER / name).read_bytes(), name)
    return {str(code): str(text) for code, text in document.value.items()}
