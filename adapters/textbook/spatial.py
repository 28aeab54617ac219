"""BatchNorm2d by the formulas of the original paper, summed over batch and space.

Source: the accepted answer to "Derivative of BatchNorm2d in PyTorch" (Stack Overflow).  The
QUESTION divided by ``B = input.shape[0]`` where N * H * W values share a mean, normalized a
training batch by the running statistics, and summed ``grad_output * output`` for dgamma; the
answer corrects all three, and no line of the answer is wrong.

The answer is silent about running statistics and about gradients in test mode.  Test mode here
is its formula with mean and variance constant, so dL_dvar and dL_davg vanish; the buffers follow
PyTorch's rule, the framework that the question is about.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array

from .page import Batch, Derivation, Values, unbiased_update


def _forward(b: Batch) -> tuple[Values, Values]:
    mean = b.mean(b.x)
    variance = b.mean((b.x - mean) ** 2)
    out, cache = _normalize(b, mean, variance)
    return {**out, "mean": mean, "var": variance}, cache


def _forward_test(b: Batch) -> tuple[Values, Values]:
    return _normalize(b, *b.running())


def _normalize(b: Batch, mean: Array, variance: Array) -> tuple[Values, Values]:
    x_hat = (b.x - mean) / (np.sqrt(variance + b.eps))
    cache = {"mean": mean, "variance": variance, "x_hat": x_hat}
    return {"y": b.gamma * x_hat + b.beta}, cache


def _parameter_gradients(b: Batch, grad_output: Array, cache: Values) -> Values:
    return {"dgamma": b.sum(grad_output * cache["x_hat"]), "dbeta": b.sum(grad_output)}


def _backward(b: Batch, grad_output: Array, cache: Values) -> Values:
    mean, variance, B = cache["mean"], cache["variance"], b.N
    dL_dxi_hat = grad_output * b.gamma
    dL_dvar = b.sum(-0.5 * dL_dxi_hat * (b.x - mean)) * ((variance + b.eps) ** -1.5)
    dL_davg = b.sum(-1.0 / np.sqrt(variance + b.eps) * dL_dxi_hat) + (
        dL_dvar * b.sum(-2.0 * (b.x - mean)) / B
    )
    dL_dxi = (
        (dL_dxi_hat / np.sqrt(variance + b.eps))
        + (2.0 * dL_dvar * (b.x - mean) / B)
        + (dL_davg / B)
    )
    return {**_parameter_gradients(b, grad_output, cache), "dx": dL_dxi}


def _backward_test(b: Batch, grad_output: Array, cache: Values) -> Values:
    dL_dxi_hat = grad_output * b.gamma
    dL_dxi = dL_dxi_hat / np.sqrt(cache["variance"] + b.eps)
    return {**_parameter_gradients(b, grad_output, cache), "dx": dL_dxi}


SPATIAL = Derivation(
    forward=_forward,
    backward=_backward,
    forward_test=_forward_test,
    backward_test=_backward_test,
    update=unbiased_update,
)
