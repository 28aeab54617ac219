"""What PaddlePaddle does where a call says nothing, read from its signature and its layer."""

from __future__ import annotations

import inspect
import warnings

from .calling import framework

paddle = framework()


def of_function() -> dict[str, object]:
    """The defaults of ``paddle.nn.functional.batch_norm``."""
    function = paddle.nn.functional.batch_norm
    told, ones, kept = inspect.signature(function).parameters, paddle.ones([1]), paddle.zeros([1])
    # The mean 1 moves a running mean of 0 to the weight that it had.
    function(paddle.ones([2, 1]), kept, paddle.ones([1]), ones, paddle.zeros([1]), training=True)
    return {
        "eps": told["epsilon"].default,
        "momentum": told["momentum"].default,
        "new_weight": kept.item(),
        "takes_mask": "mask" in told,
    }


def of_layer() -> dict[str, object]:
    """The defaults of ``paddle.nn.BatchNorm1D``, which are those of all three."""
    layer = paddle.nn.BatchNorm1D(1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "When training, we now always track")
        layer(paddle.ones([2, 1]))
    told = inspect.signature(paddle.nn.BatchNorm1D.__init__).parameters
    return {
        "eps": told["epsilon"].default,
        "momentum": told["momentum"].default,
        "new_weight": layer._mean.item(),  # noqa: SLF001 - it has no other name for it
        "takes_mask": "mask" in inspect.signature(layer.forward).parameters,
    }


def of_operator() -> dict[str, object]:
    """The operator below has none: what it is told it is told by its place."""
    return {"eps": None, "momentum": None, "takes_mask": False}
