"""Many values per channel: what sums may lose there, and what may not hide behind it."""

from __future__ import annotations

from functools import cache
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.case import Array, Case, Dialect, Inputs, Problem
from conformance.faults.honest import PANEL
from conformance.faults.sheet import Edits, Sheet, kernel
from conformance.oracle.rounding import Floats
from conformance.oracle.solve import solve
from conformance.tests.faults.orders import ORDERS, data
from conformance.verdict.ruler import Ruler

MANY = 200_001
FEWER = 5001
"""Where Welford's update loses less than Bessel's factor makes: u M / 2 < 1 / M in float32."""

LIMIT = 8.0
"""For exact sums; two merges of Welford's update spend 7.8 of it at 200 001 values."""


def posed(x: Floats, dy: Floats, dtype: Any = np.float32, *, limit: float = 16.0) -> Case:
    """A case with parameters and running statistics that are short binary fractions."""

    def column(value: float) -> Array:
        return np.full(x.shape[1], value, dtype)

    inputs = Inputs(
        x=x.astype(dtype),
        dy=dy.astype(dtype),
        gamma=column(1.5),
        beta=column(0.25),
        running_mean=column(0.5),
        running_var=column(2.0),
    )
    made = Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs, limit=limit)
    return solve(made)


@cache
def exact_case() -> tuple[Case, Ruler]:
    """Odd integers in pairs of either sign, three of more bits, the last one of the largest.

    Sums of x, of its squares and of dy are below 2^24: exact in every order.  2049 has 12 bits,
    one more than TF32 keeps, and four more than bfloat16.
    """
    rng = np.random.default_rng(4)
    half = rng.choice([1.0, 3.0, 5.0, 7.0], (MANY - 3) // 2)
    x = rng.permutation(np.concatenate([half, -half, [-1024.0, -1025.0]]))
    x = np.append(x, 2049.0)
    case = posed(x[:, None], rng.integers(-3, 5, (MANY, 1)).astype(float), limit=LIMIT)
    return case, Ruler(case, Dialect())


@cache
def smaller_exact_case() -> tuple[Case, Ruler]:
    """100 pairs of 257 and -257 among pairs of 1 and -1, and one 0: exact sums in every order.

    257 has nine bits, one more than bfloat16 keeps; the squares add up to 13 214 600 < 2^24.
    """
    rng = np.random.default_rng(4)
    half = np.append(np.ones((FEWER - 1) // 2 - 100), np.full(100, 257.0))
    x = np.append(rng.permutation(np.concatenate([half, -half])), 0.0)
    dy = rng.integers(-3, 5, (FEWER, 1)).astype(float)
    case = posed(x[:, None], dy, limit=LIMIT)
    return case, Ruler(case, Dialect())


def grades(case: Case, ruler: Ruler, edits: Edits) -> dict[str, str]:
    """The grade of every output of an edited kernel."""
    found = ruler.judge(kernel(edits)(case.inputs))
    return {name: str(result.grade) for name, result in found.items()}


def half_bits(s: Sheet) -> Array:
    """X in the 8 bits of bfloat16."""
    return np.asarray(s.x.astype(ml_dtypes.bfloat16).astype(s.work))


def tf32(rows: Array) -> Array:
    """The 11 bits that tensor cores keep of float32, ties to even."""
    bits = rows.view(np.uint32)
    kept = (bits + np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1))) & ~np.uint32(0x1FFF)
    return kept.view(np.float32)


FAULTS: dict[str, tuple[Edits, str]] = {
    "every second value only": (
        {"mean": lambda s: s.total(s.x[:, ::2]) / s.work((s.count + 1) // 2)},
        "mean",
    ),
    "every second square only": (
        {"var": lambda s: s.total(s.deviation[:, ::2] ** 2) / s.work((s.count + 1) // 2)},
        "var",
    ),
    "last value of every sum dropped": (
        {"total": lambda _: lambda rows: rows[:, :-1].sum(axis=1, keepdims=True)},
        "mean",
    ),
    "the end of a block of 1024 lost": (
        {
            "back_total": lambda _: (
                lambda rows: rows[:, : rows.shape[1] // 1024 * 1024].sum(axis=1, keepdims=True)
            )
        },
        "dbeta",
    ),
    "no Bessel factor above 4096": ({"fed_var": lambda s: s.var}, "running_var"),
    "x of the statistics in bfloat16": (
        {"var": lambda s: s.average((half_bits(s) - s.mean) ** 2)},
        "var",
    ),
    "mean in TF32": ({"mean": lambda s: s.average(tf32(s.x))}, "mean"),
    "count in half precision": (
        {"average": lambda s: lambda rows: s.total(rows) / s.work(np.float16(s.count / 8) * 8)},
        "var",
    ),
}
"""Faults whose size falls with the number of values, and an output that they are wrong in."""

SMALLER = {"no Bessel factor above 4096", "x of the statistics in bfloat16"}
"""Those that are smaller among 200 001 values than what Welford's update loses there."""


@pytest.mark.parametrize("fault", FAULTS)
def test_exact_sums_show_faults_that_are_smaller_than_a_loop_loses(fault: str) -> None:
    """Where sums are exact, a fault of some units is F and nothing else."""
    edits, output = FAULTS[fault]
    case = smaller_exact_case() if fault in SMALLER else exact_case()
    assert grades(*case, edits)[output] == "F"


@pytest.mark.parametrize("member", sorted({*PANEL} - {"chan-4"}))  # 20 s, and as chan-32-tree
def test_exact_sums_are_right_in_every_order(member: str) -> None:
    """Every honest algorithm passes there, whatever its order, and Welford's that adds no sums."""
    for case in (exact_case(), smaller_exact_case()):
        assert set(grades(*case, PANEL[member].edits).values()) <= {"A", "B"}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_honest_order_fails_on_data_that_the_class_was_not_made_from(
    order: str, dtype: Any
) -> None:
    """Thirteen kinds of x, each with another kind of dy: every order of sums passes."""
    case, ruler = held_out(dtype)
    assert set(grades(case, ruler, ORDERS[order]).values()) <= {"A", "B"}


@cache
def held_out(dtype: Any) -> tuple[Case, Ruler]:
    """All kinds of data as channels of one call."""
    count = 6007
    case = posed(data(count, 1), np.roll(data(count, 2), 5, axis=1), dtype)
    return case, Ruler(case, Dialect())


@pytest.mark.parametrize("count", [300, 3000, 40_000])
def test_equal_terms_may_be_added_one_by_one(count: int) -> None:
    """Dy = 1 / M, as the mean of a loss gives it, and a constant x: a plain loop passes."""
    case = posed(np.full((count, 1), 0.1), np.full((count, 1), 1 / count))
    found = grades(case, Ruler(case, Dialect()), PANEL["sequential"].edits)
    assert set(found.values()) <= {"A", "B"}
    assert found["dbeta"] == ("A" if count == 300 else "B")


def test_random_data_leaves_no_room_for_half_of_it() -> None:
    """Statistics of every second value, the last one left out of 20 001: F on random data too."""
    rng = np.random.default_rng()
    x, dy = rng.standard_normal((2, 20_001, 1))
    x[-1] = dy[-1] = 1.0  # what is left out must be there
    case = posed(x, dy)
    ruler = Ruler(case, Dialect())
    for fault in ("every second value only", "last value of every sum dropped"):
        assert grades(case, ruler, FAULTS[fault][0])["mean"] == "F"
