"""Calling MNN: arrays of numpy to its variables and back, and gradients by `MNN.optim.Grad`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from MNN import expr, optim  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from conformance.case import Array

Vars: TypeAlias = dict[str, Any]
"""Variables of MNN by name: the names of `Inputs`, or those of its outputs."""

GRADIENTS = {"x": "dx", "gamma": "dgamma", "beta": "dbeta"}

expr.lazy_eval(True)  # noqa: FBT003 - MNN's.  What is evaluated at once keeps no graph, and has no gradient


def variable(values: Array, shape: tuple[int, ...], order: Any = expr.NCHW) -> Any:
    """Copy an array of numpy to a variable of MNN that has a gradient."""
    found = expr.const(np.array(values, np.float32, order="C"), list(shape), order)
    found.fix_as_trainable()
    return found


def array(value: Any) -> Array:
    """Copy what a variable holds; in some lines of MNN it is a view of its memory."""
    return np.array(value.read())


def gradients(y: Any, dy: Any, leaves: Mapping[str, Any]) -> Vars:
    """Pull `dy` back from `y`.

    Args:
        y: What was computed.
        dy: The upstream gradient, like `y`.
        leaves: The arguments that gradients are asked by, under their names.

    Returns:
        The gradients that MNN gives, which are not always all: it leaves out what it finds none of.
    """
    found = {}
    for name, leaf in leaves.items():
        _, slopes = optim.Grad().grad([y], [dy], [leaf])
        if slopes:
            found[GRADIENTS[name]] = slopes[0]
    return found
