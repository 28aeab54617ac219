"""Kernels put through the suite as a path would be, with the evidence for a diagnosis."""

from __future__ import annotations

from functools import cache

from conformance.adapter import Capabilities, Path
from conformance.case import Case, Dialect, Kernel
from conformance.faults.diagnosis import Evidence
from conformance.harness import worker
from conformance.memory import laid_out
from conformance.power import matrix
from conformance.verdict.record import Status
from conformance.verdict.ruler import Ruler, spread

_LARGEST = 2000


@cache
def cases() -> tuple[Case, ...]:
    """Every case that is quickly run, and the two that alone show what large ones show."""
    alone = {"count/rows-65537", "count/images-28"}
    return tuple(c for c in matrix.cases() if c.inputs.x.size <= _LARGEST or c.id in alone)


@cache
def _ruler(case: str, dialect: Dialect) -> Ruler:
    return Ruler(next(c for c in cases() if c.id == case), dialect)


EVERYTHING = Capabilities(per_activation=True)


def evidence(
    kernel: Kernel, dialect: Dialect | None = None, able: Capabilities = EVERYTHING
) -> list[Evidence]:
    """What a kernel does on the cases that it can take."""
    dialect = dialect or Dialect()
    path = Path(name="trial", about="", run=kernel, dialect=dialect, capabilities=able)
    found = []
    for case in cases():
        ruler = _ruler(case.id, dialect)
        header, outputs = worker.run(path, laid_out(case.inputs))
        if header["status"] == "ok":
            results = ruler.judge(outputs)
        else:
            results = spread(Status(header["status"]), header["reason"], ruler.due)
        found.append(Evidence(case=case, actual=outputs, results=results))
    return found
