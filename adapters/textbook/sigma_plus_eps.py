r"""The other place for eps: ``y = gamma * (x - mu) / (sigma + eps) + beta``.

Source: the last section of "Batch Normalization: alternative backward" (a solution of a CS231n
exercise), whose dx ends in ``* gamma / np.sqrt(std + eps)``.  That root is wrong: it belongs to
the first definition and was left standing.  The derivation, with s = sigma and d_k = x_k - mu:

    ds/dx_i    = d_i / (N s)                     since s^2 = mean(d^2) and sum(d) = 0
    dxhat_k/dx_i = (delta_ik - 1/N) / (s + eps) - d_k d_i / (N s (s + eps)^2)
    dx_i       = gamma / (s + eps) * (dy_i - mean(dy) - d_i / (s (s + eps)) * mean(dy * d))

so only the last factor changes, to ``gamma / (std + eps)``.

A constant channel, s = 0: s has no derivative there, and the last term reads 0/0.  But y has one:
as ``|d_k| <= sqrt(N) s``, near a constant channel ``y = gamma d / eps + beta + O(s^2)``; and the
last term in the bracket is at most ``sqrt(N) * max|dy| * s / (s + eps)``, which goes to 0.  So for
eps > 0 the gradient exists, is ``gamma / eps * (dy - mean(dy))``, and is what is returned; for
eps = 0 it does not exist, and division by zero is left to say so.

The document is silent about running statistics and test mode: the buffers follow PyTorch's rule,
and test mode is the forward formula with constant statistics.
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
    std = np.sqrt(var)
    xhat = (b.x - mu) / (std + b.eps)
    return {"y": b.gamma * xhat + b.beta}, {"xhat": xhat, "mu": mu, "std": std}


def _parameter_gradients(b: Batch, dy: Array, cache: Values) -> Values:
    return {"dgamma": b.sum(dy * cache["xhat"]), "dbeta": b.sum(dy)}


def _backward(b: Batch, dy: Array, cache: Values) -> Values:
    mu, std = cache["mu"], cache["std"]
    through_sigma = (b.x - mu) / (std * (std + b.eps)) * b.mean(dy * (b.x - mu))
    limit = np.zeros_like(std)
    through_sigma = np.where(std == 0, limit, through_sigma)
    dx = (dy - b.mean(dy) - through_sigma) * b.gamma / (std + b.eps)
    return {**_parameter_gradients(b, dy, cache), "dx": dx}


def _backward_test(b: Batch, dy: Array, cache: Values) -> Values:
    dx = dy * b.gamma / (cache["std"] + b.eps)
    return {**_parameter_gradients(b, dy, cache), "dx": dx}


SIGMA_PLUS_EPS = Derivation(
    forward=_forward,
    backward=_backward,
    forward_test=_forward_test,
    backward_test=_backward_test,
    update=unbiased_update,
)
