"""The nine-step computation graph, forward and then step by step back.

Source: F. Kratzert, "Understanding the backward pass through Batch Normalization Layer",
12 February 2016, https://kratzert.github.io; names and order of operations are the article's.
No line of its code is wrong.  Its text first explained the sums of steps 8 and 9 by the shapes;
they are there because beta and gamma act on every row (its comments settle this).

The article leaves running statistics and test mode to the reader.  Test mode here is the same
graph with mu and var as inputs instead of nodes, so that the gradient stops at ``dxmu1``; the
buffers follow PyTorch's rule.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array

from .page import Batch, Derivation, Values, unbiased_update


def _forward(b: Batch) -> tuple[Values, Values]:
    mu = 1.0 / b.N * b.sum(b.x)  # step 1
    xmu = b.x - mu  # step 2
    sq = xmu**2  # step 3
    var = 1.0 / b.N * b.sum(sq)  # step 4
    out, cache = _normalize(b, xmu, var)
    return {**out, "mean": mu, "var": var}, cache


def _forward_test(b: Batch) -> tuple[Values, Values]:
    mu, var = b.running()
    return _normalize(b, b.x - mu, var)


def _normalize(b: Batch, xmu: Array, var: Array) -> tuple[Values, Values]:
    sqrtvar = np.sqrt(var + b.eps)  # step 5
    ivar = 1.0 / sqrtvar  # step 6
    xhat = xmu * ivar  # step 7
    gammax = b.gamma * xhat  # step 8
    out = gammax + b.beta  # step 9
    cache = {"xhat": xhat, "xmu": xmu, "ivar": ivar, "sqrtvar": sqrtvar, "var": var}
    return {"y": out, "inv_std": ivar}, cache


def _backward(b: Batch, dout: Array, cache: Values) -> Values:
    grads, dxhat = _scale_and_shift(b, dout, cache)
    xmu, ivar, sqrtvar, var = (cache[name] for name in ("xmu", "ivar", "sqrtvar", "var"))
    divar = b.sum(dxhat * xmu)  # step 7
    dxmu1 = dxhat * ivar
    dsqrtvar = -1.0 / (sqrtvar**2) * divar  # step 6
    dvar = 0.5 * 1.0 / np.sqrt(var + b.eps) * dsqrtvar  # step 5
    dsq = 1.0 / b.N * np.ones_like(b.x) * dvar  # step 4
    dxmu2 = 2 * xmu * dsq  # step 3
    dx1 = dxmu1 + dxmu2  # step 2
    dmu = -1 * b.sum(dxmu1 + dxmu2)
    dx2 = 1.0 / b.N * np.ones_like(b.x) * dmu  # step 1
    return {**grads, "dx": dx1 + dx2}  # step 0


def _backward_test(b: Batch, dout: Array, cache: Values) -> Values:
    grads, dxhat = _scale_and_shift(b, dout, cache)
    return {**grads, "dx": dxhat * cache["ivar"]}


def _scale_and_shift(b: Batch, dout: Array, cache: Values) -> tuple[Values, Array]:
    dbeta = b.sum(dout)  # step 9
    dgammax = dout
    dgamma = b.sum(dgammax * cache["xhat"])  # step 8
    return {"dgamma": dgamma, "dbeta": dbeta}, dgammax * b.gamma


STAGED = Derivation(
    forward=_forward,
    backward=_backward,
    forward_test=_forward_test,
    backward_test=_backward_test,
    update=unbiased_update,
)
