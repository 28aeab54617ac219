"""What stands around a batch normalization in a deployed model: the layers it is folded into.

A block is a batch normalization in test mode with what comes before and after it: a linear layer
or a convolution, a sum, a rectifier.  Exporters, converters and runtimes rewrite blocks; what they
compute must still be

    y = relu(norm(product(x) + bias) + skip)         the usual order, or
    y = relu(product(norm(x)) + bias + skip)         where the normalization comes first

with each part that a block does not have left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]

Kind: TypeAlias = Literal["linear", "conv", "conv_transpose"]
"""What is multiplied with a weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A linear layer, a convolution or a transposed convolution; names as PyTorch has them.

    Attributes:
        kind: Which of them.
        weight: ``(O, I)`` of a linear layer, ``(O, I / groups, *kernel)`` of a convolution,
            ``(I, O / groups, *kernel)`` of a transposed one.
        bias: ``(O,)``; None where there is none.
        stride: Per spatial axis.
        padding: Zeros at either end of each spatial axis.
        dilation: Distance of the values that neighbouring weights are multiplied with.
        output_padding: By how much a transposed convolution's output is longer.
        groups: Into how many parts the channels fall that do not see each other.
    """

    kind: Kind
    weight: Array
    bias: Array | None = None
    stride: tuple[int, ...] = ()
    padding: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()
    output_padding: tuple[int, ...] = ()
    groups: int = 1

    @property
    def channels(self) -> int:
        """O, the number of channels that come out."""
        if self.kind == "conv_transpose":
            return int(self.weight.shape[1]) * self.groups
        return int(self.weight.shape[0])

    @property
    def terms(self) -> int:
        """K: of how many products at most a value is the sum."""
        kernel = prod(int(n) for n in self.weight.shape[2:])
        if self.kind == "conv_transpose":
            return kernel * (int(self.weight.shape[0]) // self.groups)
        return kernel * int(self.weight.shape[1])

    def feature_axis(self, rank: int, axis: int) -> int:
        """The axis that the weight sums over, not negative: a linear layer's is the last."""
        return rank - 1 if self.kind == "linear" else axis % rank

    def output_shape(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """The shape of what comes out for an input of a shape, its channels on `axis`."""
        features = self.feature_axis(len(shape), axis)
        spatial = [a for a in range(1, len(shape)) if a != features]
        found = list(shape)
        found[features] = self.channels
        if self.kind != "linear":
            for place, a in enumerate(spatial):
                found[a] = self._length(shape[a], place)
        return tuple(found)

    def _length(self, length: int, place: int) -> int:
        reach = self.dilation[place] * (int(self.weight.shape[2 + place]) - 1)
        if self.kind == "conv":
            return (length + 2 * self.padding[place] - reach - 1) // self.stride[place] + 1
        longer = self.output_padding[place] + 1
        return (length - 1) * self.stride[place] - 2 * self.padding[place] + reach + longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """A second batch normalization of the same product, added to the first; all ``(C,)``.

    Its eps is that of the first.
    """

    gamma: Array
    beta: Array
    running_mean: Array
    running_var: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What stands around one batch normalization in test mode.

    Attributes:
        product: What it is folded into; None where there is nothing.
        norm_first: Whether the normalization comes before the product.
        skip: What is added; None where nothing is.  Its shape is that of what it is added to.
        skip_first: Whether it is added to what is normalized, and not to what comes out.
        relu: Whether negative results become 0.
        second: A second normalization of the same product, whose result is added.
    """

    product: Product | None = None
    norm_first: bool = False
    skip: Array | None = None
    skip_first: bool = False
    relu: bool = False
    second: Norm | None = None

    @property
    def terms(self) -> int:
        """K: of how many products at most a value is the sum; 1 without a product."""
        return 1 if self.product is None else self.product.terms

    @property
    def kind(self) -> str:
        """What it is, in words that a path can say it takes."""
        if self.product is None:
            return "norm"
        name = self.product.kind
        return f"norm before {name}" if self.norm_first else name

    def normalized_shape(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """The shape of what is normalized, for an x of a shape with its channels on `axis`."""
        if self.product is None or self.norm_first:
            return shape
        return self.product.output_shape(shape, axis)

    def output_shape(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """The shape of y."""
        return shape if self.product is None else self.product.output_shape(shape, axis)

    def arrays(self) -> dict[str, Array]:
        """The arrays that are given, by the names that files and messages have for them."""
        found: dict[str, Array | None] = {"skip": self.skip}
        if self.product is not None:
            found |= {"weight": self.product.weight, "bias": self.product.bias}
        if self.second is not None:
            found |= {
                "second_gamma": self.second.gamma,
                "second_beta": self.second.beta,
                "second_running_mean": self.second.running_mean,
                "second_running_var": self.second.running_var,
            }
        return {name: np.asarray(array) for name, array in found.items() if array is not None}
