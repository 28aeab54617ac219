"""Tests of adapters/onnxruntime_deployed: the graphs are the blocks, and each level is its own."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.cases import golden
from conformance.errors import Unsupported
from conformance.tests.adapters.blocks import case, grade, names
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_every_cause_shows_itself,
)

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed here")

ADAPTER = adapter.load("onnxruntime_deployed")
PATHS = {path.name: path for path in ADAPTER.paths}
_LOADED = "conformance._loaded_adapters.onnxruntime_deployed"
graphs: Any = sys.modules[f"{_LOADED}.graphs"]
sessions: Any = sys.modules[f"{_LOADED}.sessions"]

LACKING = {
    "conv/3x3-bfloat16": "Conv(22)",
    "conv/3x3-float64": "Conv(11)",
    "linear/nf-bfloat16": "Gemm(13)",
    "lone/nc-bfloat16": "BatchNormalization(15)",
    "ranges/bfloat16-small": "Conv(22)",
}
"""Blocks that the CPU provider does not take, and the first node that it has no kernel for."""


def operators(model: Any) -> list[str]:
    """What the nodes of a model are."""
    return [node.op_type for node in model.graph.node]


@pytest.mark.parametrize("name", sorted(set(names()) - set(LACKING)))
def test_the_graph_is_the_block(name: str) -> None:
    """Without optimizations each block is grade A in every type and geometry that is taken."""
    assert grade(PATHS["off"], name) == "A"


@pytest.mark.parametrize("name", LACKING)
@pytest.mark.parametrize("path", PATHS)
def test_what_has_no_kernel_is_unsupported_in_the_runtimes_words(path: str, name: str) -> None:
    """A node without a kernel for its types is no error: the reason names that node."""
    words = f"Could not find an implementation for {LACKING[name]}"
    with pytest.raises(Unsupported) as refused:
        PATHS[path].run(case(name).inputs)
    assert words in str(refused.value)


def test_what_else_is_raised_stays_an_error() -> None:
    """Every other refusal of the runtime is a finding: its own exception comes through."""
    model = graphs.model(case("lone/nc-float32").inputs)
    with pytest.raises(Exception, match="Got invalid dimensions") as raised:
        sessions.answer(model, {"x": np.ones((5, 9), np.float32)}, "off")
    assert not isinstance(raised.value, Unsupported)


@pytest.mark.parametrize(
    ("level", "found"),
    [
        ("off", ["Conv", "BatchNormalization", "Relu"]),
        ("basic", ["Conv", "Relu"]),
        ("extended", ["FusedConv"]),
        ("all", ["Conv", "ReorderOutput"]),
    ],
)
def test_each_level_optimizes_what_it_is_for(level: str, found: list[str]) -> None:
    """Basic folds, extended fuses the rectifier, and all lays the channels out in blocks."""
    model = graphs.model(case("sums/relu-float32").inputs)
    assert operators(sessions.written(model, level)) == found


@pytest.mark.parametrize("path", ["basic", "extended", "all", "saved"])
def test_a_path_that_folds_changes_the_bits(path: str) -> None:
    """What is folded in float16 has other roundings than the graph as it is."""
    asked = case("conv/3x3-float16").inputs
    unfolded, folded = (PATHS[name].run(asked)["y"] for name in ("off", path))
    assert not np.array_equal(unfolded, folded)
    assert np.allclose(unfolded, folded, atol=0.01)


GRAPHS = {
    "linear/nf-no-bias": ["Gemm", "BatchNormalization"],
    "linear/nlf-float32": ["MatMul", "Add", "Transpose", "BatchNormalization", "Transpose"],
    "linear/ncf-square": ["MatMul", "Add", "BatchNormalization"],
    "conv/nhwc-float32": ["Transpose", "Conv", "BatchNormalization", "Transpose"],
    "conv-transpose/ncl-float32": ["ConvTranspose", "BatchNormalization"],
    "norm-first/padded-float32": ["BatchNormalization", "Conv"],
    "shared/conv-float32": ["Conv", "BatchNormalization", "BatchNormalization", "Add"],
    "sums/before-float32": ["Conv", "Add", "BatchNormalization"],
    "sums/residual-float32": ["Conv", "BatchNormalization", "Add", "Relu"],
}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_has_the_nodes_of_its_block_and_no_others(name: str) -> None:
    """What is folded is for the runtime to do, so the parts of a block are a node each."""
    assert operators(graphs.model(case(name).inputs)) == GRAPHS[name]


@pytest.mark.parametrize("path", PATHS)
def test_a_call_without_a_block_is_refused(path: str) -> None:
    """These paths take blocks alone."""
    (alone,) = golden.load(["dense/test-float32"])
    with pytest.raises(Unsupported, match="no block"):
        PATHS[path].run(alone.inputs)
