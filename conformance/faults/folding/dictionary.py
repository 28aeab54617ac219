"""The faults of deployment by name: what each makes of a block, in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from conformance.faults.folding.sheet import Sheet, wide
from conformance.oracle.blocks.exact import solve_block
from conformance.oracle.rounding import Floats


@dataclass(frozen=True, slots=True)
class FoldingFault:
    """One way in which a deployed block is another function.

    Attributes:
        id: Its name.
        title: What is wrong, in words that follow "it": ``"folds along the inputs"``.
        y: What it makes of a call; None where the call does not show it.
    """

    id: str
    title: str
    y: Callable[[Sheet], Floats | None]


def _other_eps(eps: float) -> Callable[[Sheet], Floats | None]:
    def y(sheet: Sheet) -> Floats | None:
        if eps == sheet.inputs.eps or min(sheet.norm["var"]) + eps <= 0:
            return None
        return solve_block(replace(sheet.inputs, eps=eps))

    return y


def _eps_in_half(sheet: Sheet) -> Floats | None:
    return _other_eps(float(np.float16(sheet.inputs.eps)))(sheet)


def _batch_statistics(sheet: Sheet) -> Floats | None:
    if sheet.block.norm_first or sheet.block.second is not None:
        return None
    z = sheet.z + (sheet.skip if sheet.block.skip_first else 0.0)
    rest = tuple(a for a in range(z.ndim) if a != sheet.axis)
    statistics = {"mean": z.mean(rest), "var": z.var(rest)}
    return sheet.ended(sheet.normalized(z, {**sheet.norm, **statistics}))


def _along_inputs(sheet: Sheet) -> Floats | None:
    """The weight scaled along its other axis, where that is as long."""
    product = sheet.product
    if product is None or not sheet.is_plain:
        return None
    inputs_at = 0 if product.kind == "conv_transpose" else 1
    shape = [1] * sheet.weight.ndim
    shape[inputs_at] = -1
    if sheet.weight.shape[inputs_at] != len(sheet.s):
        return None
    return _folded(sheet, sheet.weight * sheet.s.reshape(shape))


def _within_group(sheet: Sheet) -> Floats | None:
    """A grouped transposed product scaled as if its groups had the same channels."""
    product = sheet.product
    if product is None or not sheet.is_plain or product.groups == 1:
        return None
    at = 1 if product.kind == "conv_transpose" else 0
    count = sheet.weight.shape[at]
    shape = [1] * sheet.weight.ndim
    shape[at] = -1
    if at == 0 or count == len(sheet.s):
        return None
    return _folded(sheet, sheet.weight * sheet.s[:count].reshape(shape))


def _folded(sheet: Sheet, weight: Floats) -> Floats:
    return sheet.ended(sheet.multiplied(weight, sheet.bias * sheet.s + sheet.t))


def _along_last(sheet: Sheet) -> Floats | None:
    """Another axis that is as long taken for that of the channels."""
    inputs, last = sheet.inputs, sheet.x.ndim - 1
    shape = sheet.block.normalized_shape(inputs.x.shape, sheet.axis)
    same = sheet.block.product is None or sheet.block.product.kind == "linear"
    if sheet.axis == last or not same or shape[last] != shape[sheet.axis]:
        return None
    return solve_block(replace(inputs, axis=last))


def _through_padding(sheet: Sheet) -> Floats | None:
    """A normalization before a padded product folded with its shift: the zeros are shifted."""
    if not sheet.block.norm_first or sheet.product is None:
        return None
    s, t = sheet.along(sheet.s), sheet.along(sheet.t)
    unshifted = sheet.multiplied(sheet.weight, sheet.bias, sheet.x * s)
    ones = np.broadcast_to(t, sheet.x.shape)
    inside = sheet.multiplied(sheet.weight, np.zeros_like(sheet.bias), ones)
    rest = tuple(a for a in range(inside.ndim) if a != sheet.axis)
    # Where the kernel lies whole within the image it sees every shift.
    middle = tuple(n // 2 if a in rest else slice(None) for a, n in enumerate(inside.shape))
    return sheet.ended(unshifted + sheet.along(inside[middle]))


def _folded_twice(sheet: Sheet) -> Floats | None:
    """One weight folded by both normalizations, for both calls."""
    if sheet.second is None:
        return None
    return sheet.ended(2 * sheet.normalized(sheet.normalized(sheet.z), sheet.second))


def _second_behind_first(sheet: Sheet) -> Floats | None:
    """The second normalization of a product that the first is folded into."""
    if sheet.second is None:
        return None
    first = sheet.normalized(sheet.z)
    return sheet.ended(first + sheet.normalized(first, sheet.second))


def _first_for_both(sheet: Sheet) -> Floats | None:
    return None if sheet.second is None else sheet.ended(2 * sheet.normalized(sheet.z))


def _second_for_both(sheet: Sheet) -> Floats | None:
    second = sheet.second
    return None if second is None else sheet.ended(2 * sheet.normalized(sheet.z, second))


def _plain(make: Callable[[Sheet], Floats]) -> Callable[[Sheet], Floats | None]:
    """A fault of a product before its normalization."""
    return lambda sheet: make(sheet) if sheet.is_plain else None


def _unscaled_bias(sheet: Sheet) -> Floats:
    out = sheet.normalized(sheet.z)
    return sheet.ended(out + sheet.along(sheet.bias * (1 - sheet.s)))


def _lost_bias(sheet: Sheet) -> Floats:
    return sheet.ended(sheet.normalized(sheet.z) - sheet.along(sheet.bias * sheet.s))


def _lost_mean(sheet: Sheet) -> Floats:
    return sheet.ended(sheet.normalized(sheet.z) + sheet.along(sheet.norm["mean"] * sheet.s))


def _usual(make: Callable[[Sheet], Floats | None]) -> Callable[[Sheet], Floats | None]:
    """A fault of one normalization behind what there is."""
    return lambda s: None if s.block.norm_first or s.second is not None else make(s)


def _not_normalized(sheet: Sheet) -> Floats:
    return sheet.ended(sheet.z + (sheet.skip if sheet.block.skip_first else 0.0))


def _unscaled_sum(sheet: Sheet) -> Floats | None:
    if not sheet.block.skip_first or sheet.block.skip is None:
        return None
    y = sheet.normalized(sheet.z) + wide(sheet.block.skip)
    return np.maximum(y, 0.0) if sheet.block.relu else y


def _rectified_early(sheet: Sheet) -> Floats | None:
    if not sheet.block.relu or sheet.block.skip is None or sheet.block.skip_first:
        return None
    return np.maximum(sheet.normalized(sheet.z), 0.0) + wide(sheet.block.skip)


def _rectified_first(sheet: Sheet) -> Floats | None:
    if not sheet.block.relu:
        return None
    z = sheet.z + (sheet.skip if sheet.block.skip_first else 0.0)
    return sheet.normalized(np.maximum(z, 0.0))


def _not_rectified(sheet: Sheet) -> Floats | None:
    return solve_block(replace(sheet.inputs, block=replace(sheet.block, relu=False)))


FOLDING_FAULTS: Mapping[str, FoldingFault] = MappingProxyType(
    {
        fault.id: fault
        for fault in (
            FoldingFault("deployed-in-training", "normalizes by the batch", _batch_statistics),
            FoldingFault("not-normalized", "leaves the normalization out", _usual(_not_normalized)),
            FoldingFault("eps-lost", "has no eps under the root", _other_eps(0.0)),
            FoldingFault("eps-in-half", "has eps rounded to float16", _eps_in_half),
            FoldingFault("eps-1e-3", "has an eps of 1e-3", _other_eps(1e-3)),
            FoldingFault("eps-1e-5", "has an eps of 1e-5", _other_eps(1e-5)),
            FoldingFault("mean-lost", "folds no mean into the bias", _plain(_lost_mean)),
            FoldingFault("bias-lost", "loses the bias of the product", _plain(_lost_bias)),
            FoldingFault("bias-unscaled", "folds the bias unscaled", _plain(_unscaled_bias)),
            FoldingFault(
                "scaled-along-inputs", "scales the weight along its inputs", _along_inputs
            ),
            FoldingFault(
                "scaled-within-group",
                "scales all groups of the weight by the channels of the first",
                _within_group,
            ),
            FoldingFault(
                "folded-along-last-axis",
                "takes the last axis for that of the channels",
                _along_last,
            ),
            FoldingFault(
                "shift-through-padding",
                "folds the shift before a padded product into its bias: zeros are shifted",
                _through_padding,
            ),
            FoldingFault(
                "folded-by-both",
                "folds two normalizations into the weight that they share, for both calls",
                _folded_twice,
            ),
            FoldingFault(
                "second-behind-first",
                "normalizes what the first normalization is folded into by the second",
                _second_behind_first,
            ),
            FoldingFault("first-for-both", "uses the first for both calls", _first_for_both),
            FoldingFault("second-for-both", "uses the second for both calls", _second_for_both),
            FoldingFault(
                "sum-unscaled", "folds a normalization past the sum before it", _unscaled_sum
            ),
            FoldingFault("rectified-before-sum", "rectifies before the sum", _rectified_early),
            FoldingFault(
                "rectified-before-normalization",
                "rectifies before the normalization",
                _usual(_rectified_first),
            ),
            FoldingFault("not-rectified", "leaves the rectifier out", _not_rectified),
        )
    }
)
"""Every fault of deployment by its id."""
