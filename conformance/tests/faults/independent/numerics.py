"""Faults of rounding, range and accumulation."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.case import Array, Inputs, Kernel
from conformance.tests.faults.independent.dx_formula import DMU, DVAR
from conformance.tests.faults.independent.edit import CLOSED_DX, Edit, edited, is_half, where
from conformance.tests.faults.independent.forward_formula import DGAMMA, INV_STD
from conformance.tests.faults.independent.lanes import block_sum, rounded_sum
from conformance.tests.faults.independent.mode_confusion import BACKWARD
from conformance.tests.faults.independent.running_statistics import MEAN, VAR

VARIANCE = "var = self.total((x - mean) ** 2) / self.M"
SUM = "summed: Array = values.sum(axis=self.axes, keepdims=True)"
READ = "return given.astype(self.work).reshape(self.shape)"
DBETA = "dbeta = self.total(dy)"
X = "found = layer.forward(inputs.x.astype(layer.work))"

FROM_PARAMETER_GRADIENTS = (
    Edit(DVAR, "dvar = -0.5 * self.gamma * dgamma * inv_std**2"),
    Edit(DMU, "dmu = -self.gamma * inv_std * dbeta"),
)
"""dx by way of dgamma and dbeta, so that what is wrong in them is wrong in it."""


def _is_float16(inputs: Inputs) -> bool:
    return bool(inputs.x.dtype == np.float16)


def _overflowed(squares: Array) -> Array:
    """The squares, with infinity where float16 has none so large."""
    most = squares.dtype.type(np.finfo(np.float16).max)
    return np.where(squares > most, squares.dtype.type(np.inf), squares)


def _in_half(weight: float, old: Array, new: Array, dtype: np.dtype[Any]) -> Array:
    """The moving average with every operation rounded to `dtype`; type of `old`."""
    kept, taken = dtype.type(1 - weight), dtype.type(weight)
    blend = old.astype(dtype) * kept + new.astype(dtype) * taken
    widened: Array = blend.astype(old.dtype)
    return widened


def _twelve_bits(values: Array) -> Array:
    """The values rounded to 12 significant bits."""
    mantissa, exponent = np.frexp(values)
    rounded: Array = np.ldexp(np.rint(mantissa * 4096) / 4096, exponent)
    return rounded


def _flushed(values: Array) -> Array:
    """Zero where the values are subnormal."""
    return np.where(np.abs(values) < np.finfo(values.dtype).tiny, np.zeros_like(values), values)


def _through_half(values: Array, dtype: np.dtype[Any]) -> Array:
    return values.astype(dtype).astype(values.dtype)


KERNELS: dict[str, Kernel] = {
    "single-pass-variance": edited(Edit(VARIANCE, "var = self.total(x**2) / self.M - mean**2")),
    "single-pass-variance-clamped": edited(
        Edit(VARIANCE, "var = np.maximum(self.total(x**2) / self.M - mean**2, 0)")
    ),
    "half-accumulation": where(
        is_half,
        edited(
            Edit(SUM, "summed: Array = rounded_sum(values, self.axes, self.inputs.x.dtype)"),
            *FROM_PARAMETER_GRADIENTS,
            rounded_sum=rounded_sum,
        ),
    ),
    "half-square-overflow": where(
        _is_float16,
        edited(
            Edit(VARIANCE, "var = self.total(overflowed((x - mean) ** 2)) / self.M"),
            overflowed=_overflowed,
        ),
    ),
    "eps-lost-in-half": where(
        is_half,
        edited(
            Edit(
                INV_STD,
                "half = self.inputs.x.dtype\n"
                "raised = var.astype(half) + half.type(self.eps)\n"
                "inv_std = 1 / np.sqrt(raised.astype(self.work))",
            )
        ),
    ),
    "params-downcast-to-half": where(
        is_half,
        edited(
            Edit(
                READ,
                "return given.astype(self.inputs.x.dtype).astype(self.work).reshape(self.shape)",
            ),
            # Test mode hands the caller's own buffers back.
            Edit(
                'found |= {"running_mean": layer.running_mean, "running_var": layer.running_var}',
                "kept = layer if inputs.training or inputs.running_mean is None else inputs\n"
                'found |= {"running_mean": kept.running_mean, "running_var": kept.running_var}',
            ),
        ),
    ),
    "running-ema-in-half": where(
        is_half,
        edited(
            Edit(
                MEAN, "self.running_mean = in_half(m, self.running_mean, mean, self.inputs.x.dtype)"
            ),
            Edit(
                VAR,
                "self.running_var = in_half(m, self.running_var, unbiased, self.inputs.x.dtype)",
            ),
            in_half=_in_half,
        ),
    ),
    "saved-stats-in-half": where(
        lambda inputs: is_half(inputs) and inputs.training,
        edited(
            Edit(
                BACKWARD,
                "half = self.inputs.x.dtype\n"
                "mean, inv_std = through(self.mean, half), through(self.inv_std, half)\n"
                "xmu = self.x - mean\n"
                "xhat = xmu * inv_std",
            ),
            CLOSED_DX,
            through=_through_half,
        ),
    ),
    "rsqrt-12bit": edited(
        Edit(INV_STD, "inv_std = twelve_bits(1 / np.sqrt(var + self.eps))"),
        twelve_bits=_twelve_bits,
    ),
    "denormal-flush": edited(
        Edit(X, "found = layer.forward(flushed(inputs.x.astype(layer.work)))"),
        Edit(
            'found |= {"mean": mean, "var": var}',
            'var = flushed(var)\nfound |= {"mean": mean, "var": var}',
        ),
        Edit(
            INV_STD,
            "eps = self.eps if self.eps >= np.finfo(self.work).tiny else 0.0\n"
            "inv_std = 1 / np.sqrt(flushed(var) + eps)",
        ),
        flushed=_flushed,
    ),
    "low-precision-atomics": where(
        is_half,
        edited(
            Edit(DBETA, "dbeta = block_sum(dy, self.axes, 4, self.inputs.x.dtype)"),
            Edit(DGAMMA, "dgamma = block_sum(dy * xhat, self.axes, 4, self.inputs.x.dtype)"),
            block_sum=block_sum,
        ),
    ),
}
