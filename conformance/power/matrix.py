"""The kill matrix: what the suite says of wrong kernels, case by case and output by output."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from conformance.adapter import Path
from conformance.arrays import OUTPUT_NAMES
from conformance.case import Case, Dialect
from conformance.cases import golden
from conformance.faults.predictions import Predictions
from conformance.harness import worker
from conformance.harness.guard import die_with_parent
from conformance.memory import laid_out
from conformance.oracle.edges.contracts import is_of_correct_kernels
from conformance.power.suspects import Suspect
from conformance.verdict.ruler import Ruler

NOTHING, CRASHED = ".", "E"
"""Letters beside the grades: not compared; no answer at all."""

KILLED = frozenset({"F", CRASHED})

TYPES = ("float64", "float32", "half")
"""Types of x in which kills are counted; half is float16 or bfloat16, whatever the parameters."""

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the suite says of one kernel.

    Attributes:
        id: The kernel.
        letters: For each output that was ever compared, one letter per case of the catalogue:
            a grade, `NOTHING` or `CRASHED`.
        margins: For each case, the largest error over its bound; infinite where there is no
            number, 0 where nothing failed.
    """

    id: str
    letters: Mapping[str, str]
    margins: tuple[float, ...]

    def killers(self, kind: str | None = None, *, margin: float = 0.0) -> frozenset[int]:
        """Places of the cases that kill it.

        Args:
            kind: Count only cases of a type of `TYPES`.
            margin: Count only errors of more than so many times the bound.
        """
        return frozenset(
            i
            for i, found in enumerate(self.margins)
            if found > margin and (kind is None or kinds()[i] == kind)
        )


@cache
def cases() -> tuple[Case, ...]:
    """The golden cases, in the order of the catalogue."""
    return tuple(golden.load(golden.manifest().entries))


@cache
def kinds() -> tuple[str, ...]:
    """For each case the type of `TYPES` that it counts for."""
    names = (str(case.inputs.x.dtype) for case in cases())
    return tuple(name if name in TYPES else "half" for name in names)


def measure(
    suspects: Sequence[Suspect], *, jobs: int = 0, done: Callable[[], None] = lambda: None
) -> dict[str, Verdicts]:
    """Hold wrong kernels to every case, in several processes.

    Args:
        suspects: The kernels.
        jobs: How many processes; as many as there are processors if 0.
        done: Called after each kernel.

    Returns:
        The verdicts by id, in the order of the kernels.
    """
    found = {v.id: v for v in spread_out(examine, suspects, jobs=jobs, done=done)}
    return {suspect.id: found[suspect.id] for suspect in suspects}


def spread_out(
    act: Callable[[_Given], _Made],
    items: Sequence[_Given],
    *,
    jobs: int = 0,
    done: Callable[[], None] = lambda: None,
) -> Iterator[_Made]:
    """Do something to every item in several processes; results come as they are ready."""
    with ProcessPoolExecutor(jobs or os.cpu_count() or 1, initializer=_follow) as pool:
        try:
            for future in as_completed([pool.submit(act, item) for item in items]):
                done()
                yield future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _follow() -> None:
    """In each process: leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(os.getppid())


def examine(suspect: Suspect) -> Verdicts:
    """Hold one wrong kernel to every case."""
    path = suspect.path
    letters: dict[str, list[str]] = {name: [] for name in OUTPUT_NAMES}
    margins = []
    for i, case in enumerate(cases()):
        found, margin = ({}, 0.0) if not suspect.exists_for(case.inputs) else hold(path, i)
        margins.append(margin)
        for name, row in letters.items():
            row.append(found.get(name, NOTHING))
    compared = {n: "".join(row) for n, row in letters.items() if set(row) != {NOTHING}}
    return Verdicts(id=suspect.id, letters=compared, margins=tuple(margins))


def hold(path: Path, index: int) -> tuple[dict[str, str], float]:
    """Hold a kernel to one case: letters by output, and the largest error over its bound."""
    case, measure = cases()[index], ruler(path.dialect, index)
    header, outputs = worker.run(path, laid_out(case.inputs))
    if header["status"] in ("unsupported", "not-run"):
        return {}, 0.0
    if header["status"] == "error":
        return dict.fromkeys(measure.due, CRASHED), math.inf
    judged = measure.judge(outputs).items()
    results = {n: r for n, r in judged if not is_of_correct_kernels(r.edges)}
    wrong = [r for r in results.values() if r.grade == "F"]
    errors = [math.inf if r.units is None else r.units for r in wrong]
    letters = {name: r.grade or NOTHING for name, r in results.items()}
    return letters, max(errors, default=0.0) / case.problem.limit


@cache
def ruler(dialect: Dialect, index: int) -> Ruler:
    """What a kernel of a dialect is held to on a case, prepared once."""
    return Ruler(cases()[index], dialect)


@cache
def places() -> Mapping[str, int]:
    """Where each case stands in the catalogue, by its id."""
    return {case.id: i for i, case in enumerate(cases())}


@cache
def predictions(dialect: Dialect) -> Predictions:
    """What faults produce on these cases, kept for all kernels of a dialect."""
    return Predictions(dialect, lambda case: ruler(dialect, places()[case.id]))
