"""Gradients that are not asked for: a frozen parameter changes none of the others.

Where gradients come by automatic differentiation, x, gamma and beta are leaves that need one in
every case.  A backward pass that is told what is needed may leave out too much.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from conformance.arrays import GRADIENT_OF
from conformance.case import Case
from conformance.checking.state.found import LEAVES, Dependence, in_words
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.errors import AdapterError, Unsupported
from conformance.verdict.record import is_wrong
from conformance.verdict.ruler import judge

FROZEN: tuple[tuple[str, ...], ...] = (("gamma",), ("beta",), ("gamma", "beta"), ("x",))
"""Which leaves take no gradient, in turn."""


def ask(trial: Trial, ones: Sequence[Tried]) -> tuple[Dependence, ...]:
    """Ask a case of each mode again with leaves frozen.

    Args:
        trial: The kernel.
        ones: Calls that it answered rightly.

    Returns:
        One for each choice of leaves with which something else is wrong.
    """
    if not _differentiates(trial.facts):
        return ()
    chosen = (_of_mode(ones, training=training) for training in (True, False))
    cases = [one.evidence.case for one in chosen if one is not None]
    return tuple(chain.from_iterable(_asked(trial, case) for case in cases))


def _differentiates(facts: Mapping[str, Any]) -> bool:
    """Whether gradients come by automatic differentiation, as its worker decides by the same."""
    is_function = facts["kind"] == "function"
    return facts["kind"] != "program" and not (is_function and "dy" in facts["takes"])


def _of_mode(ones: Sequence[Tried], *, training: bool) -> Tried | None:
    """The smallest usual call of a mode that is given everything."""
    fits = [
        one
        for one in ones
        if one.evidence.case.inputs.training == training
        and {"dy", "gamma", "beta"} <= one.evidence.case.inputs.given().keys()
        and set(GRADIENT_OF.values()) <= one.evidence.actual.keys()
    ]
    return min(fits, key=lambda one: one.evidence.case.inputs.x.size, default=None)


def _asked(trial: Trial, case: Case) -> Iterator[Dependence]:
    for frozen in FROZEN:
        left = tuple(GRADIENT_OF[name] for name in frozen)
        try:
            actual = trial.ask(case.inputs, leave_out=left)
        except Unsupported:
            continue
        except AdapterError as error:
            yield _found(case, frozen, ("y",), str(error))
            continue
        kept = {name: array for name, array in actual.items() if name not in left}
        outputs = judge(case, trial.dialect, kept)
        wrong = [name for name, output in outputs.items() if is_wrong(output)]
        if wrong:
            yield _found(case, frozen, tuple(wrong), in_words(outputs, wrong))


def _found(case: Case, frozen: Sequence[str], outputs: tuple[str, ...], told: str) -> Dependence:
    by = " and ".join(frozen)
    return Dependence(
        kind=LEAVES,
        case=case.id,
        outputs=outputs,
        wrong=True,
        sentence=f"{case.id} is wrong where no gradient by {by} is asked for: {told}",
    )
