"""Every grade at its edge: the last answer that has it, and the next float that has not.

A statistic may come back in float64, so that one step is 2^-52 and an edge is met exactly.  For
x = [1, 1] of float32 the mean is 1 with S = 1, and one unit is u = 2^-24.  What sums may lose
beyond that is `conformance.oracle.sequential`, which has tests of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.case import Array, Case, Dialect, Inputs, Outputs, Problem
from conformance.errors import AdapterError
from conformance.oracle.bounds import scales, spent_by_single_pass
from conformance.oracle.sequential.losses import Class, losses
from conformance.oracle.sequential.sums import Lost
from conformance.oracle.solve import solve
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import Ruler, due_names, judge, spread
from conformance.verdict.yardstick import Yardstick

U = 2.0**-24


def case(x: list[float], dtype: Any = np.float32, *, limit: float = 16.0, **more: Any) -> Case:
    """A case of one channel."""
    inputs = Inputs(x=np.array(x, dtype)[:, None], **{"eps": 3.0, **more})
    made = Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs, limit=limit)
    return solve(made)


def graded(which: Case, name: str, value: float) -> OutputResult:
    """The verdict on one statistic that came back in float64."""
    return judge(which, Dialect(), {name: np.array([value])})[name]


def lost(which: Case, name: str, *, single_pass: bool = False) -> float:
    """What the sums of the sequential class, or of the single-pass one, cost a statistic."""
    spent = spent_by_single_pass(which.inputs) if single_pass else 0.0
    of = Class(plain=Lost(24), scaled=Lost(24), single_pass=single_pass, spent=spent)
    return float(losses(which.inputs, np.array([0]), of).of[name][0, 0])


def above(value: float) -> float:
    """The next float64."""
    return float(np.nextafter(value, np.inf))


@pytest.mark.parametrize("count", [2, 12, 80])
def test_a_ends_at_16_units_and_b_where_its_sums_end(count: int) -> None:
    """A reaches 16 units and B what sums lose beyond them, both included; the next float is out."""
    some = case([1] * count)
    edge = 1 + (16 * U + lost(some, "mean"))
    last = edge if edge - 1 <= 16 * U + lost(some, "mean") else float(np.nextafter(edge, 0))
    values = [1.0, 1 + 16 * U, above(1 + 16 * U), last, above(last)]
    found = [graded(some, "mean", value) for value in values]
    assert "".join(str(f.grade) for f in found) == "AABBF"
    assert [f.units for f in found] == [(value - 1) / U for value in values]
    assert [f.status is Status.FAIL for f in found] == [False] * 4 + [True]
    assert [f.reason is None for f in found] == [True] * 4 + [False]


def test_exact_sums_may_lose_nothing() -> None:
    """A limit below 16 declares sums that are exact in every order: there is no B beyond it."""
    exact = case([1, 1], limit=0.0)
    assert [graded(exact, "mean", value).grade for value in (1.0, above(1.0))] == ["A", "F"]


@pytest.mark.parametrize(("count", "grade"), [(32, "F"), (33, "B")])
def test_welfords_update_is_let_in_beyond_32_exact_values(count: int, grade: str) -> None:
    """From 33 values on it may lose more than 16 units, and no limit of a case speaks for it."""
    exact = case([1] * count, limit=0.0)
    assert graded(exact, "mean", above(1.0)).grade == grade


def test_an_element_that_is_right_needs_no_bound_of_its_own() -> None:
    """One element beyond A within B, and its neighbour right: B, however small the bound is."""
    some = case([1, 1] * 40, gamma=np.array([2.0**-60], np.float32), beta=np.zeros(1, np.float32))
    ruler = Ruler(some, Dialect())
    y = np.zeros((80, 1), np.float32)
    y[3] = 17 * ruler.unit("y", y.dtype)[3]
    assert ruler.judge({"y": y})["y"].grade == "B"


def test_b_of_what_the_variance_reaches_ends_where_its_sums_end() -> None:
    """The inverse deviation of x = [3, 5]: 16 units and what two sums lose, to a part of 1e-9."""
    some = case([3, 5])
    unit = float(Ruler(some, Dialect()).unit("inv_std", np.dtype(np.float64))[0])
    off = 16 * unit + lost(some, "inv_std")
    assert graded(some, "inv_std", 0.5 + off * (1 - 1e-9)).grade == "B"
    assert graded(some, "inv_std", 0.5 + off * (1 + 1e-9)).grade != "B"


def test_the_scale_is_that_of_the_class_of_a() -> None:
    """A picture of errors is drawn in units of grade A, whatever other classes may lose."""
    some = case([3, 5])
    wanted = scales(some.inputs, some.expected)
    ruler = Ruler(some, Dialect())
    assert {name: ruler.scale(name).tolist() for name in ruler.due} == {
        name: wanted[name].tolist() for name in ruler.due
    }


SINGLE = 42 + 2.0**-16
"""Scale of the single-pass class for the variance of x = [3, 5], which is 1.

S_var = var + 2 mean(d |x|) + 16 u A1^2 = 1 + 8 + 2^-20 16, and the class adds 1 + 2 * 16.
"""


def test_c_ends_with_the_single_pass_class() -> None:
    """C is what a single-pass variance may lose, its sums included, and says so."""
    some = case([3, 5])
    sequential = 16 * U * (9 + 2.0**-16) + lost(some, "var")
    single = 16 * U * SINGLE + lost(some, "var", single_pass=True)
    part = 1e-9  # what float64 may round
    for off, grade in ((sequential, "B"), (single, "C")):
        inside = graded(some, "var", 1 + off * (1 - part))
        outside = graded(some, "var", 1 + off * (1 + part))
        assert (inside.grade, outside.grade) == (grade, {"B": "C", "C": "F"}[grade])
        assert ("as lossy as E[x^2] - mean^2" in str(inside.reason)) is (grade == "C")
        assert inside.status is {"B": Status.PASS, "C": Status.DEGRADED}[grade]


@pytest.mark.parametrize(("more", "grade"), [(1 - 1e-6, "F"), (1 + 1e-6, "C")])
def test_c_ends_where_half_of_v_is_lost(more: float, grade: str) -> None:
    """128 values 2^9: 16 units of the single pass and its sums are half of V = eps, or less."""
    half = 16 * U * (2**19 + 0.25) + lost(case([512] * 128), "var", single_pass=True)
    some = case([512] * 128, eps=2 * half * more)
    r = float(np.asarray(some.expected.inv_std)[0])
    assert graded(some, "inv_std", 1.3 * r).grade == grade


@pytest.mark.parametrize(("name", "new"), [("var", 1.0), ("running_var", 0.5 * 128 / 127)])
def test_c_of_a_variance_ends_where_half_of_it_is_lost(name: str, new: float) -> None:
    """However large eps is: a bound of more than half of a variance would let 0 pass for it."""
    grades = []
    for d in np.arange(4, 33) / 8:  # so near that a third of it is told from half
        some = case(
            [512 - d, 512 + d] * 64,
            eps=1e6,
            momentum=0.5,
            running_mean=np.zeros(1, np.float32),
            running_var=np.zeros(1, np.float32),
        )
        scale = scales(some.inputs, some.expected, single_pass=True)[name][0]
        bound = 16 * U * float(scale) + lost(some, name, single_pass=True)
        exact = new * d * d
        found = judge(some, Dialect(), {name: np.array([exact + 0.9 * bound], np.float32)})
        grades.append((found[name].grade, "C" if bound <= exact / 2 else "F"))
    assert {wanted for _, wanted in grades} == {"C", "F"}
    assert all(grade == wanted for grade, wanted in grades)


def test_every_element_must_be_within_the_class_of_c() -> None:
    """One channel beyond the single-pass class makes an output F, whatever the others are."""
    inputs = Inputs(x=np.array([[3, 3], [5, 5]], np.float32), eps=3.0)
    two = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    sums = lost(case([3, 5]), "var", single_pass=True)
    far, near = 1 + 16 * U * SINGLE + 2 * sums, 1 + 16 * U * SINGLE
    grades = [
        judge(two, Dialect(), {"var": np.array(values)})["var"].grade
        for values in ([near, near], [near, far], [1.0, far])
    ]
    assert grades == ["C", "F", "F"]


def test_a_failure_says_what_where_and_how_far() -> None:
    """The value, the place, what was due, the distance, the bound and how many are out."""
    inputs = Inputs(x=np.ones((2, 3), np.float32), eps=3.0)
    three = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    values = np.array([1.0, 1.5, 1 + 17 * U])
    found = judge(three, Dialect(), {"mean": values})["mean"]
    bound = f"{16 * U:.3g}"
    assert found.reason == (
        f"1.5 at [1], expected 1.0: off by 0.5, bound {bound} (2 of 3 elements out)"
    )
    one = judge(three, Dialect(), {"mean": np.array([1.0, np.inf, 1 + 16 * U])})["mean"]
    assert one.reason == "inf at [1], expected 1.0 (1 of 3 elements out)"


def test_what_is_not_finite_in_the_answer_has_no_distance() -> None:
    """Where infinity is due, a number is out and its reason names no distance."""
    inputs = Inputs(x=np.array([[np.inf], [1]], np.float32))
    dirty = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    found = judge(dirty, Dialect(), {"mean": np.zeros(1, np.float32)})["mean"]
    assert found.reason == "0.0 at [0], expected inf (1 of 1 elements out)"


def test_empty_outputs_are_exact() -> None:
    """An output without elements passes with 0 units."""
    inputs = Inputs(x=np.zeros((0, 3), np.float32))
    empty = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    found = judge(empty, Dialect(), {"y": np.zeros((0, 3), np.float32)})["y"]
    assert (found.status, found.grade, found.units) == (Status.PASS, "A", 0.0)


MIXED = Inputs(
    x=np.ones((2, 3), np.float16),
    dy=np.ones((2, 3), np.float16),
    gamma=np.ones(3, np.float32),
    beta=np.ones(3, np.float32),
    running_mean=np.ones(3, np.float32),
    running_var=np.ones(3, np.float32),
)
"""Half x with parameters of single precision."""


@pytest.mark.parametrize(
    ("name", "shape", "right"),
    [
        ("y", (2, 3), [np.float16]),  # like x
        ("dx", (2, 3), [np.float16]),
        ("dgamma", (3,), [np.float32]),  # like the parameters, and no wider
        ("dbeta", (3,), [np.float32]),
        ("mean", (3,), [np.float32, np.float64]),  # a statistic may be wider
        ("var", (3,), [np.float32, np.float64]),
        ("inv_std", (3,), [np.float32, np.float64]),
        ("running_mean", (3,), [np.float32, np.float64]),
        ("running_var", (3,), [np.float32, np.float64]),
    ],
)
def test_each_output_has_its_types(name: str, shape: tuple[int, ...], right: list[Any]) -> None:
    """What has the shape of x has its type, the rest that of the parameters or a wider one."""
    ruler = Ruler(
        solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=MIXED)), Dialect()
    )
    fits = [
        t for t in (np.float16, np.float32, np.float64) if not ruler.misfit(name, np.ones(shape, t))
    ]
    assert fits == right
    assert "has shape (7,)" in str(ruler.misfit(name, np.ones(7, right[0])))


def test_a_gradient_of_narrower_parameters_may_have_the_type_of_x() -> None:
    """Where parameters are narrower than x, nothing is lost by a promoted gradient."""
    names = ("gamma", "beta", "running_mean", "running_var")
    short: dict[str, Any] = {name: np.ones(3, np.float16) for name in names}
    x = np.ones((2, 3), np.float32)
    inputs = Inputs(x=x, dy=x, **short)
    ruler = Ruler(
        solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs)), Dialect()
    )
    types = (np.float16, np.float32, np.float64)
    fits = [t for t in types if not ruler.misfit("dgamma", np.ones(3, t))]
    assert fits == [np.float16, np.float32]
    assert [t for t in types if not ruler.misfit("y", np.ones((2, 3), t))] == [np.float32]


@pytest.mark.parametrize(
    ("actual", "words"),
    [
        ({"gain": np.zeros(3)}, "called 'gain', expected one of y, dx"),
        ({"y": [[1.0]]}, "output 'y' is a list, expected a numpy array"),
    ],
)
def test_what_is_no_output_is_refused(actual: dict[str, Any], words: str) -> None:
    """A name that is no output and a value that is no array are the adapter's error."""
    with pytest.raises(AdapterError, match=words):
        judge(case([1, 1]), Dialect(), actual)


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        (None, ["y", "running_var"]),
        (Dialect(), ["y", "running_var"]),
        (Dialect(running_var="biased"), ["y"]),
        (Dialect(running_var="none"), ["y", "running_var"]),
    ],
)
def test_due_names_follow_the_dialect(dialect: Dialect | None, wanted: list[str]) -> None:
    """The N-1 variance is due to all but the biased dialect."""
    assert due_names(["y", "running_var"], dialect) == wanted


@pytest.mark.parametrize(
    ("dialect", "wanted"),
    [
        (None, ["running_var"]),
        (Dialect(), []),
        (Dialect(running_var="biased"), ["running_var"]),
    ],
)
def test_the_biased_variance_is_due_to_its_dialect_alone(
    dialect: Dialect | None, wanted: list[str]
) -> None:
    """It is called running_var too, and told once where both count."""
    assert due_names(["running_var_biased"], dialect) == wanted
    assert due_names(["running_var", "running_var_biased"], dialect) == ["running_var"]


def test_outputs_without_a_bound_are_named() -> None:
    """Outputs that the case asks for and that eps outside the root leaves without a bound."""
    # A constant channel: V = eps = 11, but 1 / (sigma + eps) has no slope where sigma is 0.
    some = case([1024, 1024], eps=11.0)
    assert Ruler(some, Dialect()).unbounded == ()
    lost = Ruler(some, Dialect(eps="outside")).unbounded
    assert lost == ("y", "inv_std")


def test_a_spread_tells_all_outputs_the_same() -> None:
    """A crash is that of every output that is due, for the same reason."""
    found = spread(Status.CRASH, "SIGFPE", ["y", "dx"])
    assert found == dict.fromkeys(("y", "dx"), OutputResult(status=Status.CRASH, reason="SIGFPE"))


MAX = float(np.finfo(np.float32).max)


def stick(expected: float, unit: float = 0.0, dtype: Any = np.float32) -> Yardstick:
    """One element."""
    return Yardstick(np.array([expected]), np.array([unit]), 16.0, np.dtype(dtype))


def error(of: Yardstick, actual: float) -> float:
    """Its error."""
    return float(of.measure(np.array([actual]))[0][0])


@pytest.mark.parametrize(("step", "fits"), [(0.24, False), (0.251, True), (0.5, True)])
def test_a_number_overflows_from_a_quarter_step_above_the_largest_on(
    step: float, *, fits: bool
) -> None:
    """The largest float32 is (2 - 2^-23) 2^127; half a step above it every rounding is infinite.

    A step relative to it is 2^-23, half of that 2^-24 of 2^128: eps / 4 of the largest number.
    """
    near = MAX * (1 + step * 2.0**-23)
    assert error(stick(near), np.inf) == (0.0 if fits else np.inf)
    assert error(stick(-near), -np.inf) == (0.0 if fits else np.inf)


def test_the_bound_decides_how_near_to_overflow_a_number_is() -> None:
    """16 units reach over the end of the type, 15 of them do not."""
    end = MAX * (1 + 2.0**-25)
    unit = 2.0**110
    assert error(stick(end - 16 * unit, unit), np.inf) == 0.0
    assert error(stick(end - 16.5 * unit, unit), np.inf) == np.inf


@pytest.mark.parametrize("opposite", [-np.inf, np.nan])
def test_only_the_right_infinity_is_an_overflow(opposite: float) -> None:
    """A number that may overflow comes back as the infinity of its sign, and as nothing else."""
    assert error(stick(MAX * 1.1), opposite) == np.inf
    assert error(stick(-MAX * 1.1), np.inf) == np.inf


def test_equal_values_need_no_unit() -> None:
    """Where nothing may be lost the exact value alone is right, and 0 units off."""
    none = Yardstick(np.array([1.0, 2.0]), np.zeros(2), 16.0, np.dtype(np.float32))
    assert none.measure(np.array([1.0, 2.0]))[0].tolist() == [0.0, 0.0]
    assert none.measure(np.array([1.0, 2.5]))[0].tolist() == [0.0, np.inf]


def test_a_unit_that_is_no_number_bounds_nothing() -> None:
    """Beside an element without a bound, others are measured; it is out unless it is equal."""
    mixed = Yardstick(np.array([1.0, 1.0]), np.array([0.5, np.nan]), 16.0, np.dtype(np.float32))
    assert mixed.measure(np.array([2.0, 1.0]))[0].tolist() == [2.0, 0.0]
    assert mixed.measure(np.array([2.0, 1.5]))[0].tolist() == [2.0, np.inf]


@pytest.mark.parametrize("neighbour", [1.0, np.nan])
def test_what_stands_beside_an_element_does_not_change_its_error(neighbour: float) -> None:
    """2^24 units are so many, also where distance and unit add up to infinity and a NaN is near."""
    pair = Yardstick(np.array([0.0, neighbour]), np.array([2.0**1000, 1.0]), 16.0, np.dtype("f8"))
    largest = float(np.finfo(np.float64).max)
    assert pair.measure(np.array([largest, neighbour]))[0].tolist() == [largest / 2.0**1000, 0.0]


def test_a_finite_number_beside_overflow_is_measured() -> None:
    """That an element may overflow excuses no finite error."""
    assert error(stick(MAX, MAX / 64), MAX / 2) == 32.0


def test_the_worst_element_is_the_one_furthest_out_in_its_own_unit() -> None:
    """Not the one with the largest distance; its bound is the limit times its unit."""
    expected, unit = np.zeros((2, 2)), np.array([[8.0, 1.0], [1.0, 1.0]])
    of = Yardstick(expected, unit, 4.0, np.dtype(np.float32))
    errors, worst = of.measure(np.array([[16.0, 1.0], [-3.0, 0.0]]))
    assert errors.tolist() == [[2.0, 1.0], [3.0, 0.0]]
    assert (worst.index, worst.actual, worst.expected, worst.bound) == ((1, 0), -3.0, 0.0, 4.0)


def test_a_dialect_without_running_variance_keeps_the_exact_one() -> None:
    """Only the biased dialect is held to the biased variance: 0.9 + 0.1 var, var 1 or 2."""
    some = case([3, 5], running_mean=np.ones(1, np.float32), running_var=np.ones(1, np.float32))
    wanted: dict[str, Array] = {
        kind: Ruler(some, Dialect(running_var=kind)).due["running_var"]
        for kind in ("unbiased", "none", "biased")
    }
    assert {k: float(v[0]) for k, v in wanted.items()} == pytest.approx(
        {"unbiased": 1.1, "none": 1.1, "biased": 1.0}
    )
    # and the mean is what it is in every dialect
    assert float(Ruler(some, Dialect(running_var="biased")).due["running_mean"][0]) == 1.3


def test_only_answers_are_due() -> None:
    """A case that asks for one output has no other judged."""
    only = replace(case([1, 1]), expected=Outputs(mean=np.ones(1)))
    assert list(judge(only, Dialect(), {"mean": np.ones(1)})) == ["mean"]


def test_an_element_without_a_bound_does_not_spoil_its_channel() -> None:
    """Beside an infinite y that is right, another that lost what sums may lose is judged."""
    one = np.ones(1, np.float32)
    inputs = Inputs(
        x=np.array([[np.inf], [3.0]], np.float32),
        training=False,
        running_mean=0 * one,
        running_var=one,
        eps=3.0,
    )
    some = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    grades = [
        judge(some, Dialect(), {"y": np.array([[np.inf], [y]], np.float32)})["y"].grade
        for y in (1.5, 1.6)
    ]
    assert grades == ["A", "F"]
