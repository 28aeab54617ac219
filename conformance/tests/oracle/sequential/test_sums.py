"""What sums lose: the vectorized bound beside a slow one, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.sums import AtMost, Lost, exact_in_every_order
from conformance.tests.oracle.sequential import slowly


def kinds(count: int) -> dict[str, Floats]:
    """Rows of terms of several kinds, none of them 0."""
    rng = np.random.default_rng(5)
    normal = rng.standard_normal(count)
    return {
        "normal": normal,
        "offset": normal + 100,
        "equal": np.full(count, 0.1),
        "alternating": np.where(np.arange(count) % 2, 0.3, -0.7),
        "large and small": normal * np.exp(4 * rng.standard_normal(count)),
        "sorted": np.sort(normal),
        "tiny": normal * 1e-200,
        "huge": normal * 1e200,
    }


@pytest.mark.parametrize("bits", [1, 2, 24, 53])  # with one or two no step loses more than its term
@pytest.mark.parametrize("kind", kinds(1))
@pytest.mark.parametrize("count", [2, 7, 33, 90])
def test_the_bound_is_that_of_the_formula(kind: str, count: int, bits: int) -> None:
    """Sorted by octave and for all rows at once, the sums over k are those of the formula."""
    terms = kinds(count)[kind]
    found = float(Lost(bits)(terms[np.newaxis])[0, 0])
    assert found == pytest.approx(slowly.lost(terms.tolist(), bits), rel=1e-9, abs=0)


def test_a_row_does_not_depend_on_its_neighbours() -> None:
    """The bound of a channel is the same alone and beside others, to the last bit."""
    rows = np.array(list(kinds(50).values()))
    rows[1, ::3] = rows[4, 20:] = 0.0
    together = Lost(24)(rows)
    assert together.shape == (len(rows), 1)
    alone = [Lost(24)(row[np.newaxis])[0, 0] for row in rows]
    assert together[:, 0].tolist() == alone


def test_zeros_are_dropped() -> None:
    """Adding 0 is exact: zeros that stand between the terms change nothing but segments."""
    terms = kinds(30)["equal"]
    spread = np.zeros((1, 60))
    spread[0, ::2] = terms
    found = Lost(24)(spread)[0, 0]
    assert found == pytest.approx(float(Lost(24)(terms[np.newaxis])[0, 0]), rel=1e-12, abs=0)
    few = np.array([[0.75, 0.0, 0.01]])  # partial sums of one octave alone
    assert Lost(24)(few)[0, 0] == pytest.approx(slowly.lost([0.75, 0.01], 24), rel=1e-9, abs=0)
    assert Lost(24)(np.zeros((1, 5)))[0, 0] == 0.0
    assert Lost(24)(np.array([[0.0, 0.1, 0.0]]))[0, 0] == 0.0


def test_equal_terms_lose_more_than_those_that_differ() -> None:
    """Errors of equal terms add up, those of others cancel: M against its root."""
    ratio = []
    for count in (1000, 16000):
        rows = np.array([kinds(count)["equal"], kinds(count)["normal"] * 0.1 + 0.1])
        equal, other = Lost(24)(rows)[:, 0] / count
        ratio.append(equal / other)
    assert ratio[1] > 3 * ratio[0] / 2
    assert ratio[1] > 4


@pytest.mark.parametrize("kind", kinds(1))
def test_no_bound_is_above_the_cheap_one(kind: str) -> None:
    """What is beyond `AtMost` is beyond `Lost`, with partial sums and weights of its own too."""
    for count in (1, 2, 40, 3000):
        terms = kinds(count)[kind][np.newaxis]
        assert (Lost(24)(terms) <= AtMost(24)(terms)).all()
        size, weight = np.abs(terms) + 1, np.linspace(0, 1, count)[np.newaxis]
        fine = Lost(24)(terms, size=size, weight=weight)
        assert (fine <= AtMost(24)(terms, size=size, weight=weight)).all()


def test_the_cheap_bound_is_that_of_its_formula() -> None:
    """(M + 6.6 sqrt(M)) u times the largest partial sum and weight: 9 terms make 28.8 of them."""
    terms = np.full((1, 9), -0.25)
    (found,) = AtMost(24)(terms)[0]
    assert found == pytest.approx((9 + 6.6 * 3) * 2.0**-24 * (9 / 4 + 2 * 3 / 4))
    two = np.concatenate([terms, 2 * terms])
    assert AtMost(24)(two)[:, 0].tolist() == pytest.approx([found, 2 * found])
    size = np.stack([np.linspace(0.1, 0.5, 9), np.linspace(0.2, 0.1, 9)])
    weight = np.stack([np.linspace(0.7, 0.3, 9), np.linspace(0.3, 0.9, 9)])
    both = AtMost(11)(two, size=size, weight=weight)[:, 0].tolist()
    assert both == pytest.approx([28.8 * 2.0**-11 * 0.5 * 0.7, 28.8 * 2.0**-11 * 0.2 * 0.9])


def test_exact_sums_lose_nothing_by_either_bound() -> None:
    """Declared to be exact and so: 0, but not for partial sums of another kind."""
    rows = np.array([[1.0, 2.0, 3.0], [0.1, 0.2, 0.3]])
    for bound in (Lost(24, exact=True), AtMost(24, exact=True)):
        exact, other = bound(rows)[:, 0]
        assert exact == 0.0 < other
        assert (bound(rows, size=np.abs(rows)) > 0).all()
    assert (AtMost(24)(rows) > 0).all()
    assert (Lost(24)(rows) > 0).all()


def test_a_step_whose_partial_sum_is_0_loses_nothing() -> None:
    """Steps of size 0 are dropped, with their terms."""
    terms, size, weight = np.array([[0.3, 0.1, 0.7], [0.0, 1.0, 2.0], [1.0, 0.5, 0.25]])[
        :, np.newaxis
    ]
    some = [values[:, 1:] for values in (terms, size, weight)]
    found = Lost(24)(terms, size=size, weight=weight)[0, 0]
    assert found == pytest.approx(Lost(24)(some[0], size=some[1], weight=some[2])[0, 0])


def test_one_large_term_is_within_the_cheap_bound() -> None:
    """A random walk of one large term among zeros is larger than the sum of sizes."""
    terms = np.full((1, 4000), 1e-6)
    terms[0, 2000] = 1.0
    assert (Lost(24)(terms) <= AtMost(24)(terms)).all()


@pytest.mark.parametrize(
    ("terms", "bits", "exact"),
    [
        ([1.0, 3.0, -5.0], 24, True),
        ([2.0**24 - 2, 1.0], 24, True),
        ([2.0**24 - 1, 1.0], 24, False),  # 2^24 itself would do, and is not told from more
        ([2.0**52, 2.0**52, 1.0], 53, False),  # 2^53 + 1, which float64 adds to 2^53
        ([0.5, 2.0**23, 0.0], 24, False),
        ([0.0, 0.0, 0.0], 24, True),
        ([1.0, 0.0, 2.0**24 - 2], 24, True),
        ([2.0**52, 0.0, 2.0**52 - 1], 53, True),
        ([1.0 + 2.0**-52, 2.0], 53, False),  # 3 + 2^-52 has 54 bits
        ([1.0 + 2.0**-52, 2.0**-52], 53, True),
        ([0.1, 0.2, 0.3], 53, False),
    ],
)
def test_sums_are_exact_below_2_to_the_bits(terms: list[float], bits: int, *, exact: bool) -> None:
    """All partial sums are multiples of the lowest bit: exact while sum|t| has no more bits."""
    assert bool(exact_in_every_order(np.array([terms]), bits)[0, 0]) is exact
    found = Lost(bits, exact=True)(np.array([terms]))[0, 0]
    assert bool(found == 0) is exact


def honest(terms: Floats) -> dict[str, float]:
    """float32 sums of one row in several orders, as float64 numbers."""
    row = terms.astype(np.float32)
    mixed = np.random.default_rng(len(row)).permutation(len(row))
    orders = {"natural": row, "reversed": row[::-1], "random": row[mixed]}
    return {name: float(np.add.accumulate(o)[-1]) for name, o in orders.items()}


@pytest.mark.parametrize("kind", sorted(set(kinds(1)) - {"tiny", "huge"}))
def test_no_order_loses_more(kind: str) -> None:
    """float32 sums in natural, reversed and random order stay within the bound."""
    for count in (10, 1000, 60000):
        terms = kinds(count)[kind].astype(np.float32).astype(np.float64)
        bound = float(Lost(24)(terms[np.newaxis])[0, 0])
        # within 2^-29 of exact: float64 pairwise sums are exact enough beside float32
        exact = float(terms.sum())
        for order, found in honest(terms).items():
            assert abs(found - exact) <= bound, (count, order)
