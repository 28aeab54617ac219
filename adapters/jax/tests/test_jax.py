"""Tests of adapters/jax: the formula, XLA's own operations and Flax's layers."""

from __future__ import annotations

import sys
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
from conformance.tests.adapters.trial import BFLOAT16, MASKED, answer_or_skip, ask, errors

jax = pytest.importorskip("jax", reason="JAX is not installed here")
pytest.importorskip("flax", reason="Flax is not installed here")

ADAPTER = adapter.load("jax")
PATHS = {path.name: path for path in ADAPTER.paths}
FLAX = ("linen", "linen_two_pass", "nnx")

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-axis--1": {"shape": (3, 5, 4), "axis": -1},
    "bfloat16+float32": {"shape": (4, 3, 5), "dtype": BFLOAT16, "params": np.float32},
    "float16+float32": {"shape": (4, 3, 5), "dtype": np.float16, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2), "axis": (1, 2)},
    "no gamma": {"shape": (3, 4, 5), "gamma": None},
    "mask": MASKED,
    "no beta": {"shape": (3, 4, 5), "beta": None},
    "no gradient": {"shape": (3, 4, 5), "dy": None},
}

# Outputs that are over grade A on well-conditioned data: facts about JAX that the matrix must
# show, so a translation in the adapter that hides one fails here.
KNOWN: dict[tuple[str, str, bool], set[str]] = {
    # epsilon is a float32 attribute of the operations, also beside float64
    ("xla_hlo", "float64", True): {"y", "dx", "dgamma"},
    ("xla_hlo", "float64", False): {"y"},
}
for _half in ("bfloat16+float32", "float16+float32"):
    # x is widened in two places, so the parts of dx are rounded to half before they are added
    KNOWN |= {(_name, _half, True): {"dx"} for _name in ("linen", "linen_two_pass")}
    # the same, and nnx casts gamma, beta and the buffers to dtype, hence their gradients too
    KNOWN |= {("nnx", _half, True): {"y", "dx", "dgamma", "dbeta"}}
    KNOWN |= {("nnx", _half, False): {"dgamma", "dbeta"}}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data every output is grade A, but for what is known and named."""
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs), PATHS[name].dialect)
    over = {output: e for output, e in found.items() if e > LIMIT}
    known = KNOWN.get((name, call, training), set())
    assert over.keys() <= known
    assert bool(over) == bool(known)


def test_float64_is_computed_in_float64() -> None:
    """float64 inputs stay float64 in every path; JAX would make them float32 without a word."""
    for path in ADAPTER.paths:
        outputs = path.run(ask(dtype=np.float64))
        assert {str(array.dtype) for array in outputs.values()} == {"float64"}, path.name


@pytest.mark.parametrize("name", PATHS)
def test_float32_is_not_widened(name: str) -> None:
    """float32 inputs give float32 outputs, with eps and momentum as float64 scalars too."""
    outputs = PATHS[name].run(ask(eps=np.float64(1e-3), momentum=np.float64(0.3)))
    assert {str(array.dtype) for array in outputs.values()} == {"float32"}


def test_hlo_path_runs_the_operations_of_xla() -> None:
    """xla_hlo lowers to StableHLO's own operations, training, grad and inference."""
    inputs = ask()
    names = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
    arrays = {name: getattr(inputs, name) for name in names}

    def lowered(*, training: bool) -> str:
        def call(arrays: dict[str, Any]) -> Any:
            return _beside("hlo").program(arrays, eps=1e-3, momentum=0.3, axis=1, training=training)

        text: str = jax.jit(call).lower(arrays).as_text()
        return text

    assert "stablehlo.batch_norm_training" in lowered(training=True)
    assert "stablehlo.batch_norm_grad" in lowered(training=True)
    assert "stablehlo.batch_norm_inference" in lowered(training=False)


def test_hlo_path_leaves_out_what_has_no_operation() -> None:
    """xla_hlo has no gradient in test mode and keeps no buffers; it makes none up."""
    assert PATHS["xla_hlo"].run(ask(training=False)).keys() == {"y"}
    assert not PATHS["xla_hlo"].run(ask()).keys() & {"running_mean", "running_var", "inv_std"}


@pytest.mark.parametrize(("name", "single_pass"), [("linen", True), ("linen_two_pass", False)])
def test_fast_variance_is_the_layers_own(name: str, single_pass: bool) -> None:
    """Path linen runs Flax's single-pass default, linen_two_pass does not: mean/std 1000 tells."""
    inputs = ask(shape=(64, 8), offset=1e3)
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert (found["running_var"] > LIMIT) == single_pass


def test_nothing_repairs_the_variance_of_xla() -> None:
    """The cancellation in XLA's single-pass variance reaches the report as it is."""
    inputs = ask(shape=(64, 8), offset=1e4)
    found = errors(inputs, PATHS["xla_hlo"].run(inputs), PATHS["xla_hlo"].dialect)
    assert found["var"] > 100 * LIMIT


@pytest.mark.parametrize("name", PATHS)
def test_inputs_that_are_absent_are_left_out(name: str) -> None:
    """Without gradients or buffers asked for, none are returned."""
    inputs = ask(dy=None, running_mean=None, running_var=None)
    assert PATHS[name].run(inputs).keys() <= {"y", "mean", "var", "inv_std"}


@pytest.mark.parametrize("name", FLAX)
def test_flax_leaves_the_buffers_alone_in_test_mode(name: str) -> None:
    """Flax's own state after a test-mode call is returned, and it is what was given."""
    inputs = ask(training=False)
    outputs = PATHS[name].run(inputs)
    assert inputs.running_mean is not None
    assert np.array_equal(outputs["running_mean"], inputs.running_mean)


@pytest.mark.parametrize("name", FLAX)
def test_flax_keeps_half_precision_buffers_in_float32(name: str) -> None:
    """Beside half-precision parameters Flax keeps its statistics in float32, as it makes them."""
    outputs = PATHS[name].run(ask(dtype=BFLOAT16))
    assert outputs["running_var"].dtype == np.float32
    assert outputs["dgamma"].dtype == BFLOAT16


@pytest.mark.parametrize("name", PATHS)
def test_an_empty_batch_is_answered(name: str) -> None:
    """An empty batch gives empty y and dx and a zero dbeta; its dgamma is what the path makes it.

    XLA and Flax take the inverse of the NaN variance out of the sum, which makes dgamma NaN.
    """
    outputs = PATHS[name].run(ask(shape=(0, 3)))
    assert outputs["y"].shape == outputs["dx"].shape == (0, 3)
    assert not outputs["dbeta"].any()
    assert np.isnan(outputs["dgamma"]).all() == (name != "jnp")


@pytest.mark.parametrize("name", PATHS)
def test_eps_and_momentum_are_those_of_the_call(name: str) -> None:
    """A second call with another eps and momentum does not run the program of the first."""
    PATHS[name].run(ask(eps=1e-3, momentum=0.3))
    inputs = ask(eps=0.5, momentum=0.9)
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


def test_few_compiled_programs_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each signature is compiled once, and at the limit all are dropped, JAX's caches with them."""
    calling = _beside("calling")
    cleared: list[bool] = []
    monkeypatch.setattr(calling, "KEPT", 2)
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(True))
    calling._compiled.cache_clear()
    PATHS["jnp"].run(ask(shape=(2, 2), dy=None))
    PATHS["jnp"].run(ask(shape=(2, 2), dy=None, beta=np.zeros(2, np.float32)))
    assert calling._compiled.cache_info().hits == 1
    PATHS["jnp"].run(ask(shape=(3, 2), dy=None))
    assert not cleared
    PATHS["jnp"].run(ask(shape=(4, 2), dy=None))
    assert cleared
    assert calling._compiled.cache_info().currsize == 1


def test_device_is_named() -> None:
    """The record says where the paths ran."""
    assert ADAPTER.device().partition(":")[0] in {"cpu", "gpu", "tpu"}


def _beside(name: str) -> Any:
    return sys.modules[f"conformance._loaded_adapters.jax.{name}"]


def test_traits_and_probes_follow_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fused multiply-add and float16 conversions XLA is found to have neither."""
    if jax.default_backend() != "cpu":
        pytest.skip("the instructions are those of a processor")
    require_found_lacking(ADAPTER.name, "jnp", monkeypatch)


FAILING = {
    "jnp": ("extremes/large-float32", "dx"),
    "xla_hlo": ("half/sum-overflows", "dgamma"),
    "linen": ("offset/nhwc-float32-1000", "running_var"),
    "linen_two_pass": ("spatial/train-nhwc-bfloat16-params-float32", "dx"),
    "nnx": ("mixed/fine-statistics-test", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64", "float32-NHWC", "bfloat16+float32")
"""Paths and calls that programs are written for."""
