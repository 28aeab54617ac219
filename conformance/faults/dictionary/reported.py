"""Faults of recent reports and of kernels that were read, of every part of a layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Actual, Array
from conformance.faults.fault import BY_STATISTICS, NORMALIZED, Fault
from conformance.faults.sheet import Formula, Sheet

_BFLOAT16_BITS, _TF32_BITS = 8, 11
_RUNNING = ("running_mean", "running_var")
_GRADIENTS = ("dx", "dgamma", "dbeta")


def _shares(s: Sheet) -> Callable[[Array], Array]:
    """Two shares of the samples, the first larger where N is odd, averaged without their counts."""
    each = s.count // max(s.samples, 1)
    cut = (s.samples + 1) // 2 * each

    def average(rows: Array) -> Array:
        parts = [part for part in (rows[:, :cut], rows[:, cut:]) if part.shape[1]]
        means = [part.mean(axis=1, keepdims=True) for part in parts]
        return np.asarray(np.mean(means, axis=0, dtype=s.work) if means else s.total(rows) / 0)

    return average


def _again(cell: str, old: str, fed: str) -> Formula:
    """A running statistic that is updated, and updated once more."""

    def running(s: Sheet) -> Array:
        once = s.correct(cell)
        return np.asarray(s.blend(once, getattr(s, fed)) if s.updates else getattr(s, old))

    return running


def _bessel_in_half(s: Sheet) -> Array:
    kind = s.inputs.x.dtype.type
    return s.work(kind(kind(s.count) / kind(s.count - 1)))  # type: ignore[no-any-return]  # a scalar


def _variance_returned(s: Sheet) -> Callable[[Actual], Actual]:
    def deliver(outputs: Actual) -> Actual:
        if s.training or "inv_std" not in outputs:
            return outputs
        kind = outputs["inv_std"].dtype
        return {**outputs, "inv_std": s.spread.reshape(s.inputs.channel_shape).astype(kind)}

    return deliver


def _rounded(values: Array, bits: int) -> Array:
    """Rounded to so many significant bits."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent), values.dtype)


def _statistics_of(bits: int) -> dict[str, Formula]:
    """Statistics of an x that a matrix unit has rounded."""

    def variance(s: Sheet) -> Array:
        return np.asarray(s.average((_rounded(s.x, bits) - s.mean) ** 2))

    return {"mean": lambda s: s.average(_rounded(s.x, bits)), "var": variance}


def _in_memory_order(name: str) -> Formula:
    """An array read from the start of its buffer, as if it were contiguous."""

    def read(s: Sheet) -> Array:
        given = buffer = getattr(s.inputs, name)
        if given is None or given.flags.c_contiguous or not all(given.strides):
            return np.asarray(s.correct(name))
        while isinstance(buffer.base, np.ndarray):
            buffer = buffer.base
        values = np.resize(buffer.ravel(order="K"), given.shape)
        if given.shape == s.inputs.x.shape:
            return s.rows(values)
        return s.column(values, 0.0)

    return read


def _single(cell: str) -> Formula:
    """A statistic of float64 rounded to float32."""
    return lambda s: s.correct(cell).astype(np.float32).astype(s.work)


FAULTS = (
    Fault(
        id="eval-inv-std-as-variance",
        title="inference is handed the inverse standard deviation where the variance is due",
        math="test: inv_std = 1 / sqrt(1 / sqrt(running_var + eps) + eps)",
        touches=NORMALIZED,
        mode="test",
        shows="a running variance away from 1",
        hides="a running variance of 1, as in a fresh layer",
        edits={"spread": lambda s: s.var if s.training else 1 / np.sqrt(s.old_var + s.eps)},
    ),
    Fault(
        id="variance-returned-as-inv-std",
        title="test mode returns the variance as inv_std",
        math="test: inv_std = running_var",
        touches=("inv_std",),
        mode="test",
        shows="a running variance away from 1",
        hides="inv_std that is not compared",
        edits={"delivered": _variance_returned},
    ),
    Fault(
        id="running-updated-twice",
        title="recomputation in the backward pass updates the running statistics once more",
        math="running = (1 - m)^2 old + (1 - (1 - m)^2) new",
        touches=_RUNNING,
        mode="train",
        shows="running statistics away from the batch's",
        hides="momentum 0 or 1",
        edits={
            "running_mean": _again("running_mean", "old_mean", "fed_mean"),
            "running_var": _again("running_var", "old_var", "fed_var"),
        },
    ),
    Fault(
        id="running-old-forgotten",
        title="training forgets the old running statistics",
        math="running = m new",
        touches=_RUNNING,
        mode="train",
        shows="running statistics away from 0",
        hides="running statistics of 0",
        edits={"blend": lambda s: lambda _old, new: s.momentum * new},
    ),
    Fault(
        id="var-includes-eps",
        title="eps is added to the variance itself, and again under the root",
        math="var = mean((x - mean)^2) + eps, inv_std = 1 / sqrt(var + eps)",
        touches=(*NORMALIZED, "var", "running_var"),
        mode="train",
        shows="an eps that is not small beside var",
        hides="eps = 1e-5 with var near 1",
        edits={"var": lambda s: s.correct("var") + s.eps},
    ),
    Fault(
        id="bessel-in-half",
        title="M/(M-1) is formed in the type of x",
        math="running_var = (1 - m) old + m var half(M / (M - 1))",
        touches=("running_var",),
        mode="train",
        shows="half precision, where M/(M-1) is no number of it",
        hides="float32",
        types=("float16", "float16+float32"),
        edits={"bessel": _bessel_in_half},
    ),
    Fault(
        id="uneven-shares",
        title="two uneven shares of a batch are averaged without their counts",
        math="mean, var: (average of the first half + average of the second) / 2",
        touches=BY_STATISTICS,
        mode="train",
        shows="an odd number of samples",
        hides="shares of one size",
        edits={"average": _shares, "back_average": lambda s: s.correct("back_average")},
    ),
    Fault(
        id="gradients-zero",
        title="all gradients are zero",
        math="dx = dgamma = dbeta = 0",
        touches=_GRADIENTS,
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
    Fault(
        id="eval-bwd-reads-nothing",
        title="the backward pass of test mode reads statistics that were never written",
        math="test: dx = dgamma = 0, from mean = inv_std = 0",
        touches=("dx", "dgamma"),
        mode="test",
        shows="a backward pass in test mode",
        hides="no backward pass in test mode",
        edits={
            "back_center": lambda s: s.center if s.training else np.zeros_like(s.gamma),
            "back_inv_std": lambda s: s.inv_std if s.training else np.zeros_like(s.gamma),
        },
    ),
    Fault(
        id="gamma-negative-clamped",
        title="a negative gamma counts as 0",
        math="y = max(gamma, 0) xhat + beta",
        touches=("y", "dx"),
        mode="both",
        shows="a negative gamma",
        hides="gamma of 0 and more, as in a fresh layer",
        edits={"gamma": lambda s: np.maximum(s.correct("gamma"), 0)},
    ),
    Fault(
        id="beta-ignored",
        title="beta is treated as 0",
        math="y = gamma xhat",
        touches=("y",),
        mode="both",
        shows="beta away from 0",
        hides="beta = 0, as in a fresh layer",
        edits={"y": lambda s: s.gamma * s.xhat},
    ),
    Fault(
        id="beta-before-gamma",
        title="beta is added before gamma multiplies",
        math="y = gamma (xhat + beta)",
        touches=("y",),
        mode="both",
        shows="gamma away from 1 with beta away from 0",
        hides="gamma = 1 or beta = 0",
        edits={"y": lambda s: s.gamma * (s.xhat + s.beta)},
    ),
    Fault(
        id="train-mean-not-subtracted",
        title="training does not subtract the mean",
        math="train: y = gamma inv_std x + beta",
        touches=("y",),
        mode="train",
        shows="a mean away from 0",
        hides="x with mean 0",
        edits={"xhat": lambda s: s.x * s.inv_std if s.training else s.correct("xhat")},
    ),
    Fault(
        id="momentum-hardcoded",
        title="the caller's momentum is ignored: it is always 0.1",
        math="running = 0.9 old + 0.1 new",
        touches=_RUNNING,
        mode="train",
        shows="a momentum other than 0.1",
        hides="momentum 0.1, the default",
        edits={"momentum": lambda _: 0.1},
    ),
    Fault(
        id="eps-hardcoded-1e-6",
        title="the caller's eps is ignored: it is always 1e-6",
        math="inv_std = 1 / sqrt(var + 1e-6)",
        touches=NORMALIZED,
        mode="both",
        shows="a small var, or an eps of the size of var",
        hides="eps = 1e-6, or var far above both",
        edits={"eps": lambda _: 1e-6},
    ),
    Fault(
        id="two-epsilons",
        title="eps is 1e-6 beside the root forward and 1e-5 under it backward, with M-1",
        math="y by 1 / (sqrt(v) + 1e-6), dx by 1 / sqrt(v + 1e-5), v = var M / (M - 1)",
        touches=NORMALIZED,
        mode="both",
        shows="a small var, or an eps of the size of var",
        hides="var far above both and a large M",
        edits={
            "spread": lambda s: s.var * s.bessel if s.training else s.old_var,
            "inv_std": lambda s: 1 / (np.sqrt(s.spread) + 1e-6),
            "back_inv_std": lambda s: 1 / np.sqrt(s.spread + 1e-5),
        },
    ),
    Fault(
        id="double-statistics-in-single",
        title="mean and inv_std of float64 are kept in float32",
        math="mean, inv_std rounded to 24 bits, all else in float64",
        touches=("y", "dx", "dgamma", "mean", "var", "inv_std", *_RUNNING),
        mode="both",
        shows="float64 and a bound below 1e-7",
        hides="float32; float64 with rtol 1e-5",
        types=("float64",),
        edits={
            "mean": _single("mean"),
            "center": _single("center"),
            "inv_std": _single("inv_std"),
        },
    ),
    Fault(
        id="statistics-of-bfloat16",
        title="the statistics are those of x rounded to bfloat16",
        math="mean, var of bfloat16(x), all else from x",
        touches=BY_STATISTICS,
        mode="train",
        shows="float32 with rtol below 4e-3",
        hides="bfloat16; rtol 1e-2",
        types=("float32",),
        edits=_statistics_of(_BFLOAT16_BITS),
    ),
    Fault(
        id="statistics-of-tf32",
        title="the statistics are those of x rounded to 11 bits, as tensor cores have it",
        math="mean, var of tf32(x), all else from x",
        touches=BY_STATISTICS,
        mode="train",
        shows="float32 with rtol below 5e-4",
        hides="half precision; rtol 1e-3",
        types=("float32",),
        edits=_statistics_of(_TF32_BITS),
    ),
    Fault(
        id="gradient-strides-ignored",
        title="dy is read in memory order, without its strides",
        math="dy replaced by the first values of its buffer",
        touches=_GRADIENTS,
        mode="both",
        shows="dy that is not contiguous",
        hides="contiguous dy",
        edits={"dy": _in_memory_order("dy")},
    ),
    Fault(
        id="parameter-strides-ignored",
        title="gamma and beta are read in memory order, without their strides",
        math="gamma, beta replaced by the first values of their buffers",
        touches=("y", "dx"),
        mode="both",
        shows="parameters that are not contiguous",
        hides="contiguous parameters",
        edits={"gamma": _in_memory_order("gamma"), "beta": _in_memory_order("beta")},
    ),
)
