"""One correct kernel, written as a sheet of named formulas; an edit replaces some of them.

A cell is computed when it is first read, from the cells that its formula reads, so that an edit
of ``inv_std`` reaches y, dx and dgamma as it would in a kernel.  A fault is an edit that changes
the mathematics; a different honest algorithm is an edit that does not.

Arrays of the shape of x are rows, ``(C, M)``; whatever belongs to a channel is a column,
``(C, 1)``, both in the type that is computed in.  Formulas: Ioffe and Szegedy (2015), with the
backward pass in the closed form

    dx = inv_std (gamma dy - mean(gamma dy) - xhat mean(gamma dy xhat))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from conformance.arrays import LIKE_X, RUNNING
from conformance.case import Actual, Array, Dialect, Inputs, Kernel
from conformance.oracle.channels import by_channel, from_channels, kept

Formula: TypeAlias = Callable[["Sheet"], Any]
Edits: TypeAlias = Mapping[str, Formula]


class Sheet:
    """One call of the kernel: cells by name, as attributes.

    Attributes:
        inputs: What the call was given.
        wide: Whether to compute in float64 and not to round the outputs.
    """

    def __init__(self, inputs: Inputs, edits: Edits, *, wide: bool) -> None:
        """Prepare the sheet; nothing is computed yet."""
        self.inputs, self.wide, self._edits = inputs, wide, edits

    def __getattr__(self, cell: str) -> Any:
        """Compute a cell and keep it.

        Raises:
            AttributeError: there is no such cell.
        """
        formula = self._edits.get(cell) or FORMULAS.get(cell)
        if formula is None:
            raise AttributeError(f"the sheet has no cell {cell!r}. It has: {', '.join(FORMULAS)}.")
        value = formula(self)
        self.__dict__[cell] = value
        return value

    def rows(self, array: Any) -> Array:
        """An array of the shape of x, as rows in the type that is computed in."""
        return np.ascontiguousarray(by_channel(array, self.inputs), dtype=self.work)

    def column(self, given: Array | None, default: float) -> Array:
        """A parameter as a column; `default` where the layer has none."""
        if given is None:
            return np.full((int(np.prod(self.inputs.channel_shape)), 1), default, dtype=self.work)
        return given.astype(self.work).reshape(-1, 1)

    def correct(self, cell: str) -> Any:
        """What the unedited formula gives in an edited sheet."""
        return FORMULAS[cell](self)


def kernel(edits: Edits = MappingProxyType({}), *, wide: bool = False) -> Kernel:
    """The kernel of an edited sheet.

    Args:
        edits: Cells to formulas that replace the correct ones.
        wide: Compute in float64 whatever the inputs are, and do not round the outputs: the
            prediction of what the edit means.

    Returns:
        A kernel that computes in float64 for float64 inputs and in float32 for all others, and
        rounds each output once.
    """

    def run(inputs: Inputs) -> Actual:
        with np.errstate(all="ignore"):  # NaN, infinity and 0/0 are answers here
            sheet = Sheet(inputs, edits, wide=wide)
            found: Actual = sheet.delivered({n: sheet.shaped(n) for n in sheet.outputs})
        return found

    return run


def in_dialect(dialect: Dialect, edits: Edits) -> Edits:
    """The edits of a kernel that is otherwise correct in a dialect."""
    base: dict[str, Formula] = {}
    if dialect.running_var == "biased":
        base["biased"] = lambda _: True
    if dialect.eps == "outside":
        base |= _OUTSIDE
    return stacked(base, edits)


class _Above(Sheet):
    """A sheet as an upper edit sees it: what it is told is correct is what the lower one makes."""

    def __init__(self, sheet: Sheet, lower: Edits) -> None:
        self.__dict__["_sheet"], self.__dict__["_lower"] = sheet, lower

    def __getattr__(self, cell: str) -> Any:
        return getattr(self.__dict__["_sheet"], cell)

    def correct(self, cell: str) -> Any:
        formula = self.__dict__["_lower"].get(cell)
        sheet = self.__dict__["_sheet"]
        return sheet.correct(cell) if formula is None else formula(sheet)


def stacked(lower: Edits, upper: Edits) -> Edits:
    """Two edits in one kernel: where `upper` asks for the correct value, it gets `lower`'s.

    A cell that both replace without asking has the formula of `upper`; what is delivered goes
    through both.
    """
    if not lower or not upper:
        return upper or lower
    above = {cell: _over(formula, lower) for cell, formula in upper.items()}
    if "delivered" in lower and "delivered" in upper:
        above["delivered"] = _through(lower["delivered"], above["delivered"])
    return {**lower, **above}


def _over(formula: Formula, lower: Edits) -> Formula:
    return lambda s: formula(_Above(s, lower))


def _through(first: Formula, second: Formula) -> Formula:
    return lambda s: lambda outputs: second(s)(first(s)(outputs))


def _outputs(s: Sheet) -> list[str]:
    names = ["y", "inv_std"]
    if s.training:
        names += ["mean", "var"]
    if s.inputs.dy is not None:
        names.append("dx")
        names += [n for n in ("gamma", "beta") if getattr(s.inputs, n) is not None]
        names = ["d" + n if n in ("gamma", "beta") else n for n in names]
    return names if s.inputs.running_mean is None else [*names, *RUNNING]


def _shaped(s: Sheet) -> Callable[[str], Array]:
    def shape(name: str) -> Array:
        value = getattr(s, name)
        like_x = name in LIKE_X
        laid = from_channels(value, s.inputs) if like_x else value.reshape(s.inputs.channel_shape)
        if s.wide or name in ("mean", "var", "inv_std"):
            return np.asarray(laid)
        return np.asarray(laid).astype(s.inputs.dtype_of(name))

    return shape


def _counted(s: Sheet) -> Array:
    """How many values of each channel a mask keeps, ``(C, 1)``."""
    return np.asarray(s.mask.sum(axis=1, keepdims=True)).astype(s.work)


def _samples(s: Sheet) -> int:
    """N: the size of the first axis that is no channel axis."""
    axes = (a for a in range(s.inputs.x.ndim) if a not in s.inputs.channel_axes)
    return int(s.inputs.x.shape[next(axes)])


def _by_sample(s: Sheet) -> Callable[[Array], Array]:
    """Rows as ``(C, N, values)``; in one piece where an edited N does not part them."""

    def parted(rows: Array) -> Array:
        count, samples = rows.shape[1], s.samples
        if count and count % samples:
            samples = 1
        return rows.reshape(len(rows), samples, count // max(samples, 1))

    return parted


FIRST_AXIS: Edits = MappingProxyType({"samples": lambda s: s.inputs.x.shape[0]})
"""N as the size of the first axis, whether or not that is the channel axis."""


def _blend(s: Sheet) -> Callable[[Array, Array], Array]:
    return lambda old, new: (1 - s.momentum) * old + s.momentum * new


def _through_sigma(s: Sheet) -> Array:
    """With eps outside: d mean(d slope) / (sigma (sigma + eps)), whose limit at sigma = 0 is 0."""
    sigma = np.sqrt(s.spread)
    term = s.back_deviation * s.back_average(s.slope * s.back_deviation)
    return np.where(sigma == 0, 0, term / np.where(sigma == 0, 1, sigma * (sigma + s.eps)))


def _staged_mean(s: Sheet) -> Array:
    """The mean's part of dx with the term through dvar, ``sum(-2 (x - mean))``, not left out."""
    along = s.back_average(s.slope * s.back_deviation)
    off = s.back_total(s.weighted(s.back_deviation)) / s.back_number
    through_var = s.back_inv_std**2 * along * off
    return np.asarray(s.back_average(s.slope) - through_var)


STAGED: Edits = MappingProxyType({"via_mean": _staged_mean})
"""Dx by dvar and dmean, one after the other (Ioffe and Szegedy, 2015): honest."""

_OUTSIDE: Edits = {
    "inv_std": lambda s: 1 / (np.sqrt(s.spread) + s.eps),
    "via_var": _through_sigma,
}

FORMULAS: Mapping[str, Formula] = MappingProxyType(
    {
        # What is given, and the type that is computed in
        "work": lambda s: np.float64 if s.wide or s.inputs.x.dtype == np.float64 else np.float32,
        "training": lambda s: s.inputs.training,
        "x": lambda s: s.rows(s.inputs.x),
        "dy": lambda s: s.rows(s.inputs.dy),
        "gamma": lambda s: s.column(s.inputs.gamma, 1.0),
        "beta": lambda s: s.column(s.inputs.beta, 0.0),
        "old_mean": lambda s: s.column(s.inputs.running_mean, 0.0),
        "old_var": lambda s: s.column(s.inputs.running_var, 1.0),
        "eps": lambda s: float(s.inputs.eps),
        "momentum": lambda s: float(s.inputs.momentum),
        "count": lambda s: s.inputs.count,
        "samples": _samples,
        "by_sample": _by_sample,
        # How sums are formed: of the statistics, and of the gradients
        "total": lambda _: lambda rows: rows.sum(axis=1, keepdims=True),
        "average": lambda s: lambda rows: s.total(s.weighted(rows)) / s.number,
        "back_total": lambda s: s.total,
        "back_average": lambda s: lambda rows: s.back_total(rows) / s.back_number,
        # Under a mask: what it is worth, which values it keeps, and how many
        "mask": lambda s: kept(s.inputs),
        "weight": lambda s: 1 if s.mask is None else s.mask.astype(s.work),
        "weighted": lambda s: lambda rows: rows if s.mask is None else s.weight * rows,
        "number": lambda s: s.work(s.count) if s.mask is None else _counted(s),
        "back_number": lambda s: s.number,
        # The statistics of the batch, and those that normalize it
        "mean": lambda s: s.average(s.x),
        "deviation": lambda s: s.x - s.mean,
        "var": lambda s: s.average(s.deviation**2),
        "center": lambda s: s.mean if s.training else s.old_mean,
        "spread": lambda s: s.var if s.training else s.old_var,
        "inv_std": lambda s: 1 / np.sqrt(s.spread + s.eps),
        # Forward
        "xhat": lambda s: (s.x - s.center) * s.inv_std,
        "y": lambda s: s.gamma * s.xhat + s.beta,
        # Backward: what it reads, and the parts of dx
        "back_x": lambda s: s.x,
        "back_center": lambda s: s.center,
        "back_inv_std": lambda s: s.inv_std,
        "back_deviation": lambda s: s.back_x - s.back_center,
        "back_xhat": lambda s: s.back_deviation * s.back_inv_std,
        "dbeta": lambda s: s.back_total(s.dy),
        "dgamma": lambda s: s.back_total(s.dy * s.back_xhat),
        "slope": lambda s: s.gamma * s.dy,
        "local": lambda s: s.slope,
        "via_mean": lambda s: s.back_average(s.slope),
        "via_var": lambda s: s.back_xhat * s.back_average(s.slope * s.back_xhat),
        "through": lambda s: lambda part: part if s.mask is None else s.weight * part,
        "projected": lambda s: (
            s.local - s.through(s.via_mean) - s.through(s.via_var) if s.training else s.local
        ),
        "dx": lambda s: s.back_inv_std * s.projected,
        # The running statistics
        "biased": lambda _: False,
        "bessel": lambda s: s.number / (s.number - s.work(1)),
        "correction": lambda s: 1.0 if s.biased else s.bessel,
        "fed_mean": lambda s: s.mean,
        "fed_var": lambda s: s.var * s.correction,
        "blend": _blend,
        "new_mean": lambda s: s.blend(s.old_mean, s.fed_mean),
        "new_var": lambda s: s.blend(s.old_var, s.fed_var),
        "updates": lambda s: s.training and s.count > 0 and (s.mask is None or s.mask.any()),
        "running_mean": lambda s: s.new_mean if s.updates else s.old_mean,
        "running_var": lambda s: s.new_var if s.updates else s.old_var,
        # What is handed back
        "outputs": _outputs,
        "shaped": _shaped,
        "delivered": lambda _: lambda outputs: outputs,
    }
)
"""The correct kernel, in the order of a call."""
