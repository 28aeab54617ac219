"""Tests of adapters/tinygrad: what the path calls, what it answers and what it refuses."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT
from conformance.errors import Unsupported
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import BFLOAT16, ask, errors

if importlib.util.find_spec("tinygrad") is None:
    pytest.skip("tinygrad is not installed here", allow_module_level=True)

ADAPTER = adapter.load("tinygrad")
CALLING = sys.modules["conformance._loaded_adapters.tinygrad.calling"]
PATHS = {path.name: path for path in ADAPTER.paths}
LAYER = PATHS["layer"]
BUFFERS = {"running_mean", "running_var"}

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCDHW": {"shape": (2, 4, 2, 3, 2)},
    "no gamma, no beta": {"shape": (3, 4, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5), "dy": None},
}


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("call", CALLS)
def test_every_output_is_grade_a(call: str, training: bool) -> None:
    """On well-conditioned data of float32 and float64 every output is grade A."""
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, LAYER.run(inputs), LAYER.dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


@pytest.mark.parametrize("dtype", [np.float16, BFLOAT16], ids=["float16", "bfloat16"])
def test_the_layer_computes_in_half_precision(dtype: Any) -> None:
    """What tinygrad loses by computing in the type of x is not hidden: dx is off, in that type."""
    inputs = ask((4, 3, 5), dtype)
    found = LAYER.run(inputs)
    assert errors(inputs, found, LAYER.dialect)["dx"] > LIMIT
    assert {array.dtype for array in found.values()} == {np.dtype(dtype)}


def test_answers_what_the_framework_computes() -> None:
    """The layer keeps running statistics where it is given some, and tells no others."""
    inputs = ask((3, 4))
    assert set(LAYER.run(inputs)) == {"y", "dx", "dgamma", "dbeta"} | BUFFERS
    bare = ask((3, 4), dy=None, running_mean=None, running_var=None)
    assert set(LAYER.run(bare)) == {"y"}


def test_a_bias_alone_is_unsupported() -> None:
    """The layer has weight and bias or neither, and one of them alone is refused."""
    with pytest.raises(Unsupported, match="or neither"):
        LAYER.run(ask(gamma=None))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, BFLOAT16], ids=str)
def test_arrays_come_back_bit_for_bit(dtype: Any) -> None:
    """Every type goes to tinygrad and back as it is, float64 and bfloat16 among them."""
    values = np.linspace(-3, 3, 24).reshape(4, 6).astype(dtype)
    for given in (values, values[:, ::-2]):
        found = CALLING.array(CALLING.tensor(given))
        assert (found.dtype, found.tobytes()) == (given.dtype, given.tobytes())


def test_inputs_are_not_written_to() -> None:
    """The running statistics are assigned to, and never those of the caller."""
    inputs = ask((3, 4))
    assert inputs.running_mean is not None
    before = inputs.running_mean.copy()
    found = LAYER.run(inputs)
    np.testing.assert_array_equal(inputs.running_mean, before)
    assert not np.array_equal(found["running_mean"], before)


def test_the_compiler_is_that_of_the_column() -> None:
    """What tinygrad compiles with is the clang of ziglang, whatever else is installed."""
    told = subprocess.run(
        [os.environ["CC"], "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("clang version")
    assert f"{os.sep}ziglang" in told.stdout


def test_device_is_named() -> None:
    """The device of the column is the one that tinygrad computes on."""
    assert ADAPTER.device() == CALLING.Tensor([1.0]).device.lower()


FAILING = {"layer": ("extremes/large-float32", "dx")}
"""A case that fails on the path, and an output of it."""

TOLD = ["layer"], ("float64-NC", "float32-NHWC", "no gamma, no beta")
"""Paths and calls that programs are written for."""
