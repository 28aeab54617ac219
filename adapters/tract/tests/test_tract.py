"""Tests of adapters/tract: ONNX's operator for inference, run in Rust."""

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
from conformance.tests.adapters.trial import ask, errors

pytest.importorskip("tract", reason="tract is not installed here")

ADAPTER = adapter.load("tract")
PATHS = {path.name: path for path in ADAPTER.paths}
ONLY = PATHS["onnx_opset15"]

CALLS: dict[str, dict[str, Any]] = {
    "float64": {"dtype": np.float64},
    "float32-NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "float32-NCL": {"shape": (5, 3, 7)},
    "float32-NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "empty": {"shape": (0, 3)},
    "float16": {"shape": (4, 3, 5, 2), "dtype": np.float16},
}


@pytest.mark.parametrize("call", [call for call in CALLS if call != "float16"])
def test_y_is_grade_a(call: str) -> None:
    """With an eps that float32 has, y is within grade A in any layout, and nothing else comes."""
    inputs = ask(**CALLS[call], training=False, eps=2.0**-10)
    assert adapter.why_not(ONLY.capabilities, inputs) is None
    found = errors(inputs, ONLY.run(inputs), ONLY.dialect)
    assert {output: e <= LIMIT for output, e in found.items()} == {"y": True}


def test_float16_stays_float16() -> None:
    """An image of float16 comes back as that: what tract computes in is not hidden."""
    assert ONLY.run(ask(dtype=np.float16, training=False))["y"].dtype == np.float16


def test_what_tract_refuses_is_declared() -> None:
    """Mixed types raise in tract's reader, and so are in no call of the path."""
    mixed = ask(dtype=np.float16, params=np.float32, training=False)
    assert adapter.why_not(ONLY.capabilities, mixed) is not None
    with pytest.raises(Exception, match="datum_type"):
        ONLY.run(mixed)


FAILING = {"onnx_opset15": ("spatial/test-nchw-float16", "y")}
"""A case that fails on the path, and an output of it."""

TOLD = list(PATHS), tuple(CALLS)
"""Paths and calls that programs are written for."""
