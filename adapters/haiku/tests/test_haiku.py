"""Tests of adapters/haiku: the layer, its state and its policy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.instructions import require_found_lacking
from conformance.tests.adapters.trial import BFLOAT16, ask, errors, skip_if_lacking

jax = pytest.importorskip("jax", reason="JAX is not installed here")
pytest.importorskip("haiku", reason="Haiku is not installed here")

ADAPTER = adapter.load("haiku")
PATHS = {path.name: path for path in ADAPTER.paths}
LAYER = PATHS["layer"]

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-axis--1": {"shape": (3, 5, 4), "axis": -1},
    "bfloat16+float32": {"shape": (4, 3, 5), "dtype": BFLOAT16, "params": np.float32},
    "float16+float32": {"shape": (4, 3, 5), "dtype": np.float16, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2), "axis": (1, 2)},
    "no gamma": {"shape": (3, 4, 5), "gamma": None},
    "no beta": {"shape": (3, 4, 5), "beta": None},
    "neither": {"shape": (3, 4, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5), "dy": None},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
def test_every_output_is_grade_a(call: str, training: bool) -> None:
    """On well-conditioned data every output is grade A, whatever layout, types and parameters."""
    inputs = ask(**CALLS[call], training=training)
    skip_if_lacking(LAYER, inputs)
    found = errors(inputs, LAYER.run(inputs), LAYER.dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_float64_is_computed_in_float64() -> None:
    """float64 inputs stay float64; JAX would make them float32 without a word."""
    outputs = LAYER.run(ask(dtype=np.float64))
    assert {str(array.dtype) for array in outputs.values()} == {"float64"}


def test_a_policy_keeps_the_type_of_x() -> None:
    """Beside float32 parameters y and dx have the type of x, and all else is float32."""
    found = dict(LAYER.run(ask(dtype=BFLOAT16, params=np.float32)))
    images = {str(found.pop(output).dtype) for output in ("y", "dx")}
    assert (images, {str(a.dtype) for a in found.values()}) == ({"bfloat16"}, {"float32"})


def test_a_policy_does_not_outlive_its_call() -> None:
    """After a mixed call a plain half-precision one is computed in half precision again."""
    inputs = ask(dtype=BFLOAT16)
    before = LAYER.run(inputs)
    LAYER.run(ask(shape=(7, 5), dtype=BFLOAT16, params=np.float32))
    after = LAYER.run(ask(dtype=BFLOAT16, eps=2e-3))
    assert {str(a.dtype) for a in after.values()} == {str(a.dtype) for a in before.values()}


def test_nothing_repairs_the_variance() -> None:
    """The cancellation in the layer's single-pass variance reaches the report as it is."""
    inputs = ask(shape=(64, 8), offset=1e4)
    found = errors(inputs, LAYER.run(inputs), LAYER.dialect)
    assert found["running_var"] > 100 * LIMIT


def test_a_trained_layer_has_no_debias_left() -> None:
    """What test mode reads is what training wrote, though the average is divided by a power."""
    inputs = ask(momentum=1e-3)
    found = errors(inputs, LAYER.run(inputs), LAYER.dialect)
    assert found["running_mean"] <= LIMIT


def test_inputs_that_are_absent_are_left_out() -> None:
    """Without gradients or buffers asked for, none are returned, and a new layer answers."""
    inputs = ask(dy=None, running_mean=None, running_var=None)
    assert LAYER.run(inputs).keys() == {"y"}


def test_test_mode_leaves_the_buffers_alone() -> None:
    """The layer's own state after a test-mode call is returned, and it is what was given."""
    inputs = ask(training=False)
    outputs = LAYER.run(inputs)
    assert inputs.running_mean is not None
    assert np.array_equal(outputs["running_mean"], inputs.running_mean)


def test_an_empty_batch_is_answered() -> None:
    """An empty batch gives empty y and dx; its dgamma is NaN, as is what it leaves behind."""
    outputs = LAYER.run(ask(shape=(0, 3)))
    assert outputs["y"].shape == outputs["dx"].shape == (0, 3)
    assert not outputs["dbeta"].any()
    assert np.isnan(outputs["dgamma"]).all()
    assert np.isnan(outputs["running_var"]).all()


def test_eps_and_momentum_are_those_of_the_call() -> None:
    """A second call with another eps and momentum does not run the program of the first."""
    LAYER.run(ask(eps=1e-3, momentum=0.3))
    inputs = ask(eps=0.5, momentum=0.9)
    found = errors(inputs, LAYER.run(inputs), LAYER.dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_device_is_named() -> None:
    """The record says where the path ran."""
    assert ADAPTER.device().partition(":")[0] in {"cpu", "gpu", "tpu"}


def test_traits_and_probes_follow_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fused multiply-add and float16 conversions XLA is found to have neither."""
    if jax.default_backend() != "cpu":
        pytest.skip("the instructions are those of a processor")
    require_found_lacking(ADAPTER.name, "layer", monkeypatch)


FAILING = {"layer": ("offset/nhwc-float32-10000", "running_var")}
"""A case that fails on the path, and an output of it."""

TOLD = ["layer"], ("float64", "float32-NHWC", "bfloat16+float32", "per-activation", "neither")
"""Paths and calls that programs are written for."""
