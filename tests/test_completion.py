"""A real bash completes kioskd's commands and options by what `kioskd completion bash` prints."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import kioskd

KIOSKD = Path(sys.executable).with_name("kioskd")


def bash(script: str) -> list[str]:
    """The lines that a bash without anybody's settings prints."""
    started = ["bash", "--noprofile", "--norc", "-c", script]
    return subprocess.run(started, capture_output=True, text=True, check=True).stdout.splitlines()


def completed(*words: str) -> list[str]:
    """What bash offers for the last of the words, as it does at Tab."""
    typed = " ".join(f"'{word}'" for word in ("kioskd", *words))
    asked = f'COMP_WORDS=({typed}); COMP_CWORD={len(words)}; _kioskd_completion "{KIOSKD}"'
    return bash(f'{kioskd("completion", "bash").out}\n{asked}\nprintf "%s\\n" "${{COMPREPLY[@]}}"')


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("che",), ["check"]),
        (("people", "ex"), ["export"]),
        (("inspect", "--prof"), ["--profile"]),
        (("inspect", "--profile", ""), ["selfie", "door"]),
    ],
)
def test_commands_options_and_choices_are_completed(
    words: tuple[str, ...], offered: list[str]
) -> None:
    assert completed(*words) == offered


def test_bash_asks_at_tab() -> None:
    script = kioskd("completion", "bash").out
    assert bash(f"{script}\ncomplete -p kioskd") == [
        "complete -o nosort -F _kioskd_completion kioskd"
    ]


@pytest.mark.parametrize(
    ("shell", "registered"),
    [("zsh", "#compdef kioskd"), ("fish", "complete --no-files --command kioskd")],
)
def test_the_other_shells_have_a_script_too(shell: str, registered: str) -> None:
    said = kioskd("completion", shell)
    assert said.status == 0
    assert registered in said.out
    assert f"_KIOSKD_COMPLETE={shell}_complete" in said.out


def test_a_shell_that_click_does_not_know_is_refused() -> None:
    said = kioskd("completion", "tcsh")
    assert said.status == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in said.err
