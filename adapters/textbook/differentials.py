r"""Differential forms: dx as three parts that are added, and as one line.

Source: "Batch Normalization backpropagation using differential forms - Matrix Gradient by hand
in Deep Learning (2)", with code for assignment 3 of UMich EECS 498-007; `THREE_PARTS` is its
``backward``, `ONE_LINE` its ``backward_alt``.  Corrected here:

- test mode of its ``forward`` sets ``x_hat = x - running_mean`` and forgets ``/ std``; with that,
  y and dgamma of test mode are both wrong;
- its text has ``dL/dgamma = X_hat^T 1^T dL/dY``, whose shapes do not fit; the sum over the rows of
  ``dL/dY * X_hat`` is meant, and its code has it;
- its text leaves ``(dL/dmu)_sigma2`` a matrix; the sum over its rows is missing, and its code
  has it, as N times a mean.

Running statistics follow the assignment: the biased variance, and a momentum that weights the
OLD value, so what the suite calls momentum is ``1 - momentum`` here.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array

from .page import Batch, Derivation, Values


def _forward(b: Batch) -> tuple[Values, Values]:
    mean = b.mean(b.x)
    var = b.mean((b.x - mean) ** 2)
    out, cache = _normalize(b, mean, var)
    return {**out, "mean": mean, "var": var}, cache


def _forward_test(b: Batch) -> tuple[Values, Values]:
    return _normalize(b, *b.running())


def _normalize(b: Batch, mean: Array, var: Array) -> tuple[Values, Values]:
    std = np.sqrt(var + b.eps)
    x_hat = (b.x - mean) / std
    return {"y": b.gamma * x_hat + b.beta}, {"mean": mean, "std": std, "x_hat": x_hat}


def _parameter_gradients(b: Batch, dout: Array, cache: Values) -> Values:
    return {"dgamma": b.sum(dout * cache["x_hat"]), "dbeta": b.sum(dout)}


def _backward_three_parts(b: Batch, dout: Array, cache: Values) -> Values:
    mean, std, x_hat = cache["mean"], cache["std"], cache["x_hat"]
    dx_hat = dout * b.gamma
    dx = dx_hat / std
    dmu = -b.sum(dx_hat) / std
    dsigma2 = b.sum(-0.5 * dx_hat * x_hat / (std**2))
    dmu += dsigma2 * b.mean(-2 * (b.x - mean))
    dx += dmu / b.N
    dx += dsigma2 * 2 * (b.x - mean) / b.N
    return {**_parameter_gradients(b, dout, cache), "dx": dx}


def _backward_three_parts_test(b: Batch, dout: Array, cache: Values) -> Values:
    dx_hat = dout * b.gamma
    return {**_parameter_gradients(b, dout, cache), "dx": dx_hat / cache["std"]}


def _backward_one_line(b: Batch, dout: Array, cache: Values) -> Values:
    std, x_hat = cache["std"], cache["x_hat"]
    dx_hat = dout * b.gamma
    dx = (dx_hat - b.mean(dx_hat) - x_hat * b.mean(dx_hat * x_hat)) / std
    return {**_parameter_gradients(b, dout, cache), "dx": dx}


def _backward_one_line_test(b: Batch, dout: Array, cache: Values) -> Values:
    return {**_parameter_gradients(b, dout, cache), "dx": dout * b.gamma / cache["std"]}


def _update(b: Batch, mean: Array, var: Array) -> tuple[Array, Array]:
    running_mean, running_var = b.running()
    momentum = 1 - b.momentum
    new_mean = (1 - momentum) * mean + momentum * running_mean
    new_var = (1 - momentum) * var + momentum * running_var
    return new_mean, new_var


THREE_PARTS = Derivation(
    forward=_forward,
    backward=_backward_three_parts,
    forward_test=_forward_test,
    backward_test=_backward_three_parts_test,
    update=_update,
)

ONE_LINE = Derivation(
    forward=_forward,
    backward=_backward_one_line,
    forward_test=_forward_test,
    backward_test=_backward_one_line_test,
    update=_update,
)
