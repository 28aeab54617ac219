"""Faults of arithmetic: what is lost in rounding, overflow and underflow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Array
from conformance.faults.fault import BY_STATISTICS, IN_HALF, NORMALIZED, Fault
from conformance.faults.sheet import Sheet
from conformance.float_types import MIXED, TYPES

_BLOCK = 4
_BITS = 12


def _half(s: Sheet, values: object) -> Array:
    """`values` rounded to the type of x, and back."""
    return np.asarray(values).astype(s.inputs.x.dtype).astype(s.work)


def _one_after_the_other(s: Sheet) -> Callable[[Array], Array]:
    def total(rows: Array) -> Array:
        found = np.zeros((len(rows), 1), s.work)
        for i in range(rows.shape[1]):
            found = _half(s, found + rows[:, i : i + 1])
        return found

    return total


def _blocks_added_in_half(s: Sheet, rows: Array) -> Array:
    found = np.zeros((len(rows), 1), s.work)
    for i in range(0, rows.shape[1], _BLOCK):
        block = rows[:, i : i + _BLOCK].sum(axis=1, keepdims=True)
        found = _half(s, found + _half(s, block))
    return found


def _single_pass(s: Sheet) -> Array:
    return np.asarray(s.average(s.x**2) - s.mean**2)


def _overflowing(s: Sheet) -> Array:
    squares = s.deviation**2
    return np.asarray(s.average(np.where(np.isinf(_half(s, squares)), np.inf, squares)))


def _overflowing_in_single(s: Sheet) -> Array:
    squares = s.deviation**2
    if s.inputs.x.dtype == np.float64:
        return np.asarray(s.average(squares))
    with np.errstate(all="ignore"):
        total = np.sum(s.deviation.astype(np.float64) ** 2, axis=1, keepdims=True)
    beyond = np.isfinite(total) & (total > np.finfo(np.float32).max)
    return np.asarray(np.where(beyond, np.inf, s.average(squares)))


def _blend_in_half(s: Sheet) -> Callable[[Array, Array], Array]:
    def blend(old: Array, new: Array) -> Array:
        kept = _half(s, _half(s, 1 - s.momentum) * _half(s, old))
        return _half(s, kept + _half(s, _half(s, s.momentum) * _half(s, new)))

    return blend


def _estimated(root: Array) -> Array:
    """Rounded to so many significant bits, as a hardware estimate is."""
    mantissa, exponent = np.frexp(root)
    return np.asarray(np.ldexp(np.round(mantissa * 2**_BITS) / 2**_BITS, exponent))


def _flushed(s: Sheet, values: Array) -> Array:
    """Subnormal numbers of the type that a kernel computes in become 0."""
    kind = np.float64 if s.inputs.x.dtype == np.float64 else np.float32
    return np.asarray(np.where(np.abs(values) < np.finfo(kind).tiny, s.work(0), s.work(values)))


FAULTS = (
    Fault(
        id="single-pass-variance",
        title="the variance is E[x^2] - E[x]^2",
        math="var = mean(x^2) - mean^2, negative at times and then NaN",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="|mean| / std above 1e2 in float32; a constant channel",
        hides="x with a mean near 0",
        core=True,
        rounding=True,
        edits={"var": _single_pass},
    ),
    Fault(
        id="single-pass-variance-clamped",
        title="the variance is E[x^2] - E[x]^2, clamped at 0",
        math="var = max(mean(x^2) - mean^2, 0)",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="|mean| / std above 1e3 in float32: y is blown up by 1 / sqrt(eps)",
        hides="x with a mean near 0; checks for NaN alone",
        rounding=True,
        edits={"var": lambda s: np.maximum(_single_pass(s), 0)},
    ),
    Fault(
        id="half-accumulation",
        title="sums are accumulated in half precision",
        math="each partial sum is rounded to the type of x",
        touches=(*BY_STATISTICS, "dbeta"),
        mode="both",
        shows="half precision and M above 256; sums beyond 65504 in float16",
        hides="float32; small M",
        core=True,
        types=IN_HALF,
        rounding=True,
        edits={"total": _one_after_the_other},
    ),
    Fault(
        id="half-square-overflow",
        title="squares are formed in float16",
        math="(x - mean)^2 above 65504 becomes infinite",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="float16 and |x - mean| above 256",
        hides="float16 and |x| below 100",
        types=("float16", "float16+float32"),
        edits={"var": _overflowing},
    ),
    Fault(
        id="eps-lost-in-half",
        title="eps is added in half precision",
        math="inv_std = 1 / sqrt(half(half(var) + half(eps)))",
        touches=NORMALIZED,
        mode="both",
        shows="half precision and a small var, or a constant channel",
        hides="var far above eps",
        types=IN_HALF,
        edits={"inv_std": lambda s: 1 / np.sqrt(_half(s, _half(s, s.spread) + _half(s, s.eps)))},
    ),
    Fault(
        id="params-downcast-to-half",
        title="float32 parameters and running statistics are cast to the type of x",
        math="gamma, beta, running_mean, running_var rounded to half precision",
        touches=("y", "dx", "dgamma", "inv_std", "running_mean", "running_var"),
        mode="both",
        shows="parameters that half precision does not hold; running_var above 65504",
        hides="parameters that half precision holds exactly",
        types=MIXED,
        edits={
            "gamma": lambda s: _half(s, s.correct("gamma")),
            "beta": lambda s: _half(s, s.correct("beta")),
            "old_mean": lambda s: _half(s, s.correct("old_mean")),
            "old_var": lambda s: _half(s, s.correct("old_var")),
            "running_mean": lambda s: s.new_mean if s.updates else s.correct("old_mean"),
            "running_var": lambda s: s.new_var if s.updates else s.correct("old_var"),
        },
    ),
    Fault(
        id="running-ema-in-half",
        title="the running statistics are updated in half precision",
        math="running = half(half((1 - m) old) + half(m new))",
        touches=("running_mean", "running_var"),
        mode="train",
        shows="half precision with float32 running statistics; many steps",
        hides="float32",
        types=IN_HALF,
        edits={"blend": _blend_in_half},
    ),
    Fault(
        id="saved-stats-in-half",
        title="mean and inv_std are kept in half precision for the backward pass",
        math="dx and dgamma from half(mean) and half(inv_std)",
        touches=("dx", "dgamma"),
        mode="train",
        shows="half precision and a large |mean| / std",
        hides="float32",
        types=IN_HALF,
        edits={
            "back_center": lambda s: _half(s, s.center) if s.training else s.center,
            "back_inv_std": lambda s: _half(s, s.inv_std) if s.training else s.inv_std,
        },
    ),
    Fault(
        id="double-computed-in-single",
        title="float64 is computed in float32",
        math="every value is rounded to 24 bits",
        touches=(*BY_STATISTICS, "dbeta"),
        mode="both",
        shows="float64 and a bound below 1e-7",
        hides="float32; float64 with rtol 1e-5",
        types=("float64",),
        rounding=True,
        edits={"work": lambda _: np.float32},
    ),
    Fault(
        id="rsqrt-12bit",
        title="the reciprocal root is an estimate of 12 bits",
        math="inv_std rounded to 12 significant bits",
        touches=NORMALIZED,
        mode="both",
        shows="a bound below 1e-4",
        hides="rtol 1e-3",
        edits={"inv_std": lambda s: _estimated(s.correct("inv_std"))},
    ),
    Fault(
        id="folded-affine-cancellation",
        title="y is folded to a x + b",
        math="y = (gamma inv_std) x + (beta - mean gamma inv_std)",
        touches=("y",),
        mode="both",
        shows="|mean| / std above 1e4",
        hides="ordinary data, where it must be accepted",
        rounding=True,
        accepted="honest: a small change of x moves y by as much, and the error unit has that term",
        edits={
            "y": lambda s: (s.gamma * s.inv_std) * s.x + (s.beta - s.center * (s.gamma * s.inv_std))
        },
    ),
    Fault(
        id="denormal-flush",
        title="subnormal numbers are flushed to zero",
        math="x, var and eps below the smallest normal number become 0",
        touches=("y", "dgamma", "mean"),
        mode="both",
        shows="subnormal inputs or variances",
        hides="normal numbers",
        edits={
            "x": lambda s: _flushed(s, s.correct("x")),
            "spread": lambda s: _flushed(s, s.correct("spread")),
            "eps": lambda s: float(_flushed(s, np.asarray(s.correct("eps")))),
        },
    ),
    Fault(
        id="low-precision-atomics",
        title="blocks of dgamma and dbeta are added in half precision",
        math="dgamma, dbeta: sums of 4 terms, added one by one in the type of x",
        touches=("dgamma", "dbeta"),
        mode="both",
        shows="half precision with float32 parameters; many blocks",
        hides="float32",
        types=IN_HALF,
        rounding=True,
        edits={
            "dgamma": lambda s: _blocks_added_in_half(s, s.dy * s.back_xhat),
            "dbeta": lambda s: _blocks_added_in_half(s, s.dy),
        },
    ),
    Fault(
        id="squares-overflow-in-single",
        title="squares of deviations overflow float32: y is beta",
        math="var is infinite where sum((x - mean)^2) is beyond 3.4e38",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="float32 and x near 1e19",
        hides="usual numbers, and float64",
        types=tuple(t for t in TYPES if not t.startswith("float64")),
        edits={"var": _overflowing_in_single},
        accepted="correct kernels of float32 do the same: it is told as the edge overflowing sums",
    ),
)
