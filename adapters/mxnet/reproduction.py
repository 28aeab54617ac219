"""A call of a path as a program in the terms of MXNet, for its issue tracker."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.case import Array, Inputs
from conformance.literals import nested

ARGUMENTS = {
    "x": "x",
    "gamma": "gamma",
    "beta": "beta",
    "mean": "running_mean",
    "var": "running_var",
}
"""Names in the program, and the inputs that they are."""

_GRADIENTS = {"dx": "x.grad", "dgamma": "gamma.grad", "dbeta": "beta.grad"}
_OPERATOR = {
    "inv_std": "inv_std",
    "mean": "saved_mean",
    "running_mean": "mean",
    "running_var": "var",
}
_LAYER = {
    "dgamma": "layer.gamma.data().grad",
    "dbeta": "layer.beta.data().grad",
    "running_mean": "layer.running_mean.data()",
    "running_var": "layer.running_var.data()",
}


def program(path: str, inputs: Inputs, output: str) -> str:
    """Python that makes the call of a path and prints one output as nested lists.

    Args:
        path: Name of the path.
        inputs: The call; the batches before it are not told.
        output: Name of the output, in the layout of `inputs`.
    """
    layer = path == "gluon"
    lines = ["import mxnet as mx", "import numpy as np", *_arrays(inputs)]
    lines += _layer(inputs) if layer else _operator(inputs)
    if inputs.dy is not None:
        lines.append(f"y.backward(dy, train_mode={inputs.training})")
    names = _GRADIENTS | (_LAYER if layer else _OPERATOR)
    return "\n".join([*lines, f"print({names.get(output, output)}.asnumpy().tolist())"]) + "\n"


def _arrays(inputs: Inputs) -> Iterator[str]:
    neutral = {"gamma": 1.0, "beta": 0.0}
    for name, field in (ARGUMENTS | {"dy": "dy"}).items():
        values: Array | None = getattr(inputs, field)
        if values is None and name in neutral:
            values = np.full(inputs.channel_shape, neutral[name], inputs.parameter_dtype)
        if values is not None:
            yield f"{name} = mx.nd.array({nested(values)}, dtype=np.{values.dtype})"
    yield "for leaf in (x, gamma, beta):"
    yield "    leaf.attach_grad()"


def _operator(inputs: Inputs) -> Iterator[str]:
    yield f"with mx.autograd.record(train_mode={inputs.training}):"
    yield "    y, saved_mean, inv_std = mx.nd.BatchNorm("
    yield f"        x, gamma, beta, mean, var, {_numbers(inputs, 'eps')},"
    yield f"        fix_gamma={inputs.gamma is None}, output_mean_var=True,"
    yield "    )"


def _layer(inputs: Inputs) -> Iterator[str]:
    yield "layer = mx.gluon.nn.BatchNorm("
    yield f"    {_numbers(inputs, 'epsilon')}, center={inputs.beta is not None},"
    yield f"    scale={inputs.gamma is not None}, in_channels={inputs.channel_shape[0]},"
    yield ")"
    yield f'layer.cast("{inputs.parameter_dtype}")'
    yield "layer.initialize()"
    yield "layer.hybridize()"
    yield "layer.gamma.set_data(gamma), layer.beta.set_data(beta)"
    yield "layer.running_mean.set_data(mean), layer.running_var.set_data(var)"
    yield f"with mx.autograd.record(train_mode={inputs.training}):"
    yield "    y = layer(x)"


def _numbers(inputs: Inputs, eps: str) -> str:
    momentum = 1 - float(inputs.momentum)
    return f"{eps}={float(inputs.eps)!r}, momentum={momentum!r}, axis={inputs.channel_axes[0]}"
