"""The exact answers under a mask, their proof and their bounds."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conformance.case import Array, Case, Dialect, Inputs, Problem
from conformance.errors import InputError
from conformance.faults.honest import PANEL
from conformance.faults.sheet import in_dialect, kernel
from conformance.oracle.bounds import scales
from conformance.oracle.expected import expected, solve_inputs
from conformance.oracle.proof import prove
from conformance.tests.oracle.by_hand import make
from conformance.verdict.ruler import judge

KINDS = [
    ((6, 4), 1, (6, 1)),
    ((6, 4), 1, (6, 4)),
    ((4, 3, 5), 1, (4, 1, 5)),
    ((4, 5, 3), -1, (4, 1, 1)),
    ((3, 2, 4, 3), 3, (3, 2, 4, 1)),
    ((5, 3, 2), (1, 2), (5, 1, 1)),
]
"""Shapes of x, channel axes, and shapes of masks: of positions, of values, of fewer axes than x."""


def masked(shape: tuple[int, ...], axis: Any, mask: tuple[int, ...], dtype: Any) -> Inputs:
    """A call whose mask keeps about two of three, and two values of every channel at least."""
    kept = np.arange(math.prod(mask)).reshape(mask) % 3 != 2
    kept[:2] = True
    return replace(make(shape, dtype, axis=axis, training=True), mask=kept)


def case_of(inputs: Inputs) -> Case:
    """The call with its exact answers."""
    problem = Problem(id="masks/one", group="masks", catches="any", made="here", inputs=inputs)
    return Case(problem=problem, expected=solve_inputs(inputs))


def by_definition(x: Array, dy: Array, kept: Array, eps: float) -> dict[str, Any]:
    """One channel without gamma and beta in rational numbers, but for the last root."""
    X, D = ([Fraction(float(v)) for v in each] for each in (x, dy))
    counted = [a for a, k in zip(X, kept, strict=True) if k]
    mean = sum(counted) / len(counted)
    square = sum((a - mean) ** 2 for a in counted) / len(counted) + Fraction(eps)
    along = sum(d * (a - mean) for a, d in zip(X, D, strict=True)) / square / len(counted)
    mean_dy = sum(D) / len(counted)
    through = [int(k) * (mean_dy + (a - mean) * along) for a, k in zip(X, kept, strict=True)]
    root = 1 / math.sqrt(square)
    return {
        "y": [float(a - mean) * root for a in X],
        "dx": [float(d - t) * root for d, t in zip(D, through, strict=True)],
        "mean": float(mean),
        "var": float(square - Fraction(eps)),
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_answers_are_those_of_the_definition(dtype: Any) -> None:
    """Means are over what is kept, all values are normalized, and no other dx has a mean's part."""
    inputs = replace(masked((7, 1), 1, (7, 1), dtype), gamma=None, beta=None)
    assert inputs.dy is not None
    assert inputs.mask is not None
    due = by_definition(inputs.x[:, 0], inputs.dy[:, 0], inputs.mask[:, 0], inputs.eps)
    found = solve_inputs(inputs).items()
    for name, values in due.items():
        np.testing.assert_allclose(found[name].ravel(), np.ravel(values), rtol=1e-13, err_msg=name)


@pytest.mark.parametrize(("shape", "axis", "mask"), KINDS)
def test_statistics_are_those_of_a_batch_of_what_is_kept(
    shape: tuple[int, ...], axis: Any, mask: tuple[int, ...]
) -> None:
    """Mean, variance and running statistics have the bits of a call that has no other values."""
    inputs = masked(shape, axis, mask, np.float32)
    found = solve_inputs(inputs)
    assert inputs.mask is not None
    axes, ndim = inputs.channel_axes, len(shape)
    order = (*axes, *(a for a in range(ndim) if a not in axes))
    x = inputs.x.transpose(order).reshape(math.prod(inputs.channel_shape), -1)
    kept = np.broadcast_to(inputs.mask, shape).transpose(order).reshape(x.shape)
    running = [np.ravel(getattr(inputs, f"running_{n}")) for n in ("mean", "var")]
    for c, (row, keep) in enumerate(zip(x, kept, strict=True)):
        alone = expected(
            row[keep, None],
            running_mean=running[0][c : c + 1],
            running_var=running[1][c : c + 1],
            eps=inputs.eps,
            momentum=inputs.momentum,
        )
        for name in ("mean", "var", "inv_std", "running_mean", "running_var", "running_var_biased"):
            assert getattr(found, name).ravel()[c] == getattr(alone, name)[0], name


@pytest.mark.parametrize(("shape", "axis", "mask"), KINDS)
def test_the_proof_accepts_the_answers_and_no_others(
    shape: tuple[int, ...], axis: Any, mask: tuple[int, ...]
) -> None:
    """Every value is proven, and its neighbour is not."""
    case = case_of(masked(shape, axis, mask, np.float32))
    assert not prove(case).disproofs
    for name, values in case.expected.items().items():
        wrong = values.copy()
        wrong.flat[-1] = np.nextafter(wrong.flat[-1], np.inf)
        spoiled = replace(case, expected=replace(case.expected, **{name: wrong}))
        assert [each.output for each in prove(spoiled).disproofs] == [name]


@pytest.mark.parametrize(("shape", "axis", "mask"), KINDS)
@pytest.mark.parametrize("member", ["two-pass", "welford", "sequential", "dx-folded", "staged"])
def test_honest_algorithms_are_within_the_bounds(
    member: str, shape: tuple[int, ...], axis: Any, mask: tuple[int, ...]
) -> None:
    """What counts in every sum is what the mask keeps, for the bounds too."""
    case = case_of(masked(shape, axis, mask, np.float32))
    found = judge(case, Dialect(), kernel(PANEL[member].edits)(case.inputs))
    assert {result.grade for result in found.values()} <= {"A"}


def test_a_mask_that_keeps_everything_changes_nothing() -> None:
    """Answers and bounds have the bits of the call without it."""
    inputs = make((4, 3, 5), np.float32, axis=1, training=True)
    whole = replace(inputs, mask=np.ones((4, 1, 5), np.bool_))
    plain = solve_inputs(inputs)
    for name, values in solve_inputs(whole).items().items():
        assert values.tobytes() == getattr(plain, name).tobytes(), name
    bounds = scales(inputs, plain)
    for name, values in scales(whole, plain).items():
        np.testing.assert_allclose(values, bounds[name], rtol=1e-12, err_msg=name)


def test_test_mode_knows_no_mask() -> None:
    """Nothing is taken of the batch there, so that nothing can be left out."""
    inputs = make((4, 3), np.float32, axis=1, training=False)
    plain = solve_inputs(inputs)
    found = solve_inputs(replace(inputs, mask=np.zeros((4, 1), np.bool_)))
    assert all(v.tobytes() == getattr(plain, n).tobytes() for n, v in found.items().items())


def test_a_mask_that_keeps_nothing_leaves_the_running_statistics() -> None:
    """They stay as they were, and nothing else has a value."""
    inputs = make((4, 3), np.float32, axis=1, training=True)
    found = solve_inputs(replace(inputs, mask=np.zeros((4, 1), np.bool_)))
    assert set(found.items()) == {"running_mean", "running_var", "running_var_biased"}
    assert found.running_mean is not None
    assert (found.running_mean == inputs.running_mean).all()


def test_one_value_has_no_unbiased_variance() -> None:
    """The running variance is not due where a channel keeps a single value."""
    inputs = make((4, 3), np.float32, axis=1, training=True)
    found = solve_inputs(replace(inputs, mask=np.array([[True], [False], [False], [False]])))
    assert found.running_var is None
    assert found.running_var_biased is not None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mask": np.ones((4, 1))}, "mask has type float64, expected bool"),
        ({"mask": np.ones(4, np.bool_)}, r"mask has shape \(4,\), expected as many axes"),
        ({"mask": np.ones((3, 1), np.bool_)}, r"mask has shape \(3, 1\)"),
        ({"earlier": (np.ones((4, 3), np.float32),)}, "1 earlier batches"),
        ({"mask": np.arange(12).reshape(4, 3) % 3 > 0}, "keeps no value of channel 0"),
        ({"x": np.full((4, 3), np.nan, np.float32)}, "x is not finite"),
        ({"eps": 0.0, "x": np.ones((4, 3), np.float32)}, "eps is 0"),
    ],
)
def test_what_is_no_mask_is_refused(changes: dict[str, Any], words: str) -> None:
    """The message says what was found, what was expected and what to do."""
    usual = make((4, 3), np.float32, axis=1, training=True)
    with pytest.raises(InputError, match=words):
        solve_inputs(replace(usual, **{"mask": np.ones((4, 1), np.bool_), **changes}))


@pytest.mark.parametrize(("shape", "axis", "mask"), KINDS)
def test_eps_may_be_outside_the_root(
    shape: tuple[int, ...], axis: Any, mask: tuple[int, ...]
) -> None:
    """Kernels of that dialect are within their bounds, and those of the other are not."""
    inputs = replace(masked(shape, axis, mask, np.float64), eps=0.5)
    outside = Dialect(eps="outside")
    found = judge(case_of(inputs), outside, kernel(in_dialect(outside, {}))(inputs))
    assert {result.grade for result in found.values()} == {"A"}
    found = judge(case_of(inputs), outside, kernel()(inputs))
    assert {name for name, result in found.items() if result.grade == "F"} >= {"y", "dx", "dgamma"}
