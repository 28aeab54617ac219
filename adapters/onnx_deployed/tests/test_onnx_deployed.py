"""Tests of adapters/onnx_deployed: the evaluator is right, and each tool folds its part."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from conformance import adapter
from conformance.errors import Unsupported
from conformance.tests.adapters.blocks import case, grade, names
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_every_cause_shows_itself,
)

pytest.importorskip("onnxsim", reason="onnxsim is not installed here")
pytest.importorskip("onnxoptimizer", reason="onnxoptimizer is not installed here")

ADAPTER = adapter.load("onnx_deployed")
PATHS = {path.name: path for path in ADAPTER.paths}
_LOADED = "conformance._loaded_adapters"
MODULE: Any = sys.modules[f"{_LOADED}.onnx_deployed"]
graphs: Any = sys.modules[f"{_LOADED}.onnxruntime_deployed.graphs"]

GROUPED = {"conv-transpose/depthwise", "conv-transpose/grouped", "conv-transpose/grouped-square"}
"""What the evaluator gets wrong: a cause of its expectations."""


@pytest.mark.parametrize("name", sorted(set(names()) - GROUPED))
def test_the_evaluator_is_right_of_every_other_block(name: str) -> None:
    """It rounds every step to the type of x, and nothing is worse than that."""
    assert grade(PATHS["reference"], name) in ("A", "B")


FOLDED = {
    "simplified": {
        "conv/3x3-float16": True,
        "conv-transpose/square": True,
        "conv-transpose/grouped": False,
        "linear/nf-float32": False,
        "norm-first/padded-float32": False,
        "shared/conv-float32": False,
    },
    "fused": {
        "conv/3x3-float16": True,
        "conv-transpose/square": False,
        "conv-transpose/grouped": False,
        "linear/nf-float32": False,
        "norm-first/padded-float32": False,
        "shared/conv-float32": False,
    },
}
"""Tools, and of which blocks they leave no batch normalization."""


@pytest.mark.parametrize("tool", FOLDED)
def test_a_tool_folds_what_it_knows(tool: str) -> None:
    """A path of a tool shows that tool: where it folds, the runtime gets no normalization."""
    found = {}
    for name in FOLDED[tool]:
        model = getattr(MODULE, tool)(graphs.model(case(name).inputs))
        left = {node.op_type for node in model.graph.node}
        found[name] = "BatchNormalization" not in left
    assert found == FOLDED[tool]


@pytest.mark.parametrize("path", ["onnxsim", "onnxoptimizer"])
@pytest.mark.parametrize("name", ["conv/3x3-float64", "conv/3x3-bfloat16", "lone/nc-bfloat16"])
def test_what_the_runtime_cannot_run_is_unsupported(path: str, name: str) -> None:
    """A folded graph of a type without kernels is refused in the runtime's words."""
    with pytest.raises(Unsupported, match="Could not find an implementation for"):
        PATHS[path].run(case(name).inputs)


@pytest.mark.parametrize("path", ["onnxsim", "onnxoptimizer"])
@pytest.mark.parametrize("name", ["conv/3x3-float32", "conv/grouped", "conv-transpose/no-bias"])
def test_what_is_folded_in_float32_is_grade_a(path: str, name: str) -> None:
    """Folding costs nothing where the weights have the type of the arithmetic."""
    assert grade(PATHS[path], name) == "A"


def test_tools_differ_in_where_they_fold() -> None:
    """What onnxsim folds is stored in float16; what onnxoptimizer writes folds when it runs."""
    found = {path: grade(PATHS[path], "conv/3x3-float16") for path in ("onnxsim", "onnxoptimizer")}
    assert found == {"onnxsim": "B", "onnxoptimizer": "A"}
