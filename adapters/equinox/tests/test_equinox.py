"""Tests of adapters/equinox: the layer in its modes."""

from __future__ import annotations

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
from conformance.tests.adapters.instructions import require_found_lacking
from conformance.tests.adapters.trial import BFLOAT16, ask, errors

jax = pytest.importorskip("jax", reason="JAX is not installed here")
pytest.importorskip("equinox", reason="Equinox is not installed here")

ADAPTER = adapter.load("equinox")
PATHS = {path.name: path for path in ADAPTER.paths}
AVERAGES = ("ema", "legacy")

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-axis--1": {"shape": (3, 5, 4), "axis": -1},
    "float32-CN": {"shape": (4, 6), "axis": 0},
    "neither": {"shape": (3, 4, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5), "dy": None},
}

BY_RUNNING = {"y", "dx", "dgamma"}
"""What follows from the statistics that a training call normalizes by."""


def _over(name: str, inputs: Any) -> set[str]:
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    return {output for output, error in found.items() if error > LIMIT}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data all is grade A, but for what ema trains by: running statistics."""
    inputs = ask(**CALLS[call], training=training)
    by_running = (BY_RUNNING if inputs.dy is not None else {"y"}) - (
        {"dgamma"} if inputs.gamma is None else set()
    )
    assert _over(name, inputs) == (by_running if training and name in AVERAGES else set())


@pytest.mark.parametrize("name", AVERAGES)
def test_a_new_layer_trains_by_its_batch(name: str) -> None:
    """Where no statistics are given the layer is new, and ema takes those of the first batch."""
    assert _over(name, ask(running_mean=None, running_var=None)) == set()


def test_legacy_is_ema() -> None:
    """The default mode gives the bits of ema."""
    ema, legacy = (PATHS[name].run(ask()) for name in AVERAGES)
    for output, values in ema.items():
        np.testing.assert_array_equal(values, legacy[output])


@pytest.mark.parametrize("name", PATHS)
def test_float64_is_computed_in_float64(name: str) -> None:
    """float64 inputs stay float64; JAX would make them float32 without a word."""
    outputs = PATHS[name].run(ask(dtype=np.float64))
    assert {str(array.dtype) for array in outputs.values()} == {"float64"}


@pytest.mark.parametrize("name", PATHS)
def test_half_precision_is_not_widened(name: str) -> None:
    """bfloat16 inputs give bfloat16 outputs: the layer computes in the type of x."""
    outputs = PATHS[name].run(ask(dtype=BFLOAT16))
    assert {str(array.dtype) for array in outputs.values()} == {"bfloat16"}


@pytest.mark.parametrize("absent", ["gamma", "beta"])
def test_one_parameter_alone_is_unsupported(absent: str) -> None:
    """The layer has weight and bias or neither, and a call with one of them says so."""
    changes: dict[str, Any] = {absent: None}
    with pytest.raises(Unsupported, match="channelwise_affine"):
        PATHS["batch"].run(ask(**changes))


def test_a_trained_layer_has_no_debias_left() -> None:
    """Test mode reads what was given, though mode batch divides by 1 - momentum^n."""
    assert _over("batch", ask(momentum=1e-3, training=False)) == set()


@pytest.mark.parametrize("name", PATHS)
def test_inputs_that_are_absent_are_left_out(name: str) -> None:
    """Without gradients or buffers asked for, none are returned."""
    inputs = ask(dy=None, running_mean=None, running_var=None)
    assert PATHS[name].run(inputs).keys() == {"y"}


@pytest.mark.parametrize("name", PATHS)
def test_test_mode_leaves_the_buffers_alone(name: str) -> None:
    """The layer's own state after a test-mode call is returned, and it is what was given."""
    inputs = ask(training=False)
    outputs = PATHS[name].run(inputs)
    assert inputs.running_mean is not None
    assert np.array_equal(outputs["running_mean"], inputs.running_mean)


@pytest.mark.parametrize("name", PATHS)
def test_eps_and_momentum_are_those_of_the_call(name: str) -> None:
    """A second call with another eps and momentum does not run the program of the first."""
    PATHS[name].run(ask(eps=1e-3, momentum=0.3))
    over = _over(name, ask(eps=0.5, momentum=0.9))
    assert over == (BY_RUNNING if name in AVERAGES else set())


def test_device_is_named() -> None:
    """The record says where the paths ran."""
    assert ADAPTER.device().partition(":")[0] in {"cpu", "gpu", "tpu"}


def test_traits_and_probes_follow_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fused multiply-add and float16 conversions XLA is found to have neither."""
    if jax.default_backend() != "cpu":
        pytest.skip("the instructions are those of a processor")
    require_found_lacking(ADAPTER.name, "batch", monkeypatch)


FAILING = {
    "batch": ("half/sum-overflows", "y"),
    "ema": ("dense/train-float32", "y"),
    "legacy": ("dense/train-float32", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64", "float32-NHWC", "float32-CN", "neither")
"""Paths and calls that programs are written for."""
