"""Cases of every kind that a golden file can hold.

Their expected values are arbitrary: the format does not know what is right.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from conformance.case import Array, Case, Inputs, Outputs, Problem

EXPLAIN = {"dense": "Plain batches, N x C.", "odd": "Whatever is not plain: ∅, NaN, axes."}
BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def values(shape: tuple[int, ...], dtype: Any = np.float64, start: int = 1) -> Array:
    """Distinct values, inexact in every type, of both signs."""
    size = int(np.prod(shape))
    numbers = np.arange(start, start + size) / 7 * (-1.0) ** np.arange(size)
    return numbers.reshape(shape).astype(dtype)


def case(name: str, inputs: Inputs, outputs: Outputs, **said: Any) -> Case:
    """A case called `name` with texts that say so."""
    told = {"catches": f"the mistake of {name}", "made": f"made for {name}", **said}
    problem = Problem(id=name, group=name.split("/", maxsplit=1)[0], inputs=inputs, **told)
    return Case(problem=problem, expected=outputs)


def dense(name: str, dtype: Any = np.float32, parameters: Any = None, **given: Any) -> Case:
    """A training case with everything given and everything due."""
    kind = dtype if parameters is None else parameters
    inputs = {
        "x": values((4, 3), dtype),
        "dy": values((4, 3), dtype, 5),
        "gamma": values((3,), kind, 2),
        "beta": values((3,), kind, 3),
        "running_mean": values((3,), kind, 4),
        "running_var": abs(values((3,), kind, 5)),
    }
    names = ("dgamma", "dbeta", "mean", "var", "inv_std", "running_mean", "running_var")
    due = {key: values((3,), start=9 + at) for at, key in enumerate(names)}
    outputs = Outputs(y=values((4, 3)), dx=values((4, 3), start=8), **due)
    return case(name, Inputs(**{**inputs, **given}), outputs)


def odd() -> list[Case]:
    """Cases at the edges of the format."""
    empty, whole = values((0, 3), np.float32), values((2, 3, 4, 5), np.float16)
    strange = np.array([[np.nan, -0.0], [np.inf, 5e-324]])
    signalling = np.array([[0x7FA0, 0x8000], [0xFF80, 1]], np.uint16).view(BFLOAT16)
    history = tuple(values((2, 2), start=at) for at in (20, 30))
    cites = ("https://example.org/é?a=b", "a book, page 7")
    return [
        case("odd/empty", Inputs(x=empty, dy=empty), Outputs(y=np.zeros((0, 3)))),
        case("odd/axes", Inputs(x=whole, axis=(1, 3)), Outputs(mean=values((3, 5)))),
        case("odd/one-axis", Inputs(x=whole, axis=(-1,)), Outputs(mean=values((5,)))),
        case("odd/last", Inputs(x=whole, axis=-1, training=False), Outputs(y=values(whole.shape))),
        case("odd/nan", Inputs(x=strange, eps=0.0), Outputs(y=-strange), cites=cites, limit=4.0),
        case("odd/bits", Inputs(x=signalling), Outputs(dbeta=values((2,)))),
        case("odd/past", Inputs(x=strange, earlier=history), Outputs(y=strange)),
    ]


def everything() -> list[Case]:
    """All samples, in no order."""
    return [
        *odd(),
        dense("dense/float64", np.float64),
        dense("dense/bfloat16", BFLOAT16),
        dense("dense/bfloat16-mixed", BFLOAT16, np.float32),
        dense("dense/float16", np.float16),
        dense("dense/reversed", x=values((4, 3), np.float32)[::-1, ::-1]),
        dense("dense/laid-out", memory="strided", earlier=(values((4, 3), np.float32, 7),)),
    ]
