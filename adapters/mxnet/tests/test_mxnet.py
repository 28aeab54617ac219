"""Tests of adapters/mxnet: the operator with and without oneDNN, and Gluon's layer."""

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
from conformance.tests.adapters.trial import ask, errors

pytest.importorskip("mxnet", reason="MXNet is not installed here")

ADAPTER = adapter.load("mxnet")
PATHS = {path.name: path for path in ADAPTER.paths}

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NCHW": {"shape": (3, 4, 2, 5)},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-axis-0": {"shape": (4, 5, 3), "axis": 0},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "no gamma": {"shape": (3, 4, 2, 5), "gamma": None},
    "no gamma, no beta": {"shape": (3, 4, 2, 5), "gamma": None, "beta": None},
    "no gradient": {"shape": (3, 4, 2, 5), "dy": None},
    "float16+float32": {"shape": (4, 3, 5), "dtype": np.float16, "params": np.float32},
}
RIGHT = [call for call in CALLS if "float16" not in call]


@pytest.mark.parametrize("call", RIGHT)
@pytest.mark.parametrize("training", [True, False], ids=["train", "test"])
@pytest.mark.parametrize("name", PATHS)
def test_every_output_is_grade_a(name: str, call: str, training: bool) -> None:
    """With a momentum that float32 has, float32 and float64 are within grade A on any axis."""
    inputs = ask(**CALLS[call], training=training, momentum=0.25)
    assert adapter.why_not(PATHS[name].capabilities, inputs) is None
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert {output: e for output, e in found.items() if e > LIMIT} == {}


@pytest.mark.parametrize("name", PATHS)
def test_running_statistics_come_of_the_backward_pass(name: str) -> None:
    """A training call without a gradient has no running statistics, since none were updated."""
    running = {"running_mean", "running_var"}
    run = PATHS[name].run
    assert running <= set(run(ask())) & set(run(ask(training=False, dy=None)))
    assert not running & set(run(ask(dy=None)))


@pytest.mark.parametrize("name", PATHS)
def test_absent_parameters_have_no_gradient(name: str) -> None:
    """Without gamma and beta, which MXNet fixes by itself, no gradient of them comes back."""
    found = PATHS[name].run(ask(gamma=None, beta=None))
    assert set(found) & {"dx", "dgamma", "dbeta"} == {"dx"}


@pytest.mark.parametrize("name", PATHS)
def test_float16_has_float32_parameters(name: str) -> None:
    """Images of float16 stay float16, and what belongs to the parameters is float32."""
    found = PATHS[name].run(ask((4, 3, 5), np.float16, params=np.float32))
    images = {found[output].dtype for output in ("y", "dx")}
    others = {found[o].dtype for o in ("dgamma", "dbeta", "running_mean", "running_var")}
    assert (images, others) == ({np.dtype(np.float16)}, {np.dtype(np.float32)})
    assert "float16" not in PATHS[name].capabilities.pure


@pytest.mark.parametrize("name", PATHS)
def test_an_empty_batch_is_refused(name: str) -> None:
    """An axis of length 0 is one of unknown length to MXNet, which is no error but a refusal."""
    with pytest.raises(Unsupported, match="unknown length"):
        PATHS[name].run(ask((0, 3)))


@pytest.mark.parametrize("name", ["operator", "operator_no_onednn"])
def test_what_else_is_raised_stays_an_error(name: str) -> None:
    """Any other complaint of MXNet comes through as it is, such as that of float16 parameters."""
    with pytest.raises(Exception, match=r"(?i)type") as raised:
        PATHS[name].run(ask(dtype=np.float16))
    assert not isinstance(raised.value, Unsupported)


def test_the_operators_differ_in_their_switch_alone() -> None:
    """With and without oneDNN the same function runs, in a process with another variable."""
    switches = {name: dict(path.switches) for name, path in PATHS.items()}
    variable = "MXNET_MKLDNN_ENABLED"
    assert switches == {
        "operator": {variable: "1"},
        "operator_no_onednn": {variable: "0"},
        "gluon": {variable: "1"},
    }


FAILING = {
    "operator": ("dense/train-float16-params-float32", "inv_std"),
    "operator_no_onednn": ("extremes/small-float64", "running_var"),
    "gluon": ("decimal/momentum-0.1-float64", "running_mean"),
}
"""A case that fails on each path, and an output of it."""

TOLD = ["operator", "gluon"], tuple(CALLS)
"""Paths and calls that programs are written for."""
