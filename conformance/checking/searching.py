"""The search beyond the stored cases: a kernel, the exact oracle on the fly, and what was found."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis.strategies import SearchStrategy

from conformance.adapter import MASKS
from conformance.arrays import MASK
from conformance.case import Case, Inputs, Problem
from conformance.checking import within
from conformance.checking.named import Named
from conformance.checking.options import Options
from conformance.checking.scope import Scope
from conformance.checking.search import Found, Verdict, alike, as_python, inputs
from conformance.checking.search import search as search_inputs
from conformance.checking.selection import repro_of_all
from conformance.checking.trial import Trial
from conformance.errors import AdapterError
from conformance.oracle.solve import owed
from conformance.report.wording import account
from conformance.verdict.record import COMPARED, CaseResult, is_wrong

_ANY = "any input"
_PRINTED = 2048
"""Values of x up to which a call is printed in full."""

PARTS: Sequence[tuple[float, Mapping[str, Any]]] = (
    (0.35, {}),
    (0.15, {"long": True}),
    (0.5, {"large": True}),
)
"""Parts of the time, and which sizes are drawn: small calls first, since they shrink best; half of
it for large ones, of which fewer are asked by far."""


Progress: TypeAlias = Callable[[int, int, CaseResult], None]
Strategy: TypeAlias = SearchStrategy[Inputs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search found, ready to print.

    Attributes:
        failed: Whether an input was found on which the kernel is wrong.
        text: What to print.
    """

    failed: bool
    text: str


class _Probe:
    """Asks a kernel, judges by the exact oracle, and counts what was compared."""

    def __init__(self, trial: Trial, seconds: float, progress: Progress) -> None:
        self._trial, self._seconds, self._progress = trial, seconds, progress
        self.begun, self.compared = time.monotonic(), 0

    def __call__(self, call: Inputs) -> Verdict:
        """The verdict on a drawn call."""
        result = self._trial.run(_case(self.asked(call))).result
        self.compared += any(o.status in COMPARED for o in result.outputs.values())
        gone = min(int(time.monotonic() - self.begun), int(self._seconds))
        self._progress(gone, max(int(self._seconds), 1), result)
        return _verdict(result)

    def asked(self, call: Inputs) -> Inputs:
        """The call as this kernel can be asked it, where its eps or momentum are built in."""
        if not self._trial.facts["fixed"]:
            return call
        return self._trial.fitted(_case(call)).inputs


def search(
    known: Named, options: Options, seconds: float, seed: int, progress: Progress
) -> Searched:
    """Search for a failing input, and shrink it.

    Args:
        known: The kernel.
        options: How to call it.
        seconds: For how long.
        seed: The same seed asks the same inputs in the same order.
        progress: Called after every input, with the seconds gone and those to go.

    Raises:
        AdapterError: the kernel does not load, or takes none of the inputs.
    """
    source = options.source(known)
    with Trial(source, known.shown, case_seconds=options.timeout, hidden=options.hidden) as trial:
        trial.describe()
        trial.check_parameters()
        probe = _Probe(trial, seconds, progress)
        drawn, found = _search(probe, _parts(trial.scope, options, seed), seconds, seed)
    if found is not None:
        lines = _again(probe.asked(found.inputs), known, options, seconds, seed)
        text = f"search: found after {drawn} inputs: {found.verdict.sentence}\n{lines}"
        return Searched(failed=True, text=text)
    if not probe.compared:
        raise AdapterError(
            f"{known.shown} took none of {drawn} inputs, so nothing was searched. "
            "Give --dtype, or let it take more."
        )
    took = f"seed {seed}, {time.monotonic() - probe.begun:.0f} s"
    text = f"search: nothing found in {probe.compared} inputs that it takes ({took})"
    return Searched(failed=False, text=text)


def _search(
    probe: _Probe, parts: Sequence[tuple[float, Strategy]], seconds: float, seed: int
) -> tuple[int, Found | None]:
    """How many inputs were asked, and what was found."""
    drawn = 0
    for part, wanted in parts:
        result = search_inputs(probe, wanted, seconds=part * seconds, seed=seed)
        drawn += result.examples
        if result.found is not None:
            return drawn, result.found
    return drawn, None


def _parts(scope: Scope | None, options: Options, seed: int) -> list[tuple[float, Strategy]]:
    """Parts of the time, and what is drawn in each: what predicates leave is made to meet them."""
    if scope is None or not scope.where:
        only: dict[str, Any] = {} if options.dtype is None else {"dtypes": (options.dtype,)}
        if scope is not None and MASK in scope.takes:
            only["masks"] = MASKS
        return [(part, inputs(**sizes, **only)) for part, sizes in PARTS]
    made = within.drawn(scope, str(seed), dtype=options.dtype, count=within.ENOUGH, first=0)
    if not made:
        said = " and ".join(each.text for each in scope.where)
        raise AdapterError(
            f"no call was found that meets {said}, so nothing was searched. Widen the scope."
        )
    calls = sorted((each.inputs for each in made), key=lambda call: call.x.size)
    return [(1.0, alike(calls))]


def _again(call: Inputs, known: Named, options: Options, seconds: float, seed: int) -> str:
    """How to ask a find again: its lines of Python, or the search that comes to it."""
    if call.x.size <= _PRINTED:
        return _repeated(as_python(call, known.shown), options)
    told = f"{call.x.shape} {call.types}, axis {call.axis}, {call.mode}, eps {call.eps:g}"
    return (
        f"x is {told}, momentum {call.momentum:g}, memory {call.memory}: too large to print.\n"
        f"The same search comes to it: {repro_of_all(known, options, '')} "
        f"--fuzz {seconds:g} --seed {seed}"
    )


def _repeated(lines: str, options: Options) -> str:
    """The lines that repeat a find, with the options that it was found with."""
    said = {
        "dialect": ",".join(f"{k}={v}" for k, v in (options.dialect or {}).items()),
        "arrays": options.arrays or "",
    }
    more = "".join(f", {name}={value!r}" for name, value in said.items() if value)
    return lines.replace(", inputs=call)", f", inputs=call{more})")


def _case(call: Inputs) -> Case:
    problem = Problem(id="search/input", group="search", catches="-", made=_ANY, inputs=call)
    return Case(problem=problem, expected=owed(call))


def _verdict(result: CaseResult) -> Verdict:
    red = {name: r for name, r in result.outputs.items() if is_wrong(r)}
    sentence = "; ".join(f"{name}: {r.status}: {account(name, r)}" for name, r in red.items())
    some = any(r.status in COMPARED for r in result.outputs.values())
    return Verdict(failing=tuple(red), sentence=sentence, unsupported=not some)
