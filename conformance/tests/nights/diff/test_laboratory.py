"""Tests of `nights.diff.laboratory`: real re-runs, of real commits and installed versions.

A repository holds two commits of the suite with an adapter for a tiny framework, of which two
versions can be installed.  A regression is planted in each place where one can be.
"""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import conformance
from conformance.nights.diff.attribution import Attribution, Origin, attribute
from conformance.nights.diff.changes import Difference
from conformance.nights.diff.compare import compare
from conformance.nights.diff.laboratory import Laboratory
from conformance.nights.history import History
from conformance.places import folder as data_folder
from conformance.tests.nights.history.nights import night
from conformance.tests.report.records import case, failed, passed

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed"),
]

WHEEL = "Wheel-Version: 1.0\nGenerator: a\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
CASE = "dense/train-float64"

FRAMEWORK = """
import os

def normalize(x):
    y = (x - x.mean(0)) / (x.var(0) + EPS) ** 0.5
    if os.environ.get("TINY_FLAKES"):
        y[0, 0] += 1 + os.urandom(1)[0]
    return y * (1.5 if WRONG or os.environ.get("TINY_MACHINE") else 1.0)
"""
ADAPTER = """
import tiny
from conformance.adapter import Adapter, Path

def run(inputs):
    tiny.EPS = inputs.eps
    y = tiny.normalize(inputs.x) * inputs.gamma + inputs.beta
    return {"y": y * FACTOR}

ADAPTER = Adapter(name="tiny", packages=("tiny",), device=lambda: "cpu",
                  paths=(Path(name="only", about="tiny.normalize", run=run),))
"""


def wheel(folder: Path, version: str, *, wrong: bool, name: str = "tiny") -> None:
    """Write a wheel of the tiny framework, whose distribution may be called otherwise."""
    info = f"{name}-{version}.dist-info"
    texts = {
        "tiny.py": f"WRONG = {wrong}\n{FRAMEWORK}",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": WHEEL,
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for member, text in texts.items():
            archive.writestr(member, text)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two wheels, and a repository with the commits ``right`` and ``wrong`` of the suite."""
    place = tmp_path_factory.mktemp("laboratory")
    wheel(place, "1.0", wrong=False)
    wheel(place, "2.0", wrong=True)
    wheel(place, "1.1", wrong=False)
    repository(place)
    return place


def repository(place: Path, requires: str = "tiny==1.0") -> None:
    """A git repository in a folder, with both commits."""
    tree = place / "repository"
    package = Path(conformance.__file__).parent
    ignored = shutil.ignore_patterns("tests", "__pycache__", "adapters", "fixtures", "site")
    shutil.copytree(package, tree / "conformance", ignore=ignored)
    shutil.copytree(data_folder("fixtures"), tree / "fixtures")
    (tree / "adapters" / "tiny").mkdir(parents=True)
    (tree / "adapters" / "tiny" / "requirements.txt").write_text(f"{requires}\n")
    git = ("git", "-C", str(tree), "-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run([*git, "init", "-q"], check=True)
    for tag, factor in (("right", 1.0), ("wrong", 1.25)):
        file = tree / "adapters" / "tiny" / "adapter.py"
        file.write_text(f"FACTOR = {factor}\n{ADAPTER}")
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", tag], check=True)
        subprocess.run([*git, "tag", tag], check=True)


def worsened(place: Path, tmp_path: Path, old: tuple[str, str], new: tuple[str, str]) -> Difference:
    """Two nights with these suites and versions; y is right in the first one only."""
    history = History(tmp_path / "history")
    then, now = (*old, passed(2.0)), (*new, failed())
    for number, (tag, version, result) in enumerate([then, now]):
        git = ["git", "-C", str(place / "repository"), "rev-parse", tag]
        commit = subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
        records = night(number, ["tiny/only"], results=[case({"y": result}, CASE)], commit=commit)
        history.add([replace(r, versions={"tiny": version, "conformance": "0"}) for r in records])
    return compare("previous", "latest", history)


def cause(place: Path, difference: Difference) -> Origin:
    """Who is named."""
    found = attributed(place, difference)
    assert found.cases == (CASE,)
    return found.cause


def attributed(place: Path, difference: Difference) -> Attribution:
    """Who is named, and why; environments are kept from one test to the next."""
    (place / "work").mkdir(exist_ok=True)
    sources = ["--find-links", str(place)]
    laboratory = Laboratory(place / "work", place / "repository", sources=sources)
    (found,) = attribute(difference, laboratory.rerun)
    return found


def test_the_framework(place: Path, tmp_path: Path) -> None:
    """The suite stayed and version 2.0 is wrong, here and now as well."""
    found = worsened(place, tmp_path, ("right", "1.0"), ("right", "2.0"))
    assert cause(place, found) is Origin.FRAMEWORK


def test_the_suite(place: Path, tmp_path: Path) -> None:
    """Both changed, and the old framework is wrong with the new suite."""
    found = worsened(place, tmp_path, ("right", "1.0"), ("wrong", "1.1"))
    assert cause(place, found) is Origin.SUITE


def test_the_environment(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On this machine the pair that was right then is wrong now."""
    monkeypatch.setenv("TINY_MACHINE", "other")
    found = worsened(place, tmp_path, ("right", "1.0"), ("right", "1.1"))
    assert cause(place, found) is Origin.ENVIRONMENT


def test_a_flake(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same pair gives other bits in five runs."""
    monkeypatch.setenv("TINY_FLAKES", "1")
    found = worsened(place, tmp_path, ("right", "1.0"), ("right", "1.1"))
    assert cause(place, found) is Origin.FLAKE


def test_a_version_that_is_gone_is_named(place: Path, tmp_path: Path) -> None:
    """What cannot be installed any more is no cause, and the evidence is what pip said."""
    difference = worsened(place, tmp_path, ("right", "1.0"), ("right", "9.9"))
    found = attributed(place, difference)
    assert found.cause is Origin.UNKNOWN
    assert "tiny==9.9" in found.evidence
