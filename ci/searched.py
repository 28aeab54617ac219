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
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

import numpy as np

from conformance.adapter import MASKS, Capabilities
from conformance.case import Actual, Dialect, Inputs, Kernel
from conformance.checking.search import inputs, search
from conformance.checking.searching import PARTS
from conformance.faults import FAULTS
from conformance.float_types import NARROW
from conformance.power.suspects import EVERYTHING
from conformance.tests.checking.search.probing import probe_of
from conformance.tests.faults.reports import reports

LEAST = 0.95
_MISSED = "NOT FOUND"
_SEED = 1
_AT_EDGES = frozenset(
    {
        "empty-batch-nan",
        "denormal-flush",
        "nan-counts-as-zero",
        "infinity-clipped",
        "nan-gradient-counts-as-zero",
        "running-var-clamped",
        "mask-empty-updates",
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
    parser.add_argument("--here", action="store_true", help="in this process, one after the other")
    args = parser.parse_args(argv)
    known = _known()
    if unknown := sorted({*args.ids} - known.keys()):
        parser.error(f"no fault {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = args.ids or list(known)
    if args.here:
        found = {name: _searched(name, args.seconds) for name in chosen}
        print("\n".join(f"{name}: {told or _MISSED}" for name, told in found.items()))
        return 0
    with ThreadPoolExecutor(args.jobs) as several:
        lines = list(several.map(partial(_apart, seconds=args.seconds), chosen))
    missed = [line.partition(":")[0] for line in lines if line.endswith(_MISSED)]
    print(f"{len(chosen) - len(missed)} of {len(chosen)} found; not: {', '.join(missed) or 'none'}")
    return 0 if len(missed) <= (1 - LEAST) * len(chosen) else 1


def _apart(name: str, seconds: float) -> str:
    """The line on one fault, searched in a process of its own; a crash is a failure too."""
    command = [sys.executable, __file__, "--here", f"--seconds={seconds}", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    if done.returncode > 0:
        raise SystemExit(f"searched: {name}: {done.stderr}")
    line = done.stdout.strip() if done.returncode == 0 else f"{name}: it crashed"
    print(line, flush=True)
    return line


def _known() -> dict[str, tuple[Kernel, Dialect, Capabilities]]:
    """Kernels with one fault each, their conventions, and what they take."""
    return {**dict(_of_dictionary()), **dict(_of_reports())}


_Kernels: TypeAlias = Iterator[tuple[str, tuple[Kernel, Dialect, Capabilities]]]


def _of_dictionary() -> _Kernels:
    yield from (
        (fault.id, (fault.kernel, fault.dialect, EVERYTHING))
        for fault in FAULTS.values()
        if not fault.accepted and not fault.lots and fault.id not in _AT_EDGES
    )


def _of_reports() -> _Kernels:
    plain = Capabilities(narrow=frozenset(NARROW))
    masked = Capabilities(narrow=frozenset(NARROW), masks=MASKS)
    yield from (
        (report.id, (report.function(), Dialect(), masked if report.takes_mask else plain))
        for report in reports()
        if report.edits
        and report.id not in _TIMES
        and not (report.needs or report.edges or report.told)
    )


def _searched(name: str, seconds: float) -> str:
    """What was found and after how many calls; nothing where nothing was."""
    kernel, dialect, able = _known()[name]
    probe, drawn = probe_of(_with_errors(kernel), dialect, able, edges=False), 0
    for part, sizes in PARTS:
        wanted = inputs(**sizes, masks=able.masks)
        result = search(probe, wanted, seconds=part * seconds, seed=_SEED)
        drawn += result.examples
        if result.found is not None:
            call = result.found.inputs
            outputs = ", ".join(result.found.verdict.failing)
            return f"{outputs} of x {call.x.shape} {call.types}, in {drawn} calls"
    return ""


def _with_errors(kernel: Kernel) -> Kernel:
    """A kernel whose exceptions, and whose answers where x was changed, are wrong as in a check."""

    def run(call: Inputs) -> Actual:
        before = call.x.tobytes()
        try:
            answer = kernel(call)
        except Exception:  # noqa: BLE001 - whatever it raises
            answer = {}
        if answer and call.x.tobytes() == before:
            return answer
        return {"y": np.full(call.x.shape, np.nan, call.x.dtype)}

    return run


if __name__ == "__main__":
    raise SystemExit(main())
