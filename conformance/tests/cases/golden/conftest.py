"""A folder of golden files to read, and one to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.cases.golden import writing
from conformance.tests.cases.golden import samples


@pytest.fixture(scope="package")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Golden files of all samples; not to be changed."""
    folder = tmp_path_factory.mktemp("golden") / "fixtures"
    writing.write(samples.everything(), folder, explain=samples.EXPLAIN)
    return folder


@pytest.fixture
def spoilable(fixtures: Path, tmp_path: Path) -> Path:
    """A copy of `fixtures` of the test's own."""
    return Path(shutil.copytree(fixtures, tmp_path / "spoilable"))
