"""Tests of adapters/onnx: the operator as the reference evaluator runs it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import adapter, float_types
from conformance.case import LIMIT
from conformance.float_types import NARROW
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

pytest.importorskip("onnx.reference", reason="onnx is not installed here")

ADAPTER = adapter.load("onnx")
PATHS = {path.name: path for path in ADAPTER.paths}
EXACT = ["opset15", "opset15_training"]
"""Those whose arithmetic is right where numpy's is."""

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "bfloat16+float32": {"shape": (4, 3, 5), "dtype": BFLOAT16, "params": np.float32},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
}
RIGHT = [call for call in CALLS if "16" not in call]


@pytest.mark.parametrize("call", RIGHT)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", EXACT)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """With an eps and a momentum that float32 has, float32 and float64 are within grade A."""
    inputs = ask(**CALLS[call], training=training, eps=2.0**-10, momentum=0.25)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_opset_9_takes_the_batch_for_the_running_statistics() -> None:
    """What the operator of opset 9 gives in test mode is not what its inputs say: it is shown."""
    inputs = ask(training=False)
    found = errors(inputs, PATHS["opset9"].run(inputs), PATHS["opset9"].dialect)
    assert found["y"] > LIMIT


def test_each_path_is_of_one_mode() -> None:
    """Training is one path and test mode another, as the operator has them."""
    modes = {n: (p.capabilities.training, p.capabilities.test_mode) for n, p in PATHS.items()}
    assert modes == {
        "opset9": (False, True),
        "opset15": (False, True),
        "opset15_training": (True, False),
    }


def test_training_returns_the_running_statistics() -> None:
    """The outputs are those of the operator: three in training mode, and one else."""
    assert set(PATHS["opset15_training"].run(ask())) == {"y", "running_mean", "running_var"}
    for name in ("opset9", "opset15"):
        assert set(PATHS[name].run(ask(training=False))) == {"y"}


@pytest.mark.parametrize("types", NARROW)
def test_narrower_parameters_are_taken(types: str) -> None:
    """Opset 15 has types of its own for scale and for the statistics, narrower ones included."""
    x, params = (float_types.dtype_of(name) for name in types.split("+"))
    inputs = ask(dtype=x, params=params, training=False)
    assert adapter.why_not(PATHS["opset15"].capabilities, inputs) is None
    assert PATHS["opset15"].run(inputs)["y"].dtype == x


FAILING = {
    "opset9": ("test-mode/mean-large", "y"),
    "opset15": ("half/scale-beyond-range", "y"),
    "opset15_training": ("dense/train-float16-params-float32", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64", "float32-NHWC", "float16", "bfloat16+float32")
"""Paths and calls that programs are written for."""
