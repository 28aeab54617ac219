"""Tests of adapters/mlx: what each path calls, what it answers and what it refuses."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Memory
from conformance.errors import Unsupported
from conformance.memory import laid_out
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

mx = pytest.importorskip("mlx.core", reason="MLX is not installed here")

ADAPTER = adapter.load("mlx")
CALLING = sys.modules["conformance._loaded_adapters.mlx.calling"]
PATHS = {path.name: path for path in ADAPTER.paths}

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCDHW": {"shape": (2, 4, 2, 3, 2)},
    "per activation": {"shape": (6, 2, 3), "axis": (1, 2)},
    "no beta": {"shape": (3, 4, 5, 2), "beta": None},
    "no gamma, no beta": {"shape": (3, 4, 5, 2), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}
HALVES: dict[str, dict[str, Any]] = {
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
    "bfloat16": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16},
    "float16+float32": {"shape": (4, 3, 5, 2), "dtype": np.float16, "params": np.float32},
}


def answered(name: str, **call: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """What a path answers, and how far off it is; a call that it does not take is skipped."""
    inputs = ask(**call)
    found = answer_or_skip(PATHS[name], inputs, refusals=True)
    return found, errors(inputs, found, PATHS[name].dialect)


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data of float32 and float64 every output is grade A."""
    _, off = answered(name, **CALLS[call], training=training)
    assert {output: e for output, e in off.items() if e > LIMIT} == {}


@pytest.mark.parametrize("call", HALVES)
def test_the_formula_in_float32_is_grade_a_in_half_precision(call: str) -> None:
    """The formula widens half precision, so that all its outputs are grade A, in the types due."""
    found, off = answered("formula", **HALVES[call])
    assert max(off.values()) <= LIMIT
    params = HALVES[call].get("params", HALVES[call]["dtype"])
    types = {"y": HALVES[call]["dtype"], "dx": HALVES[call]["dtype"]}
    assert {n: a.dtype for n, a in found.items()} == {
        n: np.dtype(types.get(n, params)) for n in found
    }


@pytest.mark.parametrize("call", ["float16", "bfloat16"])
def test_the_layer_rounds_every_step_to_half_precision(call: str) -> None:
    """What MLX loses by computing in the type of x is not hidden: dx is off, in that type."""
    found, off = answered("layer", **HALVES[call])
    assert off["dx"] > LIMIT
    assert {array.dtype for array in found.values()} == {np.dtype(HALVES[call]["dtype"])}


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_answers_what_the_framework_computes(training: bool) -> None:
    """The layer keeps running statistics, the formula keeps none, and neither tells its own."""
    gradients = {"y", "dx", "dgamma", "dbeta"}
    inputs = ask((3, 4, 5), training=training)
    assert set(PATHS["layer"].run(inputs)) == gradients | {"running_mean", "running_var"}
    assert set(PATHS["formula"].run(inputs)) == gradients


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("one value per channel", {"shape": (1, 5)}),
        ("an eps of 0", {"eps": 0.0}),
        ("weight and bias, or neither", {"beta": None}),
    ],
)
def test_refusals_are_unsupported(words: str, call: dict[str, Any]) -> None:
    """What the layer refuses in its own words is unsupported, with the reason."""
    with pytest.raises(Unsupported, match=words):
        PATHS["layer"].run(ask(**call))


def test_the_layer_takes_rank_4_at_most() -> None:
    """MLX itself refuses what the capabilities leave out, so that they leave out no more."""
    with pytest.raises(ValueError, match="2, 3 or 4 dimensions"):
        PATHS["layer"].run(ask((2, 4, 2, 3, 2)))


def test_one_value_is_taken_in_test_mode() -> None:
    """The refusal of one value per channel is of training alone."""
    inputs = ask((1, 5), training=False)
    off = errors(inputs, PATHS["layer"].run(inputs), PATHS["layer"].dialect)
    assert max(off.values()) <= LIMIT


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, BFLOAT16], ids=str)
def test_arrays_come_back_bit_for_bit(dtype: Any) -> None:
    """Every type goes to MLX and back as it is, float64 and bfloat16 among them."""
    values = np.linspace(-3, 3, 24).reshape(2, 3, 4).astype(dtype)
    for given in (values, values[:, ::2], values.T, values[::-1]):
        found = CALLING.array(CALLING.own(given))
        assert (found.dtype, found.tobytes()) == (given.dtype, given.tobytes())


@pytest.mark.parametrize("memory", ["strided", "transposed", "reversed"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a_in_any_memory(name: str, memory: Memory) -> None:
    """Strided, transposed and reversed arguments give grade A, and none of them is written to."""
    inputs = laid_out(ask((3, 2, 5, 4), axis=3, memory=memory))
    given = [a for a in (inputs.x, inputs.running_mean, inputs.running_var) if a is not None]
    before = [a.copy() for a in given]
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert max(found.values()) <= LIMIT
    for now, then in zip(given, before, strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.parametrize("name", PATHS)
def test_an_empty_batch_has_slopes_of_zero(name: str) -> None:
    """Empty arrays are MLX's own, whose sums end: in test mode they are zero."""
    found = PATHS[name].run(ask((0, 5), training=False))
    np.testing.assert_array_equal(found["dbeta"], np.zeros(5))
    assert found["dx"].shape == (0, 5)


def test_strides_reach_mlx() -> None:
    """An array that runs through a wider one is a view in MLX too, with gaps between its values."""
    wide = np.arange(24.0, dtype=np.float32).reshape(4, 6)
    view = memoryview(CALLING.own(wide[:, ::2]))
    assert view.strides == (24, 8)


def test_inputs_are_told_apart() -> None:
    """Another call on the same path has statistics of its own, and none of the call before."""
    inputs = ask((6, 5))
    assert inputs.running_mean is not None
    first = PATHS["layer"].run(inputs)
    PATHS["layer"].run(replace(inputs, running_mean=inputs.running_mean + 1))
    again = PATHS["layer"].run(inputs)
    np.testing.assert_array_equal(first["running_mean"], again["running_mean"])


def test_device_is_named() -> None:
    """The device of the column is the one that MLX computes on."""
    assert ADAPTER.device() == ("cpu" if mx.default_device().type == mx.cpu else "gpu")


FAILING = {"layer": ("half/y-near-zero-float16", "y"), "formula": ("extremes/large-float32", "dx")}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64-NC", "float32-NHWC", "float32-NCL", "no gamma, no beta")
"""Paths and calls that programs are written for."""
