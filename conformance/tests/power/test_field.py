"""Tests of the arithmetic modulo a prime, and of the proof that mutants are the same function."""

from __future__ import annotations

import ast
from dataclasses import replace
from fractions import Fraction

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given

from conformance.power.field import (
    Element,
    Kinship,
    NoRootError,
    P,
    _answers,
    equivalent,
    kinship,
    points,
)
from conformance.power.mutants import Mutant, _pieces, mutants
from conformance.tests.oracle.by_hand import make

ELEMENTS = st.integers(0, P - 1).map(Element)
RATIONALS = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)


def of(edit: tuple[str, str]) -> Mutant:
    """The only mutant with that edit."""
    (found,) = (m for m in mutants() if m.edit == edit)
    return found


ALWAYS_ZERO = ("dmu += dsigma2 * b.mean(-2 * (b.x - mean))", "pass")
NO_BETA = ("out = gammax + b.beta", "out = gammax")


def test_the_modulus_is_a_prime_that_is_3_modulo_4() -> None:
    """2^127 - 1 passes the test of Lucas and Lehmer, and has the form that roots are read from."""
    s = 4
    for _ in range(125):
        s = (s * s - 2) % P
    assert s == 0
    assert P % 4 == 3


@given(ELEMENTS, ELEMENTS, ELEMENTS)
def test_sums_and_products_obey_the_axioms(a: Element, b: Element, c: Element) -> None:
    """Both operations commute and associate, and one distributes over the other."""
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c


@given(ELEMENTS, ELEMENTS)
def test_every_operation_has_its_inverse(a: Element, b: Element) -> None:
    """Subtraction undoes addition, division undoes multiplication, except by zero."""
    assert a + b - b == a
    assert a - a == 0
    assert -a == 0 - a
    assume(b != 0)
    assert a * b / b == a
    assert 1 / b * b == 1


def test_division_by_zero_is_no_number() -> None:
    """Nothing is divided by zero, nor raised from it to a negative power."""
    with pytest.raises(ZeroDivisionError):
        Element(1) / 0
    with pytest.raises(ZeroDivisionError):
        1 / Element(P)
    with pytest.raises(ZeroDivisionError):
        Element(0) ** -1


@given(ELEMENTS, st.integers(-5, 5))
def test_powers_are_products(a: Element, n: int) -> None:
    """An integer power is the product of its factors, or that of their inverses."""
    assume(a != 0)
    expected = Element(1)
    for _ in range(abs(n)):
        expected = expected * a
    assert a**n == (expected if n >= 0 else 1 / expected)


@given(RATIONALS)
def test_a_float_is_the_rational_that_it_is(number: float) -> None:
    """0.1 stands for 3602879701896397 / 2^55, as it does in binary; none is rounded."""
    exact = Fraction(number)
    assert Element(1) * number == Element(exact.numerator) / exact.denominator
    assert Element(0) + number == Element(exact.numerator) / exact.denominator


@given(ELEMENTS, ELEMENTS)
def test_roots_have_the_signs_of_real_numbers(a: Element, b: Element) -> None:
    """Squares have roots that are squares, and the root of a product is that of its factors."""
    assume(a != 0)
    assume(b != 0)
    assert (a * a).sqrt() in (a, -a)
    assert (a * a).sqrt().is_square
    assert ((a * a) * (b * b)).sqrt() == (a * a).sqrt() * (b * b).sqrt()
    assert a.is_square != (-a).is_square


@given(ELEMENTS)
def test_half_integer_powers_are_powers_of_the_root(a: Element) -> None:
    """v^-1.5 is 1 / (v sqrt(v)), v^0.5 is the root, and a third root is refused."""
    assume(a != 0)
    v = a * a
    assert v**0.5 == v.sqrt()
    assert v**-1.5 * v * v.sqrt() == 1
    with pytest.raises(ArithmeticError, match=r"multiple of 0\.5"):
        v ** (1 / 3)


def test_what_is_no_square_has_no_root() -> None:
    """-1 is no square modulo a prime that is 3 modulo 4."""
    with pytest.raises(NoRootError):
        Element(-1).sqrt()


def test_numpy_computes_with_it() -> None:
    """Arrays of objects add, divide, take roots and compare, with floats on either side."""
    numbers = np.array([Element(4), Element(9)], dtype=object)
    assert (np.sqrt(numbers) == np.sqrt(numbers)).all()
    assert (np.sqrt(numbers) ** 2 == numbers).all()
    assert numbers.sum() == 13
    assert (1.0 / numbers * numbers == 1).all()
    assert (Element(2) * numbers == [8, 18]).all()
    assert (np.where(numbers == 4, 0, numbers) == [0, 9]).all()


def test_points_are_of_every_kind_of_call() -> None:
    """Both modes, ranks 2 to 4, other channel axes, and each optional input once absent."""
    calls = points()
    assert {inputs.training for inputs in calls} == {True, False}
    assert {inputs.x.ndim for inputs in calls} == {2, 3, 4}
    assert {inputs.axis for inputs in calls} == {1, 2, (1, 2)}
    for name in ("dy", "gamma", "beta", "running_mean", "running_var"):
        assert any(getattr(inputs, name) is None for inputs in calls), name


def test_derivations_that_mean_the_same_agree_exactly() -> None:
    """The staged graph, both closed forms and the answer for BatchNorm2d are one function."""
    reference = _answers("staged")
    for path in ("closed_form", "closed_form_means", "spatial"):
        for actual, expected in zip(_answers(path), reference, strict=True):
            assert actual.keys() == expected.keys() - {"inv_std"}
            assert all((actual[name] == expected[name]).all() for name in actual), path


def test_a_dialect_of_its_own_is_another_function() -> None:
    """With eps outside the root, or a biased running variance, the field sees the difference."""
    reference = _answers("staged")[0]
    assert (_answers("sigma_plus_eps")[0]["y"] != reference["y"]).any()
    biased = _answers("differentials")[0]
    assert (biased["dx"] == reference["dx"]).all()
    assert (biased["running_var"] != reference["running_var"]).any()


def test_an_original_is_the_same_as_itself() -> None:
    """A mutant whose edit is undone is the same function, on every path."""
    for path in {m.path for m in mutants()}:
        mutant = next(m for m in mutants() if m.path == path)
        assert not equivalent(mutant)
        before = _pieces(mutant.module)[0].body[mutant.index]
        assert equivalent(replace(mutant, source=ast.unparse(before)))


def test_a_term_that_is_always_zero_can_be_dropped() -> None:
    """mean(x - mean) is 0: without that term of dx a kernel is the same function."""
    assert equivalent(of(ALWAYS_ZERO))


@pytest.mark.parametrize(
    "edit",
    [
        NO_BETA,
        ("dx2 = 1.0 / b.N * np.ones_like(b.x) * dmu", "dx2 = 2.0 / b.N * np.ones_like(b.x) * dmu"),
        (
            "new_var = (1 - m) * running_var + m * (var * N / (N - 1))",
            "new_var = (1 - m) * running_var + m * (var * N / N)",
        ),
    ],
)
def test_a_mutant_that_computes_something_else_is_different(edit: tuple[str, str]) -> None:
    """A dropped term, a changed constant and a changed divisor are seen."""
    assert not equivalent(of(edit))


def test_what_raises_in_the_field_is_different() -> None:
    """A power of a field element by another one does not exist there."""
    (mutant,) = (m for m in mutants() if m.edit[1] == "sq = 2 ** xmu")
    assert not equivalent(mutant)


def test_a_constant_channel_is_not_the_fields_affair() -> None:
    """A guard against 0/0 that is dropped leaves the same function; a case has to tell."""
    guard = "through_sigma = np.where(std == 0, limit, through_sigma)"
    assert equivalent(of((guard, "pass")))


def test_a_guard_that_is_dropped_is_special() -> None:
    """Where a real constant channel meets 0/0, the mutant is told from its original."""
    guard = "through_sigma = np.where(std == 0, limit, through_sigma)"
    ordinary = make((4, 3), np.float64)
    constant = replace(ordinary, x=np.ones((4, 3)))
    assert kinship(of((guard, "pass")), [ordinary]) is Kinship.IDENTICAL
    assert kinship(of((guard, "pass")), [ordinary, constant]) is Kinship.SPECIAL


def test_kinship_tells_rounding_from_another_function() -> None:
    """The same function in other bits is rounding; in the same bits identical; else different."""
    inputs = [make((4, 3, 2, 5), np.float32)]
    (same,) = (
        m
        for m in mutants()
        if m.edit[1] == "var = b.mean((mu - b.x) ** 2)" and m.module == "closed_form"
    )
    assert kinship(same, inputs) is Kinship.IDENTICAL
    assert kinship(of(ALWAYS_ZERO), inputs) is Kinship.ROUNDING
    assert kinship(of(NO_BETA), inputs) is Kinship.DIFFERENT


def test_most_mutants_are_different() -> None:
    """At least 300 mutants are no equivalent ones, and fewer than a tenth are."""
    same = sum(map(equivalent, mutants()))
    assert len(mutants()) - same >= 300
    assert 0 < same < len(mutants()) / 10
