"""Tests of adapters/ncnn: the layer BatchNorm in a net of one layer."""

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
from conformance.tests.adapters.reproducing import printed
from conformance.tests.adapters.trial import ask, errors

pytest.importorskip("ncnn", reason="ncnn is not installed here")

ADAPTER = adapter.load("ncnn")
PATHS = {path.name: path for path in ADAPTER.paths}

CALLS: dict[str, dict[str, Any]] = {
    "NC": {},
    "one sample": {"shape": (1, 4)},
    "NCL": {"shape": (5, 3, 7)},
    "NCHW, channels in packs": {"shape": (3, 16, 5, 2)},
    "NHWC": {"shape": (3, 2, 5, 4), "axis": 3},
    "NCDHW": {"shape": (3, 2, 2, 3, 2)},
    "an eps of float32": {"eps": float(np.float32(1e-5))},
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("name", PATHS)
def test_y_is_grade_a(name: str, call: str) -> None:
    """Whatever the layout, y is within grade A, and nothing else comes."""
    inputs = ask(**CALLS[call], training=False)
    found = errors(inputs, PATHS[name].run(inputs), PATHS[name].dialect)
    assert {output: e <= LIMIT for output, e in found.items()} == {"y": True}


def test_no_sample_is_no_call() -> None:
    """Of an empty batch nothing is run sample by sample, so that nothing is returned for it."""
    with pytest.raises(Unsupported, match="there is none"):
        PATHS["sample"].run(ask((0, 3), training=False))


BORROWED = """
import ncnn, numpy as np
net = ncnn.Net()
net.load_param_mem("7767517\\n2 2\\nInput i 0 1 x\\nBatchNorm n 1 1 x y 0=1 1=0.5\\n")
net.load_model_mem(np.ones(4, np.float32).tobytes())
values = np.ones(1, np.float32)
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(values))
extractor.extract("y")
"""


def test_a_mat_is_cloned_because_one_over_the_memory_of_numpy_ends_the_process() -> None:
    """A layer that works in place looks for the references of what has none: SIGSEGV."""
    assert printed(BORROWED) == "killed by SIGSEGV"


FAILING: dict[str, tuple[str, str]] = {}
"""No path returns anything wrong."""

TOLD = list(PATHS), tuple(CALLS)
"""Paths and calls that programs are written for."""
