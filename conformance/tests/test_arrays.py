"""Tests of `conformance.arrays`: the table agrees with the data that travels."""

from __future__ import annotations

import json
from dataclasses import fields
from importlib import resources

import numpy as np
import pytest

from conformance import arrays
from conformance.case import Inputs, Outputs
from conformance.oracle import proof


def test_every_array_that_is_given_is_a_field_of_the_inputs() -> None:
    """`Inputs` has a field for each array that is given, for those before x, and for a mask."""
    held = {f.name for f in fields(Inputs) if "Array" in str(f.type)}
    assert held == {*arrays.INPUT_NAMES, "earlier", arrays.MASK}


def test_every_array_that_is_returned_is_a_field_of_the_outputs() -> None:
    """`Outputs` has a field for each array that is returned, and the second running variance."""
    held = {f.name for f in fields(Outputs)}
    assert held == {*arrays.OUTPUT_NAMES, "running_var_biased"}


@pytest.mark.parametrize("name", [*arrays.INPUT_NAMES, *arrays.OUTPUT_NAMES])
def test_shape_and_type_follow_from_the_table(name: str) -> None:
    """An array is like x or has one value per channel in the type of the parameters."""
    x = np.zeros((4, 3, 2), np.float16)
    inputs = Inputs(x=x, dy=x, gamma=np.ones(3, np.float32))
    whole = name in {"x", "dy", "y", "dx"}
    assert inputs.shape_of(name) == (x.shape if whole else (3,))
    assert inputs.dtype_of(name) == (np.float16 if whole else np.float32)


def test_what_is_given_is_told_in_the_order_of_the_table() -> None:
    """What is absent is left out, and the order does not depend on the call."""
    x = np.zeros((4, 3), np.float32)
    given = Inputs(beta=np.ones(3, np.float32), dy=x, x=x).given()
    assert list(given) == ["x", "dy", "beta"]


def test_the_proof_has_a_list_of_its_own_and_it_agrees() -> None:
    """The proof shares no table with the generator: both were written down, and say the same."""
    assert arrays.LIKE_X & {*arrays.OUTPUT_NAMES} == proof._LIKE_X
    assert {*arrays.GRADIENTS} == proof._GRADIENTS
    assert {*arrays.RUNNING, "running_var_biased"} == proof._RUNNING


def test_a_gradient_is_the_gradient_by_what_is_given() -> None:
    """Every gradient that is returned, and nothing else, is by an array that is given."""
    assert {*arrays.GRADIENT_OF} <= {*arrays.INPUT_NAMES}
    assert [*arrays.GRADIENT_OF.values()] == [*arrays.GRADIENTS]


@pytest.mark.parametrize("schema", ["check", "run-record"])
def test_published_schemas_name_every_output(schema: str) -> None:
    """What the published schemas take as outputs is what the table has, in its order."""
    text = (resources.files("conformance") / "schemas" / f"{schema}.json").read_text()
    cases = json.loads(text)["$defs"]["case"]["properties"]["outputs"]
    assert cases["propertyNames"]["enum"] == [*arrays.OUTPUT_NAMES]
