"""The diagnosis names what is wrong, says so where it cannot, and is silent on what is right."""

from __future__ import annotations

import numpy as np
import pytest

from conformance import adapter
from conformance.case import Actual, Array, Dialect, Inputs, Kernel
from conformance.faults import FAULTS
from conformance.faults.diagnosis import diagnose
from conformance.faults.fault import at_once
from conformance.faults.sheet import Edits, Sheet, kernel
from conformance.tests.faults.independent import CORRECT, DIALECTS, KERNELS
from conformance.tests.faults.independent.lanes import otherwise
from conformance.tests.faults.trials import MASKED, evidence, told
from conformance.tests.sampling import every

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

HIDDEN_BY_THE_OTHER = {"running-var-stores-std"}
"""What is not there any more, since the other fault of its pair replaces the same formula."""

INSEPARABLE: frozenset[str] = frozenset()
"""Faults that another one explains as well on every case."""

READ_OTHERWISE = {"inverted-activation-output": "multiplies dy in place, and not dx over dy"}
"""Faults whose source can be read in two ways, and was: no name is better than a wrong one."""


@pytest.mark.parametrize("fault", every(8, sorted(KERNELS)))
def test_a_kernel_written_elsewhere_is_named(fault: str) -> None:
    """A fault in a kernel that shares no code with the dictionary is named first."""
    dialect = DIALECTS.get(fault, Dialect())
    kernel = KERNELS[fault]
    twice = otherwise(kernel) if FAULTS[fault].lots else None
    found = told(kernel, dialect, second=twice)
    assert found
    assert found[0].fault == (None if fault in READ_OTHERWISE else fault)
    assert bool(found[0].also) == (fault in INSEPARABLE)


@pytest.mark.parametrize("fault", [f for f in sorted(KERNELS) if FAULTS[f].lots])
def test_chance_is_not_blamed_where_equal_calls_agree(fault: str) -> None:
    """A kernel that gives the same answer twice does not hear of races and barriers."""
    found = told(KERNELS[fault])
    assert found
    assert not any(FAULTS[f.fault].lots for f in found if f.fault)


@pytest.mark.parametrize("fault", every(8, (f for f in FAULTS if f not in KERNELS)))
def test_the_dictionary_recognises_itself(fault: str) -> None:
    """A fault that nobody wrote independently is named first in the dictionary's own kernel."""
    own = FAULTS[fault]
    twice = own.by_chance(1) if own.lots else None
    found = told(own.kernel, own.dialect, MASKED, second=twice)
    if own.accepted:
        assert found == ()
    else:
        assert found
        assert found[0].fault == fault


def test_a_correct_kernel_gets_no_diagnosis() -> None:
    """There is nothing to say about a kernel that is right, in any dialect."""
    assert told(CORRECT) == ()
    for path in adapter.load("textbook").paths:
        assert told(path.run, path.dialect, path.capabilities) == (), path.name


@pytest.mark.parametrize("pair", every(4, COMBINED), ids="-".join)
def test_two_faults_in_one_kernel_are_both_named(pair: tuple[str, str]) -> None:
    """Of two faults in one kernel both are named, and nothing else, but for one that is hidden."""
    both = kernel(at_once([FAULTS[fault] for fault in pair])[0])
    found = told(both)
    names = {name for f in found if f.fault for name in (f.fault, *f.together)}
    assert names == {*pair} - HIDDEN_BY_THE_OTHER


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
    found = {d.outputs: d for d in told(odd)}
    assert found[output,].fault is None
    assert said in found[output,].title


def _in(x_type: str, edits: Edits) -> Kernel:
    """A kernel that is edited where x is of a type, and right elsewhere."""
    return lambda inputs: kernel(edits if str(inputs.x.dtype) == x_type else {})(inputs)


@pytest.mark.parametrize(
    ("x_type", "edits", "output", "said"),
    [
        ("float32", {"y": lambda s: s.correct("y") * np.float32(1.008)}, "y", "+1.008 gamma xhat"),
        ("bfloat16", {"y": lambda s: s.gamma * s.xhat - 0.5 * s.beta}, "y", "-0.5 beta"),
        ("float16", {"via_mean": lambda s: -0.5 * s.correct("via_mean")}, "dx", "+0.5"),
    ],
)
def test_small_and_half_precision_weights_are_told(
    x_type: str, edits: Edits, output: str, said: str
) -> None:
    """A weight that is off by less than 1%, or in a half type, is told as what it is."""
    found = {d.outputs: d for d in told(_in(x_type, edits))}
    assert found[output,].fault is None
    assert said in found[output,].title


@pytest.mark.parametrize("output", ["y", "dx", "dgamma", "dbeta"])
def test_an_output_with_coarse_rounding_is_said_to_have_its_formula(output: str) -> None:
    """Where the terms have their right weights, that is said, and no formula is told."""

    def coarse(s: Sheet) -> Array:
        value = s.correct(output)
        return np.asarray(value * (1 + 1e-4 * (-1) ** np.arange(value.size).reshape(value.shape)))

    found = {d.outputs: d for d in told(kernel({output: coarse}))}
    assert found[output,].fault is None
    assert f"{output} has the right terms" in found[output,].title


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

    (found,) = told(by_halves)
    assert found.by_place
    assert found.fault in {"single-pass-variance", "single-pass-variance-clamped"}


def typed(**types: type) -> Kernel:
    """The correct kernel with some outputs in another type where x is no float64."""

    def run(inputs: Inputs) -> Actual:
        found = dict(CORRECT(inputs))
        if inputs.x.dtype == np.float64:
            return found
        return found | {n: found[n].astype(kind) for n, kind in types.items() if n in found}

    return run


def test_a_wrong_type_alone_is_told_as_that() -> None:
    """Right values in a wrong type are no fault of a formula."""
    (found,) = told(typed(dgamma=np.float64))
    assert found.outputs == ("dgamma",)
    assert found.fault is None
    assert "its type is float64" in found.title
    assert "its values are right" in found.title
    assert found.matched == found.of
    (found,) = told(typed(y=np.float64))
    assert found.fault == "output-dtype-promoted"


def test_a_wrong_type_hides_no_wrong_value() -> None:
    """A kernel with a wrong type and a wrong formula hears of both."""
    halved = typed(dgamma=np.float64)

    def run(inputs: Inputs) -> Actual:
        found = dict(halved(inputs))
        for name in {"dgamma", "dbeta"} & found.keys():
            with np.errstate(all="ignore"):  # of an empty batch
                found[name] = found[name] / found[name].dtype.type(inputs.count)
        return found

    typed_too, named = told(run)
    assert "its type is float64" in typed_too.title
    assert named.fault == "param-grads-averaged"


def test_another_fault_in_each_type_is_named_in_each() -> None:
    """A kernel that is wrong otherwise in float16 and right in float64 hears it by type."""
    wrong = {"float16": "dx-missing-gamma", "float32": "beta-sign-flip"}

    def run(inputs: Inputs) -> Actual:
        fault = wrong.get(str(inputs.x.dtype))
        return FAULTS[fault].kernel(inputs) if fault else CORRECT(inputs)

    found = told(run)
    assert {(*f.only, f.fault) for f in found} == {*wrong.items()}


def test_an_unknown_second_fault_hides_the_known_one_in_a_part_alone() -> None:
    """Where something unknown is wrong too, what is known is named for what it explains."""

    def run(inputs: Inputs) -> Actual:
        found = dict(FAULTS["beta-sign-flip"].kernel(inputs))
        if inputs.count % 4 == 0:
            found["y"] = found["y"] + np.sin(found["y"].astype(np.float64)).astype(inputs.x.dtype)
        return found

    first, *_ = told(run)
    assert first.fault == "beta-sign-flip"
    assert 0 < first.matched < first.of
    assert "failures match" in first.sentence


def test_one_case_that_agrees_names_nothing() -> None:
    """A single agreeing case is not enough: what many faults give by accident is not told."""
    seen = [e for e in evidence(FAULTS["beta-sign-flip"].kernel) if "y" in e.failing][:1]
    assert all(f.fault is None for f in diagnose(seen, Dialect()))


def test_writing_to_inputs_is_named() -> None:
    """A kernel that overwrites its input gets that as its diagnosis, not a list of outputs."""

    def overwriting(inputs: Inputs) -> Actual:
        outputs = CORRECT(inputs)
        np.multiply(inputs.x, 2, out=inputs.x, casting="unsafe")
        return outputs

    (found,) = told(overwriting)
    assert (found.fault, found.outputs) == ("input-mutated", ())
