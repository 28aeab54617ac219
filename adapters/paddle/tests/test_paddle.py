"""Tests of adapters/paddle: what each path calls, what it answers and what it leaves out."""

from __future__ import annotations

import importlib.util
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
from conformance.tests.adapters.trial import answer_or_skip, ask, errors

if importlib.util.find_spec("paddle") is None:
    pytest.skip("PaddlePaddle is not installed here", allow_module_level=True)

# What PaddlePaddle says of its own layers and its own compiler, where a program calls them.
pytestmark = [
    pytest.mark.filterwarnings("ignore:When training, we now always track"),
    pytest.mark.filterwarnings("ignore:Tensor do not have 'place' interface"),
]

ADAPTER = adapter.load("paddle")
CALLING = sys.modules["conformance._loaded_adapters.paddle.calling"]
PATHS = {path.name: path for path in ADAPTER.paths}
GRADIENTS = {"dx", "dgamma", "dbeta"}
BUFFERS = {"running_mean", "running_var"}

CALLS: dict[str, dict[str, Any]] = {
    "float64-NC": {"dtype": np.float64, "eps": 0.5**10, "momentum": 0.25},
    "float32-NCL": {"shape": (3, 4, 5)},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCDHW": {"shape": (2, 4, 2, 3, 2)},
    "float32-NDHWC": {"shape": (2, 2, 3, 2, 4), "axis": -1},
    "no gamma, no beta": {"shape": (3, 4, 5, 2), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 5, 2), "dy": None},
}


def answered(name: str, **call: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """What a path answers, and how far off it is; a call that it does not take is skipped."""
    inputs = ask(**call)
    found = answer_or_skip(PATHS[name], inputs)
    return found, errors(inputs, found, PATHS[name].dialect)


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """On well-conditioned data, with eps and momentum that float32 holds, all is grade A."""
    _, off = answered(name, **CALLS[call], training=training)
    assert {output: e for output, e in off.items() if e > LIMIT} == {}


@pytest.mark.parametrize("name", PATHS)
def test_eps_and_momentum_are_those_of_float32(name: str) -> None:
    """That PaddlePaddle keeps eps and momentum in float32 is not hidden: float64 shows both."""
    _, off = answered(name, shape=(3, 4, 5), dtype=np.float64, eps=1e-1, momentum=0.1)
    assert {output for output, e in off.items() if e > LIMIT} >= {"y", *BUFFERS}
    assert max(off.values()) < 1e10


@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_answers_what_the_framework_computes(name: str, training: bool) -> None:
    """A path answers with all that it is given, and only the operator tells what it saves."""
    saved = {"mean", "inv_std"} if name == "operator" and training else set()
    found, _ = answered(name, shape=(3, 4, 5), training=training)
    assert set(found) == {"y"} | GRADIENTS | BUFFERS | saved
    assert {array.dtype for array in found.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", PATHS)
def test_a_slope_that_is_lost_is_no_zero_of_ours(name: str) -> None:
    """Without gamma there is no dbeta in eager mode, and zeros from what is compiled: as it is."""
    inputs = ask((3, 4, 5), gamma=None)
    found = PATHS[name].run(inputs)
    if name == "to_static":
        np.testing.assert_array_equal(found["dbeta"], np.zeros(4))
    else:
        assert "dbeta" not in found


@pytest.mark.parametrize("name", PATHS)
def test_inputs_are_not_written_to(name: str) -> None:
    """PaddlePaddle updates the running statistics in place, and never those of the caller."""
    inputs = ask((3, 4, 5))
    assert inputs.running_mean is not None
    before = inputs.running_mean.copy()
    found = PATHS[name].run(inputs)
    np.testing.assert_array_equal(inputs.running_mean, before)
    assert not np.array_equal(found["running_mean"], before)


@pytest.mark.parametrize(
    ("rank", "first", "last"), [(3, "NCL", "NLC"), (4, "NCHW", "NHWC"), (5, "NCDHW", "NDHWC")]
)
def test_orders_have_the_words_of_the_framework(rank: int, first: str, last: str) -> None:
    """The order of axes is named as PaddlePaddle names it."""
    named = CALLING.data_format
    assert (named(rank, last=False), named(rank, last=True)) == (first, last)


def test_only_the_path_of_that_name_has_channels_last() -> None:
    """Tensors have the channel axis last on one path, and second on the others."""
    inputs = ask((3, 2, 5, 4), axis=3)
    assert CALLING.tensors(inputs, last=True)["x"].shape == [3, 2, 5, 4]
    assert CALLING.tensors(inputs, last=False)["x"].shape == [3, 4, 2, 5]


def test_device_is_named() -> None:
    """The device of the column is the one that PaddlePaddle names."""
    assert ADAPTER.device().split(":")[0] in ("cpu", "gpu")


FAILING = {
    name: ("extremes/squares-overflow-float32", "running_var")
    for name in PATHS
    if name != "functional_nhwc"
} | {"functional_nhwc": ("count/m-1-nchw", "y")}
"""A case that fails on each path, and an output of it."""

TOLD = list(PATHS), ("float64-NC", "float32-NHWC", "float32-NCL", "no gamma, no beta")
"""Paths and calls that programs are written for."""
