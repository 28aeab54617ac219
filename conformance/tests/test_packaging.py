"""The wheel: what it holds, and what it must not."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import conformance
from conformance import places

CHECKOUT = Path(os.environ.get("CONFORMANCE_CHECKOUT", Path(__file__).parents[2]))
pytestmark = pytest.mark.skipif(
    not (CHECKOUT / "pyproject.toml").is_file(), reason="the checkout is needed to build a wheel"
)

MOST_BYTES = 12_000_000


def tracked() -> set[str]:
    """What git tracks of the three folders that make the wheel."""
    listed = subprocess.run(
        ["git", "ls-files", "conformance", "adapters", "fixtures"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel that is built through the sdist, with a scratch file lying about."""
    target = tmp_path_factory.mktemp("dist")
    scratch = CHECKOUT / "adapters" / "textbook" / "__pycache__" / f"scratch{os.getpid()}.pyc"
    scratch.parent.mkdir(exist_ok=True)
    scratch.write_text("must not travel")
    try:
        subprocess.run(
            [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(target)],
            cwd=CHECKOUT,
            check=True,
            capture_output=True,
        )
    finally:
        scratch.unlink()
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel_files(wheel: Path) -> set[str]:
    """The names in it."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_holds_exactly_what_is_tracked(wheel_files: set[str]) -> None:
    """The package, the adapters and the golden files travel, bounds that follow from them not."""
    expected = {
        name if name.startswith("conformance/") else f"conformance/{name}"
        for name in tracked()
        if not name.startswith("fixtures/bounds/")
    }
    found = {name for name in wheel_files if ".dist-info/" not in name}
    assert found == expected


def test_wheel_stays_light(wheel: Path) -> None:
    """The wheel, whose golden files are nearly all of it, has at most 12 MB."""
    assert wheel.stat().st_size <= MOST_BYTES


def test_wheel_has_one_import_name(wheel_files: set[str]) -> None:
    """Nothing reaches site-packages but `conformance` and its metadata."""
    tops = {name.split("/")[0] for name in wheel_files}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"conformance"}


@pytest.mark.skipif(
    "CONFORMANCE_CHECKOUT" not in os.environ, reason="run against an installed wheel"
)
def test_installed_copy_is_what_is_tested() -> None:
    """With an installed wheel the tests import that copy, not the checkout beside them."""
    origin = Path(conformance.__file__).resolve()
    assert not origin.is_relative_to(CHECKOUT / "conformance")
    assert places.folder("fixtures").parent == origin.parent


def test_metadata_carries_the_licence(wheel_files: set[str]) -> None:
    """The licence travels with the wheel."""
    assert any(name.endswith("licenses/LICENSE") for name in wheel_files)
