"""The exact y of a deployed block, rounded once.

A normalization is ``gamma (z - mean) / sqrt(V) + beta`` with V = running_var + eps, so that y is an
integer combination of one root per normalized channel: z is a sum of products of binary fractions,
and nothing is rounded before the end.  Where the normalization comes before the product, a value
of y sees all channels of x, and is a sum of their roots.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from conformance.block import Block, Product
from conformance.case import Array, Inputs
from conformance.errors import InputError
from conformance.oracle.blocks.dyadic import Dyadic, dyadic
from conformance.oracle.blocks.products import multiplied
from conformance.oracle.blocks.surds import round_surd_sum


@dataclass(frozen=True, slots=True)
class _Affine:
    """One normalization: gamma and mean as columns of channels, V = U 2^t of each, t even."""

    gamma: Dyadic
    beta: Dyadic
    mean: Dyadic
    U: Array
    t: int


@dataclass(frozen=True, slots=True)
class _Term:
    """``n 2^e / sqrt(U)`` of every element; U is broadcast."""

    numerators: Dyadic
    U: Array


def solve_block(inputs: Inputs) -> Array:
    """The exact y of `inputs`, whose block is not None; float64.

    Raises:
        InputError: ``running_var + eps`` is not positive in some channel.
    """
    block, x = block_of(inputs), dyadic(inputs.x)
    if block.norm_first:
        terms, rest = _before(block, x, inputs)
    else:
        terms, rest = _after(block, x, inputs)
    if block.skip is not None and not block.skip_first:
        rest = rest + dyadic(block.skip)
    y = _rounded(terms, rest)
    return np.maximum(y, 0.0) if block.relu else y


def block_of(inputs: Inputs) -> Block:
    """The block of a call that has one.

    Raises:
        InputError: it has none.
    """
    if inputs.block is None:
        raise InputError("block is None, expected a Block. Ask `conformance.expected` instead.")
    return inputs.block


def _after(block: Block, x: Dyadic, inputs: Inputs) -> tuple[list[_Term], Dyadic]:
    """The normalization of what the product gives."""
    z = x if block.product is None else _product(block.product, x, inputs.channel_axes[0])
    if block.skip is not None and block.skip_first:
        z = z + dyadic(block.skip)
    terms, rest = [], dyadic(0.0)
    for affine in _affines(inputs):
        terms.append(_Term(affine.gamma * (z - affine.mean), affine.U))
        terms[-1] = _lowered(terms[-1], affine.t)
        rest = rest + affine.beta
    return terms, rest


def _before(block: Block, x: Dyadic, inputs: Inputs) -> tuple[list[_Term], Dyadic]:
    """The product of what the normalization gives: a term for each of its channels."""
    (affine,), axis = _affines(inputs), inputs.channel_axes[0]
    scaled = affine.gamma * (x - affine.mean)
    shift = Dyadic(np.broadcast_to(affine.beta.n, x.n.shape).astype(object), affine.beta.e)
    if block.skip is not None and block.skip_first:
        raise InputError("a skip before the normalization is given where that comes first.")
    if block.product is None:
        return [_lowered(_Term(scaled, affine.U), affine.t)], shift
    terms = []
    for channel in range(x.n.shape[axis]):
        alone = np.zeros_like(scaled.n)
        here: tuple[slice | int, ...] = (*[slice(None)] * axis, channel)
        alone[here] = scaled.n[here]
        part = _product(block.product, Dyadic(alone, scaled.e), axis, bias=False)
        terms.append(
            _lowered(
                _Term(part, affine.U.reshape(-1)[channel : channel + 1].reshape((1,) * x.n.ndim)),
                affine.t,
            )
        )
    return terms, _product(block.product, shift, axis)


def _product(product: Product, x: Dyadic, axis: int, *, bias: bool = True) -> Dyadic:
    weight = dyadic(product.weight)
    found = Dyadic(multiplied(product, x.n, weight.n, axis), x.e + weight.e)
    if product.bias is None or not bias:
        return found
    shape = [1] * x.n.ndim
    shape[product.feature_axis(x.n.ndim, axis)] = -1
    return found + dyadic(product.bias).shaped(*shape)


def _affines(inputs: Inputs) -> list[_Affine]:
    """The normalizations of a block, their numbers shaped to be broadcast along the channels."""
    block = block_of(inputs)
    shape = [1] * inputs.x.ndim
    shape[inputs.channel_axes[0]] = -1
    given = [(inputs.gamma, inputs.beta, inputs.running_mean, inputs.running_var)]
    if block.second is not None:
        second = block.second
        given.append((second.gamma, second.beta, second.running_mean, second.running_var))
    found = []
    for gamma, beta, mean, var in given:
        values = zip((gamma, beta, mean), (1.0, 0.0, 0.0), strict=True)
        g, b, m = (
            dyadic(np.float64(absent) if v is None else v).shaped(*(shape if v is not None else []))
            for v, absent in values
        )
        U, t = _radicands(var, inputs.eps)
        found.append(_Affine(g, b, m, U.reshape(shape), t))
    return found


def _radicands(var: Array | None, eps: float) -> tuple[Array, int]:
    """U and t of ``var + eps = U 2^t``, t even and one for all channels."""
    sums = [Fraction(float(v)) + Fraction(eps) for v in np.asarray(var, dtype=np.float64)]
    least = min(sums)
    if least <= 0:
        raise InputError(
            f"running_var + eps is {float(least)!r} in a channel, expected more than 0: a "
            "normalization has no root there."
        )
    t = -max(value.denominator.bit_length() - 1 for value in sums)
    t -= t % 2
    whole = np.empty(len(sums), dtype=object)
    whole[:] = [int(value * (1 << -t)) for value in sums]
    return whole, t


def _lowered(term: _Term, t: int) -> _Term:
    """A term over sqrt(U 2^t) as one over sqrt(U)."""
    numerators = term.numerators
    return _Term(Dyadic(numerators.n, numerators.e - t // 2), term.U)


def _rounded(terms: list[_Term], rest: Dyadic) -> Array:
    e = min(rest.e, *(term.numerators.e for term in terms))
    shape = np.broadcast_shapes(rest.n.shape, *(term.numerators.n.shape for term in terms))
    numerators = [np.broadcast_to(term.numerators.over(e), shape).ravel() for term in terms]
    radicands = [np.broadcast_to(term.U, shape).ravel() for term in terms]
    plus = np.broadcast_to(rest.over(e), shape).ravel()
    rows = zip(
        zip(*numerators, strict=True), zip(*radicands, strict=True), plus.tolist(), strict=True
    )
    flat = [round_surd_sum(n, U, c, e) for n, U, c in rows]
    return np.array(flat, dtype=np.float64).reshape(shape)
