"""Faults of ``dgamma = sum(dy xhat)`` and ``dbeta = sum(dy)``."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from conformance.case import Actual, Array
from conformance.faults.fault import Fault
from conformance.faults.sheet import FIRST_AXIS, Edits, Sheet

_BOTH = ("dgamma", "dbeta")

_AVERAGED: Edits = MappingProxyType(
    {
        "dgamma": lambda s: s.correct("dgamma") / s.work(s.samples),
        "dbeta": lambda s: s.correct("dbeta") / s.work(s.samples),
    }
)


def _keeping_dimensions(s: Sheet) -> Callable[[Actual], Actual]:
    shape = tuple(n if a in s.inputs.channel_axes else 1 for a, n in enumerate(s.inputs.x.shape))
    return lambda outputs: {
        name: value.reshape(shape) if name in _BOTH else value for name, value in outputs.items()
    }


def _unless(s: Sheet, absent: str, cell: str) -> Array:
    """Zero where the other parameter is absent."""
    found: Array = s.correct(cell)
    return found if getattr(s.inputs, absent) is not None else np.zeros_like(found)


FAULTS = (
    Fault(
        id="dgamma-uses-x",
        title="dgamma sums dy x instead of dy xhat",
        math="dgamma = sum(dy x)",
        touches=("dgamma",),
        mode="both",
        shows="a mean away from 0 or a variance away from 1",
        hides="x that is standardized already",
        core=True,
        edits={"dgamma": lambda s: s.back_total(s.dy * s.back_x)},
    ),
    Fault(
        id="dgamma-uses-y",
        title="dgamma sums dy y instead of dy xhat",
        math="dgamma = sum(dy y)",
        touches=("dgamma",),
        mode="both",
        shows="gamma away from 1 or beta away from 0",
        hides="gamma = 1 and beta = 0, where it is exactly right",
        core=True,
        edits={"dgamma": lambda s: s.back_total(s.dy * s.y)},
    ),
    Fault(
        id="dgamma-missing-invstd",
        title="dgamma lacks inv_std",
        math="dgamma = sum(dy (x - mean))",
        touches=("dgamma",),
        mode="both",
        shows="a variance away from 1",
        hides="a variance near 1",
        edits={"dgamma": lambda s: s.back_total(s.dy * s.back_deviation)},
    ),
    Fault(
        id="dgamma-separable",
        title="dgamma is a product of sums instead of a sum of products",
        math="dgamma = sum(xhat) sum(dy)",
        touches=("dgamma",),
        mode="both",
        shows="any dgamma away from 0",
        hides="dgamma near 0",
        core=True,
        edits={"dgamma": lambda s: s.back_total(s.back_xhat) * s.back_total(s.dy)},
    ),
    Fault(
        id="param-grads-averaged",
        title="dgamma and dbeta are means instead of sums",
        math="dgamma = mean(dy xhat), dbeta = mean(dy)",
        touches=_BOTH,
        mode="both",
        shows="two values or more per channel",
        hides="one value per channel",
        core=True,
        edits={
            "dgamma": lambda s: s.correct("dgamma") / s.work(s.count),
            "dbeta": lambda s: s.correct("dbeta") / s.work(s.count),
        },
    ),
    Fault(
        id="param-grads-averaged-over-batch",
        title="dgamma and dbeta are divided by N",
        math="dgamma = sum(dy xhat) / N, dbeta = sum(dy) / N",
        touches=_BOTH,
        mode="both",
        shows="two samples or more",
        hides="one sample",
        edits=_AVERAGED,
        otherwise=({**_AVERAGED, **FIRST_AXIS},),
    ),
    Fault(
        id="dgamma-dbeta-swapped",
        title="dgamma and dbeta are exchanged",
        math="dgamma = sum(dy), dbeta = sum(dy xhat)",
        touches=_BOTH,
        mode="both",
        shows="dgamma other than dbeta",
        hides="dgamma = dbeta",
        edits={
            "dgamma": lambda s: s.correct("dbeta"),
            "dbeta": lambda s: s.correct("dgamma"),
        },
    ),
    Fault(
        id="param-grads-keepdim",
        title="dgamma and dbeta come back as (1, C, 1, 1)",
        math="the values are right, the shape is not",
        touches=_BOTH,
        mode="both",
        shows="a strict comparison of shapes",
        hides="a comparison that broadcasts",
        edits={"delivered": _keeping_dimensions},
    ),
    Fault(
        id="grad-mask-path",
        title="without gamma dbeta is left at zero, without beta dgamma",
        math="one parameter absent: the gradient of the other = 0",
        touches=_BOTH,
        mode="both",
        shows="a layer with only one of gamma and beta",
        hides="both or none given",
        edits={
            "dgamma": lambda s: _unless(s, "beta", "dgamma"),
            "dbeta": lambda s: _unless(s, "gamma", "dbeta"),
        },
    ),
    Fault(
        id="param-grads-zero",
        title="dgamma and dbeta are zero",
        math="dgamma = dbeta = 0",
        touches=("dgamma", "dbeta"),
        mode="both",
        shows="any backward pass",
        hides="dx alone compared",
        edits={
            "dgamma": lambda s: np.zeros_like(s.gamma),
            "dbeta": lambda s: np.zeros_like(s.gamma),
        },
    ),
)
