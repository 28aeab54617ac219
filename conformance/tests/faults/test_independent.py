"""The independent faulty kernels: each wrong where its fault shows, and nowhere else."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from conformance import load
from conformance.adapter import Capabilities, Path
from conformance.case import Array, Case, Dialect, Inputs, Kernel, Problem
from conformance.float_types import NARROW
from conformance.harness import worker
from conformance.oracle import solve
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.tests.adapters.trial import ask
from conformance.tests.faults.hiding import (
    HIDDEN,
    HIDDEN_WITHIN_BOUNDS,
    ODD_MEMORY,
    TEST_MODE_ONLY,
    TRAINING_ONLY,
)
from conformance.tests.faults.independent import CORRECT, DIALECTS, KERNELS
from conformance.tests.faults.independent.edit import Edit
from conformance.verdict.record import Status
from conformance.verdict.ruler import Ruler

UNGRADED = {"empty-batch-nan"}
"""What no case can show: the buffers after an empty batch have no expected value."""


@cache
def golden() -> tuple[Case, ...]:
    """Every golden case, read once."""
    return tuple(load())


@cache
def ruler(case_id: str, dialect: Dialect) -> Ruler:
    """The ruler of a golden case, prepared once."""
    return Ruler(next(c for c in golden() if c.id == case_id), dialect)


def path(kernel: Kernel) -> Path:
    """A kernel as the suite would run it."""
    able = Capabilities(per_activation=True, narrow=frozenset(NARROW))
    return Path(name="kernel", about="-", run=kernel, capabilities=able)


def writable(inputs: Inputs) -> Inputs:
    """The same call on arrays of its own; golden arrays are read-only."""
    given = {f.name: getattr(inputs, f.name) for f in fields(inputs)}
    own: dict[str, Any] = {n: v.copy() for n, v in given.items() if isinstance(v, np.ndarray)}
    return replace(inputs, **own)


def complaints(kernel: Kernel, inputs: Inputs, measure: Ruler) -> list[str]:
    """What the suite says against a kernel on one case, history and contract included."""
    answer, outputs = worker.run(path(kernel), inputs)
    if answer["status"] != "ok":
        return [str(answer["reason"])]
    judged = measure.judge(outputs).items()
    wrong = ((n, r) for n, r in judged if r.status is not Status.PASS)
    return [f"{name}: {r.reason}" for name, r in wrong if not is_of_correct_kernels(r.edges)]


def made(inputs: Inputs, dialect: Dialect) -> Ruler:
    """The ruler of a case made here."""
    problem = Problem(id="made/here", group="made", catches="-", made="-", inputs=inputs)
    return Ruler(solve(problem), dialect)


def same(one: dict[str, Array], other: dict[str, Array]) -> bool:
    """Whether two answers agree to the last bit, in type and in shape."""
    return one.keys() == other.keys() and all(
        one[n].dtype == other[n].dtype
        and one[n].shape == other[n].shape
        and one[n].tobytes() == other[n].tobytes()
        for n in one
    )


def test_correct_kernel_passes_every_golden_case() -> None:
    """The kernel whose text is edited conforms on all golden cases that have no mask."""
    found = {
        case.id: told
        for case in golden()
        if case.inputs.mask is None
        and (told := complaints(CORRECT, writable(case.inputs), ruler(case.id, Dialect())))
    }
    assert len(golden()) > 0
    assert not found


@pytest.mark.parametrize("fault", sorted(KERNELS.keys() - ODD_MEMORY.keys() - UNGRADED))
def test_faulty_kernel_fails_a_golden_case(fault: str) -> None:
    """At least one golden case shows the fault."""
    dialect = DIALECTS.get(fault, Dialect())
    assert any(
        complaints(KERNELS[fault], writable(case.inputs), ruler(case.id, dialect))
        for case in golden()
    )


@pytest.mark.parametrize("fault", sorted(ODD_MEMORY))
def test_fault_of_memory_fails_in_such_memory(fault: str) -> None:
    """A call whose arrays overlap or stride shows the fault, and the correct kernel passes it."""
    inputs = ODD_MEMORY[fault]()
    measure = made(inputs, Dialect())
    assert complaints(KERNELS[fault], inputs, measure)
    assert not complaints(CORRECT, inputs, measure)


def test_empty_batch_shows_in_the_buffers() -> None:
    """An empty batch leaves the buffers as they were, and makes NaN of them in the fault."""
    inputs = ask((0, 5))
    for name in ("running_mean", "running_var"):
        assert np.array_equal(CORRECT(inputs)[name], getattr(inputs, name))
        assert np.isnan(KERNELS["empty-batch-nan"](inputs)[name]).all()


@pytest.mark.parametrize("fault", sorted(HIDDEN))
def test_hidden_fault_changes_no_bit(fault: str) -> None:
    """Where a fault cannot be seen its kernel is the correct one, to the last bit."""
    inputs = HIDDEN[fault]()
    assert same(dict(KERNELS[fault](inputs)), dict(CORRECT(inputs)))


@pytest.mark.parametrize("fault", sorted(HIDDEN_WITHIN_BOUNDS))
def test_hidden_fault_conforms(fault: str) -> None:
    """Where a fault cannot be seen its kernel passes."""
    inputs = HIDDEN_WITHIN_BOUNDS[fault]()
    assert not complaints(KERNELS[fault], inputs, made(inputs, DIALECTS.get(fault, Dialect())))


@pytest.mark.parametrize("fault", sorted(TEST_MODE_ONLY))
def test_fault_of_test_mode_leaves_training_alone(fault: str) -> None:
    """A fault of test mode changes no bit of a training call."""
    inputs = ask((4, 5, 3))
    assert same(dict(KERNELS[fault](inputs)), dict(CORRECT(inputs)))


@pytest.mark.parametrize("fault", sorted(TRAINING_ONLY))
def test_fault_of_training_leaves_test_mode_alone(fault: str) -> None:
    """A fault of training changes no bit of a call in test mode."""
    inputs = ask((4, 5, 3), training=False)
    assert same(dict(KERNELS[fault](inputs)), dict(CORRECT(inputs)))


@pytest.mark.parametrize("fault", sorted(KERNELS))
def test_faulty_kernel_repeats(fault: str) -> None:
    """A second run of the same call returns the same bits, chance included."""
    inputs = ask((4, 5, 3))
    assert same(dict(KERNELS[fault](inputs)), dict(KERNELS[fault](inputs)))


@pytest.mark.parametrize("old", ["no such line", "else:"])
def test_edit_of_no_line_or_of_many_is_refused(old: str) -> None:
    """An edit that does not fit exactly one line is an error, never a silent no-op."""
    with pytest.raises(AssertionError, match="expected 1"):
        Edit(old, "pass").apply("else:\nelse:\n")
