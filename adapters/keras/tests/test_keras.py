"""Tests of adapters/keras: the layer on each backend, asked in a worker of its own."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.case import LIMIT, Inputs, Problem
from conformance.cases import golden
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
from conformance.tests.adapters.trial import BFLOAT16, MASKED, ask, errors

os.environ["KERAS_BACKEND"] = "numpy"  # read at the import: that of this process
pytest.importorskip("keras", minversion="3", reason="Keras 3 is not installed here")

ADAPTER = adapter.load("keras")
PATHS = {path.name: path for path in ADAPTER.paths}
GRADIENTS = {"dx", "dgamma", "dbeta"}
RUNNING = {"running_mean", "running_var"}
WITHOUT_GRADIENTS = ("numpy", "openvino")

CALLS: dict[str, dict[str, Any]] = {
    "float32-NC": {},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCHW": {"shape": (3, 4, 2, 5), "training": False},
    "float32-CN": {"shape": (4, 6), "axis": 0},
    "bfloat16+float32": {"shape": (4, 3, 5), "dtype": BFLOAT16, "params": np.float32},
    "no gamma": {"shape": (3, 4, 5), "gamma": None},
    "mask": MASKED,
    "no beta": {"shape": (3, 4, 5), "beta": None, "training": False},
    "neither": {"shape": (3, 4, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5), "dy": None},
    "a new layer": {"running_mean": None, "running_var": None},
}


@pytest.fixture(scope="module", params=list(PATHS))
def backend(request: pytest.FixtureRequest) -> Iterator[tuple[str, Session]]:
    """A path, and a worker that was started with its backend."""
    with Session(ADAPTER.name, switches=PATHS[request.param].switches) as started:
        yield request.param, started


def _run(backend: tuple[str, Session], inputs: Inputs) -> dict[str, Any]:
    name, started = backend
    problem = Problem(id="a/call", group="a", catches="-", made="-", inputs=inputs)
    answer = started.run(name, solve(problem))
    assert answer.reason is None, answer.reason
    return dict(answer.outputs)


def _over(backend: tuple[str, Session], inputs: Inputs) -> set[str]:
    found = errors(inputs, _run(backend, inputs), PATHS[backend[0]].dialect)
    return {output for output, error in found.items() if error > LIMIT}


@pytest.mark.parametrize("call", CALLS)
def test_every_output_is_grade_a(backend: tuple[str, Session], call: str) -> None:
    """On well-conditioned data every output is grade A on every backend."""
    assert _over(backend, ask(**CALLS[call])) == set()


def test_answers_what_the_backend_computes(backend: tuple[str, Session]) -> None:
    """A path gives y and the running statistics, and gradients where the backend has them."""
    gradients = set() if backend[0] in WITHOUT_GRADIENTS else GRADIENTS
    assert _run(backend, ask()).keys() == {"y"} | RUNNING | gradients


def test_types_are_those_of_the_policy(backend: tuple[str, Session]) -> None:
    """Under mixed_bfloat16 y and dx have the type of x, and all else is float32."""
    found = _run(backend, ask(dtype=BFLOAT16, params=np.float32))
    images = {str(found.pop(name).dtype) for name in {"y", "dx"} & found.keys()}
    assert (images, {str(a.dtype) for a in found.values()}) == ({"bfloat16"}, {"float32"})


def test_float64_is_computed_in_float32(backend: tuple[str, Session]) -> None:
    """A layer of float64 answers in float64, and computed in float32 but for TensorFlow."""
    inputs = ask(dtype=np.float64)
    assert {str(array.dtype) for array in _run(backend, inputs).values()} == {"float64"}
    assert bool(_over(backend, inputs)) == (backend[0] != "tensorflow")


def test_nothing_repairs_the_variance(backend: tuple[str, Session]) -> None:
    """The variance in one pass reaches the report; JAX and TensorFlow have one in two."""
    over = _over(backend, ask(shape=(64, 8), offset=1e4))
    assert ("running_var" in over) == (backend[0] in ("torch", "numpy", "openvino"))


def test_eps_and_momentum_are_those_of_the_call(backend: tuple[str, Session]) -> None:
    """A second call with another eps and momentum is no repetition of the first."""
    _run(backend, ask(eps=1e-3, momentum=0.3))
    assert _over(backend, ask(eps=0.5, momentum=0.9)) == set()


def test_the_device_is_named(backend: tuple[str, Session]) -> None:
    """The record says where the paths run, whatever the backend calls it."""
    assert backend[1].describe()["device"]


def test_float16_is_lacking_where_xla_cannot_convert_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a processor without the instructions the path on JAX is unsupported, and no error."""
    if platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the instructions are those of an x86 processor")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=SSE4_2")
    with Session(ADAPTER.name, switches=PATHS["jax"].switches) as started:
        answer = started.run("jax", next(golden.load(["dense/train-float16"])))
    assert answer.status == "unsupported"
    assert str(answer.reason).startswith(f"{PROBED}float16 under XLA: ")


FAILING = {
    "torch": ("offset/nhwc-float32-10000", "dx"),
    "jax": ("dense/train-float64", "dgamma"),
    "tensorflow": ("extremes/squares-overflow-float32", "dx"),
    "numpy": ("offset/nhwc-float32-10000", "y"),
    "openvino": ("offset/nhwc-float32-10000", "y"),
}
"""A case that fails on each path, and an output of it."""

TOLD = ["numpy"], ("float32-NHWC", "bfloat16+float32", "neither", "no gradient")
"""The path that this process can run, and calls that programs are written for."""
