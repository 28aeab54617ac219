"""How far from exact a deployed block may be: one error unit, and two classes of folding.

With u the roundoff of the arithmetic, o the smallest normal number of its type, s = |gamma| r,
z what is normalized, K products per value, and |skip| where one is added behind:

    S_z = sum (|w| + o) (|x| + o) + |b| + |skip before| + K o
    S_y = s (S_z + |mean| + |z - mean|) + |beta| + |skip| + o                the usual order
    S_y = sum |w| (s (2 |x| + 2 |mean| + o) + |beta| + o) + |b| + |skip| + K o   normalized first

It is the scale of test mode (`conformance.oracle.bounds`) with S_z in the place of |x|.  Folding,
w' = w s and b' = (b - mean) s + beta, costs

    |w' off| <= u |w s| (1/2 + 1 + 1 + 1 + 1)    the sum var + eps, the root, the quotient, gamma, w
    |b' off| <= 6.5 u s (|b| + |mean|) + 2 u |beta|

which is no more than the unfolded evaluation loses: in the type of the arithmetic folded and
unfolded blocks have the same unit, and 16 of them are grade A.

Half types are due to be computed in float32 and rounded once.  Two classes lose more, u_h being
the roundoff of the half type and eta_h half its smallest number, each bounded by as many roundings
to it as there are numbers stored on the way:

    stored   z, its deviation, that times s, or s, s z and the shift; a sum before it is added to
             u_h (3 s (|z| + |mean|) + |beta| + |what skip is added to|) + 3 eta_h max(1, s)
    folded   w' and b' computed and stored in the half type, and what `stored` allows
             u_h (s (4.5 sum |w x| + 6.5 (|b| + |mean|)) + 2 |beta|) + eta_h (sum |x| + 1)
             + (eta_h / V) s (sum |w x| + |b| + |mean|) / 2     for var + eps, where it is subnormal
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.block import Block, Product
from conformance.case import Array, Inputs
from conformance.float_types import limits
from conformance.oracle.arithmetic import roundoff, underflow
from conformance.oracle.blocks.exact import block_of
from conformance.oracle.blocks.products import multiplied
from conformance.oracle.rounding import Floats


@dataclass(frozen=True, slots=True)
class BlockScales:
    """Of every element of y; float64.

    Attributes:
        S: The first-order error scale.
        stored: What storing intermediate results in the type of x may lose; 0 where that is the
            type of the arithmetic.
        folded: What folded weights in the type of x may lose beyond that; 0 likewise.
    """

    S: Floats
    stored: Floats
    folded: Floats


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Absolute values that the formulas are made of, broadcast along the channels of y.

    Attributes:
        products: ``sum |w| (s) |x|``: with s where it differs from term to term.
        given: ``s (|b| + |mean|)``.
        shift: ``|beta|``, or the sum of what it is multiplied with.
        plain: ``sum |x|``.
        root: ``1 / V``, the largest that a term sees.
        scale: s, likewise.
    """

    products: Floats
    given: Floats
    shift: Floats
    plain: Floats
    root: Floats
    scale: Floats


def block_scales(inputs: Inputs) -> BlockScales:
    """The scales of y; the block of `inputs` is not None."""
    with np.errstate(all="ignore"):
        return _Scaling(inputs).scales()


class _Scaling:
    """The parts of the formulas, of one call."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs, self._block = inputs, block_of(inputs)
        self._axis = inputs.channel_axes[0]
        self._o, self._x = underflow(inputs), _wide(inputs.x)

    def scales(self) -> BlockScales:
        """All three."""
        if self._block.norm_first:
            S, stored, sizes = self._before()
        else:
            S, stored, sizes = self._after()
        skip, block = self._skip(), self._block
        if not block.skip_first:
            S, stored = S + skip, stored + (skip + S if block.skip is not None else 0.0)
        info = limits(self._inputs.x.dtype)
        u_h, eta_h = info.eps / 2, info.smallest / 2
        if u_h <= roundoff(self._inputs):
            nothing = np.zeros_like(S)
            return BlockScales(S, nothing, nothing)
        folded = u_h * (4.5 * sizes.products + 6.5 * sizes.given + 2 * sizes.shift)
        folded = folded + eta_h * (sizes.plain + 1)
        folded = folded + eta_h * sizes.root * (sizes.products + sizes.given) / 2
        below = 3 * eta_h * np.maximum(1, sizes.scale)
        return BlockScales(S, u_h * stored + below, folded)

    def _after(self) -> tuple[Floats, Floats, _Sizes]:
        """The usual order: S, what is stored on the way in units of u_h, and sizes."""
        z, size, plain = self._normalized()
        zero = np.zeros_like(z)
        S, stored, products, given, shift = zero, zero, zero, zero, zero
        root, scale = zero, zero
        bias = self._bias()
        for gamma, beta, mean, var in self._norms():
            V = var + self._inputs.eps
            s = np.abs(gamma) / np.sqrt(V)
            S = S + s * (size + np.abs(mean) + np.abs(z - mean)) + np.abs(beta) + self._o
            stored = stored + 3 * s * (np.abs(z) + np.abs(mean)) + np.abs(beta)
            products = products + s * size
            given = given + s * (np.abs(bias) + np.abs(mean))
            shift = shift + np.abs(beta)
            root, scale = np.maximum(root, 1 / V), np.maximum(scale, s)
        if self._block.skip is not None and self._block.skip_first:
            stored = stored + scale * size
        return S, stored, _Sizes(products, given, shift, plain, root, scale)

    def _before(self) -> tuple[Floats, Floats, _Sizes]:
        """The normalization first."""
        ((gamma, beta, mean, var),) = self._norms()
        V = var + self._inputs.eps
        s = np.abs(gamma) / np.sqrt(V)
        around = s * (np.abs(self._x) + np.abs(mean))
        ones = np.ones_like(self._x)
        S = self._through(2 * around + (s * self._o + np.abs(beta) + self._o) * ones)
        S = S + np.abs(self._bias()) + self._block.terms * self._o
        stored = self._through(3 * around + np.abs(beta) * ones)
        plain = self._sums_of(np.abs(self._x))
        sizes = _Sizes(
            products=self._through(s * np.abs(self._x)),
            given=self._through(s * np.abs(mean) * ones) + np.abs(self._bias()),
            shift=1.5 * self._through(np.abs(beta) * ones),
            plain=plain + self._block.terms,
            root=np.broadcast_to((1 / V).max(), S.shape),
            scale=np.broadcast_to(s.max(), S.shape),
        )
        return S, stored, sizes

    def _normalized(self) -> tuple[Floats, Floats, Floats]:
        """z, S_z and sum |x| of every value that is normalized."""
        block, product, o = self._block, self._block.product, self._o
        skip = self._skip(signed=True) if block.skip_first else 0.0
        if product is None:
            return self._x + skip, np.abs(self._x) + np.abs(skip) + o, np.abs(self._x)
        z = multiplied(product, self._x, _wide(product.weight), self._axis) + self._bias() + skip
        weight, size = np.abs(_wide(product.weight)) + o, np.abs(self._x) + o
        S_z = multiplied(product, size, weight, self._axis)
        S_z = S_z + np.abs(self._bias()) + np.abs(skip) + product.terms * o
        return z, S_z, self._sums_of(np.abs(self._x))

    def _through(self, sizes: Floats) -> Floats:
        """``sum |w| size``."""
        product = self._block.product
        if product is None:
            return sizes
        return multiplied(product, sizes, np.abs(_wide(product.weight)), self._axis)

    def _sums_of(self, sizes: Floats) -> Floats:
        """The same with weights of 1."""
        product = self._block.product
        if product is None:
            return sizes
        return multiplied(product, sizes, np.ones(product.weight.shape), self._axis)

    def _norms(self) -> list[tuple[Floats, Floats, Floats, Floats]]:
        """gamma, beta, mean and variance of each normalization, along the channels."""
        own, block = self._inputs, self._block
        given = [(own.gamma, own.beta, own.running_mean, own.running_var)]
        if block.second is not None:
            other = block.second
            given.append((other.gamma, other.beta, other.running_mean, other.running_var))
        shape = [1] * self._x.ndim
        shape[self._axis] = -1

        def along(values: Array | None, absent: float) -> Floats:
            return (_wide(values) if values is not None else np.array([absent])).reshape(shape)

        return [
            (along(g, 1.0), along(b, 0.0), along(m, 0.0), along(v, 0.0)) for g, b, m, v in given
        ]

    def _bias(self) -> Floats:
        product: Product | None = self._block.product
        if product is None or product.bias is None:
            return np.zeros((1,) * self._x.ndim)
        shape = [1] * self._x.ndim
        shape[product.feature_axis(self._x.ndim, self._axis)] = -1
        return _wide(product.bias).reshape(shape)

    def _skip(self, *, signed: bool = False) -> Floats:
        block: Block = self._block
        if block.skip is None:
            return np.zeros((1,) * self._x.ndim)
        return _wide(block.skip) if signed else np.abs(_wide(block.skip))


def _wide(values: Array) -> Floats:
    return np.asarray(values, dtype=np.float64)
