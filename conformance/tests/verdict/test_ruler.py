"""Outputs against expected values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from conformance.case import Array, Case, Dialect, Outputs, Problem
from conformance.cases import golden
from conformance.errors import AdapterError
from conformance.oracle import solve
from conformance.tests.oracle.by_hand import make
from conformance.verdict.record import Status
from conformance.verdict.ruler import due, judge


@pytest.fixture
def case() -> Case:
    """A float32 case of six values in four channels."""
    inputs = make((6, 4), np.float32)
    return solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))


def exact(case: Case) -> dict[str, Array]:
    """The expected values, rounded to the case's type: the best that can be returned."""
    return {n: v.astype(np.float32) for n, v in due(case, Dialect()).items()}


def test_rounded_exact_values_pass_with_grade_a(case: Case) -> None:
    """The correctly rounded answer is A everywhere, and nothing is left out."""
    results = judge(case, Dialect(), exact(case))
    assert len(results) == 9
    assert {r.grade for r in results.values()} == {"A"}
    assert {r.status for r in results.values()} == {Status.PASS}


@pytest.mark.parametrize("name", ["y", "dx", "dgamma", "dbeta", "var", "inv_std", "running_var"])
def test_one_wrong_element_fails_and_is_named(case: Case, name: str) -> None:
    """One element off by a part in a thousand fails, with index, value and bound."""
    actual = exact(case)
    at = (1,) * actual[name].ndim
    actual[name][at] *= np.float32(1.001)
    result = judge(case, Dialect(), actual)[name]
    assert result.status is Status.FAIL
    assert result.worst is not None
    assert result.worst.index == at
    assert result.worst.actual == float(actual[name][at])
    assert abs(result.worst.actual - result.worst.expected) > result.worst.bound
    assert "1 of" in str(result.reason)


def test_missing_output_is_unsupported(case: Case) -> None:
    """What was left out was not compared, and is no pass."""
    actual = exact(case)
    del actual["dx"]
    assert judge(case, Dialect(), actual)["dx"].status is Status.UNSUPPORTED


def test_shape_is_never_broadcast(case: Case) -> None:
    """A value of another shape fails before any arithmetic."""
    result = judge(case, Dialect(), {**exact(case), "dbeta": np.float32(1).reshape(1)})["dbeta"]
    assert result.grade == "F"
    assert "shape (1,), expected (4,)" in str(result.reason)


def test_wrong_type_fails(case: Case) -> None:
    """A float64 gradient of float32 parameters is not what was asked for."""
    result = judge(case, Dialect(), {**exact(case), "dx": exact(case)["dx"].astype(np.float64)})
    assert result["dx"].status is Status.FAIL
    assert "float64" in str(result["dx"].reason)


def test_statistics_may_be_kept_in_a_wider_type(case: Case) -> None:
    """What a forward pass saves for its backward pass may be wider than the parameters."""
    actual = {**exact(case), "mean": due(case, Dialect())["mean"]}
    assert judge(case, Dialect(), actual)["mean"].status is Status.PASS


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_or_infinity_where_a_number_is_due_fails(case: Case, value: float) -> None:
    """No arithmetic turns a NaN into a pass; the report has no NaN for its units."""
    actual = exact(case)
    actual["y"][2, 3] = value
    result = judge(case, Dialect(), actual)["y"]
    assert result.grade == "F"
    assert result.units is None
    assert result.worst is not None
    assert result.worst.index == (2, 3)


def test_number_where_nan_is_due_fails(case: Case) -> None:
    """A kernel that swallows a NaN fails."""
    x = case.inputs.x.copy()
    x[0, 0] = np.nan
    problem = replace(case.problem, inputs=replace(case.inputs, x=x))
    dirty = solve(problem)
    actual = exact(dirty)
    assert judge(dirty, Dialect(), actual)["y"].status is Status.PASS
    actual["y"][3, 0] = 0
    assert judge(dirty, Dialect(), actual)["y"].status is Status.FAIL


def test_exact_infinity_may_come_back_as_nan() -> None:
    """Welford's update turns an infinite mean into NaN; the opposite infinity is wrong."""
    inputs = make((4, 1), np.float32)
    x = inputs.x.copy()
    x[0, 0] = np.inf
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=replace(inputs, x=x)))
    verdicts = {}
    for value in (np.inf, np.nan, -np.inf, 0.0):
        actual = {**exact(case), "mean": np.array([value], dtype=np.float32)}
        verdicts[str(value)] = judge(case, Dialect(), actual)["mean"].status
    assert [str(v) for v in verdicts.values()] == ["pass", "pass", "fail", "fail"]


def test_overflow_of_the_output_type_is_allowed_where_it_is_exact() -> None:
    """A sum beyond 65504 is infinite in float16; a finite one that is not, is wrong."""
    inputs = make((4, 2), np.float16)
    dy = np.array([[30000, 1]] * 4, dtype=np.float16)
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=replace(inputs, dy=dy)))
    right = np.array([np.inf, 4], dtype=np.float16)
    assert judge(case, Dialect(), {"dbeta": right})["dbeta"].status is Status.PASS
    wrong = np.array([np.inf, np.inf], dtype=np.float16)
    assert judge(case, Dialect(), {"dbeta": wrong})["dbeta"].status is Status.FAIL


def test_dialect_decides_which_running_variance_is_meant(case: Case) -> None:
    """The biased update passes in the biased dialect and fails in the other."""
    biased = np.asarray(case.expected.running_var_biased).astype(np.float32)
    actual = {"running_var": biased}
    of_keras = judge(case, Dialect(running_var="biased"), actual)
    assert of_keras["running_var"].status is Status.PASS
    assert judge(case, Dialect(), actual)["running_var"].status is Status.FAIL


def test_eps_outside_is_judged_by_its_own_exact_values(case: Case) -> None:
    """The sigma + eps dialect fails the common answers and passes its own."""
    problem = replace(case.problem, inputs=replace(case.inputs, eps=0.5))
    case = solve(problem)
    outside = Dialect(eps="outside")
    actual = {n: v.astype(np.float32) for n, v in due(case, outside).items()}
    assert {str(r.status) for r in judge(case, outside, actual).values()} == {"pass"}
    assert judge(case, Dialect(), actual)["y"].status is Status.FAIL


def test_single_pass_variance_is_degraded_not_failed() -> None:
    """An offset of 100 deviations costs E[x^2] - mean^2 grade A and B, and gives C."""
    inputs = make((64, 2), np.float32)
    x = np.asarray(inputs.x - np.float32(1)) / np.float32(3) + np.float32(100)
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=replace(inputs, x=x)))
    lossy = np.square(x).mean(axis=0) - np.square(x.mean(axis=0))
    result = judge(case, Dialect(), {"var": lossy})["var"]
    assert (result.status, result.grade) == (Status.DEGRADED, "C")
    assert judge(case, Dialect(), {"var": lossy * np.float32(1.2)})["var"].grade == "F"


def test_single_pass_variance_fails_once_nothing_is_left() -> None:
    """At 10 000 deviations E[x^2] - mean^2 is noise in float32, and noise is no degraded pass."""
    inputs = make((64, 2), np.float32)
    x = np.asarray(inputs.x - np.float32(1)) / np.float32(3) + np.float32(10000)
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=replace(inputs, x=x)))
    lossy = np.square(x).mean(axis=0) - np.square(x.mean(axis=0))
    assert judge(case, Dialect(), {"var": lossy})["var"].grade == "F"


def test_sequential_sum_is_graded_b() -> None:
    """What adding equal terms one by one loses is B and passes; twice as much is F."""
    inputs = replace(make((3000, 1), np.float32), dy=np.full((3000, 1), 1 / 3000, np.float32))
    assert inputs.dy is not None
    case = solve(Problem(id="g/c", group="g", catches="-", made="-", inputs=inputs))
    loop = np.add.accumulate(inputs.dy[:, 0])[-1:]
    result = judge(case, Dialect(), {"dbeta": loop})["dbeta"]
    assert (result.status, result.grade) == (Status.PASS, "B")
    off = loop - np.asarray(case.expected.dbeta)
    far = (loop + 3 * off).astype(np.float32)
    assert judge(case, Dialect(), {"dbeta": far})["dbeta"].grade == "F"


def test_unknown_output_name_is_refused(case: Case) -> None:
    """A misspelled output is an error, not a missing one."""
    with pytest.raises(AdapterError, match="'gamma_grad'"):
        judge(case, Dialect(), {"gamma_grad": np.zeros(4)})


def test_only_stored_values_are_due(case: Case) -> None:
    """What has no expected value is not graded."""
    only_y = replace(case, expected=Outputs(y=case.expected.y))
    assert list(judge(only_y, Dialect(), exact(case))) == ["y"]


def test_rounded_exact_values_are_a_in_every_stored_case() -> None:
    """What is due, rounded once, passes with grade A: no bound is lost beside a NaN."""
    for stored in golden.load(golden.select(None)):
        with np.errstate(all="ignore"):
            rounded = {
                name: value.astype(stored.inputs.dtype_of(name))
                for name, value in due(stored, Dialect()).items()
            }
        found = judge(stored, Dialect(), rounded)
        assert {name for name, r in found.items() if r.grade != "A"} == set(), stored.id
