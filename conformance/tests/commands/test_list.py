"""``conformance list``: faults and tiers."""

from __future__ import annotations

import json

import pytest

from conformance.cases.own.telling import EXAMPLE
from conformance.cases.own.words import CHANGES, GRADIENTS, VALUES
from conformance.cases.tiers import SMOKE
from conformance.cli import main
from conformance.faults import FAULTS, UNSEEN


def test_faults_are_listed_with_their_titles(capsys: pytest.CaptureFixture[str]) -> None:
    """Every fault is there, and those that cannot be shown say why."""
    assert main(["list", "faults", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found.keys() == {*FAULTS, *(unseen.id for unseen in UNSEEN)}
    assert "not shown: needs 2^31 elements" in found["int32-index-overflow"]


def test_one_fault_is_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    """One fault has its mathematics, what shows and hides it, and its sources."""
    assert main(["list", "faults", "dx-divides-by-batch"]) == 0
    said = capsys.readouterr().out
    for part in ("sum(dy xhat)) / N", "spatial input", "github.com/RubixML/ML/issues/423"):
        assert part in said


def test_a_nearly_right_fault_is_answered(capsys: pytest.CaptureFixture[str]) -> None:
    """A fault that does not exist is answered with the nearest that does."""
    assert main(["list", "faults", "beta-sing-flip"]) == 2
    assert "Did you mean 'beta-sign-flip'?" in capsys.readouterr().err


def test_the_cases_of_a_tier_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """--tier smoke lists its cases and no others."""
    assert main(["list", "cases", "--tier", "smoke"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert sorted(listed) == sorted(SMOKE)


def test_the_words_of_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every word is there with a sentence, and an example that can be saved as a recipe."""
    assert main(["list", "recipes"]) == 0
    said = capsys.readouterr().out
    for word in (*VALUES.values(), *GRADIENTS.values(), *CHANGES.values()):
        assert f"= {word.form} " in said
        assert word.about in said
    assert said.endswith(f"\nexample:\n{EXAMPLE}")
    assert main(["list", "recipes", "--format", "json"]) == 0
    assert "x = offset:RATIO" in json.loads(capsys.readouterr().out)
