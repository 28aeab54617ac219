"""What is shown of a case is what the oracle, the ruler and the formulas say of it."""

from __future__ import annotations

import numpy as np
import pytest

import conformance
from conformance.batches import through_earlier
from conformance.case import Case, Dialect
from conformance.checking.showing import ways
from conformance.checking.showing.look import look
from conformance.errors import InputError
from conformance.faults import FAULTS
from conformance.faults.honest import PANEL
from conformance.faults.sheet import in_dialect, kernel
from conformance.tests.cases.golden import samples
from conformance.tests.checking.showing.cases import FAR, HALF, solved, stored
from conformance.verdict.ruler import Ruler


@pytest.mark.parametrize("name", [FAR, HALF])
def test_channels_and_answers_are_those_of_expected(name: str) -> None:
    """Mean and variance of every channel, and every exact answer, are what `expected` gives."""
    case = stored(name)
    inputs, found = case.inputs, look(case)
    exact = conformance.expected(
        inputs.x,
        inputs.gamma,
        inputs.beta,
        inputs.dy,
        running_mean=inputs.running_mean,
        running_var=inputs.running_var,
        eps=inputs.eps,
        momentum=inputs.momentum,
        axis=inputs.axis,
    )
    np.testing.assert_array_equal(found.channels.mean, exact.mean)
    np.testing.assert_array_equal(found.channels.variance, exact.var)
    wide = inputs.x.astype(np.float64)
    np.testing.assert_array_equal(found.channels.least, wide.min(axis=0))
    np.testing.assert_array_equal(found.channels.most, wide.max(axis=0))
    answers = exact.items()
    assert {due.field for due in found.due} == answers.keys()
    for due in found.due:
        np.testing.assert_array_equal(due.expected, answers[due.field])


@pytest.mark.parametrize("name", [FAR, HALF])
@pytest.mark.parametrize("dialect", [Dialect(), Dialect(running_var="biased")])
def test_errors_and_grades_are_those_of_the_ruler(name: str, dialect: Dialect) -> None:
    """Each way, run by itself and judged by the ruler, has the units and grades that are shown."""
    case = stored(name)
    ruler, found = Ruler(case, dialect), look(case)
    for tried in found.tried:
        edits = (PANEL if tried.way.honest else FAULTS)[tried.way.id].edits
        actual = through_earlier(kernel(in_dialect(dialect, edits)), case.inputs)
        for output, result in ruler.judge(actual).items():
            biased = output == "running_var" and dialect.running_var == "biased"
            field = "running_var_biased" if biased else output
            assert tried.results[field] == result
            assert tried.errors[field].max() == result.units
    for due in found.due:
        if due.field == due.name:
            unit = ruler.unit(due.name, case.inputs.dtype_of(due.name))
            np.testing.assert_array_equal(due.unit, unit)


def test_a_single_pass_fails_where_two_passes_do_not() -> None:
    """Far from zero the single pass is F in y and var, and honest ways are A."""
    results = {tried.way.id: tried.results for tried in look(stored(FAR)).tried}
    assert {results["single-pass-variance"][name].grade for name in ("y", "var")} == {"F"}
    for honest in ("two-pass", "sequential"):
        assert {result.grade for result in results[honest].values()} == {"A"}


def test_sums_in_half_precision_fail_and_a_plain_loop_is_b() -> None:
    """On 4096 halves the plain loop is B in dx, and half-precision sums are F in dbeta."""
    results = {tried.way.id: tried.results for tried in look(stored(HALF)).tried}
    assert results["sequential"]["dx"].grade == "B"
    assert results["half-accumulation"]["dbeta"].grade == "F"


@pytest.mark.parametrize(
    ("dtype", "training", "wanted"),
    [
        (np.float32, True, {"single-pass-variance", "statistics-of-bfloat16"}),
        (np.float16, True, {"single-pass-variance", "half-accumulation"}),
        (np.float64, True, {"single-pass-variance", "double-computed-in-single"}),
        (np.float32, False, set()),
        (np.float16, False, {"half-accumulation"}),
    ],
)
def test_ways_are_those_of_the_types_and_the_mode(
    dtype: type, wanted: set[str], *, training: bool
) -> None:
    """Two honest ways always; of the faults those that exist for the type and act in the mode."""
    inputs = solved(
        x=samples.values((6, 3), dtype),
        running_mean=samples.values((3,), dtype),
        running_var=abs(samples.values((3,), dtype)),
        training=training,
    ).inputs
    found = {way.id: way.honest for way in ways.usual(inputs)}
    assert found == {"two-pass": True, "sequential": True, **dict.fromkeys(wanted, False)}


def test_the_condition_is_that_of_the_bounds() -> None:
    """S_var / (var + eps) of a channel by hand, S_var being var + 2 mean(d |x|) + 16 u A1^2."""
    x = np.array([[3.0], [5.0], [10.0], [6.0]], np.float32)
    found = look(solved(x=x, eps=0.5)).channels
    assert found.condition is not None
    var = (9 + 1 + 16 + 0) / 4
    cross = (3 * 3 + 1 * 5 + 4 * 10 + 0 * 6) / 4
    by_hand = (var + 2 * cross + 16 * 2.0**-24 * 6.0**2) / (var + 0.5)
    assert found.condition[0] == pytest.approx(by_hand, rel=1e-12)


def test_the_hardest_channels_come_in_their_order() -> None:
    """Those of the largest condition, one that is not finite before all others."""
    x = np.array([[1.0, 100.0, 1.0, 7.0], [-1.0, 101.0, np.inf, 9.0]], np.float32)
    found = look(solved(x=x)).channels
    assert found.hardest(1) == [2]
    assert found.hardest(2) == [1, 2]
    assert found.hardest(9) == [0, 1, 2, 3]


def test_test_mode_has_no_condition() -> None:
    """There the first channels are shown, with the statistics of x as float64 has them."""
    x = samples.values((6, 3), np.float32)
    given = {"running_mean": np.zeros(3, np.float32), "running_var": np.ones(3, np.float32)}
    found = look(solved(x=x, training=False, **given)).channels
    assert found.condition is None
    assert found.hardest(2) == [0, 1]
    np.testing.assert_allclose(found.mean, x.astype(np.float64).mean(axis=0))


def test_an_empty_batch_is_looked_at() -> None:
    """It poses its edge, and no way is off."""
    found = look(stored("empty/train-float32"))
    assert found.edges == ("empty-batch",)
    for tried in found.tried:
        assert {result.units for result in tried.results.values()} == {0.0}


def test_a_nan_stays_in_its_channel() -> None:
    """A channel with NaN has NaN for mean and condition, the others have numbers."""
    x = samples.values((6, 3), np.float32)
    x[2, 1] = np.nan
    found = look(solved(x=x))
    assert found.edges == ("nan-inputs",)
    assert found.channels.condition is not None
    assert np.isnan(found.channels.mean).tolist() == [False, True, False]
    assert np.isnan(found.channels.condition).tolist() == [False, True, False]


def test_what_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """More values than a look takes time for are not run through, and the reason has the number."""
    monkeypatch.setattr(ways, "MOST_VALUES", 17)
    found = look(solved())
    assert {tried.left for tried in found.tried} == {"not run: 18 values, at most 17"}
    assert not any(tried.results or tried.errors for tried in found.tried)
    monkeypatch.setattr(ways, "MOST_VALUES", 18)
    monkeypatch.setattr(ways, "MOST_STEPS", 5)
    found = look(solved(x=samples.values((6, 3), np.float16)))
    left = {tried.way.id: tried.left for tried in found.tried if tried.left}
    assert left == {"half-accumulation": "not run: 6 steps, at most 5"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("odd/last", "odd/last: running statistics are None"), ("odd/bits", "dbeta due without dy")],
)
def test_a_case_that_has_no_answer_is_refused(name: str, said: str) -> None:
    """A foreign case that asks for what does not follow from its inputs is named, with why."""
    (case,) = (each for each in samples.everything() if each.id == name)
    with pytest.raises(InputError, match=said):
        look(case)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "case",
    [c for c in samples.everything() if c.id not in ("odd/last", "odd/bits")],
    ids=lambda case: case.id,
)
def test_arbitrary_answers_are_looked_at(case: Case) -> None:
    """Whatever a golden file holds for exact is shown, and no warning of numpy is."""
    found = look(case)
    assert {due.field for due in found.due} == case.expected.items().keys()
