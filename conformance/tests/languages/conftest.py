"""What the judges read, and their examples, built once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from conformance.cli import main
from conformance.tests.languages.programs import BY_NAME, FIXTURES, GROUPS, require

Built: TypeAlias = Callable[[str], list[str]]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The groups as raw arrays."""
    place = tmp_path_factory.mktemp("languages") / "raw"
    chosen = [word for group in GROUPS for word in ("--case", f"{group}/*")]
    golden = ["--golden", str(FIXTURES)]
    assert main(["export", "--format", "raw", *golden, *chosen, "--out", str(place)]) == 0
    return place


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The command of the example in a language; skips where its tools are missing."""
    commands: dict[str, list[str]] = {}

    def command(name: str) -> list[str]:
        require(BY_NAME[name].tools)
        if name not in commands:
            commands[name] = BY_NAME[name].build(tmp_path_factory.mktemp(name))
        return commands[name]

    return command


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The folder that the judge of a language reads."""

    def folder(name: str) -> Path:
        found = request.getfixturevalue("exported") if BY_NAME[name].exported else FIXTURES
        assert isinstance(found, Path)
        return found

    return folder
