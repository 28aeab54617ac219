"""Tests of adapters/openvino: its own operation, and ONNX's operator as it converts that."""

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
from conformance.tests.adapters.trial import BFLOAT16, ask, errors, skip_if_lacking

pytest.importorskip("openvino", reason="OpenVINO is not installed here")

ADAPTER = adapter.load("openvino")
PATHS = {path.name: path for path in ADAPTER.paths}
TRAINING = {"onnx_opset15_training", "onnx_opset9_training"}

CALLS: dict[str, dict[str, Any]] = {
    "float32": {},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
    "float64": {"dtype": np.float64},
    "bfloat16": {"shape": (4, 3, 5), "dtype": BFLOAT16},
}
RIGHT = [call for call in CALLS if call not in ("float64", "bfloat16")]


def _of(name: str, **changes: Any) -> Inputs:
    return ask(**changes, training=name in TRAINING)


@pytest.mark.parametrize("call", RIGHT)
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str) -> None:
    """With an eps that float16 has, float32 and float16 are within grade A in any layout."""
    inputs = _of(name, **CALLS[call], eps=2.0**-10, momentum=0.25)
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


@pytest.mark.parametrize("name", PATHS)
def test_float64_is_shown_as_it_is_computed(name: str) -> None:
    """What OpenVINO computes in float32 comes back as float64, with the error that it has."""
    inputs = _of(name, dtype=np.float64)
    found = PATHS[name].run(inputs)
    assert found["y"].dtype == np.float64
    np.testing.assert_array_equal(found["y"], found["y"].astype(np.float32))


@pytest.mark.parametrize("name", PATHS)
def test_bfloat16_comes_back_by_its_bits(name: str) -> None:
    """What OpenVINO calls float16 where it is bfloat16 is read as what it is."""
    inputs = _of(name, dtype=BFLOAT16)
    skip_if_lacking(PATHS[name], inputs)
    half = PATHS[name].run(inputs)
    arrays: dict[str, Any] = {n: a.astype(np.float32) for n, a in inputs.given().items()}
    single = PATHS[name].run(_of(name, **arrays))
    for output, values in half.items():
        assert values.dtype == BFLOAT16
        np.testing.assert_allclose(values.astype(np.float32), single[output], atol=0.1)


def test_each_path_returns_what_its_model_has() -> None:
    """Test mode returns y, opset 15 the running statistics, opset 9 those of the batch as well."""
    running = {"running_mean", "running_var"}
    returned = {name: set(PATHS[name].run(_of(name))) - {"y"} for name in PATHS}
    assert returned == {
        "batch_norm_inference": set(),
        "onnx_opset15": set(),
        "onnx_opset15_training": running,
        "onnx_opset9_training": running | {"mean", "var"},
    }


def test_statistics_are_the_batchs() -> None:
    """What opset 9 saves is the mean and the biased variance of the batch, and no inverse."""
    inputs = ask()
    found = PATHS["onnx_opset9_training"].run(inputs)
    np.testing.assert_allclose(found["mean"], inputs.x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found["var"], inputs.x.var(0), rtol=1e-5)


FAILING = {
    "batch_norm_inference": ("half/scale-beyond-range", "y"),
    "onnx_opset15": ("half/scale-beyond-range", "y"),
    "onnx_opset15_training": ("half/small-variance-float16", "y"),
    "onnx_opset9_training": ("constant/two-values", "var"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float32-NHWC", "float16", "float64", "bfloat16")
"""Paths and calls that programs are written for."""
