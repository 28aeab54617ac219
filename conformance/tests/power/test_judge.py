"""The digest of the judge: it changes with what the code does, and with nothing else."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from conformance.power.judge import FILES, digest, judge
from conformance.tests.power.test_gate import STORED
from conformance.tests.power.test_gate import pytestmark as needs_checkout

SOURCE = '''"""What it is."""

LIMIT = 16.0
"""How many."""


def within(error: float) -> bool:
    """Whether it is."""
    return error <= LIMIT  # the edge is in
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# the edge is in", "# another reason"),
        ('"""How many."""', '"""How many units."""'),
        ('    """Whether it is."""\n', ""),
        ("\n", "\r\n"),
        ("error <= LIMIT", "(error <= LIMIT)"),
    ],
)
def test_what_nobody_runs_does_not_count(old: str, new: str) -> None:
    """Comments, docstrings, line endings and brackets leave the digest as it is."""
    assert SOURCE.replace(old, new) != SOURCE
    assert digest([SOURCE.replace(old, new)]) == digest([SOURCE])


@pytest.mark.parametrize(
    ("old", "new"),
    [("<=", "<"), ("16.0", "17.0"), ("16.0", "16"), ("float", "int"), ("error", "e")],
)
def test_what_the_code_does_counts(old: str, new: str) -> None:
    """An edge, a number, its type or a name makes it another judge."""
    assert digest([SOURCE.replace(old, new)]) != digest([SOURCE])


def test_the_order_of_files_counts() -> None:
    """Two files are not one after the other."""
    assert digest(["a = 1", "b = 2"]) != digest(["b = 2", "a = 1"])
    assert digest(["a = 1", "b = 2"]) != digest(["a = 1\nb = 2"])


def test_the_digest_is_the_same_in_every_python() -> None:
    """The published digest must not depend on who checks it: this one was made with 3.11."""
    assert digest(["x = 1"]) == "1ab22cd0f8fd17a6da16f25c160f9e20b592b0b4537b9108908072897efc5c02"


def test_the_judge_is_what_is_installed() -> None:
    """Its digest is that of the files that it names."""
    package = resources.files("conformance")
    assert judge() == {
        "digest": digest(package.joinpath(name).read_text("utf-8") for name in FILES),
        "files": list(FILES),
    }


@needs_checkout
def test_the_stored_measurement_is_of_this_judge() -> None:
    """Docs/power.json was measured with the bounds and the ruler that stand here."""
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    assert stored["judge"] == judge(), "measure anew: conformance power --out docs"
