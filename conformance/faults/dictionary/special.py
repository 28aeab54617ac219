"""Faults that only special values and shapes show: NaN, infinity, zero, outliers, axes of one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.arrays import LIKE_X
from conformance.case import Actual, Array
from conformance.faults.fault import BY_STATISTICS, IN_HALF, NORMALIZED, Fault
from conformance.faults.sheet import Sheet
from conformance.float_types import finfo

_LARGEST_SLOPE = 1e5
_MOST_DEVIATIONS, _MANY_DEVIATIONS = 7.5, 60.0
_TAIL = 256


def _without_nan(values: Array) -> Array:
    return np.where(np.isnan(values), values.dtype.type(0), values)


def _clipped(s: Sheet) -> Array:
    info = finfo(s.inputs.x.dtype)
    largest = s.work(float(info.max))
    return np.asarray(np.clip(s.correct("x"), -largest, largest))


def _within_deviations(s: Sheet) -> Array:
    xhat: Array = s.correct("xhat")
    return np.clip(xhat, -_MOST_DEVIATIONS, _MOST_DEVIATIONS) if s.training else xhat


def _without_tails(s: Sheet) -> Array:
    """Y of which the last partial block of each image was not written."""
    images = s.by_sample(s.correct("y")).copy()
    size = images.shape[2]
    if size > _TAIL:
        images[:, :, size // _TAIL * _TAIL :] = 0
    return np.asarray(images.reshape(s.x.shape))


def _squeezed(_: Sheet) -> Callable[[Actual], Actual]:
    return lambda outputs: {
        name: np.squeeze(value) if name in LIKE_X else value for name, value in outputs.items()
    }


def _scale_in_half(s: Sheet) -> Array:
    if s.training:
        return np.asarray(s.correct("y"))
    scale = np.asarray(s.gamma * s.inv_std).astype(s.inputs.x.dtype).astype(s.work)
    return np.asarray(scale * (s.x - s.center) + s.beta)


def _spoiled(s: Sheet) -> Array:
    root: Array = s.correct("inv_std")
    dead = not s.training and bool((s.old_var == 0).any())
    return np.full_like(root, np.nan) if dead else root


def _by_defaults(s: Sheet) -> Array:
    if not s.training or s.inputs.running_mean is not None:
        return np.asarray(s.correct("xhat"))
    return np.asarray(s.x / np.sqrt(s.work(1) + s.work(s.eps)))


def _spatial_bessel(s: Sheet) -> Array:
    if not isinstance(s.inputs.axis, tuple):
        return np.asarray(s.correct("bessel"))
    count = s.inputs.x.size // s.inputs.channel_shape[0]
    return np.asarray(s.work(count) / s.work(count - 1))


def _is_square(s: Sheet) -> bool:
    return s.inputs.x.ndim == 2 and s.inputs.x.shape[0] == s.inputs.x.shape[1]  # noqa: PLR2004 - a matrix


def _written_back(s: Sheet) -> Callable[[str], Array]:
    shaped: Callable[[str], Array] = s.correct("shaped")
    turned = _is_square(s)
    return lambda name: shaped(name).T if turned and name in LIKE_X else shaped(name)


FAULTS = (
    Fault(
        id="nan-counts-as-zero",
        title="NaN in x counts as 0",
        math="x = 0 where x is NaN",
        touches=BY_STATISTICS,
        mode="both",
        shows="a NaN in x",
        hides="x without NaN",
        edits={"x": lambda s: _without_nan(s.correct("x"))},
    ),
    Fault(
        id="infinity-clipped",
        title="an infinite x is clipped to the largest number",
        math="x = max(min(x, largest), -largest)",
        touches=BY_STATISTICS,
        mode="both",
        shows="an infinity in x",
        hides="finite x",
        edits={"x": _clipped},
    ),
    Fault(
        id="nan-gradient-counts-as-zero",
        title="NaN in dy counts as 0",
        math="dy = 0 where dy is NaN",
        touches=("dx", "dgamma", "dbeta"),
        mode="both",
        shows="a NaN in dy",
        hides="dy without NaN",
        edits={"dy": lambda s: _without_nan(s.correct("dy"))},
    ),
    Fault(
        id="gradient-clipped",
        title="dy is clipped to 1e5",
        math="dy = max(min(dy, 1e5), -1e5)",
        touches=("dx", "dgamma", "dbeta"),
        mode="both",
        shows="a dy beyond 1e5",
        hides="dy of ordinary size",
        edits={"dy": lambda s: np.clip(s.correct("dy"), -_LARGEST_SLOPE, _LARGEST_SLOPE)},
    ),
    Fault(
        id="deviations-clipped",
        title="training clips xhat to 7.5 standard deviations",
        math="train: y = gamma max(min(xhat, 7.5), -7.5) + beta",
        touches=("y",),
        mode="train",
        shows="an outlier among many values",
        hides="M below 57: |xhat| < sqrt(M)",
        edits={"xhat": _within_deviations},
    ),
    Fault(
        id="deviations-clipped-60",
        title="xhat is clipped to 60, for y and for the backward pass",
        math="xhat = max(min(xhat, 60), -60)",
        touches=("y", "dx", "dgamma"),
        mode="both",
        shows="x far from the running mean in test mode; an outlier among more than 3600 values",
        hides="|xhat| of 60 and less",
        edits={
            "xhat": lambda s: np.clip(s.correct("xhat"), -_MANY_DEVIATIONS, _MANY_DEVIATIONS),
            "back_xhat": lambda s: s.xhat,
        },
    ),
    Fault(
        id="zero-input-skipped",
        title="zeros of x are skipped: the mean is not subtracted from them",
        math="xhat = 0 where x = 0",
        touches=("y",),
        mode="both",
        shows="zeros in x, as after a rectifier",
        hides="x without zeros, or a mean of 0",
        edits={"xhat": lambda s: np.where(s.x == 0, s.work(0), s.correct("xhat"))},
    ),
    Fault(
        id="running-var-clamped",
        title="a negative running variance is clamped to 0",
        math="test: inv_std = 1 / sqrt(max(running_var, 0) + eps), a number instead of NaN",
        touches=NORMALIZED,
        mode="test",
        shows="a negative running variance",
        hides="variances of 0 and more",
        edits={"spread": lambda s: s.var if s.training else np.maximum(s.old_var, 0)},
    ),
    Fault(
        id="dead-channel-spoils-neighbours",
        title="one channel with a running variance of 0 spoils all",
        math="test: inv_std = NaN in every channel where any running_var is 0",
        touches=NORMALIZED,
        mode="test",
        shows="a running variance of 0 in one channel",
        hides="positive running variances",
        edits={"inv_std": _spoiled},
    ),
    Fault(
        id="dgamma-through-output",
        title="xhat is recovered from y by dividing by gamma",
        math="dgamma = sum(dy (y - beta) / gamma)",
        touches=("dgamma",),
        mode="both",
        shows="gamma of 0, or small beside beta",
        hides="gamma away from 0",
        edits={"dgamma": lambda s: s.back_total(s.dy * ((s.y - s.beta) / s.gamma))},
    ),
    Fault(
        id="no-running-normalizes-by-defaults",
        title="without running statistics training normalizes by mean 0 and variance 1",
        math="train: y = gamma x / sqrt(1 + eps) + beta",
        touches=("y",),
        mode="train",
        shows="training without running statistics",
        hides="running statistics given",
        edits={"xhat": _by_defaults},
    ),
    Fault(
        id="eps-in-single",
        title="float64 is given eps in float32",
        math="eps = float32(eps)",
        touches=NORMALIZED,
        mode="both",
        shows="float64 with an eps that float32 does not hold",
        hides="an eps that float32 holds, or far below var",
        types=("float64",),
        edits={"eps": lambda s: float(np.float32(s.correct("eps")))},
    ),
    Fault(
        id="scale-folded-in-half",
        title="the scale of test mode is rounded to half precision",
        math="test: y = half(gamma inv_std) (x - running_mean) + beta",
        touches=("y",),
        mode="test",
        shows="half precision with a large y",
        hides="float32",
        types=IN_HALF,
        edits={"y": _scale_in_half},
    ),
    Fault(
        id="image-tail-unwritten",
        title="the last partial block of 256 pixels of each image is not written",
        math="y = 0 in the tail of each image of more than 256 pixels",
        touches=("y",),
        mode="both",
        shows="images of more than 256 pixels, no multiple of 256",
        hides="smaller images",
        edits={"y": _without_tails},
    ),
    Fault(
        id="axes-squeezed",
        title="axes of length 1 are lost",
        math="the values of y and dx are right, the shape is not",
        touches=("y", "dx"),
        mode="both",
        shows="N, C or a spatial axis of 1",
        hides="axes of 2 and more",
        edits={"delivered": _squeezed},
    ),
    Fault(
        id="bessel-uses-spatial-count",
        title="per-activation running variances are corrected by the spatial count",
        math="running_var = (1 - m) old + m var N*H*W / (N*H*W - 1)",
        touches=("running_var",),
        mode="train",
        shows="the per-activation mode",
        hides="one channel axis",
        edits={"bessel": _spatial_bessel},
    ),
    Fault(
        id="square-batch-transposed",
        title="a square batch is normalized along the wrong axis",
        math="mean, var over C instead of N where N = C",
        touches=(*BY_STATISTICS, "dbeta"),
        mode="both",
        shows="a square matrix",
        hides="N other than C, where it is an error of shapes",
        edits={
            "x": lambda s: s.correct("x").T if _is_square(s) else s.correct("x"),
            "dy": lambda s: s.correct("dy").T if _is_square(s) else s.correct("dy"),
            "shaped": _written_back,
        },
    ),
)
