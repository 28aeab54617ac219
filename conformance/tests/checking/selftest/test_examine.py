"""Tests of the self-test: right paths pass, each mistake is named first, no framework is blamed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance import adapter
from conformance.adapter import Capabilities, Path
from conformance.case import Actual, Dialect, Inputs
from conformance.errors import Unsupported
from conformance.faults import FAULTS
from conformance.tests.checking.selftest.asking import examined
from conformance.tests.checking.selftest.planted import PLANTED, Run

PATHS = {path.name: path for path in adapter.load("textbook").paths}
STAGED = PATHS["staged"]

FRAMEWORKS = (
    "single-pass-variance",
    "half-accumulation",
    "dx-divides-by-batch",
    "dx-stats-constant",
    "dx-missing-mean-term",
    "dgamma-uses-x",
    "param-grads-averaged",
    "eval-dx-uses-train-formula",
    "unbiased-var-in-normalise",
    "running-var-stores-std",
    "double-computed-in-single",
    "denormal-flush",
    "empty-batch-nan",
)
"""Faults within a framework that a right adapter shows as they are."""


@pytest.mark.parametrize("name", PATHS)
def test_a_right_path_makes_no_mistake(name: str) -> None:
    """Every derivation of the textbook passes, without a doubt."""
    outcome = examined(PATHS[name])
    assert outcome.passes
    assert outcome.findings == ()


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_named_first(mistake: str) -> None:
    """One mistake in an otherwise right adapter is the first that is told, and as a mistake."""
    plant, name = PLANTED[mistake]
    outcome = examined(STAGED, plant)
    assert not outcome.passes
    assert outcome.findings[0].name == name
    assert outcome.findings[0].certain
    assert "x of shape" in outcome.findings[0].seen or name.startswith("type")
    assert outcome.findings[0].look


@pytest.mark.parametrize("fault", FRAMEWORKS)
def test_the_fault_of_a_framework_is_no_mistake_of_its_adapter(fault: str) -> None:
    """What a framework computes wrong is at most a doubt, and the adapter passes."""
    known = FAULTS[fault]
    path = Path(name="kernel", about="", run=known.kernel, dialect=known.dialect)
    assert examined(path).passes


def test_a_fault_of_the_dictionary_is_told_by_its_title() -> None:
    """A doubt says what the values look like."""
    known = FAULTS["dx-divides-by-batch"]
    outcome = examined(Path(name="kernel", about="", run=known.kernel))
    assert known.title in outcome.findings[0].seen
    assert not outcome.findings[0].certain


def test_a_wrong_declaration_is_a_mistake() -> None:
    """What the path does is right, and what it declares is not: both are told."""
    biased = PATHS["differentials"]
    path = replace(biased, dialect=replace(biased.dialect, running_var="unbiased"))
    first = examined(path).findings[0]
    assert first.name == "wrong estimator of the running variance"
    assert 'Dialect(running_var="unbiased") is declared' in first.look
    outside = PATHS["sigma_plus_eps"]
    first = examined(replace(outside, dialect=Dialect())).findings[0]
    assert first.name == "wrong place of eps"


def test_what_cannot_be_asked_is_said() -> None:
    """What a path does not take is told with its reason, and is no mistake."""
    outcome = examined(replace(STAGED, capabilities=Capabilities(dtypes=frozenset({"float64"}))))
    assert outcome.passes
    assert "no float16" in outcome.unasked


def test_a_path_without_training_is_asked_in_test_mode() -> None:
    """A path that has test mode alone is asked in that, in every layout, and its mistakes told."""
    path = replace(STAGED, capabilities=Capabilities(training=False))
    assert examined(path).passes
    assert examined(path).answered > 15

    def run(run: Run, inputs: Inputs) -> Actual:
        return run(replace(inputs, beta=None))

    first = examined(path, run).findings[0]
    assert (first.name, first.certain) == ("beta ignored", True)


def test_statistics_in_the_type_of_x_are_a_doubt() -> None:
    """Running statistics of a mixed call in the type of x may be the framework's own doing."""

    def run(run: Run, inputs: Inputs) -> Actual:
        found = run(inputs)
        running = found.keys() & {"running_mean", "running_var"}
        return dict(found) | {name: found[name].astype(inputs.x.dtype) for name in running}

    outcome = examined(STAGED, run)
    assert outcome.passes
    assert [f.name for f in outcome.findings] == ["type of running_mean", "type of running_var"]
    assert "look for a cast" in outcome.findings[0].look


def test_what_is_never_returned_is_said() -> None:
    """An output that no call returned was not looked at."""

    def forward(inputs: Inputs) -> Actual:
        return {"y": STAGED.run(inputs)["y"]}

    outcome = examined(replace(STAGED, run=forward))
    assert outcome.passes
    assert {"dx", "running_var"} <= set(outcome.unseen)


def test_a_path_that_answers_nothing_does_not_pass() -> None:
    """Nothing asked is no pass."""

    def refuse(inputs: Inputs) -> Actual:
        del inputs
        raise Unsupported("nothing")

    outcome = examined(replace(STAGED, run=refuse))
    assert not outcome.passes
    assert outcome.unasked == ("nothing",)
    assert "could not be asked" in outcome.verdict


def test_rubbish_is_a_doubt_that_shows_numbers() -> None:
    """What nothing explains is told with what came and what was due."""

    def rubbish(inputs: Inputs) -> Actual:
        cubes: Actual = {"y": np.asarray(inputs.x**3 * inputs.x.dtype.type(inputs.eps))}
        return cubes

    outcome = examined(replace(STAGED, run=rubbish))
    assert [f.certain for f in outcome.findings if f.name == "not explained"] == [False]
    assert "was due" in outcome.findings[-1].seen
