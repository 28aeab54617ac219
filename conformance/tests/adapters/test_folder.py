"""Tests of every adapter's folder: they need no framework, and a new one has them at once."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from conformance import adapter
from conformance.cases import deployed, golden
from conformance.verdict.known import expectations

_PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==[0-9][^\s*]*")


@pytest.fixture(params=adapter.names())
def home(request: pytest.FixtureRequest) -> Path:
    """The folder of each adapter."""
    return adapter.home(request.param)


def test_pinned_versions_are_pinned(home: Path) -> None:
    """One version of every package, now and of older releases: a column is repeatable."""
    for file in (home / "requirements.txt", *sorted((home / "older").glob("*.txt"))):
        lines = file.read_text(encoding="utf-8").splitlines()
        named = [line for line in lines if line.strip() and not line.startswith("#")]
        assert [line for line in named if not _PINNED.fullmatch(line.strip())] == [], file.name


def test_known_failures_are_well_formed(home: Path) -> None:
    """``expectations.toml`` is read without complaint, and every entry names cases that exist."""
    file = home / "expectations.toml"
    ids = list(golden.manifest(deployed.folder_of(home)).entries)
    for entry in expectations.read(file).entries:
        found = [case for glob in entry.cases for case in ids if fnmatch(case, glob)]
        assert found, f"{file}: no case is called {entry.cases}"
