"""Laws: no honest algorithm breaks one, and each is broken by a kernel made for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from conformance import adapter
from conformance.adapter import why_not
from conformance.case import Actual, Inputs, Kernel
from conformance.faults import FAULTS
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.memory import laid_out
from conformance.power import matrix
from conformance.power.laws import LAWS, broken
from conformance.power.measuring import breaks
from conformance.tests.adapters.trial import ask
from conformance.tests.sampling import every

SAMPLE = [c.inputs for c in matrix.cases() if c.inputs.x.size <= 400][::5]


def laws_broken(run: Kernel, inputs: Inputs) -> set[str]:
    """Names of the laws that a kernel breaks."""
    return {breach.law for breach in broken(run, laid_out(inputs))}


@pytest.mark.parametrize("member", every(4, PANEL))
def test_honest_algorithms_break_no_law(member: str) -> None:
    """Every algorithm of the honest panel keeps every law on a fifth of the small cases."""
    honest = PANEL[member]
    for inputs in SAMPLE:
        if not (honest.narrow and inputs.x.dtype == np.float64):
            assert not laws_broken(kernel(honest.edits), inputs)


def test_a_kernel_that_gives_no_answer_breaks_a_law() -> None:
    """A kernel that raises where a law asks for an answer breaks it; one that is right does not."""

    def refusing(inputs: Inputs) -> Actual:
        raise ValueError(inputs.x.shape)

    inputs = ask((6, 5))
    assert any(breaks(law, refusing, inputs) for law in LAWS)
    assert not any(breaks(law, kernel(), inputs) for law in LAWS)


def test_textbook_kernels_break_no_law() -> None:
    """The published derivations keep every law, eps outside the root aside from scaling of x."""
    for path in adapter.load("textbook").paths:
        for inputs in SAMPLE[::3]:
            alone = replace(inputs, earlier=())
            if why_not(path.capabilities, alone) or path.dialect.eps == "outside":
                continue
            if path.name == "per_activation" and len(alone.channel_axes) != alone.x.ndim - 1:
                continue
            assert not laws_broken(path.run, alone), (path.name, alone)


def _absolute(inputs: Inputs) -> Actual:
    gamma = None if inputs.gamma is None else np.abs(inputs.gamma)
    return kernel()(replace(inputs, gamma=gamma))


def _neighbour(inputs: Inputs) -> Actual:
    return kernel({"mean": lambda s: np.roll(s.correct("mean"), 1, axis=0)})(inputs)


def _nonlinear(inputs: Inputs) -> Actual:
    return kernel({"dgamma": lambda s: s.correct("dgamma") * np.abs(s.correct("dbeta"))})(inputs)


def _counting() -> Kernel:
    calls = []

    def run(inputs: Inputs) -> Actual:
        calls.append(1)
        outputs = dict(kernel()(inputs))
        outputs["y"] = outputs["y"] + np.float32(len(calls) % 2)
        return outputs

    return run


def _stale() -> Kernel:
    buffer: dict[tuple[int, ...], np.ndarray] = {}

    def run(inputs: Inputs) -> Actual:
        outputs = dict(kernel()(inputs))
        kept = buffer.setdefault(outputs["y"].shape, np.zeros_like(outputs["y"]))
        kept += outputs["y"]
        outputs["y"] = kept
        return outputs

    return run


@pytest.mark.parametrize(
    ("law", "make"),
    [
        ("x by powers of two", lambda: FAULTS["eps-hardcoded-1e-3"].kernel),
        ("x by small powers of two", lambda: FAULTS["eps-outside-sqrt"].kernel),
        ("sign of x", lambda: _absolute),
        ("gamma and beta by powers of two", lambda: _absolute),
        ("dy by powers of two", lambda: _nonlinear),
        ("additivity in dy", lambda: _nonlinear),
        ("permutation", lambda: FAULTS["last-element-dropped"].kernel),
        ("channel split", lambda: _neighbour),
        ("repetition", _counting),
        ("repetition", _stale),
    ],
)
def test_each_law_is_broken_by_a_kernel_made_for_it(law: str, make: Callable[[], Kernel]) -> None:
    """A kernel that is wrong on purpose breaks the law that it was made for."""
    assert law in {known.name for known in LAWS}
    assert law in laws_broken(make(), ask((6, 5), np.float32))


def test_a_lawful_kernel_may_be_wrong() -> None:
    """Momentum exchanged keeps every law: laws back the oracle up and do not replace it."""
    assert not laws_broken(FAULTS["momentum-swapped"].kernel, ask((6, 5), np.float32))


@pytest.mark.parametrize("value", [1e-40, 1e30, np.nan, np.inf])
def test_powers_of_two_ask_for_ordinary_numbers(value: float) -> None:
    """Where scaling would leave the normal numbers, nothing is held against a kernel."""
    inputs = ask((6, 5), np.float32)
    x = inputs.x.copy()
    x[0, 0] = value
    assert not laws_broken(kernel(), replace(inputs, x=x))


def test_a_breach_says_where() -> None:
    """A breach names law, output, element and both values."""
    breach = next(b for b in broken(_counting(), ask((6, 5), np.float32)) if b.output == "y")
    assert breach.index == (0, 0)
    assert abs(breach.actual - breach.wanted) == pytest.approx(1.0, rel=1e-5)
