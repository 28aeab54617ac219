"""A fault that refuses calls is named where exactly these were refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.adapter import WROTE_TO_INPUTS
from conformance.case import Actual, Case, Dialect, Inputs
from conformance.faults import FAULTS
from conformance.faults.refused import refusing
from conformance.memory import laid_out
from conformance.power import matrix
from conformance.tests.faults.independent import CORRECT
from conformance.tests.faults.trials import told
from conformance.verdict.evidence import Evidence
from conformance.verdict.record import Status
from conformance.verdict.ruler import spread

ONE_VALUE, VIEW = "one-value-refused-in-test", "view-refused-in-backward"


def seen(refused: Callable[[Case], bool], reason: str = "ValueError: no") -> list[Evidence]:
    """A kernel that is right wherever it answers."""
    return [
        Evidence(
            case=case,
            actual={} if refused(case) else {"y": case.inputs.x},
            results=spread(Status.ERROR if refused(case) else Status.PASS, reason, ["y"]),
        )
        for case in matrix.cases()
    ]


def named(evidence: list[Evidence]) -> list[str | None]:
    """The names that it is given."""
    return [found.fault for found in refusing(evidence, FAULTS.values(), Dialect())]


def is_one_value(case: Case) -> bool:
    """Whether a call in test mode has one value per channel."""
    return case.inputs.count == 1 and not case.inputs.training


def is_view(case: Case) -> bool:
    """Whether x is not contiguous in a call with dy."""
    return case.inputs.dy is not None and not laid_out(case.inputs).x.flags.c_contiguous


@pytest.mark.parametrize(("refuses", "fault"), [(is_one_value, ONE_VALUE), (is_view, VIEW)])
def test_a_kernel_that_refuses_these_calls_is_named(
    refuses: Callable[[Case], bool], fault: str
) -> None:
    """Exactly the calls that a fault refuses got no answer: that is its name, on all of them."""
    (found,) = refusing(seen(refuses), FAULTS.values(), Dialect())
    assert (found.fault, found.also) == (fault, ())
    assert found.matched == found.of == sum(map(refuses, matrix.cases()))


def test_one_call_more_or_less_gives_no_name() -> None:
    """A refusal of another call, or an answer where the fault has none, refutes it."""
    ids = [case.id for case in matrix.cases() if is_one_value(case)]
    assert named(seen(lambda case: case.id in {*ids, "affine/no-affine"})) == []
    assert named(seen(lambda case: case.id in ids[1:])) == []
    assert named(seen(lambda _: False)) == []


def test_what_lies_backwards_may_be_answered() -> None:
    """A framework without negative strides hands over copies, which a kernel does not refuse."""

    def forwards(case: Case) -> bool:
        return is_view(case) and min(laid_out(case.inputs).x.strides) > 0

    assert named(seen(forwards)) == [VIEW]
    ids = [case.id for case in matrix.cases() if forwards(case)]
    assert named(seen(lambda case: case.id in ids[1:])) == []


def test_a_kernel_that_needs_dy_may_refuse_what_comes_without() -> None:
    """It is given a gradient where a call has none, and refuses that call too."""

    def any_view(case: Case) -> bool:
        return not laid_out(case.inputs).x.flags.c_contiguous

    assert sum(map(any_view, matrix.cases())) > sum(map(is_view, matrix.cases()))
    train = [e for e in seen(any_view) if e.case.inputs.training]
    assert named(train) == [VIEW]


def test_a_single_refusal_gives_no_name() -> None:
    """One call has many properties, so that what is refused is not known."""
    first = next(case for case in matrix.cases() if is_one_value(case))
    few = [e for e in seen(is_one_value) if not is_one_value(e.case) or e.case is first]
    assert named(few) == []


def test_writing_to_inputs_is_no_refusal() -> None:
    """A call that ended since the kernel wrote to x was not refused."""
    assert named(seen(is_one_value, f"{WROTE_TO_INPUTS}: x")) == []


def test_a_refusal_is_named_beside_a_wrong_value() -> None:
    """A kernel that refuses some calls and subtracts beta in the others hears of both."""

    def run(inputs: Inputs) -> Actual:
        if inputs.count == 1 and not inputs.training:
            raise ValueError("expected more than 1 value per channel")
        return FAULTS["beta-sign-flip"].kernel(inputs)

    assert {f.fault for f in told(run)} == {ONE_VALUE, "beta-sign-flip"}


def test_an_axis_of_four_is_told_from_other_refusals() -> None:
    """A kernel that refuses volumes with channels last is named; one that refuses more is not."""

    def refusing_rank_five(inputs: Inputs) -> Actual:
        if inputs.x.ndim == 5:
            raise ValueError("4 axes at most")
        return CORRECT(inputs)

    def refusing_last(inputs: Inputs) -> Actual:
        shape = inputs.x.shape
        if inputs.channel_axes == (4,) and shape[3] != shape[4]:
            raise ValueError("cannot reshape")
        return CORRECT(inputs)

    assert [f.fault for f in told(refusing_last)] == ["last-axis-of-four"]
    assert [f.fault for f in told(refusing_rank_five)] == []


def test_another_axis_is_told_from_other_refusals() -> None:
    """An axis that is resolved wrongly is named where parameters fit it, and where none does."""

    def run(inputs: Inputs) -> Actual:
        return CORRECT(replace(inputs, axis=1 if inputs.axis == 0 else inputs.axis))

    def back(inputs: Inputs) -> Actual:
        axis = inputs.axis
        return CORRECT(
            inputs if isinstance(axis, tuple) or axis >= 0 else replace(inputs, axis=axis - 1)
        )

    for kernel, name in ((run, "axis-zero-as-one"), (back, "negative-axis-off-by-one")):
        assert {f.fault for f in told(kernel)} == {name}
