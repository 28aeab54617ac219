"""Tests of adapters/stax: the layer of the example library, and the function under it."""

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
from conformance.tests.adapters.instructions import require_found_lacking
from conformance.tests.adapters.trial import BFLOAT16, ask, errors

jax = pytest.importorskip("jax", reason="JAX is not installed here")

ADAPTER = adapter.load("stax")
PATHS = {path.name: path for path in ADAPTER.paths}

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-axis--1": {"shape": (3, 5, 4), "axis": -1},
    "float32-CN": {"shape": (4, 6), "axis": 0},
    "per-activation": {"shape": (6, 3, 2), "axis": (1, 2)},
    "no gamma": {"shape": (3, 4, 5), "gamma": None},
    "no beta": {"shape": (3, 4, 5), "beta": None},
    "neither": {"shape": (3, 4, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5), "dy": None},
}


def _over(name: str, inputs: Inputs) -> set[str]:
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    return {output for output, error in found.items() if error > LIMIT}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data every output is grade A, whatever layout, types and parameters."""
    inputs = ask(**CALLS[call], training=training)
    reason = adapter.why_not(PATHS[name].capabilities, inputs)
    if reason is not None:
        pytest.skip(reason)
    assert _over(name, inputs) == set()


def test_the_layer_has_no_test_mode() -> None:
    """stax.BatchNorm knows the statistics of its batch alone, and its path says so."""
    reason = adapter.why_not(PATHS["batch_norm"].capabilities, ask(training=False))
    assert reason == "no test mode"


@pytest.mark.parametrize("name", PATHS)
def test_nothing_repairs_the_variance(name: str) -> None:
    """The cancellation of the fast algorithm reaches the report; the stable one has none."""
    over = _over(name, ask(shape=(64, 8), offset=1e4))
    assert ("y" in over) == (name != "standardize_stable")


@pytest.mark.parametrize("name", PATHS)
def test_float64_is_computed_in_float64(name: str) -> None:
    """float64 inputs stay float64; JAX would make them float32 without a word."""
    outputs = PATHS[name].run(ask(dtype=np.float64))
    assert {str(array.dtype) for array in outputs.values()} == {"float64"}


@pytest.mark.parametrize("name", PATHS)
def test_half_precision_is_not_widened(name: str) -> None:
    """bfloat16 inputs give bfloat16 outputs: all is computed in the type of x."""
    outputs = PATHS[name].run(ask(dtype=BFLOAT16))
    assert {str(array.dtype) for array in outputs.values()} == {"bfloat16"}


@pytest.mark.parametrize("name", PATHS)
def test_no_statistics_are_returned(name: str) -> None:
    """A path answers with y and the gradients that were asked for, and makes up no statistics."""
    assert PATHS[name].run(ask()).keys() == {"y", "dx", "dgamma", "dbeta"}
    assert PATHS[name].run(ask(dy=None)).keys() == {"y"}


@pytest.mark.parametrize("name", PATHS)
def test_eps_is_that_of_the_call(name: str) -> None:
    """A second call with another eps does not run the program of the first."""
    PATHS[name].run(ask(eps=1e-3))
    assert _over(name, ask(eps=0.5)) == set()


def test_device_is_named() -> None:
    """The record says where the paths ran."""
    assert ADAPTER.device().partition(":")[0] in {"cpu", "gpu", "tpu"}


def test_traits_and_probes_follow_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fused multiply-add and float16 conversions XLA is found to have neither."""
    if jax.default_backend() != "cpu":
        pytest.skip("the instructions are those of a processor")
    require_found_lacking(ADAPTER.name, "batch_norm", monkeypatch)


FAILING = {
    "batch_norm": ("offset/nhwc-float32-10000", "y"),
    "standardize": ("offset/nhwc-float32-10000", "dgamma"),
    "standardize_stable": ("half/sum-overflows", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64", "float32-NHWC", "per-activation", "neither")
"""Paths and calls that programs are written for."""
