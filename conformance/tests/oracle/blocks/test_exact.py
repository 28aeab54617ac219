"""The exact y of a deployed block, and the proof that shares nothing with it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import conformance
from conformance.block import Block, Product
from conformance.case import Array, Case, Inputs, Outputs, Problem
from conformance.cases.catalogue.rounding import rounded
from conformance.errors import InputError
from conformance.oracle.blocks.exact import solve_block
from conformance.oracle.blocks.surds import round_surd_sum
from conformance.oracle.expected import solve_inputs
from conformance.oracle.proof import prove
from conformance.tests.oracle.blocks.made import TYPES, blocks


def case(inputs: Inputs, y: Array) -> Case:
    """A case that says that this is the answer."""
    problem = Problem(id="a/b", group="a", catches="-", made="-", inputs=inputs)
    return Case(problem=problem, expected=Outputs(y=y))


@pytest.mark.parametrize("dtype", TYPES)
def test_every_value_is_proven(dtype: str) -> None:
    """What the oracle finds of every kind of block is what the proof calls correctly rounded."""
    for name, inputs in blocks(dtype):
        y = solve_inputs(inputs).y
        assert y is not None
        proof = prove(case(inputs, y))
        assert (proof.proven, proof.disproofs) == (y.size, ()), name


def test_a_neighbour_is_disproved() -> None:
    """The float next to the right one is refused, on either side, where it is and nowhere else."""
    for name, inputs in blocks("float32"):
        y = solve_block(inputs)
        place = np.unravel_index(int(np.argmax(y)), y.shape)
        for toward in (np.inf, -np.inf):
            wrong = y.copy()
            wrong[place] = np.nextafter(wrong[place], toward)
            (found,) = prove(case(inputs, wrong)).disproofs
            assert found.index == place, name
            assert "past the midpoint" in found.why


def test_a_rectified_zero_is_proven_and_held() -> None:
    """Behind a rectifier 0 is right where the value is negative, and wrong where it is not."""
    (inputs,) = [i for name, i in blocks("float32") if name == "conv, residual, False"]
    y = solve_block(inputs)
    assert (y == 0).any()
    wrong = np.where(y > 0, 0.0, y)
    assert len(prove(case(inputs, wrong)).disproofs) == (y > 0).sum()
    assert prove(case(inputs, np.where(y == 0, -0.0, y))).disproofs[0].why.startswith("is -0")


@pytest.mark.parametrize("dtype", TYPES)
def test_alone_it_is_the_test_mode_of_the_other_oracle(dtype: str) -> None:
    """A block of nothing but its normalization has the bits of `conformance.expected`."""
    rng = np.random.default_rng(1)

    def numbers(*shape: int) -> Array:
        return rounded(rng.normal(size=shape), dtype)

    given: dict[str, Any] = {"running_mean": numbers(4), "running_var": np.abs(numbers(4))}
    x, gamma, beta = numbers(3, 4, 5), numbers(4), numbers(4)
    inputs = Inputs(x=x, gamma=gamma, beta=beta, training=False, block=Block(), **given)
    due = conformance.expected(x, gamma, beta, training=False, **given).y
    assert due is not None
    assert (solve_block(inputs) == due).all()


def test_roots_that_are_multiples_are_brought_together() -> None:
    """1/sqrt(2) - 2/sqrt(8) is 0, and a tie of rational roots goes to the even float."""
    assert round_surd_sum((1, -2), (2, 8), 0, 0) == 0.0
    assert round_surd_sum((3, -1), (9, 1), 1 << 53, 0) == 2.0**53
    assert round_surd_sum((1, 2), (1, 4), 1 << 54, -1) == 2.0**53
    assert round_surd_sum((8, 1), (16, 3), 1 << 54, -1) == 2.0**53 + 2


def test_sums_of_roots_are_those_of_many_digits() -> None:
    """Random sums of three roots, nearly cancelling ones too, round as 120 decimal digits do."""
    rng = np.random.default_rng(2)
    with localcontext() as context:
        context.prec = 120
        for _ in range(200):
            n = [int(v) for v in rng.integers(-(10**9), 10**9, 3)]
            U = [int(v) for v in rng.integers(1, 10**6, 3)]
            value = sum(Decimal(a) / Decimal(u).sqrt() for a, u in zip(n, U, strict=True))
            near = -int(value)
            want = float(Fraction(value + near) * Fraction(1, 1 << 7))
            assert round_surd_sum(tuple(n), tuple(U), near, -7) == want


def _changed(inputs: Inputs, **product: Any) -> Inputs:
    assert inputs.block is not None
    assert inputs.block.product is not None
    changed = replace(inputs.block.product, **product)
    return replace(inputs, block=replace(inputs.block, product=changed))


(PLAIN,) = [i for name, i in blocks("float32") if name == "conv, usual, False"]
assert PLAIN.block is not None
assert PLAIN.block.product is not None

REFUSED: dict[str, tuple[Inputs, str]] = {
    "training": (replace(PLAIN, training=True), "A block is deployed"),
    "weight of other channels": (
        _changed(PLAIN, weight=PLAIN.block.product.weight[:, :3]),
        "They do not fit",
    ),
    "bias of another length": (_changed(PLAIN, bias=np.zeros(5, np.float32)), r"expected \(6,\)"),
    "weight of another type": (
        _changed(PLAIN, weight=PLAIN.block.product.weight.astype(np.float64)),
        "weight is float64, expected float32",
    ),
    "stride of nothing": (_changed(PLAIN, stride=(0, 1)), "of 0"),
    "stride of one axis": (_changed(PLAIN, stride=(1,)), "expected 2 spatial axes"),
    "a kernel that is larger": (_changed(PLAIN, padding=(0, 0), dilation=(9, 9)), "too small"),
    "infinite weight": (
        _changed(PLAIN, weight=np.full_like(PLAIN.block.product.weight, np.inf)),
        "not finite",
    ),
    "skip of another shape": (
        replace(PLAIN, block=replace(PLAIN.block, skip=np.zeros((1, 2), np.float32))),
        "skip has shape",
    ),
    "a sum before what comes first": (
        replace(PLAIN, block=replace(PLAIN.block, norm_first=True, skip_first=True)),
        "expected neither",
    ),
    "no root": (replace(PLAIN, running_var=np.full(6, -1, np.float32)), "no root"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_block_is_refused(name: str) -> None:
    """A shape, a type or a number that does not fit is an error that shows it."""
    inputs, message = REFUSED[name]
    with pytest.raises(InputError, match=message):
        solve_inputs(inputs)


def test_geometry_is_that_of_the_definition() -> None:
    """A convolution of ones counts the inputs that each output sees, whatever its geometry."""
    weight = np.ones((2, 1, 3), np.float32)
    product = Product(
        kind="conv", weight=weight, groups=2, stride=(2,), padding=(1,), dilation=(2,)
    )
    flat = {
        name: np.full(2, v, np.float32) for name, v in (("running_mean", 0), ("running_var", 1))
    }
    given: dict[str, Any] = flat
    inputs = Inputs(
        x=np.ones((1, 2, 7), np.float32),
        training=False,
        eps=0.0,
        block=Block(product=product),
        **given,
    )
    assert solve_block(inputs).tolist() == [[[2.0, 3.0, 2.0], [2.0, 3.0, 2.0]]]
