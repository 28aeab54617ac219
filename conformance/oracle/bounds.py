"""Error scales and error units: how far from exact a correct implementation may be.

One error unit of an output element is

    u_out |expected|  (only if u_out > u)   +   u S   +   eta

with u the unit roundoff of the arithmetic (2^-53 for float64 inputs, 2^-24 for all others:
half types are due to be summed in float32), u_out that of the output's type, eta half its
smallest subnormal number, and S the first-order error scale below.  An error of c units means:
the exact answer for inputs perturbed by about c units in the last place.

With d = |x - mean|, A1 = mean|x|, D1 = mean|dy|, r = inv_std, V = var + eps, T = 16, and o the
smallest normal number of the type computed in, which is added to every |x| and |dy| below, since
what underflows on its way is off by u o, however small it is:

    S_mean = A1                     S_var = var + 2 mean(d |x|) + T u A1^2
    S_inv = r (1 + k S_var)         k = 1 / (2 V), the sensitivity of log r to the variance
    S_y = |gamma| r (|x| + A1 + d (1 + k S_var)) + |beta|         S_dbeta = sum|dy|
    S_dgamma = r (sum |dy| (d + |x|) + M o + |dbeta| A1) + |dgamma| k S_var + M R max(l)
    S_dx = |gamma| r (|dy| + D1 + (|x| + A1) w (|dgamma| + T u S_dgamma) / M
                      + d w S_dgamma / M + d w |dgamma| / M (2 k) S_var)
           + max(1, |gamma|) R^3 l + |dx| k S_var,     w = r
    S_running_mean = |rm| + m A1
    S_running_var = |rv| + m S_var M / (M - 1)

with R = max(1, r) and l = o (1 + (|x| + |mean| + A1) R): where dy is so small that its products
underflow, what was lost may yet be multiplied by x, gamma and powers of r.  In test mode dx knows
no x, however large that is: gamma r dy loses max(1, |gamma|) R o.

The running statistics may be formed as ``old + m (new - old)``, which loses u m |old| where
``(1 - m) old + m new`` loses u (1 - m) |old|: both are allowed for at every step.  What a half
type loses between batches is `conformance.oracle.storage`'s.

Where a mask says which values count, means are over these, M is their number, and all values have
an x_hat: sums over dy stay sums over all.  The statistics depend on no other value, so that
``dx = gamma r dy`` where one is left out, and the terms of S_dx behind the first are 0.

Two products of errors are counted, each because it is all that is left where the rest is 0, in a
channel that is constant: T u A1^2 is the squared error of the mean, and T u S_dgamma the error of
dgamma beside that of x - mean.

The terms in |x| allow the folded forms ``x (gamma r) + (beta - mean gamma r)`` and
``sum(dy x) - mean sum(dy)``.  In test mode the mean is given, so A1 becomes |running_mean| and
S_var is 0.  With eps outside the root, k = 1 / (2 sigma (sigma + eps)), w = 1 / sigma, and
(2 k) becomes k + 1 / (2 var).

Being first order, the scales hold while T u (2 k) S_var < 0.1 (`is_gradable`); beyond that only
the mean, the variance and the running statistics have a bound.

Grade C is the class of the single-pass variance E[x^2] - mean^2, which loses u (var + 2 mean^2)
where the others lose u S_var (Chan, Golub and LeVeque, 1983): `single_pass` adds that loss.
Where half of the variance may be lost that way nothing is left to grade, and C is no wider than A.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.case import LIMIT, Array, Inputs, Outputs
from conformance.float_types import limits
from conformance.oracle.arithmetic import roundoff, underflow
from conformance.oracle.blocks.bounds import block_scales
from conformance.oracle.channels import by_channel, from_channels, is_empty
from conformance.oracle.measured import (
    Batch,
    bessel,
    column,
    given,
    given_statistics,
    measured,
    wide,
)
from conformance.oracle.root import roots
from conformance.oracle.rounding import Floats
from conformance.oracle.storage import storing

_VALID = 0.1
"""How large the relative perturbation of the variance may be for first order to hold."""

_SINGLE_PASS_VALID = 0.5
"""The same for the single-pass class, whose growth beyond first order is allowed for."""


@dataclass(frozen=True, slots=True)
class _Root:
    """r and its sensitivity; columns ``(C, 1)``.  slack = k S_var, the relative scale of r."""

    r: Floats
    w: Floats
    slack: Floats
    twice_slack: Floats


def scales(
    inputs: Inputs, expected: Outputs, *, eps_outside: bool = False, single_pass: bool = False
) -> dict[str, Array]:
    """Error scale S of every expected output, by its name.

    Args:
        inputs: What was asked.
        expected: Its exact answers.
        eps_outside: The dialect ``(x - mean) / (sigma + eps)``.
        single_pass: Scales of the single-pass class instead (grade C).

    Returns:
        Non-negative float64 arrays; not finite in channels that are not.
    """
    if inputs.block is not None:
        return {"y": block_scales(inputs).S}
    if is_empty(inputs):
        return {name: np.zeros(v.shape) for name, v in expected.items().items()}
    with np.errstate(all="ignore"):
        batch = measured(inputs, inputs.x) if inputs.training else given(inputs)
        root = _root(inputs, batch, eps_outside=eps_outside, single_pass=single_pass)
        found = {"inv_std": root.r * (1 + root.slack)}
        dgamma = np.zeros_like(root.r)
        if inputs.dy is not None:
            dgamma = np.abs((_slope(inputs) * batch.d).sum(axis=1, keepdims=True)) * root.r
            found |= _gradient(inputs, batch, root, dgamma)
        if inputs.training:
            found |= _statistics(inputs, batch, single_pass=single_pass)
        else:  # the running statistics must come back as they were
            found |= {name: np.zeros_like(root.r) for name in ("running_mean", "running_var")}
        shaped = {name: v.reshape(inputs.channel_shape) for name, v in found.items()}
        shaped["y"] = from_channels(_output(inputs, batch, root), inputs)
        if expected.dx is not None:
            S_dx = _slopes(inputs, batch, root, dgamma, found["dgamma"])
            S_dx = S_dx + np.abs(by_channel(expected.dx, inputs)) * root.slack
            shaped["dx"] = from_channels(S_dx, inputs)
        return shaped


def is_gradable(inputs: Inputs, *, eps_outside: bool = False) -> bool:
    """Whether first-order scales hold in every finite channel: T u (2 k) S_var < 0.1."""
    if not inputs.training or is_empty(inputs):
        return True
    with np.errstate(all="ignore"):
        batch = measured(inputs, inputs.x)
        root = _root(inputs, batch, eps_outside=eps_outside, single_pass=False)
        strain = LIMIT * roundoff(inputs) * root.twice_slack
        holds = (strain < _VALID) | ~np.isfinite(batch.A1)
    return bool(holds.all())


def spent_by_single_pass(inputs: Inputs, *, eps_outside: bool = False) -> Floats:
    """The part of V that 16 units of the single-pass variance are, ``(C, 1)``; 0 in test mode."""
    if not inputs.training:
        return np.zeros((int(np.prod(inputs.channel_shape)), 1))
    with np.errstate(all="ignore"):
        batch = measured(inputs, inputs.x)
        twice_k = roots(batch.var, inputs.eps, eps_outside=eps_outside).twice_k
        found: Floats = LIMIT * roundoff(inputs) * twice_k * _single_pass_scale(batch)
        return found


def units(inputs: Inputs, expected: Array, scale: Array, dtype: np.dtype[Any]) -> Floats:
    """One error unit per element of an output of type `dtype`; float64, shape of `expected`."""
    info = limits(dtype)
    u, u_out, eta = roundoff(inputs), info.eps / 2, info.smallest / 2
    with np.errstate(all="ignore"):
        unit = u * scale + eta
        if u_out > u:
            unit = unit + u_out * np.abs(expected)
        if eta == 0:  # half of the smallest float64; where u S is 0 as well, it is one of these
            unit = np.where((unit == 0) & (scale > 0), info.smallest, unit)
    return np.asarray(unit, dtype=np.float64)


def _root(inputs: Inputs, batch: Batch, *, eps_outside: bool, single_pass: bool) -> _Root:
    root = roots(batch.var, inputs.eps, eps_outside=eps_outside)
    if not inputs.training:
        return _Root(root.r, root.w, np.zeros_like(root.r), np.zeros_like(root.r))
    S_var, growth = batch.S_var, np.ones_like(root.r)
    if single_pass:
        S_var, growth = _single_pass(inputs, batch, root.twice_k)
    return _Root(root.r, root.w, root.k * S_var * growth, root.twice_k * S_var * growth)


def _single_pass(inputs: Inputs, batch: Batch, twice_k: Floats) -> tuple[Floats, Floats]:
    """S_var of the single-pass class, and how much more than first order r moves in it.

    The class loses ``E[x^2] + mean^2 <= var + 2 A1^2`` per u.  A variance that is off by a part s
    of V moves r by less than (1 - s)^(-3/2) times the first order.  From s = 1/2 on nothing of the
    variance is left, and the class allows no more than any other.
    """
    S_var = _single_pass_scale(batch)
    s = LIMIT * roundoff(inputs) * twice_k * S_var
    holds = s < _SINGLE_PASS_VALID
    growth = (1 - np.minimum(s, _SINGLE_PASS_VALID)) ** -1.5
    return np.where(holds, S_var, batch.S_var), np.where(holds, growth, 1.0)


def _single_pass_scale(batch: Batch) -> Floats:
    return batch.S_var + batch.var + 2 * batch.A1**2


def _statistics(inputs: Inputs, batch: Batch, *, single_pass: bool) -> dict[str, Floats]:
    batches = [*(measured(inputs, past) for past in inputs.earlier), batch]
    spreads = [
        _single_pass(inputs, b, 1 / (b.var + inputs.eps))[0] if single_pass else b.S_var
        for b in batches
    ]
    found = {"mean": batch.A1, "var": spreads[-1]}
    if inputs.running_mean is not None:
        given_mean, given_var = (np.abs(given) for given in given_statistics(inputs))
        means = [(b.A1, b.A1) for b in batches]
        variances = [
            (b.var * bessel(b.n), S * bessel(b.n)) for b, S in zip(batches, spreads, strict=True)
        ]
        stored_mean, stored_var = storing(inputs, batches)
        found["running_mean"] = _blended(given_mean, means, inputs.momentum) + stored_mean
        found["running_var"] = _blended(given_var, variances, inputs.momentum) + stored_var
    return found


def _blended(given: Floats, batches: Sequence[tuple[Floats, Floats]], momentum: float) -> Floats:
    """Scale of ``(1 - m) old + m new`` over batches, each with the size and the scale of new."""
    old, new = abs(1 - momentum), abs(momentum)
    size = scale = given
    for size_of_new, scale_of_new in batches:
        scale = old * scale + new * (size + scale_of_new)
        size = old * size + new * size_of_new
    return scale


def _gradient(inputs: Inputs, batch: Batch, root: _Root, dgamma: Floats) -> dict[str, Floats]:
    dy = _slope(inputs)
    slope = np.abs(dy) + underflow(inputs)
    dbeta = np.abs(dy.sum(axis=1, keepdims=True))
    products = (slope * (np.abs(batch.d) + batch.size)).sum(axis=1, keepdims=True)
    products = products + inputs.count * underflow(inputs)
    below = (
        inputs.count
        * np.maximum(1, root.r)
        * _lost_below(inputs, batch, root).max(axis=1, keepdims=True, initial=0.0)
    )
    return {
        "dbeta": slope.sum(axis=1, keepdims=True),
        "dgamma": root.r * (products + dbeta * batch.A1) + dgamma * root.slack + below,
    }


def _lost_below(inputs: Inputs, batch: Batch, root: _Root) -> Floats:
    """O (1 + (|x| + |mean| + A1) max(1, r)): products of dy may underflow before x or r is in."""
    around = batch.size + np.abs(batch.mean) + batch.A1
    return np.asarray(underflow(inputs) * (1 + around * np.maximum(1, root.r)))


def _output(inputs: Inputs, batch: Batch, root: _Root) -> Floats:
    gamma, beta = np.abs(_parameter(inputs.gamma, 1.0)), np.abs(_parameter(inputs.beta, 0.0))
    d = np.abs(batch.d)
    return np.asarray(gamma * root.r * (batch.size + batch.A1 + d * (1 + root.slack)) + beta)


def _slopes(inputs: Inputs, batch: Batch, root: _Root, dgamma: Floats, S_dgamma: Floats) -> Floats:
    """S_dx without its last term, which needs dx itself."""
    slope = np.abs(_slope(inputs)) + underflow(inputs)
    gamma, grows = np.abs(_parameter(inputs.gamma, 1.0)), np.maximum(1, root.r)
    reach = gamma * root.r
    if not inputs.training:
        return np.asarray(reach * slope + np.maximum(1, gamma) * grows * underflow(inputs))
    lost = np.maximum(1, gamma) * grows**3 * _lost_below(inputs, batch, root)
    d, along = np.abs(batch.d), root.w / batch.n
    through: Floats = (
        slope.sum(axis=1, keepdims=True) / batch.n
        + (batch.size + batch.A1) * along * (dgamma + LIMIT * roundoff(inputs) * S_dgamma)
        + d * along * (S_dgamma + dgamma * root.twice_slack)
    )
    return np.asarray(reach * (slope + batch.kept * through) + lost)


def _parameter(given: Array | None, default: float) -> Floats:
    return np.full((1, 1), default) if given is None else column(given)


def _slope(inputs: Inputs) -> Floats:
    return by_channel(wide(inputs.dy), inputs)
