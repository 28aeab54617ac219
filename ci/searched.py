"""How many known faults a search finds in the time of one: the promise of `--fuzz 60`.

    tox run -e searched                  all faults of the dictionary and all kernels of reports
    tox run -e searched -- eps-missing   some
    tox run -e searched -- --seconds 20  in less time

Each is searched in a process of its own, as `conformance check KERNEL --fuzz` does but for the
worker, until something fails.  Faults that show by chance, in several calls alone or at an edge
alone are not among them.

exit status: 0 at least 95% were found, 1 fewer were
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from conformance.adapter import Capabilities
from conformance.case import Dialect, Inputs, Kernel
from conformance.checking.search import Probe, Verdict, inputs, search
from conformance.checking.searching import PARTS
from conformance.faults import FAULTS
from conformance.float_types import NARROW
from conformance.tests.checking.search.probing import probe_of
from conformance.tests.faults.reports import reports

LEAST = 0.95
_SEED = 1
_AT_EDGES = frozenset(
    {
        "empty-batch-nan",
        "denormal-flush",
        "nan-counts-as-zero",
        "infinity-clipped",
        "nan-gradient-counts-as-zero",
        "squares-overflow-in-single",
    }
)
"""Faults of the dictionary that show at edges alone."""

_TIMES = ("third-call", "after-2000-calls", "once-in-5000", "eps-in-large-plan")
"""Kernels of reports that are wrong in some calls of many alone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Search all, and count what was found."""
    parser = argparse.ArgumentParser(
        prog="searched", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="all if none is named")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args(argv)
    known = dict(_known())
    if unknown := sorted(set(args.ids) - set(known)):
        parser.error(f"no fault {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = args.ids or list(known)
    missed = []
    with ProcessPoolExecutor(args.jobs) as several:
        for name, told in zip(
            chosen, several.map(partial(_searched, seconds=args.seconds), chosen), strict=True
        ):
            print(f"{name}: {told or 'NOT FOUND'}", flush=True)
            missed += [] if told else [name]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} found; not: {', '.join(missed) or 'none'}")
    return 0 if len(missed) <= (1 - LEAST) * len(chosen) else 1


def _known() -> Iterator[tuple[str, tuple[Kernel, Dialect, Capabilities]]]:
    """Kernels with one fault each, their conventions, and what they take."""
    everything = Capabilities(per_activation=True, narrow=frozenset(NARROW))
    yield from (
        (fault.id, (fault.kernel, fault.dialect, everything))
        for fault in FAULTS.values()
        if not fault.accepted and not fault.lots and fault.id not in _AT_EDGES
    )
    one_axis = Capabilities(narrow=frozenset(NARROW))
    yield from (
        (report.id, (report.function(), Dialect(), one_axis))
        for report in reports()
        if report.edits
        and report.id not in _TIMES
        and not (report.needs or report.edges or report.told)
    )


def _searched(name: str, seconds: float) -> str:
    """What was found and after how many calls; nothing where nothing was."""
    probe, drawn = _failing_by_errors(probe_of(*dict(_known())[name], edges=False)), 0
    for part, sizes in PARTS:
        result = search(probe, inputs(**sizes), seconds=part * seconds, seed=_SEED)
        drawn += result.examples
        if result.found is not None:
            call = result.found.inputs
            outputs = ", ".join(result.found.verdict.failing)
            return f"{outputs} of x {call.x.shape} {call.types}, in {drawn} calls"
    return ""


def _failing_by_errors(probe: Probe) -> Probe:
    """A probe to which an exception is a failure, as it is to a check."""

    def asked(call: Inputs) -> Verdict:
        try:
            return probe(call)
        except (ValueError, RuntimeError, TypeError) as error:
            return Verdict(failing=("y",), sentence=str(error))

    return asked


if __name__ == "__main__":
    raise SystemExit(main())
