"""Linear layers and convolutions over any kind of number: integers, or floats for a scale.

The sums are those of PyTorch's documentation; arrays of Python's integers make them exact.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.block import Product
from conformance.case import Array


def multiplied(product: Product, x: Array, weight: Array, axis: int) -> Array:
    """What a product makes of x without its bias, in x's axis order.

    Args:
        product: Kind and geometry; its own weight is not looked at.
        x: ``(N, C, *spatial)`` or with its channels on `axis`; numbers of any kind.
        weight: Numbers in the shape of the product's weight.
        axis: The channel axis of x; a linear layer sums over the last axis all the same.
    """
    features = product.feature_axis(x.ndim, axis)
    first = np.moveaxis(x, features, 1)
    if product.kind == "linear":
        out = np.moveaxis(np.tensordot(weight, first, axes=([1], [1])), 0, 1)
    elif product.kind == "conv":
        out = _convolved(product, first, weight)
    else:
        out = _spread(product, first, weight)
    return np.moveaxis(out, 1, features)


def _convolved(product: Product, x: Array, weight: Array) -> Array:
    padded = _padded(x, product.padding)
    shape = product.output_shape(x.shape, 1)
    out = np.zeros(shape, dtype=np.result_type(x, weight))
    for at in np.ndindex(*weight.shape[2:]):
        seen = padded[(slice(None), slice(None), *_steps(product, at, shape[2:]))]
        for into, given in _groups(product, x.shape[1]):
            part = np.tensordot(weight[(into, slice(None), *at)], seen[:, given], axes=([1], [1]))
            out[:, into] += np.moveaxis(part, 0, 1)
    return out


def _padded(x: Array, padding: tuple[int, ...]) -> Array:
    """The input between zeros; `numpy.pad` would make them int64 among Python's integers."""
    lengths = [n + 2 * p for n, p in zip(x.shape[2:], padding, strict=True)]
    padded = np.zeros((*x.shape[:2], *lengths), dtype=x.dtype)
    inside = (slice(p, p + n) for n, p in zip(x.shape[2:], padding, strict=True))
    padded[(slice(None), slice(None), *inside)] = x
    return padded


def _spread(product: Product, x: Array, weight: Array) -> Array:
    """A transposed convolution: every value is spread over the output, which is then cut."""
    shape = product.output_shape(x.shape, 1)
    whole = tuple(n + 2 * p for n, p in zip(shape[2:], product.padding, strict=True))
    out = np.zeros((*shape[:2], *whole), dtype=np.result_type(x, weight))
    for at in np.ndindex(*weight.shape[2:]):
        there = tuple(_steps(product, at, x.shape[2:]))
        for into, given in _groups(product, x.shape[1]):
            part = np.tensordot(weight[(given, slice(None), *at)], x[:, given], axes=([0], [1]))
            out[(slice(None), into, *there)] += np.moveaxis(part, 0, 1)
    kept = (slice(p, p + n) for n, p in zip(shape[2:], product.padding, strict=True))
    return out[(slice(None), slice(None), *kept)]


def _steps(product: Product, at: tuple[int, ...], lengths: tuple[int, ...]) -> Iterator[slice]:
    """Along each spatial axis, the places that one weight meets: a stride apart."""
    facts = zip(at, product.dilation, product.stride, lengths, strict=True)
    for place, dilation, stride, length in facts:
        start = place * dilation
        yield slice(start, start + stride * (length - 1) + 1, stride)


def _groups(product: Product, channels: int) -> Iterator[tuple[slice, slice]]:
    """For each group the channels that come out of it, and those that go in."""
    out, given = product.channels // product.groups, channels // product.groups
    for g in range(product.groups):
        yield slice(g * out, (g + 1) * out), slice(g * given, (g + 1) * given)
