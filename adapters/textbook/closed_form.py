r"""The two closed forms of dx: one through dgamma and dbeta, one through means.

`BY_SUMS` is "Batch Normalization no gosagyaku denpa (Backward) no doshutsu" (Qiita; in
Japanese), which differentiates naively over n, h and w:

    dx = gamma / sqrt(var + eps) * (dy - (dbeta + dgamma * xhat) / NHW)

No line of it is wrong.  It names cuDNN's modes and derives SPATIAL; PER_ACTIVATION is the same
algebra summed over n alone, which needs no second formula here: only the axes differ.

`BY_MEANS` is "Batch Normalization: alternative backward" (a solution of a CS231n exercise):

    dx = (dy - mean(dy) - (x - mu) / (var + eps) * mean(dy * (x - mu))) * gamma / sqrt(var + eps)

Corrected there: its text defines ``y = gamma * xhat - beta``, a sign that its own dbeta and code
contradict, and its equations 2 and 3 sum ``dy * x`` for dgamma where ``dy * xhat`` is meant; the
code has both right.  Its second definition of eps is in ``sigma_plus_eps.py``.

Both keep silent about running statistics and test mode.  Test mode here is the forward formula
with the running statistics as constants, which leaves of each dx the first term; the buffers
follow PyTorch's rule.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array

from .page import Batch, Derivation, Values, unbiased_update


def _forward(b: Batch) -> tuple[Values, Values]:
    mu = b.mean(b.x)
    var = b.mean((b.x - mu) ** 2)
    out, cache = _normalize(b, mu, var)
    return {**out, "mean": mu, "var": var}, cache


def _forward_test(b: Batch) -> tuple[Values, Values]:
    return _normalize(b, *b.running())


def _normalize(b: Batch, mu: Array, var: Array) -> tuple[Values, Values]:
    xhat = (b.x - mu) / np.sqrt(var + b.eps)
    return {"y": b.gamma * xhat + b.beta}, {"xhat": xhat, "mu": mu, "var": var}


def _parameter_gradients(b: Batch, dy: Array, cache: Values) -> Values:
    return {"dgamma": b.sum(dy * cache["xhat"]), "dbeta": b.sum(dy)}


def _backward_by_sums(b: Batch, dy: Array, cache: Values) -> Values:
    grads = _parameter_gradients(b, dy, cache)
    inner = dy - 1.0 / b.N * (grads["dbeta"] + grads["dgamma"] * cache["xhat"])
    return {**grads, "dx": b.gamma / np.sqrt(cache["var"] + b.eps) * inner}


def _backward_by_sums_test(b: Batch, dy: Array, cache: Values) -> Values:
    grads = _parameter_gradients(b, dy, cache)
    return {**grads, "dx": b.gamma / np.sqrt(cache["var"] + b.eps) * dy}


def _backward_by_means(b: Batch, dy: Array, cache: Values) -> Values:
    mu, var = cache["mu"], cache["var"]
    inner = dy - b.mean(dy) - (b.x - mu) / (var + b.eps) * b.mean(dy * (b.x - mu))
    dx = inner * b.gamma / np.sqrt(var + b.eps)
    return {**_parameter_gradients(b, dy, cache), "dx": dx}


def _backward_by_means_test(b: Batch, dy: Array, cache: Values) -> Values:
    dx = dy * b.gamma / np.sqrt(cache["var"] + b.eps)
    return {**_parameter_gradients(b, dy, cache), "dx": dx}


BY_SUMS = Derivation(
    forward=_forward,
    backward=_backward_by_sums,
    forward_test=_forward_test,
    backward_test=_backward_by_sums_test,
    update=unbiased_update,
)

BY_MEANS = Derivation(
    forward=_forward,
    backward=_backward_by_means,
    forward_test=_forward_test,
    backward_test=_backward_by_means_test,
    update=unbiased_update,
)
