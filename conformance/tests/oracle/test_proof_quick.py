"""Residuals prove right values and no others."""

from __future__ import annotations

import math
import tracemalloc
from dataclasses import replace
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Case, Inputs, Outputs
from conformance.cases import golden
from conformance.oracle import _proof_pairs as pairs
from conformance.oracle import _proof_quick, _proof_residual, _proof_sums, proof
from conformance.oracle.proof import prove
from conformance.oracle.quick.solve import solve_quickly
from conformance.oracle.reference import solve_by_integers
from conformance.tests.oracle.by_hand import make
from conformance.tests.oracle.hard import near_midpoints
from conformance.tests.oracle.slowly import case_of

ORDINARY: dict[str, Inputs] = {
    "float32": make((64, 20), np.float32),
    "float64": make((64, 20), np.float64),
    "float16, channels last": make((8, 9, 3), np.float16, axis=-1),
    "bfloat16": make((60, 3), ml_dtypes.bfloat16),
    "test mode": make((64, 20), np.float32, training=False),
    "history": make((30, 3), np.float32, earlier=(make((30, 3), np.float32, seed=3).x,)),
    "no parameters": make((30, 3), np.float32, gamma=None, beta=None),
    "forward alone": make((30, 3), np.float32, dy=None),
    "far from 0": make((30, 3), np.float64, x=make((30, 3), np.float64).x + 2.0**20),
    "many blocks": make((70_001, 1), np.float32),
}


def solved(inputs: Inputs) -> Case:
    """The case of the integers' answers."""
    return case_of(inputs, solve_by_integers(inputs))


def masks(case: Case) -> dict[str, Array]:
    """Which values the residuals prove."""
    rows = {
        name: proof._wide(proof._rows(name, array, case.inputs))
        for name, array in case.expected.items().items()
    }
    return {name: np.asarray(mask) for name, mask in proof._proven(case.inputs, rows).items()}


def moved(case: Case, toward: float) -> Case:
    """Every expected value replaced by its neighbour."""
    items = case.expected.items().items()
    return replace(case, expected=Outputs(**{k: np.nextafter(v, toward) for k, v in items}))


@pytest.mark.parametrize("inputs", ORDINARY.values(), ids=ORDINARY)
def test_residuals_prove_nearly_all_right_values(inputs: Inputs) -> None:
    """At most one value in a hundred is left to the squares, and all are proven in the end."""
    case = solved(inputs)
    found = masks(case)
    total = sum(mask.size for mask in found.values())
    assert sum(int(mask.sum()) for mask in found.values()) >= 0.99 * total
    assert prove(case).disproofs == ()
    assert prove(case).proven == prove(case, squares_alone=True).proven == total


@pytest.mark.parametrize("toward", [math.inf, -math.inf])
@pytest.mark.parametrize("inputs", ORDINARY.values(), ids=ORDINARY)
def test_residuals_prove_no_neighbour(inputs: Inputs, toward: float) -> None:
    """Of values that are one unit off none is proven by its residual."""
    assert not any(mask.any() for mask in masks(moved(solved(inputs), toward)).values())


@pytest.mark.parametrize("toward", [math.inf, -math.inf])
@pytest.mark.parametrize("squares_alone", [False, True])
@pytest.mark.parametrize("name", ["float32", "test mode", "history", "bfloat16"])
def test_every_neighbour_is_disproven(name: str, squares_alone: bool, toward: float) -> None:
    """A case all of whose values are one unit off has as many disproofs, on both paths."""
    case = moved(solved(ORDINARY[name]), toward)
    found = prove(case, squares_alone=squares_alone)
    assert found.proven == 0
    assert len(found.disproofs) == sum(a.size for a in case.expected.items().values())
    side = "large" if toward > 0 else "small"
    assert all(side in wrong.why for wrong in found.disproofs)


@pytest.mark.parametrize("group", sorted({name.split("/")[0] for name in golden.select()}))
def test_no_neighbour_of_a_golden_value_is_proven_by_its_residual(group: str) -> None:
    """Of 1.4 million values that are one unit off none is proven by its residual."""
    for case in golden.load(golden.select([f"{group}/*"])):
        if not case.inputs.count:
            continue  # no values, no residuals
        for toward in (math.inf, -math.inf):
            wrong = masks(moved(case, toward))
            for name, mask in wrong.items():
                stored = proof._rows(name, case.expected.items()[name], case.inputs)
                same = stored == np.nextafter(stored, toward)  # beyond infinity there is nothing
                assert not (mask & ~same).any(), (case.id, name)


def across(case: Case) -> Case:
    """Y replaced by the neighbours on the other side of the midpoints that they are next to."""
    y = np.asarray(case.expected.y)
    return replace(case, expected=Outputs(y=_other_side(case, y)))


def _other_side(case: Case, y: Array) -> Array:
    with_more = [np.nextafter(y, side) for side in (math.inf, -math.inf)]
    gaps = [_gap(case, z) for z in with_more]
    return np.where(gaps[0] < gaps[1], *with_more)


def _gap(case: Case, z: Array) -> Array:
    """About how far z is from the exact value, in 100 digits: enough to tell two sides apart."""
    x, gamma = np.asarray(case.inputs.x), np.asarray(case.inputs.gamma)
    found = np.empty(z.shape)
    for c in range(x.shape[1]):
        values = [Fraction(v) for v in x[:, c].tolist()]
        mean = sum(values, Fraction(0)) / len(values)
        square = sum(((v - mean) ** 2 for v in values), Fraction(0)) / len(values)
        square += Fraction(case.inputs.eps)
        root = Fraction(math.isqrt((square.numerator << 700) // square.denominator), 1 << 350)
        for i, v in enumerate(values):
            exact = Fraction(float(gamma[c])) * (v - mean) / root
            found[i, c] = float(abs(Fraction(float(z[i, c])) - exact))
    return found


def test_the_wrong_side_of_a_midpoint_is_not_proven() -> None:
    """Right and wrong neighbour of a value next to a midpoint are told apart by the squares."""
    case = solved(near_midpoints(40))
    wrong = across(case)
    assert not masks(wrong)["y"].any()
    assert len(prove(wrong).disproofs) == 80
    assert prove(case).disproofs == ()


def test_a_bound_of_residuals_that_is_too_small_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the bound, wrong neighbours of values next to midpoints would be proven."""
    wrong = across(solved(near_midpoints(300, closest=48)))
    monkeypatch.setattr(_proof_quick, "RESIDUAL", 0.0)
    monkeypatch.setattr(_proof_residual, "_HALF_SPACING", 2.0**-53)
    assert masks(wrong)["y"].any()


def test_a_value_takes_few_bytes() -> None:
    """In one long channel the proof holds at most 40 bytes a value beside what it is given."""
    case = case_of(ORDINARY["many blocks"], solve_quickly(ORDINARY["many blocks"]))
    tracemalloc.start()
    proven = prove(case).proven
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 40 * proven


def cancelled() -> Case:
    """Beta is the rest of y, rounded, so that y is 2^-53 of its terms and right."""
    inputs = make((4, 300), np.float64, beta=np.zeros(300))
    beta = -np.asarray(solve_by_integers(inputs).y)[0]
    case = solved(replace(inputs, beta=beta))
    return replace(case, expected=Outputs(y=case.expected.y))


@pytest.mark.parametrize("toward", [math.inf, -math.inf])
def test_residuals_prove_nothing_where_terms_cancel(toward: float) -> None:
    """A y that is far below its terms is no residual's to prove, right or wrong."""
    assert not masks(cancelled())["y"][:, 0].any()
    assert not masks(moved(cancelled(), toward))["y"].any()


def test_without_its_bound_a_residual_would_prove_wrong_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where terms cancel, a residual is but rounding: without a bound it proves anything."""
    monkeypatch.setattr(_proof_quick, "RESIDUAL", 0.0)
    assert masks(moved(cancelled(), math.inf))["y"].any()


def test_half_spacing_is_below_the_distance_to_both_midpoints() -> None:
    """It is at most half the gap to the nearer neighbour, and 0 where that is not known."""
    rng = np.random.default_rng(0)
    z = np.ldexp(rng.uniform(-1, 1, 500), rng.integers(-900, 900, 500))
    z[:50] = np.ldexp(1.0, rng.integers(-900, 900, 50))
    nearest = np.minimum(np.nextafter(z, np.inf) - z, z - np.nextafter(z, -np.inf)) / 2
    found = _proof_residual.half_spacing(z)
    assert (found < nearest).all()
    assert (found > nearest * (1 - 2.0**-31)).all()
    special = np.array([0.0, -0.0, 2.0**-1022, 5e-324, -1e-310])
    assert _proof_residual.half_spacing(special).tolist() == [0.0] * 5


@pytest.mark.parametrize("count", [1, 2, 3, 17, 1000, 16_385])
def test_sums_of_the_proof_are_within_their_bound(count: int) -> None:
    """Each sum is within 2^-96 of the sum of the sizes of its terms."""
    rng = np.random.default_rng(count)
    x, dy = rng.normal(size=(2, 2, count)) * 2.0 ** rng.integers(-9, 9, (2, 2, count))
    found = _proof_sums.sums(x + 5, dy, None)
    for c in range(2):
        e = [Fraction(v) - Fraction(float(found.m0[c])) for v in (x[c] + 5).tolist()]
        d = [Fraction(v) for v in dy[c].tolist()]
        products = [a * b for a, b in zip(d, e, strict=True)]
        wanted = {"E1": e, "E2": [v * v for v in e], "G1": d, "GE": products}
        for name, terms in wanted.items():
            high, low = getattr(found, name)
            off = abs(Fraction(high[c]) + Fraction(low[c]) - sum(terms))
            assert off <= Fraction(_proof_sums.SUM) * sum(map(abs, terms)), name


def test_operations_of_the_proof_are_within_their_bound() -> None:
    """Each is off by at most 2^-102 of the sizes of what it is given."""
    rng = np.random.default_rng(7)
    high = rng.uniform(1, 2, (2, 400)) * rng.choice([-1, 1], (2, 400))
    a, b = (pairs.ordered(h, h * rng.uniform(-1, 1, 400) * 2.0**-53) for h in high)
    n = rng.integers(1, 1000, 400).astype(np.float64)
    square = pairs.times(a, a)
    made: dict[str, tuple[pairs.Pair, Any]] = {
        "plus": (pairs.plus(a, b), lambda x, y, _: (x + y, abs(x) + abs(y))),
        "times": (pairs.times(a, b), lambda x, y, _: (x * y, abs(x * y))),
        "over_count": (pairs.over_count(a, n), lambda x, _, k: (x / k, abs(x / k))),
    }
    for name, (result, formula) in made.items():
        for i in range(400):
            x, y = (Fraction(p[0][i]) + Fraction(p[1][i]) for p in (a, b))
            wanted, scale = formula(x, y, Fraction(n[i]))
            off = abs(Fraction(result[0][i]) + Fraction(result[1][i]) - wanted)
            assert off <= Fraction(2) ** -102 * scale, name
    root = pairs.root(square)
    for i in range(400):
        s, v = (Fraction(p[0][i]) + Fraction(p[1][i]) for p in (root, square))
        assert abs(s * s - v) <= Fraction(2) ** -101 * v
