"""PaddlePaddle on its default device: the function in both orders, the layers and the operator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial

from conformance.adapter import Adapter, Capabilities, Path
from conformance.case import Actual, Dialect, Inputs

from . import reproduction, stated
from .calling import GRADIENTS, arrays, data_format, framework, gradients, tensors

paddle = framework()

LAYERS = {
    2: paddle.nn.BatchNorm1D,
    3: paddle.nn.BatchNorm1D,
    4: paddle.nn.BatchNorm2D,
    5: paddle.nn.BatchNorm3D,
}
"""The layer for each rank of `x`."""

STATE = {"gamma": "weight", "beta": "bias", "running_mean": "_mean", "running_var": "_variance"}
"""Names here to those in a layer."""


def functional(inputs: Inputs, *, last: bool = False, compiled: bool = False) -> Actual:
    """Run ``paddle.nn.functional.batch_norm`` and `paddle.grad`."""
    given = tensors(inputs, last=last)
    settings = {
        "training": inputs.training,
        "momentum": 1 - inputs.momentum,
        "epsilon": inputs.eps,
        "data_format": data_format(inputs.x.ndim, last=last),
    }

    function = paddle.nn.functional.batch_norm
    if compiled:
        function = paddle.jit.to_static(function, full_graph=True)
    leaves = {name: given.get(name) for name in GRADIENTS}
    running = {name: given[name] for name in ("running_mean", "running_var")}
    mean, var = running.values()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Tensor do not have 'place' interface")  # as it compiles
        y = function(given["x"], mean, var, leaves["gamma"], leaves["beta"], **settings)
    found = arrays(inputs, {"y": y, **gradients(y, given, leaves), **running}, last=last)
    if compiled:
        # Each compiled function keeps ten threads for good, and calls here hold no more than one.
        paddle.base.core.clear_executor_cache()
    return found


def layer(inputs: Inputs) -> Actual:
    """Run the layer for the rank of `x`, in its training or evaluation mode."""
    given = tensors(inputs, last=False)
    found = LAYERS[inputs.x.ndim](
        given["x"].shape[1],
        momentum=1 - inputs.momentum,
        epsilon=inputs.eps,
        weight_attr=None if "gamma" in given else False,
        bias_attr=None if "beta" in given else False,
        data_format=data_format(inputs.x.ndim, last=False),
    )
    found.to(dtype=str(inputs.parameter_dtype))
    found.set_state_dict({own: given[name] for name, own in STATE.items() if name in given})
    found.train() if inputs.training else found.eval()
    with warnings.catch_warnings():
        # It warns in training that it always keeps running statistics.
        warnings.filterwarnings("ignore", "When training, we now always track")
        y = found(given["x"])
    leaves = {"x": given["x"], "gamma": found.weight, "beta": found.bias}
    running = {"running_mean": found._mean, "running_var": found._variance}  # noqa: SLF001 - it has no other name for them
    return arrays(inputs, {"y": y, **gradients(y, given, leaves), **running}, last=False)


def operator(inputs: Inputs) -> Actual:
    """Run the operator below the function, which also returns what it saves."""
    given = tensors(inputs, last=False)
    leaves = {name: given.get(name) for name in GRADIENTS}
    y, mean, var, saved_mean, saved_inv_std, _ = paddle._C_ops.batch_norm(  # noqa: SLF001 - the operator has no public name
        given["x"],
        given["running_mean"],
        given["running_var"],
        leaves["gamma"],
        leaves["beta"],
        not inputs.training,
        1 - inputs.momentum,
        inputs.eps,
        "NCHW",
        not inputs.training,
        False,  # noqa: FBT003 - trainable_statistics, by its place
    )
    found = {"y": y, **gradients(y, given, leaves), "running_mean": mean, "running_var": var}
    saved = {"mean": saved_mean, "inv_std": saved_inv_std} if inputs.training else {}
    return arrays(inputs, found | saved, last=False)


def _path(
    name: str,
    about: str,
    run: Callable[[Inputs], Actual],
    defaults: Callable[[], Mapping[str, object]] = stated.of_function,
    *,
    last: bool = False,
) -> Path:
    return Path(
        name=name,
        about=f"{about}, gradients by paddle.grad",
        run=run,
        defaults=defaults,
        dialect=Dialect(
            running_var="biased",
            momentum="old",
            layout="channels_last" if last else "channels_first",
        ),
        capabilities=Capabilities(
            dtypes=frozenset({"float64", "float32"}),  # no other kernel is there for the CPU
            ranks=frozenset({3, 4, 5} if last else {2, 3, 4, 5}),
            without_running=False,
        ),
    )


FUNCTION = "paddle.nn.functional.batch_norm"

ADAPTER = Adapter(
    name="paddle",
    packages=("paddlepaddle",),
    device=paddle.device.get_device,
    reproduce=reproduction.program,
    paths=(
        _path("functional", f"{FUNCTION}, channels first, eager", functional),
        _path(
            "functional_nhwc",
            f"{FUNCTION}, data_format NLC, NHWC or NDHWC, eager",
            partial(functional, last=True),
            last=True,
        ),
        _path("layer", "paddle.nn.BatchNorm1D/2D/3D, eager", layer, stated.of_layer),
        _path(
            "to_static",
            f"paddle.jit.to_static({FUNCTION}, full_graph=True), channels first",
            partial(functional, compiled=True),
        ),
        _path(
            "operator",
            "paddle._C_ops.batch_norm, with what it saves, eager",
            operator,
            stated.of_operator,
        ),
    ),
)
