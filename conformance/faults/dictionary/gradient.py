"""Faults of ``dx = gamma inv_std (dy - mean(dy) - xhat mean(dy xhat))``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Array, Dialect
from conformance.faults.fault import Fault
from conformance.faults.sheet import FIRST_AXIS, Sheet

_LONG = 2048


def _without_last(s: Sheet) -> Array:
    """The last value of the last channel is left at 0."""
    dx = np.array(s.correct("dx"))
    if s.count > _LONG:
        dx[-1:, -1:] = 0
    return dx


def _over_samples(s: Sheet) -> Callable[[Array], Array]:
    return lambda rows: s.back_total(rows) / s.work(s.samples)


FAULTS = (
    Fault(
        id="dx-missing-gamma",
        title="dx lacks gamma",
        math="dx = inv_std (dy - mean(dy) - xhat mean(dy xhat))",
        touches=("dx",),
        mode="train",
        shows="gamma away from 1",
        hides="gamma = 1, as in a fresh layer",
        core=True,
        edits={"slope": lambda s: s.dy if s.training else s.correct("slope")},
    ),
    Fault(
        id="dx-reductions-miss-gamma",
        title="only dy is scaled by gamma in dx, its means are not",
        math="dx = inv_std (gamma dy - mean(dy) - xhat mean(dy xhat))",
        touches=("dx",),
        mode="train",
        shows="gamma away from 1, and mean(dy) or dgamma away from 0",
        hides="gamma = 1",
        core=True,
        edits={
            "via_mean": lambda s: s.back_average(s.dy),
            "via_var": lambda s: s.back_xhat * s.back_average(s.dy * s.back_xhat),
        },
    ),
    Fault(
        id="dx-local-term-misses-gamma",
        title="only the means are scaled by gamma in dx, dy is not",
        math="dx = inv_std (dy - gamma mean(dy) - gamma xhat mean(dy xhat))",
        touches=("dx",),
        mode="train",
        shows="gamma away from 1",
        hides="gamma = 1",
        edits={"local": lambda s: s.dy if s.training else s.slope},
    ),
    Fault(
        id="dx-stats-constant",
        title="dx treats mean and variance as constants",
        math="dx = gamma inv_std dy",
        touches=("dx",),
        mode="train",
        shows="dy with a mean, or correlated with x",
        hides="dy orthogonal to 1 and xhat; or independent of x at large M",
        core=True,
        edits={"projected": lambda s: s.local},
    ),
    Fault(
        id="dx-missing-mean-term",
        title="dx lacks the term through the mean",
        math="dx = gamma inv_std (dy - xhat mean(dy xhat))",
        touches=("dx",),
        mode="train",
        shows="mean(dy) away from 0",
        hides="dy with mean 0 in every channel",
        core=True,
        edits={"via_mean": lambda _: 0.0},
    ),
    Fault(
        id="dx-missing-var-term",
        title="dx lacks the term through the variance",
        math="dx = gamma inv_std (dy - mean(dy))",
        touches=("dx",),
        mode="train",
        shows="dy correlated with x",
        hides="dy constant, or independent of x at large M",
        core=True,
        edits={"via_var": lambda _: 0.0},
    ),
    Fault(
        id="dx-divides-by-batch",
        title="dx divides its sums by N instead of N*H*W",
        math="dx = gamma inv_std (dy - (sum(dy) + xhat sum(dy xhat)) / N)",
        touches=("dx",),
        mode="train",
        shows="spatial input",
        hides="rank 2, or sum(dy) = dgamma = 0",
        core=True,
        edits={"back_average": _over_samples},
        otherwise=({"back_average": _over_samples, **FIRST_AXIS},),
    ),
    Fault(
        id="dx-dmu-unsummed",
        title="the part of dmean that goes through the variance is not summed",
        math="dx has an extra - 2/M^2 dvar (x - mean), dvar = -gamma dgamma inv_std^2 / 2",
        touches=("dx",),
        mode="train",
        shows="small M: 20% at 4",
        hides="large M: 1e-4 at 1568",
        core=True,
        edits={
            "dx": lambda s: (
                s.correct("dx")
                + (s.back_total(s.slope * s.back_xhat) * s.back_inv_std**2 * s.back_deviation)
                / s.work(s.count) ** 2
                if s.training
                else s.correct("dx")
            )
        },
    ),
    Fault(
        id="dvar-missing-half",
        title="a factor 1/2 is lost in dvar",
        math="dx = gamma inv_std (dy - mean(dy) - 2 xhat mean(dy xhat))",
        touches=("dx",),
        mode="train",
        shows="dgamma away from 0",
        hides="dy orthogonal to xhat",
        edits={"via_var": lambda s: 2 * s.correct("via_var")},
    ),
    Fault(
        id="dvar-exponent-half",
        title="dvar has (var + eps)^(-1/2) where ^(-3/2) is meant",
        math="dx = gamma inv_std (dy - mean(dy) - (x - mean) mean(dy (x - mean)))",
        touches=("dx",),
        mode="train",
        shows="a variance away from 1",
        hides="a variance near 1",
        edits={
            "via_var": lambda s: s.back_deviation * s.back_average(s.slope * s.back_deviation),
        },
    ),
    Fault(
        id="dx-scale-line-lost",
        title="dx lacks gamma / sqrt(var + eps)",
        math="dx = dy - mean(dy) - xhat mean(dy xhat)",
        touches=("dx",),
        mode="train",
        shows="gamma inv_std away from 1",
        hides="gamma = 1 and a variance near 1",
        edits={
            "slope": lambda s: s.dy if s.training else s.correct("slope"),
            "dx": lambda s: s.projected if s.training else s.correct("dx"),
        },
    ),
    Fault(
        id="dx-sqrt-of-std-plus-eps",
        title="dx of the sigma + eps convention divides by sqrt(sigma + eps)",
        math="dx = gamma (dy - mean(dy) - d mean(d dy) / sigma / s) / sqrt(s), s = sigma + eps",
        touches=("dx",),
        mode="train",
        shows="a standard deviation away from 1",
        hides="sigma + eps near 1",
        core=True,
        dialect=Dialect(eps="outside"),
        edits={
            "dx": lambda s: s.projected * np.sqrt(s.back_inv_std) if s.training else s.correct("dx")
        },
    ),
    Fault(
        id="mean-not-in-backward-centre",
        title="dx projects on x instead of x - mean",
        math="dx = gamma inv_std (dy - mean(dy) - x inv_std mean(dy xhat))",
        touches=("dx",),
        mode="train",
        shows="a mean away from 0",
        hides="a mean near 0",
        edits={
            "via_var": lambda s: s.back_x * s.back_inv_std * s.back_average(s.slope * s.back_xhat),
        },
    ),
    Fault(
        id="dx-projection-uses-y",
        title="dx projects on y instead of xhat",
        math="dx = gamma inv_std (dy - mean(dy) - y mean(dy y))",
        touches=("dx",),
        mode="train",
        shows="gamma away from 1 or beta away from 0",
        hides="gamma = 1 and beta = 0",
        edits={"via_var": lambda s: s.y * s.back_average(s.slope * s.y)},
    ),
    Fault(
        id="gradients-zero",
        title="all gradients are zero",
        math="dx = dgamma = dbeta = 0",
        touches=("dx", "dgamma", "dbeta"),
        mode="both",
        shows="any backward pass",
        hides="forward tests",
        edits={
            "dx": lambda s: np.zeros_like(s.x),
            "dgamma": lambda s: np.zeros_like(s.gamma),
            "dbeta": lambda s: np.zeros_like(s.gamma),
        },
    ),
    Fault(
        id="last-gradient-unwritten",
        title="above M = 2048 the last value of dx is not written",
        math="dx = 0 at the last value of the last channel where M > 2048",
        touches=("dx",),
        mode="both",
        shows="M above 2048",
        hides="smaller M",
        edits={"dx": _without_last},
    ),
)
