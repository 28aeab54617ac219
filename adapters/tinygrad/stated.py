"""What tinygrad's layer does where a call says nothing, read from the layer itself."""

from __future__ import annotations

import inspect

from .calling import arrays  # noqa: F401 - it sets tinygrad's compiler first

from tinygrad import Context, Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # isort: skip


def defaults() -> dict[str, object]:
    """The defaults of ``tinygrad.nn.BatchNorm``."""
    layer = nn.BatchNorm(1)
    with Context(TRAINING=1):  # the mean 1 moves a 0 to the weight that it had
        layer(Tensor.ones(2, 1)).realize()
    told = inspect.signature(nn.BatchNorm.__init__).parameters
    return {
        "eps": layer.eps,
        "momentum": told["momentum"].default,
        "new_weight": layer.running_mean.item(),
        "takes_mask": "mask" in inspect.signature(nn.BatchNorm.__call__).parameters,
    }
