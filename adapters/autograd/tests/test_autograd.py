"""Tests of adapters/autograd: a formula in autograd.numpy, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Inputs
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import BFLOAT16, ask, errors

autograd = pytest.importorskip("autograd", reason="autograd is not installed here")
anp = pytest.importorskip("autograd.numpy")
boxes = pytest.importorskip("autograd.numpy.numpy_boxes")

ADAPTER = adapter.load("autograd")
PATHS = {path.name: path for path in ADAPTER.paths}

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float64-NCHW": {"shape": (3, 4, 2, 5), "dtype": np.float64},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
    "bfloat16+float32": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2, 2), "axis": (1, 2, 3)},
    "no gamma": {"shape": (3, 4, 2, 5), "gamma": None},
    "no gamma, no beta": {"shape": (3, 4, 2, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 2, 5), "dy": None},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data every output is within grade A, in both modes and any layout."""
    inputs = ask(**CALLS[call], training=training)
    assert adapter.why_not(PATHS[name].capabilities, inputs) is None
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


@pytest.mark.parametrize("name", PATHS)
def test_answers_what_the_formula_has(name: str) -> None:
    """A path answers with y, gradients and statistics, and keeps no running ones."""
    gradients = {"dx", "dgamma", "dbeta"}
    assert set(PATHS[name].run(ask())) == {"y", "mean", "var", "inv_std"} | gradients
    assert set(PATHS[name].run(ask(training=False))) == {"y", "inv_std"} | gradients


@pytest.mark.parametrize("params", [BFLOAT16, np.dtype(np.float32)], ids=str)
@pytest.mark.parametrize("name", PATHS)
def test_half_precision_is_computed_in_float32(name: str, params: np.dtype[Any]) -> None:
    """Images of a half type are the float32 answer, rounded once; gradients have gamma's type."""
    half = ask((4, 3, 5), BFLOAT16, params=params)
    wide = _widened(half)
    found, reference = PATHS[name].run(half), PATHS[name].run(wide)
    for output in ("y", "dx"):
        np.testing.assert_array_equal(found[output], reference[output].astype(BFLOAT16))
    assert {found["dgamma"].dtype, found["dbeta"].dtype} == {params}
    assert {found["mean"].dtype, found["inv_std"].dtype} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", PATHS)
def test_float32_is_not_cast(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no cast is given none, since a cast hides the type that autograd chose for dx."""
    monkeypatch.delattr(boxes.ArrayBox, "astype")
    assert PATHS[name].run(ask())["dx"].dtype == np.float32


@pytest.mark.parametrize("name", PATHS)
def test_an_empty_batch_is_no_error(name: str) -> None:
    """An empty batch gives empty images and no warning."""
    found = PATHS[name].run(ask((0, 3, 2)))
    assert found["y"].shape == found["dx"].shape == (0, 3, 2)


def test_the_paths_call_what_they_are_named_after() -> None:
    """Only `mean_var` goes through anp.mean, whose gradient of float32 has float64."""
    pull_back, _ = autograd.make_vjp(anp.mean)(np.ones(4, np.float32))
    assert pull_back(np.float32(1)).dtype == np.float64
    program = ADAPTER.reproduce
    assert program is not None
    programs = {name: program(name, ask(), "y") for name in PATHS}
    assert {name for name, text in programs.items() if "np.var" in text} == {"mean_var"}


def _widened(inputs: Inputs) -> Inputs:
    """The same call with every array in float32."""
    arrays: dict[str, Any] = {
        name: values.astype(np.float32) for name, values in inputs.given().items()
    }
    return ask(inputs.x.shape, **arrays)


FAILING = dict.fromkeys(PATHS, ("extremes/squares-overflow-float32", "y"))
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64", "float32-NHWC", "float16", "bfloat16+float32", "no gamma")
"""Paths and calls that programs are written for."""
