"""Kernels put through the suite as a path would be, with the evidence for a diagnosis."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from conformance.adapter import MASKS, Capabilities, Path
from conformance.case import Case, Dialect, Kernel
from conformance.faults.diagnosis import diagnose
from conformance.float_types import NARROW
from conformance.harness import worker
from conformance.memory import laid_out
from conformance.power import matrix
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.evidence import Evidence
from conformance.verdict.record import SEVERITY, OutputResult, Status
from conformance.verdict.ruler import spread

_LARGEST = 2000

EVERYTHING = Capabilities(per_activation=True, narrow=frozenset(NARROW))
"""All but masks, which kernels that are written in a test do not know."""

MASKED = replace(EVERYTHING, masks=MASKS)


@cache
def cases() -> tuple[Case, ...]:
    """Every case that is quickly run, and those that alone show what large ones show."""
    alone = {"count/rows-65537", "count/images-28", "count/rows-5003", "count/rows-5003-float64"}
    alone |= {"width/wide-images", "width/wide-images-float64", "width/wide-images-test"}
    return tuple(c for c in matrix.cases() if c.inputs.x.size <= _LARGEST or c.id in alone)


def told(
    kernel: Kernel,
    dialect: Dialect | None = None,
    able: Capabilities = EVERYTHING,
    *,
    second: Kernel | None = None,
) -> tuple[Diagnosis, ...]:
    """The diagnosis of a kernel on the cases that it can take; see `evidence`."""
    dialect = dialect or Dialect()
    seen = evidence(kernel, dialect, able, second=second)
    return diagnose(seen, dialect, matrix.predictions(dialect))


def evidence(
    kernel: Kernel,
    dialect: Dialect | None = None,
    able: Capabilities = EVERYTHING,
    *,
    second: Kernel | None = None,
) -> list[Evidence]:
    """What a kernel does on the cases that it can take.

    Args:
        kernel: It.
        dialect: Its conventions.
        able: What it can take.
        second: What it does in the second of two equal calls; None for one call.
    """
    dialect = dialect or Dialect()
    path = Path(name="trial", about="", run=kernel, dialect=dialect, capabilities=able)
    twice = None if second is None else replace(path, run=second)
    found = []
    for case in cases():
        ruler = matrix.predictions(dialect).ruler(case)
        header, outputs = worker.run(path, laid_out(case.inputs))
        again = {}
        if header["status"] == "ok":
            results = ruler.judge(outputs)
            if twice is not None:
                _, other = worker.run(twice, laid_out(case.inputs))
                again = {n: v for n, v in other.items() if v.tobytes() != outputs[n].tobytes()}
                others = ruler.judge(other)
                results = {n: min(r, others[n], key=_badness) for n, r in results.items()}
        else:
            results = spread(Status(header["status"]), header["reason"], ruler.due)
        found.append(Evidence(case=case, actual=outputs, results=results, again=again))
    return found


def _badness(result: OutputResult) -> int:
    return SEVERITY.index(result.status)
