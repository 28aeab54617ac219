"""The diagnosis names what is wrong, says so where it cannot, and is silent on what is right."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import adapter
from conformance.case import Actual, Dialect, Inputs
from conformance.faults import FAULTS
from conformance.faults.diagnosis import diagnose
from conformance.faults.sheet import kernel
from conformance.tests.faults.independent import CORRECT, DIALECTS, KERNELS
from conformance.tests.faults.trials import evidence

COMBINED = (
    ("beta-sign-flip", "dx-missing-gamma"),
    ("eps-outside-sqrt", "dx-missing-mean-term"),
    ("momentum-swapped", "dgamma-uses-x"),
    ("dx-missing-mean-term", "dx-missing-gamma"),
    ("beta-sign-flip", "gamma-ignored"),
    ("running-var-stores-std", "running-var-includes-eps"),
    ("param-grads-averaged", "dx-divides-by-batch"),
    ("dvar-missing-half", "momentum-swapped"),
    ("eval-missing-std", "dx-stats-constant"),
    ("eps-hardcoded-1e-3", "beta-sign-flip"),
    ("inv-variance-not-invstd", "dgamma-uses-y"),
    ("padding-counts-in-variance", "dx-missing-var-term"),
)
"""Pairs of faults in one kernel, on outputs of their own and on the same."""

INSEPARABLE: frozenset[str] = frozenset()
"""Faults that another one explains as well on every case."""

READ_OTHERWISE = {"inverted-activation-output": "multiplies dy in place, and not dx over dy"}
"""Faults whose source can be read in two ways, and was: no name is better than a wrong one."""


@pytest.mark.parametrize("fault", sorted(KERNELS))
def test_a_kernel_written_elsewhere_is_named(fault: str) -> None:
    """A fault in a kernel that shares no code with the dictionary is named first."""
    dialect = DIALECTS.get(fault, Dialect())
    found = diagnose(evidence(KERNELS[fault], dialect), dialect)
    assert found
    assert found[0].fault == (None if fault in READ_OTHERWISE else fault)
    assert bool(found[0].also) == (fault in INSEPARABLE)


@pytest.mark.parametrize("fault", [f for f in FAULTS if f not in KERNELS])
def test_the_dictionary_recognises_itself(fault: str) -> None:
    """A fault that nobody wrote independently is named first in the dictionary's own kernel."""
    own = FAULTS[fault]
    found = diagnose(evidence(own.kernel, own.dialect), own.dialect)
    if own.accepted:
        assert found == ()
    else:
        assert found
        assert found[0].fault == fault


def test_a_correct_kernel_gets_no_diagnosis() -> None:
    """There is nothing to say about a kernel that is right, in any dialect."""
    assert diagnose(evidence(CORRECT), Dialect()) == ()
    for path in adapter.load("textbook").paths:
        seen = evidence(path.run, path.dialect, path.capabilities)
        assert diagnose(seen, path.dialect) == (), path.name


@pytest.mark.parametrize(("one", "other"), COMBINED)
def test_combined_faults_get_no_wrong_name(one: str, other: str) -> None:
    """Of two faults in one kernel, each name that is given is one of the two."""
    both = kernel({**FAULTS[one].edits, **FAULTS[other].edits})
    found = diagnose(evidence(both), Dialect())
    assert found
    assert {f.fault for f in found if f.fault} <= {one, other}


@pytest.mark.parametrize(
    ("cell", "weight", "output", "said"),
    [
        ("via_var", 0.75, "dx", "-0.75 gamma inv_std xhat mean(dy xhat)"),
        ("via_mean", 0.5, "dx", "-0.5 gamma inv_std mean(dy)"),
        ("dgamma", 3.0, "dgamma", "+3 sum(dy xhat)"),
        ("inv_std", 1.25, "inv_std", "+1.25 inv_std"),
    ],
)
def test_an_unknown_fault_is_told_by_its_terms(
    cell: str, weight: float, output: str, said: str
) -> None:
    """Where no fault of the dictionary fits, the weights of the terms are told."""
    odd = kernel({cell: lambda s: weight * s.correct(cell)})
    found = {d.outputs: d for d in diagnose(evidence(odd), Dialect())}
    assert found[output,].fault is None
    assert said in found[output,].title


def test_a_single_pass_written_otherwise_is_recognised_by_place() -> None:
    """Another single-pass variance rounds otherwise, and fails where the dictionary's fails."""

    def by_halves(inputs: Inputs) -> Actual:
        def var(s: object) -> object:
            x = s.x  # type: ignore[attr-defined]  # a sheet
            half = x.shape[1] // 2
            squares = (x[:, :half] ** 2).sum(1, keepdims=True) + (x[:, half:] ** 2).sum(
                1, keepdims=True
            )
            return squares / s.work(max(x.shape[1], 1)) - s.mean**2  # type: ignore[attr-defined]  # the same

        return kernel({"var": var})(inputs)

    (found,) = diagnose(evidence(by_halves), Dialect())
    assert found.by_place
    assert found.fault in {"single-pass-variance", "single-pass-variance-clamped"}


def test_writing_to_inputs_is_named() -> None:
    """A kernel that overwrites its input gets that as its diagnosis, not a list of outputs."""

    def overwriting(inputs: Inputs) -> Actual:
        outputs = CORRECT(inputs)
        np.multiply(inputs.x, 2, out=inputs.x, casting="unsafe")
        return outputs

    (found,) = diagnose(evidence(overwriting), Dialect())
    assert (found.fault, found.outputs) == ("input-mutated", ())
