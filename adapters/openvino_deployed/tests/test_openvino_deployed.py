"""Tests of adapters/openvino_deployed: what is compiled, and what half weights make of it."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from conformance import adapter
from conformance.block import Block, Norm, Product
from conformance.case import LIMIT, Inputs
from conformance.errors import Unsupported
from conformance.tests.adapters.blocks import case, grade, names
from conformance.tests.adapters.bug_reports import (  # noqa: F401 - pytest runs them
    module,
    pytest_generate_tests,
    session,
    test_every_cause_shows_itself,
)
from conformance.tests.adapters.trial import errors

pytest.importorskip("openvino", reason="OpenVINO is not installed here")

ADAPTER = adapter.load("openvino_deployed")
PATHS = {path.name: path for path in ADAPTER.paths}
MODULE: Any = sys.modules["conformance._loaded_adapters.openvino_deployed"]

SINGLE = [name for name in names() if case(name).inputs.x.dtype == np.float32]
MIXED = ["conv/3x3-float16-params-float32", "lone/nchw-float16-params-float32"]
PARAMETERS = ("weight", "bias", "gamma", "beta", "running_mean", "running_var")


@pytest.mark.parametrize("name", SINGLE)
def test_what_is_compiled_is_the_block(name: str) -> None:
    """In float32 each block is grade A in every geometry and layout."""
    assert grade(PATHS["f32"], name) == "A"


@pytest.mark.parametrize("name", SINGLE)
def test_a_saved_block_is_that_of_half_weights(name: str) -> None:
    """What is read back is exact of parameters that were rounded to float16, and of no others."""
    inputs = case(name).inputs
    found = PATHS["saved"].run(inputs)
    dialect = PATHS["saved"].dialect
    assert (
        errors(rounded(inputs), found, dialect)["y"] <= LIMIT < errors(inputs, found, dialect)["y"]
    )


def rounded(part: Any) -> Any:
    """A call, or a part of its block, with every parameter rounded to float16."""
    if isinstance(part, np.ndarray):
        return part.astype(np.float16).astype(part.dtype)
    changed = {}
    for field in fields(part):
        value = getattr(part, field.name)
        of_numbers = field.name in PARAMETERS and value is not None
        if of_numbers or isinstance(value, Block | Product | Norm):
            changed[field.name] = rounded(value)
    return replace(part, **changed)


@pytest.mark.parametrize("name", ["conv/3x3-float16", "linear/nf-bfloat16", "lone/nc-bfloat16"])
@pytest.mark.parametrize("path", PATHS)
def test_half_types_come_back_as_they_are(path: str, name: str) -> None:
    """What is handed over as float16 and is bfloat16 is read as that, and is right in it."""
    inputs: Inputs = case(name).inputs
    assert PATHS[path].run(inputs)["y"].dtype == inputs.x.dtype
    assert grade(PATHS[path], name) in ("A", "B")


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("path", PATHS)
def test_wider_statistics_are_unsupported_in_the_front_ends_words(path: str, name: str) -> None:
    """ONNX allows them and the front end does not, which is a refusal and no error."""
    with pytest.raises(Unsupported, match="Input element types do not match"):
        PATHS[path].run(case(name).inputs)


def test_what_else_is_raised_stays_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other refusal of the front end is a finding: its own exception comes through."""
    model = MODULE.graphs.model(case("lone/nc-float32").inputs)
    model.graph.node[0].op_type = "Unheard"
    monkeypatch.setattr(MODULE.graphs, "model", lambda _: model)
    with pytest.raises(RuntimeError, match="Unheard"):
        PATHS["f32"].run(case("lone/nc-float32").inputs)
