"""What a kernel declares stands in every verdict, and is bounded on both sides of the pipe."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

import conformance
from conformance.case import Dialect
from conformance.checking.declaration import declared, words
from conformance.checking.trial import Trial
from conformance.errors import AdapterError
from conformance.harness.kernels.source import Source
from conformance.tests.checking.kernels import RIGHT

NOTHING = {
    "fixed": {},
    "dtypes": ["float64", "float32", "float16", "bfloat16"],
    "ranks": [2, 3, 4, 5],
    "per_activation": False,
    "where": [],
}
FLAT = """
def batch_norm(x, gamma, beta):
    return x * 0 + beta
batch_norm.conformance = {"layout": "channels_last", "fixed_eps": 1e300}
"""
"""y is beta whatever x is, and an eps of 1e300 would make that right."""


def test_a_kernel_that_declares_nothing_has_no_words() -> None:
    """A verdict is as short as it was where nothing narrows it."""
    assert words(declared(NOTHING), asdict(Dialect())) == ""


def test_every_declaration_is_told() -> None:
    """Conventions, built-in numbers, types and ranks stand in the words."""
    facts = {**NOTHING, "fixed": {"eps": 1e-5, "momentum": 0.1}, "ranks": [4, 2]}
    facts["where"] = ["C >= 4", "contiguous"]
    said = words(declared({**facts, "dtypes": ["float32"]}), asdict(Dialect(momentum="old")))
    assert said == (
        "momentum=old, fixed_eps=1e-05, fixed_momentum=0.1, dtypes=float32, ranks=2|4, "
        "where C >= 4 and contiguous"
    )


def test_a_verdict_and_its_json_tell_what_was_declared(tmp_path: Path) -> None:
    """Nobody reads a verdict without what it was narrowed to."""
    file = tmp_path / "k.py"
    file.write_text(RIGHT)
    report = conformance.check(str(file), case="dense/train-float64", fresh=False)
    assert "; declared: layout=channels_last, dtypes=float64|float32;" in report.verdict
    assert report.verdict.endswith(
        "; compared in 2 axes, float64, train, NC: 1 of 1 case; 6 of 9 outputs "
        "(not: 3 not returned)"
    )
    assert report.declared["dtypes"] == ["float64", "float32"]
    assert '"declared": {' in report.to_json()


def test_an_eps_that_hides_x_is_refused(tmp_path: Path) -> None:
    """A kernel that returns beta and declares an eps of 1e300 hears what is understood."""
    file = tmp_path / "flat.py"
    file.write_text(FLAT)
    with pytest.raises(AdapterError, match="understood are fixed_eps from 0 to 1"):
        conformance.check(str(file), tier="smoke")


def test_a_worker_that_says_otherwise_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The near side refuses a built-in eps by itself: the kernel shares the worker's process."""
    file = tmp_path / "flat.py"
    file.write_text(
        "import conformance.harness.kernels.declared as told\n"
        "told.require_fixed = lambda fixed: None\n" + FLAT
    )
    monkeypatch.chdir(tmp_path)
    with (
        Trial(Source(selector="flat.py"), "flat.py", case_seconds=60) as trial,
        pytest.raises(AdapterError, match=r"fixed.eps is 1e\+300 and must be smaller"),
    ):
        trial.describe()
