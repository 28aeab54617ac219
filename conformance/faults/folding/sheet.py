"""A block in float64, in parts that a fault can change: enough to tell one fault from another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from conformance.block import Product
from conformance.case import Array, Inputs
from conformance.oracle.blocks.exact import block_of
from conformance.oracle.blocks.products import multiplied
from conformance.oracle.rounding import Floats


class Sheet:
    """The numbers of one call, wide, and what they make.

    Attributes:
        inputs: The call.
        block: Its block.
        axis: The channel axis of what is normalized.
    """

    def __init__(self, inputs: Inputs) -> None:
        """Widen what is given."""
        self.inputs, self.block = inputs, block_of(inputs)
        self.axis = inputs.channel_axes[0]

    @cached_property
    def x(self) -> Floats:
        """What the block is given."""
        return wide(self.inputs.x)

    @cached_property
    def norm(self) -> Mapping[str, Floats]:
        """gamma, beta, mean and variance of the normalization, ``(C,)`` each."""
        own = self.inputs
        return _norm(own.gamma, own.beta, own.running_mean, own.running_var)

    @cached_property
    def second(self) -> Mapping[str, Floats] | None:
        """Those of the second normalization."""
        other = self.block.second
        if other is None:
            return None
        return _norm(other.gamma, other.beta, other.running_mean, other.running_var)

    @property
    def s(self) -> Floats:
        """Gamma / sqrt(var + eps)."""
        return self.norm["gamma"] / np.sqrt(self.norm["var"] + self.inputs.eps)

    @property
    def t(self) -> Floats:
        """Beta - mean s."""
        return self.norm["beta"] - self.norm["mean"] * self.s

    @property
    def product(self) -> Product | None:
        """The product, if there is one."""
        return self.block.product

    @property
    def is_plain(self) -> bool:
        """Whether a product comes before one normalization of its outputs, with nothing between."""
        block, product = self.block, self.product
        between = block.skip is not None and block.skip_first
        if product is None or block.norm_first or block.second is not None or between:
            return False
        return product.feature_axis(self.x.ndim, self.axis) == self.axis

    @property
    def weight(self) -> Floats:
        """Its weight."""
        assert self.product is not None  # noqa: S101 - of faults of products alone
        return wide(self.product.weight)

    @property
    def bias(self) -> Floats:
        """Its bias, or zeros."""
        assert self.product is not None  # noqa: S101 - the same
        given = self.product.bias
        return np.zeros(self.product.channels) if given is None else wide(given)

    def along(self, values: Floats, axis: int | None = None) -> Floats:
        """Numbers per channel, shaped to be broadcast."""
        shape = [1] * self.x.ndim
        shape[self.axis if axis is None else axis] = -1
        return values.reshape(shape)

    def multiplied(self, weight: Floats, bias: Floats, x: Floats | None = None) -> Floats:
        """The product with another weight and bias."""
        product = self.product
        assert product is not None  # noqa: S101 - the same
        given = self.x if x is None else x
        out = multiplied(product, given, weight, self.axis)
        return out + self.along(bias, product.feature_axis(given.ndim, self.axis))

    @property
    def z(self) -> Floats:
        """What is normalized in the usual order, before a sum."""
        return self.x if self.product is None else self.multiplied(self.weight, self.bias)

    @property
    def skip(self) -> Floats | float:
        """What is added."""
        return 0.0 if self.block.skip is None else wide(self.block.skip)

    def normalized(self, z: Floats, norm: Mapping[str, Floats] | None = None) -> Floats:
        """A normalization of something."""
        n = self.norm if norm is None else norm
        s = n["gamma"] / np.sqrt(n["var"] + self.inputs.eps)
        return (z - self.along(n["mean"])) * self.along(s) + self.along(n["beta"])

    def ended(self, y: Floats) -> Floats:
        """What follows behind the normalization, or behind the product."""
        if not self.block.skip_first:
            y = y + self.skip
        return np.maximum(y, 0.0) if self.block.relu else y


def wide(values: Array) -> Floats:
    """As float64."""
    return np.asarray(values, dtype=np.float64)


def _norm(
    gamma: Array | None, beta: Array | None, mean: Array | None, var: Array | None
) -> Mapping[str, Floats]:
    given = {"gamma": gamma, "beta": beta, "mean": mean, "var": var}
    count = max(np.size(a) for a in given.values() if a is not None)
    absent = {"gamma": np.ones(count), "beta": np.zeros(count)}
    return {name: absent[name] if a is None else wide(a) for name, a in given.items()}
