"""The doctor's experiments on an adapter: is what it does what its dialect declares?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.arrays import RUNNING
from conformance.case import Actual, Dialect, Inputs
from conformance.checking.doctor import experiments
from conformance.checking.doctor.finding import UNKNOWN
from conformance.checking.doctor.questions import Call
from conformance.checking.selftest.outcome import Finding

_EPS = ("y", "dx", "dgamma", "inv_std")
_DECLARED = ("inside", "outside")


def conventions(
    inputs: Inputs, outputs: Actual, dialect: Dialect
) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    """What differs from the declaration, and the outputs that this explains.

    Args:
        inputs: An ordinary training call.
        outputs: What came back, in the right shapes.
        dialect: What the path declares.
    """
    answer = Call(inputs=inputs, outputs=outputs)
    # Whatever the framework's own momentum weights, the adapter is given the new value's weight.
    asked = replace(dialect, momentum="new")
    momentum, running_var = experiments.running(answer, asked)
    if momentum.found == "old":
        yield _momentum(momentum.sentence, dialect), RUNNING
    yield from _estimator(running_var.found, running_var.sentence, dialect)
    place = experiments.eps(answer, dialect)
    if place.found not in (UNKNOWN, dialect.eps):
        yield _eps(place.found, place.sentence, dialect), _EPS


def _momentum(seen: str, dialect: Dialect) -> Finding:
    look = "Inputs.momentum is the weight of the new value"
    if dialect.momentum == "old":
        look += ', and the declared Dialect(momentum="old") says that the framework weights the old'
    look += ": give a framework that weights the old value 1 - momentum"
    return Finding(name="momentum swapped", seen=seen, look=look)


def _estimator(
    found: str, seen: str, dialect: Dialect
) -> Iterator[tuple[Finding, tuple[str, ...]]]:
    if found in (UNKNOWN, dialect.running_var):
        return
    said = f'declare Dialect(running_var="{found}") if that is the framework\'s own'
    if dialect.running_var == "none":
        name, said = "running_var declared as none", f"it is returned all the same: {said}"
    else:
        name = "wrong estimator of the running variance"
        said = f'Dialect(running_var="{dialect.running_var}") is declared: {said}, or convert it'
    yield Finding(name=name, seen=seen, look=said), ("running_var",)


def _eps(found: str, seen: str, dialect: Dialect) -> Finding:
    if found == "none":
        look = "Look at where Inputs.eps is handed over"
        return Finding(name="eps dropped", seen=seen, look=look)
    if found in _DECLARED:
        look = (
            f'Dialect(eps="{dialect.eps}") is declared: declare Dialect(eps="{found}"), or move it'
        )
        return Finding(name="wrong place of eps", seen=seen, look=look)
    look = "Look at what the adapter does with eps and the variance, and then at the framework"
    return Finding(name="another divisor", seen=seen, look=look, certain=False)
