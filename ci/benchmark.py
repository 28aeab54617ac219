"""Values per second of the oracle, its proof and the golden files; seconds to a verdict.

Run it with ``tox run -e bench``.  Absolute figures depend on the machine; the ratios between the
lines, all taken in one run, hardly do.  Oracle and proof are measured in CPU time against what they
fall back on, the integers alone, with the bytes that they hold at once beside what they are given.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Case, Inputs, Problem
from conformance.cases import golden
from conformance.oracle.expected import solve_inputs
from conformance.oracle.proof import prove
from conformance.oracle.reference import solve_by_integers

_SHAPES = ((64, 256), (32, 64, 14, 14), (400_000, 1), (4, 3, 5, 6))
_SECONDS = 1.0
_Work = Callable[[], object]
_KERNEL = """
def batch_norm(x, gamma, beta, *, eps):
    rest = tuple(range(x.ndim - 1))
    return (x - x.mean(rest)) / (x.var(rest) + eps) ** 0.5 * gamma + beta
batch_norm.conformance = {"layout": "channels_last", "dtypes": ["float32", "float64"]}
"""


def _problem(shape: tuple[int, ...]) -> Problem:
    rng = np.random.default_rng(0)

    def draw(size: Any) -> Any:
        return rng.normal(size=size).astype(np.float32)

    channels = shape[1]
    inputs = Inputs(
        x=draw(shape),
        dy=draw(shape),
        gamma=draw(channels),
        beta=draw(channels),
        running_mean=draw(channels),
        running_var=np.abs(draw(channels)) + np.float32(0.5),
    )
    return Problem(id="bench/x", group="bench", catches="-", made="-", inputs=inputs)


def _values(case: Case) -> int:
    return sum(array.size for array in case.expected.items().values())


def _rate(work: Callable[[], object], values: int) -> float:
    """Values per second, the best of the repetitions that fit the time."""
    best, until = float("inf"), time.process_time() + _SECONDS
    while time.process_time() < until or best == float("inf"):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return values / best


def _bytes(work: Callable[[], object], values: int) -> float:
    """Bytes held at once, for each value."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / values


def _methods(shape: tuple[int, ...]) -> Iterator[tuple[str, _Work, _Work, int]]:
    """What is measured: its name, the work, the same by integers alone, and the values."""
    problem = _problem(shape)
    case = Case(problem=problem, expected=solve_inputs(problem.inputs))
    values = _values(case)
    inputs = problem.inputs
    yield "expected", lambda: solve_inputs(inputs), lambda: solve_by_integers(inputs), values
    yield "prove", lambda: prove(case), lambda: prove(case, squares_alone=True), values


def _measure_methods() -> None:
    head = f"{'float32':<30}{'M values/s':>12}{'integers':>10}{'ratio':>8}{'bytes/value':>13}\n"
    sys.stdout.write(head)
    for shape in _SHAPES:
        for name, work, by_integers, values in _methods(shape):
            rate, slow = _rate(work, values) / 1e6, _rate(by_integers, values) / 1e6
            sys.stdout.write(
                f"{name:<10}{shape!s:<20}{rate:>12.3f}{slow:>10.3f}{rate / slow:>8.1f}"
                f"{_bytes(work, values):>13.1f}\n"
            )


def _verdict_seconds(tier: str) -> float:
    """Seconds from starting ``conformance check`` on a right numpy kernel to its end; best of 3."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "kernel.py")
        file.write_text(_KERNEL)
        command = [sys.executable, "-m", "conformance", "check", str(file), "--tier", tier]
        best = float("inf")
        for _ in range(3):
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own
            best = min(best, time.perf_counter() - start)
        return best


def main() -> None:
    """Print one line per measurement."""
    _measure_methods()
    line = "{:<34}{:>12} values{:>12.3f} M values/s\n"
    ids = golden.select()
    values = sum(_values(case) for case in golden.load(ids))
    rate = _rate(lambda: list(golden.load(ids)), values) / 1e6
    sys.stdout.write(line.format(f"read {len(ids)} golden cases", values, rate))
    for tier in ("smoke", "standard"):
        seconds = _verdict_seconds(tier)
        sys.stdout.write(
            f"{'check a numpy kernel, ' + tier:<34}{seconds:>12.2f} s, shell to exit\n"
        )


if __name__ == "__main__":
    main()
