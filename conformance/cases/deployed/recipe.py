"""How a deployed problem is put together: the block, its numbers, and what they are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.block import Block, Kind, Norm, Product
from conformance.case import Array, Inputs, Problem
from conformance.cases.catalogue.recipe import EPS
from conformance.cases.catalogue.rounding import rounded
from conformance.cases.catalogue.stream import Stream
from conformance.cases.catalogue.values import Values, normal, signed, uniform


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """The geometry of a product, the same along every spatial axis.

    Attributes:
        kind: What it is.
        out: Channels that come out.
        kernel: Length of the kernel.
        stride: Distance of neighbouring outputs, or of inputs where it is transposed.
        padding: Zeros at either end.
        dilation: Distance of neighbouring weights.
        output_padding: By how much a transposed one's output is longer.
        groups: Parts that do not see each other.
        bias: Whether there is one.
        weight: What the weight is drawn from, times ``K ** -0.5`` of K products.
    """

    kind: Kind
    out: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    output_padding: int = 0
    groups: int = 1
    bias: bool = True
    weight: Values = normal(0.0, 1.0)  # noqa: RUF009 - frozen, so it may be shared

    def drawn(self, given: int, spatial: int, dtype: str, seed: str) -> Product:
        """The product for so many channels and spatial axes."""
        first, second = self.out, given // self.groups
        if self.kind == "conv_transpose":
            first, second = given, self.out // self.groups
        kernel = () if self.kind == "linear" else (self.kernel,) * spatial
        shape = (first, second, *kernel)
        bare = Product(kind=self.kind, weight=np.empty(shape, np.bool_), groups=self.groups)
        drawn = self.weight.draw(Stream(f"{seed}/weight"), shape[0], math.prod(shape[1:]))
        # A power of two, so that it costs no bit.
        drawn = drawn * 2.0 ** -math.ceil(math.log2(bare.terms) / 2)
        bias = signed(0.1, 0.8).draw(Stream(f"{seed}/bias"), self.out, 1).ravel()
        around = len(kernel)
        return replace(
            bare,
            weight=_frozen(rounded(drawn, dtype).reshape(shape)),
            bias=_frozen(rounded(bias, dtype)) if self.bias else None,
            stride=(self.stride,) * around,
            padding=(self.padding,) * around,
            dilation=(self.dilation,) * around,
            output_padding=(self.output_padding,) * around,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """How the inputs of a deployed problem are made.

    Attributes:
        shape: Shape of x.
        axis: The channel axis of what is normalized.
        types: Type of x and of the weights; after a ``+`` that of the normalization.
        op: The product; None for none.
        norm_first: Whether the normalization comes before it.
        skip: Whether something is added, ``"before"`` the normalization or ``"after"`` it.
        relu: Whether there is a rectifier at the end.
        second: Whether a second normalization of the same product is added.
        eps: Added to the variance.
        x: What x is drawn from.
        gamma: What gamma is drawn from.
        beta: What beta is drawn from.
        mean: What the running mean is drawn from.
        var: What the running variance is drawn from.
    """

    shape: tuple[int, ...]
    axis: int = 1
    types: str = "float32"
    op: Op | None = None
    norm_first: bool = False
    skip: str = ""
    relu: bool = False
    second: bool = False
    eps: float = EPS
    x: Values = normal(0.25, 1.0)  # noqa: RUF009 - frozen, so it may be shared
    gamma: Values = signed(0.5, 2.0)  # noqa: RUF009 - frozen, so it may be shared
    beta: Values = signed(0.3, 1.5)  # noqa: RUF009 - frozen, so it may be shared
    mean: Values = signed(0.25, 1.0)  # noqa: RUF009 - frozen, so it may be shared
    var: Values = uniform(0.25, 3.0)  # noqa: RUF009 - frozen, so it may be shared

    def but(self, **changes: Any) -> Deployed:
        """The same recipe with some fields replaced."""
        return replace(self, **changes)

    def of(self, types: str) -> Deployed:
        """The same recipe in other types."""
        return replace(self, types=types)


@dataclass(frozen=True, slots=True)
class DeployedRow:
    """One line of a family's table.

    Attributes:
        name: What is special; the second half of the problem's id.
        catches: The mistake that the problem shows, in a sentence.
        recipe: How its inputs are made.
        cites: Addresses where the mistake was seen.
    """

    name: str
    catches: str
    recipe: Deployed
    cites: tuple[str, ...] = ()


def problem(group: str, row: DeployedRow) -> Problem:
    """The problem that `row` of the family `group` stands for."""
    identity = f"{group}/{row.name}"
    return Problem(
        id=identity,
        group=group,
        catches=row.catches,
        made=_told(row.recipe),
        inputs=_drawn(row.recipe, identity),
        cites=row.cites,
    )


def _drawn(recipe: Deployed, seed: str) -> Inputs:
    x_type, _, other = recipe.types.partition("+")
    rank, axis = len(recipe.shape), recipe.axis % len(recipe.shape)
    features = rank - 1 if recipe.op is not None and recipe.op.kind == "linear" else axis

    def numbers(piece: str, values: Values, shape: tuple[int, ...], dtype: str) -> Array:
        first, count = shape[0], math.prod(shape[1:])
        drawn = values.draw(Stream(f"{seed}/{piece}"), first, count)
        return _frozen(rounded(drawn, dtype).reshape(shape))

    product = None
    if recipe.op is not None:
        product = recipe.op.drawn(recipe.shape[features], rank - 2, x_type, seed)
    bare = Block(product=product, norm_first=recipe.norm_first)
    normalized = bare.normalized_shape(recipe.shape, axis)
    added = normalized if recipe.skip == "before" else bare.output_shape(recipe.shape, axis)

    def norm(prefix: str = "") -> dict[str, Array]:
        pieces = {
            "gamma": recipe.gamma,
            "beta": recipe.beta,
            "running_mean": recipe.mean,
            "running_var": recipe.var,
        }
        return {
            name: numbers(f"{prefix}{name}", values, (normalized[axis],), other or x_type)
            for name, values in pieces.items()
        }

    block = replace(
        bare,
        skip=numbers("skip", recipe.x, added, x_type) if recipe.skip else None,
        skip_first=recipe.skip == "before",
        relu=recipe.relu,
        second=Norm(**norm("second_")) if recipe.second else None,
    )
    x = numbers("x", recipe.x, recipe.shape, x_type)
    bare_call = Inputs(x=x, training=False, eps=recipe.eps, axis=recipe.axis, block=block)
    own: dict[str, Any] = norm()
    return replace(bare_call, **own)


def _frozen(array: Array) -> Array:
    array.flags.writeable = False
    return array


def _told(recipe: Deployed) -> str:
    """The sentence that says how the inputs were made."""
    x_type, _, other = recipe.types.partition("+")
    pieces = {
        f"x {recipe.shape}": recipe.x.about,
        "gamma": recipe.gamma.about,
        "beta": recipe.beta.about,
        "running_mean": recipe.mean.about,
        "running_var": recipe.var.about,
    }
    if recipe.op is not None:
        pieces["weight"] = f"({recipe.op.weight.about}) / 2^ceil(log2(K) / 2) of K products"
    if recipe.op is not None and recipe.op.bias:
        pieces["bias"] = signed(0.1, 0.8).about
    if recipe.skip:
        pieces["skip"] = recipe.x.about
    told = "; ".join(f"{name} = {about}" for name, about in pieces.items())
    second = "; second_gamma and so on likewise" if recipe.second else ""
    types = f"{x_type}, the normalization {other or x_type}"
    return f"{told}{second}; each rounded once to {types}, from the stream id/name of each."
