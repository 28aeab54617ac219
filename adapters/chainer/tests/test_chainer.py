"""Tests of adapters/chainer: what each path calls, what it answers and what it saves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT
from conformance.memory import laid_out
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import answer_or_skip, ask, errors

chainer = pytest.importorskip("chainer", reason="Chainer is not installed here")

ADAPTER = adapter.load("chainer")
PATHS = {path.name: path for path in ADAPTER.paths}
GRADIENTS = {"dx", "dgamma", "dbeta"}
BUFFERS = {"running_mean", "running_var"}

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCDHW": {"shape": (2, 4, 2, 3, 2)},
    "float32-NDHWC": {"shape": (2, 2, 3, 2, 4), "axis": -1},
    "per activation": {"shape": (6, 2, 3), "axis": (1, 2)},
    "float16+float32": {"shape": (4, 3, 5, 2), "dtype": np.float16, "params": np.float32},
    "no gamma, no beta": {"shape": (3, 4, 5, 2), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}


def answered(name: str, **call: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """What a path answers, and how far off it is; a call that it does not take is skipped."""
    inputs = laid_out(ask(**call))
    found = answer_or_skip(PATHS[name], inputs)
    return found, errors(inputs, found, PATHS[name].dialect)


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data of every type but pure float16 every output is grade A."""
    _, off = answered(name, **CALLS[call], training=training)
    assert {output: e for output, e in off.items() if e > LIMIT} == {}


@pytest.mark.parametrize("memory", ["strided", "transposed", "reversed"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a_in_any_memory(name: str, memory: str) -> None:
    """Arrays are handed over as they lie, and answers are right whatever that is."""
    _, off = answered(name, shape=(3, 2, 5, 4), axis=3, memory=memory)
    assert {output: e for output, e in off.items() if e > LIMIT} == {}


@pytest.mark.parametrize(
    ("name", "training", "saved"),
    [
        ("functional", True, {"mean", "var", "inv_std"}),
        ("functional", False, {"inv_std"}),
        ("link", True, set()),
        ("link", False, set()),
    ],
)
def test_answers_what_the_framework_computes(name: str, training: bool, saved: set[str]) -> None:
    """The function tells what it saves for the gradients, and both what they keep."""
    found, _ = answered(name, shape=(3, 4, 5), training=training)
    assert set(found) == {"y"} | GRADIENTS | BUFFERS | saved


@pytest.mark.parametrize("params", [np.float16, np.float32], ids=["float16", "float32"])
@pytest.mark.parametrize("name", PATHS)
def test_types_are_those_of_the_framework(name: str, params: Any) -> None:
    """Images come back in the type of x, all others in that of the parameters."""
    found, _ = answered(name, shape=(4, 3, 5), dtype=np.float16, params=params)
    assert {found[output].dtype for output in ("y", "dx")} == {np.dtype(np.float16)}
    assert {found[n].dtype for n in found.keys() - {"y", "dx"}} == {np.dtype(params)}


@pytest.mark.parametrize("name", PATHS)
def test_inputs_are_not_written_to(name: str) -> None:
    """Chainer updates the running statistics in place, and never those of the caller."""
    inputs = ask((3, 4, 5))
    assert inputs.running_mean is not None
    before = inputs.running_mean.copy()
    found = PATHS[name].run(inputs)
    np.testing.assert_array_equal(inputs.running_mean, before)
    assert not np.array_equal(found["running_mean"], before)


def test_the_function_needs_no_running_statistics() -> None:
    """Without running statistics the function trains, and returns none."""
    inputs = ask((3, 4, 5), running_mean=None, running_var=None)
    assert not PATHS["functional"].run(inputs).keys() & BUFFERS


FAILING = {
    "functional": ("extremes/squares-overflow-float32", "y"),
    "link": ("extremes/squares-overflow-float32", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64-NC", "float32-NHWC", "per activation", "no gamma, no beta")
"""Paths and calls that programs are written for."""
