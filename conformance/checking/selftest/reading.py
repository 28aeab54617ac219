"""One answer beside what was due: which outputs are off, and what explains them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Array, Case, Dialect, Inputs, Problem
from conformance.checking.selftest.suspects import Suspect
from conformance.oracle.solve import owed
from conformance.verdict.ruler import Ruler

FIRST = ("y", "running_mean", "running_var", "dx", "dgamma", "dbeta", "mean", "var", "inv_std")
"""Outputs in the order in which they tell: what y shows is the cause of what dx shows."""

_NEAR = {"float64": 0.005, "float32": 0.005}
_NEAR_HALF = 0.1
"""How far off an honest output may be, as a part of its largest value; mistakes are far beyond."""

_TINY = 1000.0
"""An output is zero where it is smaller than it should be by this factor."""

_NOISE = 5e-6
"""Two explanations that fit this well fit equally well: the likelier one is told."""

_NAMED = 3
"""Outputs that a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A call and its answer.

    Attributes:
        inputs: The call.
        outputs: What came back.
        due: The exact values.
        misfits: What is wrong with the shape or the type of outputs, in words.
        off: Outputs whose values are not those that are due, in the order of `FIRST`.
    """

    inputs: Inputs
    outputs: Actual
    due: dict[str, Array]
    misfits: dict[str, str]
    off: tuple[str, ...] = field(default=())

    def near(self, name: str, value: Array) -> bool:
        """Whether an output is some value, as closely as its type allows."""
        return self.distance(name, value) <= _part(self.outputs[name])

    def distance(self, name: str, value: Array) -> float:
        """The largest difference of an output from some value, as a part of that value's size."""
        return distance(self.outputs[name], value, floor=_size(self.due[name]) / _TINY)


def read(inputs: Inputs, outputs: Actual, dialect: Dialect) -> Reading:
    """Hold an answer beside what was due in a dialect."""
    problem = Problem(id="asked/once", group="asked", catches="", made="", inputs=inputs)
    ruler = Ruler(Case(problem=problem, expected=owed(inputs)), dialect)
    known = {name: value for name, value in outputs.items() if name in ruler.due}
    misfits = {n: said for n, v in known.items() if (said := ruler.misfit(n, v)) is not None}
    off = [n for n in FIRST if n in known and known[n].shape == ruler.due[n].shape]
    return Reading(
        inputs=inputs,
        outputs=outputs,
        due=ruler.due,
        misfits=misfits,
        off=tuple(n for n in off if distance(known[n], ruler.due[n]) > _part(known[n])),
    )


def listed(names: Sequence[str]) -> str:
    """Names of outputs with their verb: the first of them, and how many more."""
    if len(names) == 1:
        return f"{names[0]} is"
    if len(names) > _NAMED + 1:
        return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} other outputs are"
    return f"{', '.join(names[:-1])} and {names[-1]} are"


def distance(actual: Array, value: Array, *, floor: float = 0.0) -> float:
    """The largest difference, as a part of the largest value; infinite where one is not finite.

    Args:
        actual: An array.
        value: What it is held against.
        floor: The least that counts as the largest value: nothing is a large part of zero.
    """
    if np.shape(actual) != np.shape(value):
        return np.inf
    with np.errstate(all="ignore"):
        worst = float(np.max(np.abs(_wide(actual) - _wide(value)), initial=0.0))
    if worst == 0:
        return 0.0
    size = max(_size(value), floor)
    return worst / size if size and np.isfinite(worst) else np.inf


def _part(actual: Array) -> float:
    return _NEAR.get(str(actual.dtype), _NEAR_HALF)


def _size(value: Array) -> float:
    return float(np.max(np.abs(_wide(value)), initial=0.0))


def _wide(value: Array) -> npt.NDArray[np.float64]:
    return np.asarray(value, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A suspect, and the outputs that it explains.

    Attributes:
        suspect: The suspect.
        outputs: Their names.
        denied: Whether outputs speak against it that this mistake would have changed too: then
            it is made within the framework, or by another mistake.
    """

    suspect: Suspect
    outputs: tuple[str, ...]
    denied: bool


def explain(reading: Reading, off: Iterable[str], suspects: Iterable[Suspect]) -> Explained | None:
    """The suspect that explains most of the outputs that are off, and contradicts the fewest."""
    wanted = tuple(off)
    best: tuple[tuple[int, int, float], Explained] | None = None
    for suspect in suspects:
        found = tuple(n for n in wanted if _explains(reading, suspect, n))
        if not found:
            continue
        against = [n for n in _right(reading) if _moves(reading, suspect, n)]
        how_far = max(reading.distance(n, suspect.predicted[n]) for n in found)
        how_far = max(how_far, _NOISE)
        score = (-len(found), len(against), how_far)
        if best is None or score < best[0]:
            denied = not suspect.alone and _denied(reading, suspect, against, wanted, found)
            best = (score, Explained(suspect=suspect, outputs=found, denied=denied))
    return best[1] if best else None


def _denied(
    reading: Reading,
    suspect: Suspect,
    against: Sequence[str],
    wanted: Sequence[str],
    found: Sequence[str],
) -> bool:
    """Whether y speaks against a suspect, or dx against one that leaves y alone."""
    if "y" in against or ("y" in wanted and "y" not in found):
        return True
    return "dx" in against and not _moves(reading, suspect, "y")


def _explains(reading: Reading, suspect: Suspect, name: str) -> bool:
    value = suspect.predicted.get(name)
    return value is not None and reading.near(name, value) and _moves(reading, suspect, name)


def _moves(reading: Reading, suspect: Suspect, name: str) -> bool:
    """Whether a suspect makes an output anything else than it should be."""
    value = suspect.predicted.get(name)
    if value is None or name not in reading.due or np.shape(value) != reading.due[name].shape:
        return False
    return distance(value, reading.due[name]) > _part(reading.outputs[name])


def _right(reading: Reading) -> Iterator[str]:
    for name in OUTPUT_NAMES:
        if name in reading.outputs and name in reading.due and name not in reading.off:
            yield name


def renamed(reading: Reading, name: str) -> str | None:
    """The array that came under a name and belongs to another: of the call, or of its outputs."""
    candidates: dict[str, Array] = {n: v for n, v in reading.due.items() if n != name}
    candidates |= {f"Inputs.{n}": value for n, value in reading.inputs.given().items()}
    actual = reading.outputs[name]
    same = {n: v for n, v in candidates.items() if v.shape == actual.shape}
    alike = {n: reading.distance(name, v) for n, v in same.items()}
    best = min(alike, key=alike.__getitem__, default=None)
    return best if best is not None and reading.near(name, candidates[best]) else None
