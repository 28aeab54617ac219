"""Tests of adapters/tensorflow: what each path calls, what it answers and what it refuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Case, Problem
from conformance.errors import Unsupported
from conformance.harness.probing import PROBED
from conformance.harness.session import Session
from conformance.oracle import solve
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_a_bug_report_prints_the_bits_that_the_path_returned,
    test_a_program_makes_the_call_of_the_path,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.instructions import require_found_lacking
from conformance.tests.adapters.trial import (
    BFLOAT16,
    MASKED,
    answer_or_skip,
    ask,
    errors,
    skip_if_lacking,
)

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # read at the import: that of most paths
tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed here")

ADAPTER = adapter.load("tensorflow")
ELSEWHERE = ("fused_nhwc_no_onednn", "fused_nchw_no_onednn")
"""Paths that run in a process with another switch alone."""

PATHS = {path.name: path for path in ADAPTER.paths if path.name not in ELSEWHERE}
FORMULA = ("nn", "nn_xla")
FUSED = ("fused_nhwc", "fused_nchw", "fused_nhwc_xla", "fused_nchw_xla")

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NC": {},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCDHW": {"shape": (2, 4, 2, 3, 2)},
    "float32-NDHWC": {"shape": (2, 2, 3, 2, 4), "axis": -1},
    "float16+float32": {"shape": (4, 3, 5, 2), "dtype": np.float16, "params": np.float32},
    "bfloat16+float32": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16, "params": np.float32},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
    "bfloat16": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16},
    "per-activation": {"shape": (6, 3, 2), "axis": (1, 2)},
    "mask": MASKED,
    "no beta": {"shape": (3, 4, 5, 2), "beta": None},
    "no gamma": {"shape": (3, 4, 5, 2), "gamma": None},
    "no buffers": {"shape": (3, 4, 5, 2), "running_mean": None, "running_var": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}

BUFFERS = {"running_mean", "running_var"}
GRADIENTS = {"dx", "dgamma", "dbeta"}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data all is grade A, but for the formula in half precision."""
    if call == "no buffers" and not training:
        pytest.skip("test mode is defined by its buffers")
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs, refusals=True), PATHS[name].dialect)
    over = {output: e for output, e in found.items() if e > LIMIT}
    in_half = name in FORMULA and inputs.x.dtype.itemsize == 2
    assert over.keys() <= (GRADIENTS | {"y"} if in_half else set()), over


@pytest.mark.parametrize("name", FORMULA)
def test_nothing_repairs_the_formula_in_half_precision(name: str) -> None:
    """The formula sums the gradient of a float32 shift in the type of x, and the report sees it."""
    inputs = ask((4, 3, 5, 2), BFLOAT16, params=np.float32, training=False)
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert found["dbeta"] > 100 * LIMIT


@pytest.mark.parametrize("name", FUSED)
def test_nothing_repairs_the_variance_of_xla(name: str) -> None:
    """The cancellation in XLA's single-pass variance reaches the report, NaN and all."""
    inputs = ask((8, 3, 4, 4), offset=1e4)
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert (found["var"] > 100 * LIMIT) == name.endswith("_xla")


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_answers_what_the_framework_computes(name: str, training: bool) -> None:
    """A path answers with what TensorFlow gives: the formula has no buffers, the layer hides."""
    buffers = set() if name in FORMULA else BUFFERS
    statistics = {"mean", "var"} if training and name != "keras" else set()
    inputs = ask((3, 4, 5, 2), training=training)
    expected = {"y"} | GRADIENTS | buffers | statistics
    assert set(PATHS[name].run(inputs)) == expected - skip_if_lacking(PATHS[name], inputs)


@pytest.mark.parametrize("name", [*FORMULA, *FUSED])
def test_without_buffers_none_come_back(name: str) -> None:
    """Where none are kept, the operation gives the batch's own statistics and no buffers."""
    inputs = ask((3, 4, 5, 2), running_mean=None, running_var=None)
    assert set(PATHS[name].run(inputs)) == {"y", "mean", "var"} | GRADIENTS


@pytest.mark.parametrize("name", PATHS)
def test_types_are_those_of_the_framework(name: str) -> None:
    """With half-precision x the parameters' gradients and the buffers stay in float32."""
    inputs = ask((3, 4, 5, 2), BFLOAT16, params=np.float32, training=False)
    without = skip_if_lacking(PATHS[name], inputs)
    found = dict(PATHS[name].run(inputs))
    images = {str(found.pop(output).dtype) for output in {"y", "dx"} - without}
    assert (images, {str(array.dtype) for array in found.values()}) == ({"bfloat16"}, {"float32"})


@pytest.mark.parametrize("name", PATHS)
def test_inputs_are_not_written_to(name: str) -> None:
    """The buffers that a layer updates in place are never those of the caller."""
    inputs = ask((64, 8))
    fields = ("x", "dy", "gamma", "beta", "running_mean", "running_var")
    before = {field: getattr(inputs, field).copy() for field in fields}
    PATHS[name].run(inputs)
    for field, values in before.items():
        np.testing.assert_array_equal(getattr(inputs, field), values)


@pytest.mark.parametrize("name", FORMULA)
def test_float32_parameters_are_refused_beside_half_statistics(name: str) -> None:
    """TensorFlow's refusal to mix types is a fact that it states, not a fault."""
    with pytest.raises(Unsupported, match="no float32 parameters"):
        PATHS[name].run(ask(dtype=np.float16, params=np.float32))


@pytest.mark.parametrize("fault", [TypeError("boom"), MemoryError("boom")], ids=repr)
def test_unknown_errors_are_findings(monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    """An error that is not a known refusal leaves the adapter as it came."""

    def broken(*_: Any, **__: Any) -> Any:
        raise fault

    monkeypatch.setattr(tf.nn, "moments", broken)
    with pytest.raises(type(fault), match="boom"):
        PATHS["nn"].run(ask())


@pytest.mark.parametrize("dtype", [np.float16, BFLOAT16], ids=str)
def test_y_is_compared_where_only_the_gradient_is_refused(dtype: Any) -> None:
    """Channels first in test mode, y comes back even where the machine has no gradient kernel."""
    inputs = ask((3, 4, 5, 2, 2), dtype, params=np.float32, training=False)
    without = skip_if_lacking(PATHS["fused_nchw"], inputs)
    found = PATHS["fused_nchw"].run(inputs)
    assert set(found) == {"y"} | BUFFERS | (GRADIENTS - without)
    assert max(errors(inputs, found, PATHS["fused_nchw"].dialect).values()) <= LIMIT


@pytest.fixture(scope="module")
def without_onednn() -> Iterator[Session]:
    """A worker for the paths that this process cannot run."""
    with Session(ADAPTER.name, switches={"TF_ENABLE_ONEDNN_OPTS": "0"}) as started:
        yield started


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", ELSEWHERE)
def test_every_output_is_grade_a_without_onednn(
    without_onednn: Session, name: str, call: str, training: bool
) -> None:
    """TensorFlow's own kernels are as accurate, and say themselves which gradient they lack."""
    if call == "no buffers" and not training:
        pytest.skip("test mode is defined by its buffers")
    inputs = ask(**CALLS[call], training=training)
    path = ADAPTER.path(name)
    refused = adapter.why_not(path.capabilities, inputs)
    if refused is not None:
        pytest.skip(refused)
    problem = Problem(id="a/call", group="a", catches="-", made="-", inputs=inputs)
    answer = without_onednn.run(name, solve(problem))
    assert answer.status == "ok", answer.reason
    missing = GRADIENTS - set(answer.outputs) if inputs.dy is not None else set()
    assert missing == set(answer.lacking)
    assert missing == (
        GRADIENTS
        if "nchw" in name
        and not training
        and inputs.dy is not None
        and not tf.config.list_physical_devices("GPU")
        else set()
    )
    assert max(errors(inputs, answer.outputs, path.dialect).values()) <= LIMIT


@pytest.mark.parametrize("inside", ["0", "1"])
def test_the_switch_of_a_path_is_never_inherited(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    """Whatever is set outside, test mode without oneDNN lacks a gradient that oneDNN has."""
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("on a GPU neither path asks oneDNN")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", inside)
    problem = Problem(
        id="a/call",
        group="a",
        catches="-",
        made="-",
        inputs=ask((3, 4, 5, 2), training=False),
    )
    case: Case = solve(problem)
    with Session(ADAPTER.name) as started:
        without = started.run("fused_nchw_no_onednn", case)
        with_it = started.run("fused_nchw", case)
    assert (set(without.lacking), set(with_it.lacking)) == (GRADIENTS, set())
    assert without.lacking["dx"].startswith(PROBED)


@pytest.mark.parametrize("name", [*FUSED, "nn_xla"])
def test_the_path_runs_what_it_names(name: str) -> None:
    """Only the paths under XLA are compiled by it, and then for the settings of each call."""
    traced = sys.modules["conformance._loaded_adapters.tensorflow.calling"].traced
    traced.cache_clear()
    for eps in (1e-3, 0.5):
        inputs = ask(eps=eps)
        found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
        assert max(found.values()) <= LIMIT
    assert traced.cache_info().misses == (2 if name.endswith("_xla") else 0)


def test_xla_compiles_once_per_signature() -> None:
    """The same settings, shape and type do not compile again."""
    traced = sys.modules["conformance._loaded_adapters.tensorflow.calling"].traced
    traced.cache_clear()
    for _ in range(3):
        PATHS["nn_xla"].run(ask(eps=0.25))
    function = traced(
        sys.modules["conformance._loaded_adapters.tensorflow.formula"].formula,
        "xla",
        axes=(0,),
        training=True,
        eps=0.25,
    )
    assert traced.cache_info().misses == 1
    assert function.experimental_get_tracing_count() == 1


def test_device_is_named() -> None:
    """The device of the column is where TensorFlow puts its tensors."""
    on_gpu = bool(tf.config.list_physical_devices("GPU"))
    assert ADAPTER.device().startswith("cuda: " if on_gpu else "cpu")


def test_traits_and_probes_follow_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without fused multiply-add and float16 conversions XLA is found to have neither."""
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("the instructions are those of a processor")
    require_found_lacking(ADAPTER.name, "nn_xla", monkeypatch)


FAILING = {
    "nn": ("mixed/fine-statistics-test", "dbeta"),
    "nn_xla": ("spatial/train-nhwc-bfloat16", "dx"),
    "fused_nhwc": ("empty/test-nhwc", "running_var"),
    "fused_nchw": ("extremes/subnormal-variance", "var"),
    "fused_nhwc_no_onednn": ("empty/test-nhwc", "running_var"),
    "fused_nchw_no_onednn": ("extremes/subnormal-variance", "var"),
    "fused_nhwc_xla": ("offset/nhwc-float32-1000", "dx"),
    "fused_nchw_xla": ("offset/columns-float16-params-float32-1000", "y"),
    "keras": ("extremes/subnormal-x-float64", "dgamma"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64-NC", "float32-NHWC", "float32-NCL")
"""Paths and calls that programs are written for."""
