"""Blocks of every kind, drawn at random, and honest ways to compute them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.block import Block, Norm, Product
from conformance.case import Array, Inputs
from conformance.cases.catalogue.rounding import rounded
from conformance.faults.folding.sheet import Sheet
from conformance.oracle.blocks.products import multiplied
from conformance.oracle.rounding import Floats

TYPES = ("float64", "float32", "float16", "bfloat16")

GEOMETRIES: Mapping[str, dict[str, Any]] = {
    "linear": {"kind": "linear"},
    "conv": {"kind": "conv", "padding": 1},
    "conv, strided and grouped": {"kind": "conv", "padding": 1, "stride": 2, "groups": 2},
    "conv, dilated": {"kind": "conv", "padding": 2, "dilation": 2},
    "transposed": {"kind": "conv_transpose", "stride": 2, "padding": 1, "output_padding": 1},
    "transposed and grouped": {"kind": "conv_transpose", "groups": 2, "padding": 1},
}


def blocks(dtype: str, seed: int = 0) -> Iterator[tuple[str, Inputs]]:
    """Every geometry in every order, with sums and rectifiers, by name."""
    for name, geometry in GEOMETRIES.items():
        for order in ("usual", "normalized first", "twice", "sum before", "residual"):
            for last in (False, True):
                rng = np.random.default_rng([seed, len(name), len(order), last])
                yield f"{name}, {order}, {last}", _made(rng, dtype, geometry, order, last=last)


def _made(
    rng: np.random.Generator, dtype: str, geometry: dict[str, Any], order: str, *, last: bool
) -> Inputs:
    def numbers(*shape: int) -> Array:
        return rounded(rng.normal(size=shape), dtype)

    linear = geometry["kind"] == "linear"
    spatial = () if linear else (4, 3)
    x = numbers(2, *spatial, 4) if last else numbers(2, 4, *spatial)
    axis = x.ndim - 1 if last else 1
    product = _product(numbers, geometry)
    bare = Block(product=product, norm_first=order == "normalized first")
    channels = bare.normalized_shape(x.shape, axis)[axis]

    def norm() -> dict[str, Any]:
        return {
            "gamma": numbers(channels),
            "beta": numbers(channels),
            "running_mean": numbers(channels),
            "running_var": rounded(rng.uniform(0.25, 2.0, channels), dtype),
        }

    skip = numbers(*bare.output_shape(x.shape, axis)) if order in _SUMS else None
    block = replace(
        bare,
        skip=skip,
        skip_first=order == "sum before",
        relu=order == "residual",
        second=Norm(**norm()) if order == "twice" else None,
    )
    own: dict[str, Any] = norm()
    return Inputs(x=x, training=False, axis=axis, block=block, **own)


_SUMS = ("sum before", "residual")


def _product(numbers: Callable[..., Array], geometry: dict[str, Any]) -> Product:
    kind, groups = geometry["kind"], geometry.get("groups", 1)
    kernel = () if kind == "linear" else (2, 3)
    first, second = (6, 4 // groups)
    if kind == "conv_transpose":
        first, second = (4, 6 // groups)
    sizes = {
        name: (geometry.get(name, absent),) * len(kernel)
        for name, absent in (("stride", 1), ("padding", 0), ("dilation", 1), ("output_padding", 0))
    }
    weight = numbers(first, second, *kernel)
    return Product(kind=kind, weight=weight, bias=numbers(6), groups=groups, **sizes)


def once(inputs: Inputs) -> Array:
    """All in float32 or float64, rounded once at the end: as a runtime does between casts."""
    return _ended(inputs, lambda values: values)


def stored(inputs: Inputs) -> Array:
    """Each intermediate result stored in the type of x, as eager frameworks do."""
    return _ended(inputs, lambda values: values.astype(inputs.x.dtype).astype(values.dtype))


def _ended(inputs: Inputs, store: Callable[[Floats], Floats]) -> Array:
    sheet, wide = Sheet(inputs), _arithmetic(inputs)
    block, product = sheet.block, sheet.product
    assert product is not None
    numbers = {name: sheet.along(v.astype(wide)) for name, v in sheet.norm.items()}

    def norm(z: Floats, of: Mapping[str, Floats]) -> Floats:
        r = (1 / np.sqrt(of["var"] + wide.type(inputs.eps))).astype(wide)
        return store(store((z - of["mean"]) * r * of["gamma"]) + of["beta"])

    def multiply(given: Floats) -> Floats:
        out = multiplied(product, given, product.weight.astype(wide), sheet.axis)
        bias = sheet.bias.astype(wide)
        return store(out + sheet.along(bias, product.feature_axis(given.ndim, sheet.axis)))

    x = inputs.x.astype(wide)
    skip = wide.type(0) if block.skip is None else block.skip.astype(wide)
    if block.norm_first:
        y = multiply(norm(x, numbers))
    else:
        z = multiply(x)
        y = norm(store(z + skip) if block.skip_first else z, numbers)
        if sheet.second is not None:
            second = {name: sheet.along(v.astype(wide)) for name, v in sheet.second.items()}
            y = y + norm(z, second)
    if not block.skip_first:
        y = y + skip
    y = np.maximum(y, wide.type(0)) if block.relu else y
    return np.asarray(y).astype(inputs.x.dtype)


def folded(inputs: Inputs) -> Array | None:
    """Weights and bias folded and stored in the type of x; None where they cannot be."""
    sheet, wide = Sheet(inputs), _arithmetic(inputs)
    block, product = sheet.block, sheet.product
    assert product is not None
    if not sheet.is_plain:
        return None
    s = (sheet.norm["gamma"] / np.sqrt(sheet.norm["var"] + inputs.eps)).astype(wide)
    shape = [1] * product.weight.ndim
    weight = product.weight.astype(wide)
    if product.kind == "conv_transpose":
        groups = product.groups
        split = weight.reshape(groups, -1, *weight.shape[1:])
        scales = s.reshape(groups, 1, -1, *[1] * (weight.ndim - 2))
        weight = (split * scales).reshape(weight.shape)
    else:
        shape[0] = -1
        weight = weight * s.reshape(shape)
    bias = (sheet.bias.astype(wide) - sheet.norm["mean"].astype(wide)) * s
    bias = bias + sheet.norm["beta"].astype(wide)
    weight, bias = (v.astype(inputs.x.dtype).astype(wide) for v in (weight, bias))
    y = multiplied(product, inputs.x.astype(wide), weight, sheet.axis) + sheet.along(bias)
    y = y if block.skip is None else y + block.skip.astype(wide)
    y = np.maximum(y, wide.type(0)) if block.relu else y
    return np.asarray(y).astype(inputs.x.dtype)


def _arithmetic(inputs: Inputs) -> np.dtype[Any]:
    return np.dtype(np.float64 if inputs.x.dtype == np.float64 else np.float32)
