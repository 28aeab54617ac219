"""The search beyond the stored cases: a kernel, the exact oracle on the fly, and what was found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.case import Case, Inputs, Problem
from conformance.checking.named import Named
from conformance.checking.options import Options
from conformance.checking.trial import Trial
from conformance.errors import AdapterError
from conformance.fuzz import Verdict, inputs, told
from conformance.fuzz import search as search_inputs
from conformance.oracle.solve import graded
from conformance.record import COMPARED, RED, CaseResult
from conformance.report.wording import account

_ANY = "any input"
_PARTS = ((0.6, False), (0.4, True))
"""Parts of the time, and whether axes may be long: small calls first, since they shrink best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search found, ready to print.

    Attributes:
        failed: Whether an input was found on which the kernel is wrong.
        text: What to print.
    """

    failed: bool
    text: str


def search(
    known: Named,
    options: Options,
    seconds: float,
    seed: int,
    progress: Callable[[int, int, CaseResult], None],
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
    source = options.source(known.selector)
    compared = 0
    with Trial(source, known.shown, case_seconds=options.timeout) as trial:
        trial.describe()
        trial.check_parameters()

        def probe(call: Inputs) -> Verdict:
            nonlocal compared
            result = trial.run(trial.fitted(_case(call))).result
            compared += any(o.status in COMPARED for o in result.outputs.values())
            gone = min(int(time.monotonic() - begun), int(seconds))
            progress(gone, max(int(seconds), 1), result)
            return _verdict(result)

        begun = time.monotonic()
        only: dict[str, Any] = {} if options.dtype is None else {"dtypes": (options.dtype,)}
        outside = trial.dialect.eps == "outside"
        drawn = 0
        for part, long in _PARTS:
            wanted = inputs(long=long, eps_outside=outside, **only)
            found = search_inputs(probe, wanted, seconds=part * seconds, seed=seed)
            drawn += found.examples
            if found.found is not None:
                break
    if found.found is not None:
        return Searched(
            failed=True,
            text=f"search: found after {drawn} inputs: {found.found.verdict.sentence}\n"
            + _repeated(told(found.found.inputs, known.shown), options),
        )
    if not compared:
        raise AdapterError(
            f"{known.shown} took none of {drawn} inputs, so nothing was searched. "
            "Give --dtype, or let it take more."
        )
    return Searched(
        failed=False,
        text=f"search: nothing found in {compared} inputs that it takes "
        f"(seed {seed}, {time.monotonic() - begun:.0f} s)",
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
    return Case(problem=problem, expected=graded(call))


def _verdict(result: CaseResult) -> Verdict:
    red = {name: r for name, r in result.outputs.items() if r.status in RED}
    sentence = "; ".join(f"{name}: {r.status}: {account(name, r)}" for name, r in red.items())
    some = any(r.status in COMPARED for r in result.outputs.values())
    return Verdict(failing=tuple(red), sentence=sentence, unsupported=not some)
