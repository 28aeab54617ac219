"""Tests of frozen leaves: a gradient that is not asked for changes none of the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.case import Actual, Case, Dialect, Inputs
from conformance.cases import golden
from conformance.checking.state import leaves
from conformance.checking.state.found import LEAVES
from conformance.errors import AdapterError, Unsupported

CASES = {case.id: case for case in golden.load(["dense/train-float32", "dense/test-float32"])}


def exact(inputs: Inputs) -> dict[str, Any]:
    """The right answer, rounded once."""
    case = next(c for c in CASES.values() if c.inputs.x.tobytes() == inputs.x.tobytes())
    return {
        name: value.astype(inputs.dtype_of(name))
        for name, value in case.expected.items().items()
        if name != "running_var_biased"
    }


def trial(ask: Any, kind: str = "autograd function", takes: tuple[str, ...] = ()) -> Any:
    """A kernel that answers so."""
    facts = {"kind": kind, "takes": takes}
    return SimpleNamespace(facts=facts, dialect=Dialect(), ask=ask)


def answered(case: Case) -> Any:
    """A case that was answered rightly."""
    return SimpleNamespace(evidence=SimpleNamespace(case=case, actual=exact(case.inputs)))


ONES = [answered(case) for case in CASES.values()]


def right(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
    """What is asked for, and right."""
    return {name: value for name, value in exact(inputs).items() if name not in leave_out}


def without_gamma(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
    """A dx that lacks what the gradient by gamma was computed for."""
    found = dict(right(inputs, leave_out=leave_out))
    if "dgamma" in leave_out and inputs.training:
        found["dx"] = found["dx"] * 2
    return found


def test_a_right_kernel_has_nothing_found() -> None:
    """Each choice of leaves is asked in both modes, and what is left out is not missed."""
    asked = []

    def ask(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        asked.append((inputs.training, leave_out))
        return right(inputs, leave_out=leave_out)

    assert leaves.ask(trial(ask), ONES) == ()
    assert len(set(asked)) == 2 * len(leaves.FROZEN)
    assert (True, ("dgamma", "dbeta")) in asked


def test_a_gradient_that_hangs_on_another_is_found() -> None:
    """It is told with the leaves that took none, and with what is wrong."""
    found = leaves.ask(trial(without_gamma), ONES)
    assert [(each.kind, each.outputs, each.wrong) for each in found] == [
        (LEAVES, ("dx",), True)
    ] * 2
    assert "where no gradient by gamma is asked for: dx: fail" in found[0].sentence
    assert "no gradient by gamma and beta" in found[1].sentence


@pytest.mark.parametrize(
    ("error", "count"), [(AdapterError("it broke"), 8), (Unsupported("not that"), 0)]
)
def test_who_breaks_is_wrong_and_who_refuses_is_not(error: Exception, count: int) -> None:
    """A kernel that raises without a gradient to compute is found; one that refuses is not."""

    def ask(inputs: Inputs, *, leave_out: tuple[str, ...] = ()) -> Actual:
        del inputs, leave_out
        raise error

    assert len(leaves.ask(trial(ask), ONES)) == count


@pytest.mark.parametrize(
    ("kind", "takes", "asks"),
    [
        ("function", ("x", "gamma", "beta", "dy"), False),
        ("function", ("x", "gamma", "beta"), True),
        ("program", ("x",), False),
        ("torch module", ("x",), True),
    ],
)
def test_only_what_is_differentiated_is_asked(
    kind: str, takes: tuple[str, ...], asks: bool
) -> None:
    """A kernel that is given dy computes its gradients itself, and a program has no leaves."""
    found = leaves.ask(trial(without_gamma, kind, takes), ONES)
    assert bool(found) == asks


def test_nothing_is_asked_of_calls_without_parameters() -> None:
    """A call whose answer has no gradient by gamma says nothing about leaves."""
    bare = answered(CASES["dense/train-float32"])
    bare.evidence.actual = {"y": np.zeros(1)}
    assert leaves.ask(trial(without_gamma), [bare]) == ()
