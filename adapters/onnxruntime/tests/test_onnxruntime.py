"""Tests of adapters/onnxruntime: the operator as the CPU provider runs it."""

from __future__ import annotations

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
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed here")

ADAPTER = adapter.load("onnxruntime")
MODULE = sys.modules["conformance._loaded_adapters.onnxruntime"]
PATHS = {path.name: path for path in ADAPTER.paths}
TRAINING = {"opset9_training", "opset15_training"}

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "float16+float32": {"shape": (4, 3, 5), "dtype": np.float16, "params": np.float32},
    "float32+float16": {"shape": (4, 3, 5), "params": np.float16},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
    "per-activation": {"shape": (6, 3, 2, 2), "axis": (1, 2, 3), "dtype": np.float64},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str) -> None:
    """With an eps and a momentum that float32 has, whatever a path takes is within grade A."""
    inputs = ask(**CALLS[call], training=name in TRAINING, eps=2.0**-10, momentum=0.25)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs, refusals=True), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_each_path_takes_the_calls_that_it_is_for() -> None:
    """Half and mixed types go to opset 15, positions to opset 7, and no call to a path of none."""
    taken = {name: {call for call, made in CALLS.items() if _takes(name, made)} for name in PATHS}
    images = set(CALLS) - {"per-activation"}
    mixed = {"float16+float32", "float32+float16"}
    assert taken == {
        "opset7_per_activation": {"float64", "per-activation"},
        "opset9": images - mixed,
        "opset9_training": images - mixed,
        "opset15": images,
        "opset15_training": images,
    }


def _takes(name: str, made: dict[str, Any]) -> bool:
    inputs = ask(**made, training=name in TRAINING)
    if adapter.why_not(PATHS[name].capabilities, inputs) is not None:
        return False
    try:
        PATHS[name].run(inputs)
    except Unsupported:
        return False
    return True


def test_training_returns_what_the_operator_has() -> None:
    """Opset 9 returns also what it saves: the mean, and the inverse root instead of a variance."""
    running = {"y", "running_mean", "running_var"}
    assert set(PATHS["opset15_training"].run(ask())) == running
    found, inputs = PATHS["opset9_training"].run(ask()), ask()
    assert set(found) == running | {"mean", "inv_std"}
    inverse = 1 / np.sqrt(inputs.x.astype(float).var(0) + inputs.eps)
    np.testing.assert_allclose(found["inv_std"], inverse, rtol=1e-5)


@pytest.mark.parametrize("params", [BFLOAT16, np.float64], ids=str)
def test_types_without_a_kernel_are_unsupported(params: Any) -> None:
    """Where the provider says that it has no kernel the call is unsupported, and no error."""
    with pytest.raises(Unsupported, match="no kernel for these types"):
        PATHS["opset15"].run(ask(dtype=BFLOAT16, params=params, training=False))


def test_what_else_is_raised_stays_an_error() -> None:
    """Every other refusal of the runtime is a finding: its own exception comes through."""
    with pytest.raises(Exception, match="Invalid input scale"):
        PATHS["opset15"].run(ask(gamma=np.ones(4, np.float32), training=False))


def test_one_channel_of_images_is_not_the_mode_of_positions() -> None:
    """The path of spatial=0 refuses statistics per channel, which it does not compute."""
    with pytest.raises(Unsupported, match="of every position"):
        PATHS["opset7_per_activation"].run(ask((4, 3, 5), training=False))


FAILING = {
    "opset9_training": ("decimal/eps-1e-5-float64", "inv_std"),
    "opset15_training": ("decimal/momentum-0.1-float64", "running_var"),
}
"""A case that fails on each path that fails, and an output of it."""

TOLD = list(PATHS), tuple(CALLS)
"""Paths and calls that programs are written for."""
