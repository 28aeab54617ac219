"""The score of a mutation run: what makes it red, and what a list of survivors must say."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from conformance.tests.ci.workflows import CHECKOUT
from conformance.tests.ci.workflows import needs_checkout as pytestmark  # noqa: F401 - for all

MODULE = "conformance/oracle/bounds.py"


@pytest.fixture
def scoring(monkeypatch: pytest.MonkeyPatch) -> Any:
    """``ci/mutation/score.py``, which runs from its folder."""
    monkeypatch.syspath_prepend(CHECKOUT / "ci")
    return importlib.import_module("mutation.score")


def listing(tmp_path: Path, kind: str, edits: list[list[str]], reason: str = "why") -> Path:
    """A list of survivors."""
    file = tmp_path / "survivors.toml"
    file.write_text(
        f"[[{kind}]]\nmodule = '{MODULE}'\nwhere = 'f'\nreason = '{reason}'\nedits = {edits}"
    )
    return file


def keys(scoring: Any, count: int) -> list[Any]:
    """Mutants of one function."""
    return [scoring.Key(MODULE, "f", "a < b", f"a < b + {n}") for n in range(count)]


@pytest.mark.parametrize(("kind", "part"), [("equivalent", 1.0), ("accepted", 0.9)])
def test_equivalent_mutants_do_not_count_and_accepted_ones_do(
    scoring: Any, tmp_path: Path, kind: str, part: float
) -> None:
    """Nine of ten are noticed and one is listed: all there is to notice, or nine tenths of it."""
    some = keys(scoring, 10)
    known = scoring.listed(listing(tmp_path, kind, [["a < b", "a < b + 3"]]))
    found = scoring.score("g", [MODULE], {key: key == some[3] for key in some}, known)
    assert (found.mutants, found.noticed, found.part) == (10, 9, part)
    assert found.holds(0.9)
    assert not found.holds(1.01)


def test_a_survivor_that_is_not_listed_is_red(scoring: Any) -> None:
    """However good the score is, each survivor needs a reason."""
    some = keys(scoring, 100)
    found = scoring.score("g", [MODULE], {key: key == some[7] for key in some}, {})
    assert (found.part, found.new) == (0.99, (some[7],))
    assert not found.holds(0.9)


def test_a_listed_survivor_that_is_noticed_is_red(scoring: Any, tmp_path: Path) -> None:
    """A list that says more than is true is cleared up; other modules' entries are not asked."""
    some = keys(scoring, 3)
    known = scoring.listed(listing(tmp_path, "accepted", [["a < b", "a < b + 1"]]))
    found = scoring.score("g", [MODULE], dict.fromkeys(some, False), known)
    assert (found.stale, found.holds(0.9)) == ((some[1],), False)
    assert scoring.score("g", ["other.py"], {}, known).holds(0.9)


def test_a_survivor_needs_a_reason_and_is_listed_once(scoring: Any, tmp_path: Path) -> None:
    """An entry without a reason, or one that stands there twice, is refused."""
    with pytest.raises(ValueError, match="has no reason"):
        scoring.listed(listing(tmp_path, "accepted", [["a", "b"]], reason=" "))
    with pytest.raises(ValueError, match="lists this twice"):
        scoring.listed(listing(tmp_path, "accepted", [["a", "b"], ["a", "b"]]))


def test_the_list_in_the_checkout_is_readable(scoring: Any) -> None:
    """Every entry has a reason and a module that is there."""
    for key in scoring.listed(CHECKOUT / "ci" / "mutation" / "survivors.toml"):
        assert (CHECKOUT / key.module).is_file()
