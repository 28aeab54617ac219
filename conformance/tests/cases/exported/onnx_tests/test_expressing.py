"""Which cases ONNX's operator can express, and in which words."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conformance.case import Array, Case, Inputs
from conformance.cases.exported.onnx_tests.expressing import express, opsets, refuses, rounded
from conformance.float_types import FLOAT_TYPES, dtype_of
from conformance.tests.cases.golden import samples


def changed(**given: Any) -> Case:
    """A case of exactly expressible attributes, with some inputs changed."""
    case = samples.dense("dense/one", eps=2.0**-10, momentum=0.25)
    inputs = replace(case.inputs, **given)
    return replace(case, problem=replace(case.problem, inputs=inputs))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, None),
        ({"axis": -1}, None),
        ({"axis": (1,)}, None),
        ({"axis": 0}, "with channels along another axis than 1"),
        ({"axis": (0, 1)}, "with channels along another axis than 1"),
        ({"earlier": (samples.values((4, 3), np.float32),)}, "with batches before x"),
        ({"eps": 1e-5}, "with an eps that no float32 is"),
        ({"eps": 1e-60}, "with an eps that no float32 is"),
        ({"eps": 1e60}, "with an eps that no float32 is"),
        ({"gamma": samples.values((3,), np.float64)}, "with parameters of two types"),
    ],
)
def test_what_the_operator_cannot_say_is_refused(given: dict[str, Any], why: str | None) -> None:
    """Earlier batches, other axes, an eps of float64 alone and types beside T, T1, T2 are told."""
    assert refuses(changed(**given)) == why


def test_a_case_without_its_outputs_is_refused() -> None:
    """Where none of y and the running statistics is due, there is nothing to compare."""
    case = changed()
    bare = replace(case.expected, y=None, running_mean=None, running_var_biased=None)
    assert refuses(replace(case, expected=bare)) == "without an output of the operator"


def test_training_compares_the_biased_variance_and_weighs_the_old() -> None:
    """In training the variance is the biased one, and momentum is the weight of the old."""
    case = changed(momentum=0.25)
    assert [*express(case).outputs] == ["Y", "running_mean"]
    due = replace(case.expected, running_var_biased=np.full(3, 7.0))
    found = express(replace(case, expected=due))
    assert [*found.outputs] == ["Y", "running_mean", "running_var"]
    assert found.outputs["running_var"].tolist() == [7, 7, 7]
    assert (found.momentum, found.training, found.epsilon) == (0.75, True, 2.0**-10)


@pytest.mark.parametrize("momentum", [0.1, float(np.float32(0.1)), 0.3, 1e-9, 1e39])
def test_statistics_of_an_inexact_momentum_are_not_compared(momentum: float) -> None:
    """Where 1 - momentum is no float32, y is compared alone: the exact answers are of another."""
    assert [*express(changed(momentum=momentum)).outputs] == ["Y"]


@pytest.mark.parametrize("momentum", [0.0, 1.0, 1.5, -0.25, float(np.float32(0.3))])
def test_statistics_of_an_exact_momentum_are_compared(momentum: float) -> None:
    """Any momentum whose complement is a float32 is said exactly, beyond 0 and 1 too."""
    found = express(changed(momentum=momentum))
    assert "running_mean" in found.outputs
    assert Fraction(found.momentum) + Fraction(momentum) == 1


def test_what_is_absent_is_filled_in() -> None:
    """Without parameters and statistics 1 and 0 stand there, in the type of the parameters."""
    absent = changed(gamma=None, running_mean=None, running_var=None)
    found = express(absent).inputs
    assert [*found] == ["X", "scale", "B", "input_mean", "input_var"]
    assert (found["scale"] == 1).all()
    assert (found["input_mean"] == 0).all()
    assert (found["input_var"] == 1).all()
    assert {str(found[name].dtype) for name in found} == {"float32"}
    np.testing.assert_array_equal(found["B"], absent.inputs.beta)


def test_opset_9_has_test_mode_in_one_type() -> None:
    """Training, mixed types and bfloat16 are of opset 15 alone."""
    assert opsets(changed()) == (15,)
    assert opsets(changed(training=False)) == (15, 9)
    for x, kind in ((np.float16, np.float32), (samples.BFLOAT16, samples.BFLOAT16)):
        case = samples.dense("dense/one", x, kind, training=False)
        assert opsets(case) == (15,)
    assert [*express(changed(training=False)).outputs] == ["Y"]


def nearest(value: float, name: str) -> float:
    """The nearest number of a type by exact arithmetic, ties to even, from all its 16-bit ones."""
    every = np.arange(2**16, dtype=np.uint16).view(dtype_of(name))
    with np.errstate(invalid="ignore"):  # NaNs that signal
        numbers = np.unique(every[np.isfinite(every)].astype(np.float64))
    at = int(np.searchsorted(numbers, value))
    low, high = (float(numbers[max(0, min(at + d, len(numbers) - 1))]) for d in (-1, 0))
    below, above = Fraction(value) - Fraction(low), Fraction(high) - Fraction(value)
    if below == above:
        even = np.array([low, high]).astype(dtype_of(name)).view(np.uint16) % 2 == 0
        return low if even[0] else high
    return low if below < above else high


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_values_are_rounded_once(name: str) -> None:
    """Halves of two numbers, and those with a bit far behind, round as exact arithmetic says."""
    kind = FLOAT_TYPES[name]
    ulp = 2.0 ** (1 - kind.bits)
    tie = 1 + ulp / 2
    values = [tie, tie + 2.0**-40, tie - 2.0**-40, 1 + 3 * ulp / 2, -tie - 2.0**-52]
    values += [kind.smallest_normal * ulp / 2 * (1 + 2.0**-30), kind.smallest_normal * ulp * 2.5]
    found = rounded(np.array(values), kind.dtype)
    assert found.astype(np.float64).tolist() == [nearest(value, name) for value in values]


@pytest.mark.parametrize("name", FLOAT_TYPES)
def test_what_is_no_number_stays_so(name: str) -> None:
    """NaN and infinity pass, and what rounds beyond the largest number is infinite."""
    values = np.array([np.nan, np.inf, -np.inf, -0.0])
    found: Array = rounded(values, dtype_of(name))
    np.testing.assert_array_equal(found.astype(np.float64), values)
    assert np.signbit(found[3])
    if name != "float64":
        assert rounded(np.array([1e300]), dtype_of(name))[0] == np.inf


def test_inputs_are_not_changed() -> None:
    """What is given goes to the operator as it is."""
    inputs: Inputs = changed().inputs
    assert express(changed()).inputs["X"].tobytes() == inputs.x.tobytes()
