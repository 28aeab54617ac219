"""What a page tells about a case: its inputs, the exact answers, and how far off one may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.arrays import INPUT_NAMES
from conformance.case import Array, Case, Dialect
from conformance.cases import golden
from conformance.report.wording import figure
from conformance.verdict.ruler import Ruler

_PRINTED = 64
"""How many numbers of an array are printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactAnswer:
    """One expected output.

    Attributes:
        name: Its name.
        shape: Its shape.
        least: Its smallest value.
        most: Its largest value.
        tightest: The smallest error that is still grade A, over its elements.
        loosest: The largest.
        values: The exact values rounded to float64; empty where there are too many.
    """

    name: str
    shape: str
    least: str
    most: str
    tightest: str
    loosest: str
    values: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case.

    Attributes:
        case: Its id.
        catches: The mistake that it is there to catch.
        made: How its inputs were made.
        cites: Where that mistake was seen.
        settings: Names of settings to their values, in words.
        arrays: Input arrays that are small enough to print, by name.
        answers: The expected outputs.
    """

    case: str
    catches: str
    made: str = ""
    cites: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, str] = field(default_factory=dict)
    answers: Sequence[ExactAnswer] = ()


def all_facts() -> dict[str, Facts]:
    """The facts of every case of the golden files, by id."""
    return {case.id: _facts(case) for case in golden.load(list(golden.manifest().entries))}


def _facts(case: Case) -> Facts:
    inputs = case.inputs
    given = inputs.given()
    settings = {
        "x": f"{inputs.x.dtype}, shape {inputs.x.shape}, channel axis {inputs.axis}",
        "parameters": str(inputs.parameter_dtype),
        "M": f"{inputs.count:,} values share one mean",
        "eps": repr(inputs.eps),
        "momentum": f"{inputs.momentum!r}, weight of the new value",
        "mode": "training" if inputs.training else "test",
        "memory": inputs.memory,
        "left out": ", ".join(name for name in INPUT_NAMES if name not in given) or "nothing",
        "grade A": f"up to {case.problem.limit:g} units",
    }
    if inputs.mask is not None:
        kept = f"keeps {int(inputs.mask.sum()):,} of {inputs.mask.size:,}"
        settings["mask"] = f"shape {inputs.mask.shape}, {kept}"
    if inputs.earlier:
        settings["before it"] = f"{len(inputs.earlier)} batches"
    ruler = Ruler(case, Dialect())
    return Facts(
        case=case.id,
        catches=case.problem.catches,
        made=case.problem.made,
        cites=case.problem.cites,
        settings=settings,
        arrays={n: _printed(v) for n, v in given.items() if _small(v)},
        answers=[_answer(ruler, case, name, exact) for name, exact in ruler.due.items()],
    )


def _answer(ruler: Ruler, case: Case, name: str, exact: Array) -> ExactAnswer:
    finite = exact[np.isfinite(exact)]
    bound = ruler.unit(name, case.inputs.dtype_of(name)) * case.problem.limit
    bound = bound[np.isfinite(bound)]
    return ExactAnswer(
        name=name,
        shape=str(exact.shape),
        least=_extreme(finite, np.min),
        most=_extreme(finite, np.max),
        tightest=_extreme(bound, np.min),
        loosest=_extreme(bound, np.max),
        values=_printed(exact) if _small(exact) else "",
    )


def _extreme(values: Array, which: Any) -> str:
    return figure(float(which(values))) if values.size else "–"  # noqa: RUF001 - a dash


def _small(values: Array) -> bool:
    return int(values.size) <= _PRINTED


def _printed(values: Array) -> str:
    wide = np.asarray(values, dtype=np.float64)
    return np.array2string(wide, separator=", ", floatmode="unique", threshold=_PRINTED + 1)
