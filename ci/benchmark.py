"""Values per second of the oracle, its proof and the golden files; seconds to a verdict.

Run it with ``tox run -e bench``.  Absolute figures depend on the machine; the ratios between the
lines, all taken in one run, hardly do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from conformance.case import Case, Inputs, Problem
from conformance.cases import golden
from conformance.oracle import solve
from conformance.oracle.proof import prove

_SHAPES = ((32, 64, 14, 14), (64, 256), (4, 3, 5, 6))
_SECONDS = 2.0
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
    best, until = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < until or best == float("inf"):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return values / best


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
    line = "{:<34}{:>12} values{:>12.3f} M values/s\n"
    for shape in _SHAPES:
        problem = _problem(shape)
        case = solve(problem)
        values = _values(case)
        for name, work in (("solve", solve), ("prove", prove)):
            subject: Any = problem if name == "solve" else case
            rate = _rate(lambda work=work, subject=subject: work(subject), values) / 1e6  # type: ignore[misc]
            sys.stdout.write(line.format(f"{name} float32 {shape}", values, rate))
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
