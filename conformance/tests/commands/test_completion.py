"""``conformance completion``: scripts that shells read, and that know every command."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from conformance.cli import main
from conformance.commands.door import COMMANDS

pytest.importorskip("shtab")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_every_command_and_its_options_are_completed(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script of each shell names every command, and the options of one."""
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    for command in COMMANDS:
        assert command in said
    assert "--tier" in said


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_reads_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    """It has no syntax error."""
    assert main(["completion", "bash"]) == 0
    subprocess.run(["bash", "-n"], input=capsys.readouterr().out, text=True, check=True)
