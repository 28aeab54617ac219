"""Channels whose error scales are worked out by hand.

Unless a test says otherwise a channel holds x = [3, 5] with eps = 3: mean 4, d = [-1, 1], A1 = 4,
var 1, V = 4, r = 1/2, k = 1/8, so that S_var = var + 2 mean(d |x|) = 1 + 2 * 4 = 9 and k S_var =
9/8.  With dy = [2, -7]: dbeta = -5, D1 = 4.5, sum dy d = -9, dgamma = -4.5; with gamma = -6 and
beta = -5: |gamma| r = 3 and dx = -3 (4.5 - 1.125) = -10.125 in front, 10.125 behind.  What a term
in u or o adds to these is below 1e-12 of the whole.  The channel stands there three times.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.case import Array, Inputs
from conformance.oracle.bounds import scales
from conformance.oracle.expected import solve_inputs

O32, U32 = 2.0**-126, 2.0**-24
"""o and u of float32."""


def channels(values: Sequence[float], dtype: Any = np.float64) -> Array:
    """A column of values, three times: what forgets to keep its axis has no shape that fits."""
    return np.repeat(np.array(values, dtype)[:, None], 3, axis=1)


def given(x: Sequence[float], dtype: Any = np.float64, **more: Any) -> Inputs:
    """Inputs of three equal channels; what is a list becomes an array."""
    arrays = {
        name: channels(v, dtype) if name == "dy" else np.full(3, v, dtype)
        for name, v in more.items()
        if name in ("dy", "gamma", "beta", "running_mean", "running_var")
    }
    return Inputs(x=channels(x, dtype), **{"eps": 3.0, **more, **arrays})


def column(inputs: Inputs, name: str, **options: bool) -> list[float]:
    """The scale of one output in one channel, after all channels were found equal."""
    answers = solve_inputs(inputs, eps_outside=options.get("eps_outside", False))
    found = np.asarray(scales(inputs, answers, **options)[name])
    assert (found == found[..., :1]).all()
    return [float(v) for v in np.atleast_2d(found)[:, 0]]


FULL = {"dy": [2, -7], "gamma": -6.0, "beta": -5.0}
