"""Tests of adapters/tensorflow_graph: the paths of TensorFlow, traced before they run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Inputs, Problem
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
from conformance.tests.adapters.stating import require_told
from conformance.tests.adapters.trial import BFLOAT16, answer_or_skip, ask, errors

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # read at the import: that of most paths
tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed here")

ADAPTER = adapter.load("tensorflow_graph")
ELSEWHERE = ("fused_nhwc_no_onednn", "fused_nchw_no_onednn")
"""Paths that run in a process with another switch alone."""

PATHS = {path.name: path for path in ADAPTER.paths if path.name not in ELSEWHERE}
SHARED = "conformance._loaded_adapters.tensorflow"

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64},
    "float32-NC": {},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NDHWC": {"shape": (2, 2, 3, 2, 4), "axis": -1},
    "bfloat16+float32": {"shape": (4, 3, 5, 2), "dtype": BFLOAT16, "params": np.float32},
    "per-activation": {"shape": (6, 3, 2), "axis": (1, 2)},
    "no gamma": {"shape": (3, 4, 5, 2), "gamma": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data all is grade A, but for the formula in half precision."""
    inputs = ask(**CALLS[call], training=training)
    found = errors(inputs, answer_or_skip(PATHS[name], inputs, refusals=True), PATHS[name].dialect)
    over = {output: e for output, e in found.items() if e > LIMIT}
    in_half = name == "nn" and inputs.x.dtype.itemsize == 2
    assert over.keys() <= ({"y", "dx", "dgamma", "dbeta"} if in_half else set()), over


def _same_bits(name: str, run: Any, inputs: Inputs) -> dict[str, bool]:
    """Which outputs of a path have the bits of what its function gives eagerly."""
    eager = run(inputs, mode="eager")
    return {
        output: values.tobytes() == eager[output].tobytes()
        for output, values in PATHS[name].run(inputs).items()
    }


@pytest.mark.parametrize(("name", "function"), [("nn", "formula"), ("keras", "layer")])
def test_the_gradient_of_a_graph_is_reordered(name: str, function: str) -> None:
    """Of the formula and the layer, dx alone has other bits than eagerly."""
    run = sys.modules[f"{SHARED}.{function}"].run
    same = _same_bits(name, run, ask((64, 33), offset=3.0))
    assert [output for output, is_same in same.items() if not is_same] == ["dx"]


@pytest.mark.parametrize("order", ["NHWC", "NCHW"])
def test_the_fused_operation_is_the_same_in_a_graph(order: str) -> None:
    """Of the fused operation no output has other bits than eagerly."""
    kernels = sys.modules[f"{SHARED}.kernels"]

    def run(inputs: Inputs, mode: str) -> Any:
        return kernels.run(inputs, order=order, mode=mode)

    assert all(_same_bits(f"fused_{order.lower()}", run, ask((8, 5, 7, 6), offset=3.0)).values())


@pytest.mark.parametrize("name", ["nn", "fused_nhwc", "keras", "keras_xla"])
def test_the_path_runs_what_it_names(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each path is traced once for a call, and by XLA alone where it says so."""
    made: list[dict[str, Any]] = []
    function = tf.function

    def noted(*arguments: Any, **settings: Any) -> Any:
        made.append(settings)
        return function(*arguments, **settings)

    sys.modules[f"{SHARED}.calling"].traced.cache_clear()
    monkeypatch.setattr(tf, "function", noted)
    for _ in range(2):
        PATHS[name].run(ask())
    calls = 2 if name.startswith("keras") else 1  # a layer is a new one for each call
    assert [call["jit_compile"] for call in made] == [name.endswith("_xla")] * calls


def test_the_layer_keeps_what_a_graph_assigns() -> None:
    """The running statistics that come back are those after the traced call."""
    for name in ("keras", "keras_xla"):
        inputs = ask()
        found = PATHS[name].run(inputs)
        assert not np.array_equal(found["running_mean"], np.asarray(inputs.running_mean))
        assert errors(inputs, found, PATHS[name].dialect)["running_var"] <= LIMIT


@pytest.fixture(scope="module")
def without_onednn() -> Iterator[Session]:
    """A worker for the paths that this process cannot run."""
    with Session(ADAPTER.name, switches={"TF_ENABLE_ONEDNN_OPTS": "0"}) as started:
        yield started


@pytest.mark.parametrize("call", ["float32-NCHW", "float32-NHWC"])
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", ELSEWHERE)
def test_every_output_is_grade_a_without_onednn(
    without_onednn: Session, name: str, call: str, training: bool
) -> None:
    """TensorFlow's own kernels are as accurate, and lack the gradient that they lack eagerly."""
    inputs = ask(**CALLS[call], training=training)
    problem = Problem(id="a/call", group="a", catches="-", made="-", inputs=inputs)
    answer = without_onednn.run(name, solve(problem))
    assert answer.status == "ok", answer.reason
    lacks = "nchw" in name and not training and not tf.config.list_physical_devices("GPU")
    assert set(answer.lacking) == ({"dx", "dgamma", "dbeta"} if lacks else set())
    assert max(errors(inputs, answer.outputs, ADAPTER.path(name).dialect).values()) <= LIMIT


_FUSED: dict[str, Any] = {"eps": 1e-4, "momentum": 1.0, "new_weight": 1.0, "takes_mask": False}
_LAYER: dict[str, Any] = {"eps": 1e-3, "momentum": 0.99, "new_weight": 0.01, "takes_mask": True}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nn", {"eps": None, "takes_mask": False}),
        ("fused_nhwc", _FUSED),
        ("fused_nchw", _FUSED),
        ("keras", _LAYER),
        ("keras_xla", _LAYER),
    ],
)
def test_defaults_are_those_of_the_public_call(name: str, told: dict[str, Any]) -> None:
    """Eps, momentum, what it weights and whether a mask is taken are the framework's own."""
    require_told(PATHS[name], told)


FAILING = {
    "nn": ("spatial/train-nhwc-bfloat16", "dx"),
    "fused_nhwc": ("empty/test-nhwc", "running_var"),
    "fused_nchw": ("extremes/subnormal-variance", "var"),
    "fused_nhwc_no_onednn": ("extremes/squares-overflow-float32", "dx"),
    "fused_nchw_no_onednn": ("extremes/subnormal-variance", "var"),
    "keras": ("extremes/subnormal-x-float64", "dgamma"),
    "keras_xla": ("extremes/large-float32", "dx"),
}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64-NC", "float32-NHWC", "float32-NCL")
"""Paths and calls that programs are written for."""
