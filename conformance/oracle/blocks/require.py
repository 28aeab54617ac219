"""What the oracle refuses of a block, and why; nothing is broadcast and nothing is converted."""

from __future__ import annotations

import numpy as np

from conformance.block import Product
from conformance.case import Array, Inputs
from conformance.errors import InputError
from conformance.oracle.blocks.exact import block_of
from conformance.type_names import name_of


def require_block(inputs: Inputs) -> None:
    """Refuse a block that is none, or whose arrays do not fit.

    Raises:
        InputError: a shape, a type or a number; the message shows it and what was wanted.
    """
    block = block_of(inputs)
    if inputs.training or len(inputs.channel_axes) != 1 or inputs.dy is not None or inputs.earlier:
        raise InputError(
            "a block is given with training, several channel axes, dy or earlier batches. A block "
            "is deployed: one channel axis, running statistics and no gradient."
        )
    if block.norm_first and (block.second is not None or block.skip_first):
        raise InputError(
            "a block that normalizes first has a second normalization or a sum before it, expected "
            "neither."
        )
    if block.product is not None:
        _check_product(block.product, inputs)
    shape, axis = inputs.x.shape, inputs.channel_axes[0]
    normalized, out = block.normalized_shape(shape, axis), block.output_shape(shape, axis)
    channels: tuple[int, ...] = (normalized[axis],)
    wanted = dict.fromkeys(block.arrays(), channels)
    if block.product is not None:
        features = block.product.feature_axis(inputs.x.ndim, axis)
        wanted["weight"], wanted["bias"] = block.product.weight.shape, (out[features],)
    wanted["skip"] = normalized if block.skip_first else out
    for name, array in block.arrays().items():
        _check_array(name, array, wanted[name], inputs)
    for name, array in inputs.given().items():
        if not np.isfinite(array.astype(np.float64)).all():
            raise InputError(f"{name} holds what is not finite, expected numbers in a block.")


def _check_array(name: str, array: Array, want: tuple[int, ...], inputs: Inputs) -> None:
    if array.shape != want:
        raise InputError(f"{name} has shape {array.shape}, expected {want}. Reshape it.")
    like = inputs.parameter_dtype if name.startswith("second_") else inputs.x.dtype
    if array.dtype != like:
        raise InputError(f"{name} is {name_of(array.dtype)}, expected {name_of(like)}. Convert it.")
    if not np.isfinite(array.astype(np.float64)).all():
        raise InputError(f"{name} holds what is not finite, expected numbers in a block.")


def _check_product(product: Product, inputs: Inputs) -> None:
    rank, axis = inputs.x.ndim, inputs.channel_axes[0]
    spatial = 0 if product.kind == "linear" else rank - 2
    sizes = (product.stride, product.padding, product.dilation, product.output_padding)
    weight = product.weight
    if weight.ndim != 2 + spatial or any(len(given) != spatial for given in sizes):
        raise InputError(
            f"a {product.kind} has a weight of shape {weight.shape} and {sizes} as stride, "
            f"padding, dilation and output padding, expected {spatial} spatial axes for x of shape "
            f"{inputs.x.shape}."
        )
    if 0 in (*product.stride, *product.dilation, *weight.shape, product.groups):
        raise InputError(f"a {product.kind} has a stride, dilation, size or groups of 0.")
    given = inputs.x.shape[product.feature_axis(rank, axis)]
    width = (
        weight.shape[0] if product.kind == "conv_transpose" else weight.shape[1] * product.groups
    )
    whole = width % product.groups == 0 and product.channels % product.groups == 0
    if width != given or not whole:
        raise InputError(
            f"a {product.kind} of {product.groups} groups has a weight of shape {weight.shape} for "
            f"{given} channels of x. They do not fit: check its order, (O, I / groups, ...) or, "
            "transposed, (I, O / groups, ...)."
        )
    if min(product.output_shape(inputs.x.shape, axis)) < 1:
        raise InputError(f"x of shape {inputs.x.shape} is too small for the {product.kind}.")
