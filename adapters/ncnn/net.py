"""A net of one layer, BatchNorm, written as ncnn's files have it, in memory."""

from __future__ import annotations

from typing import Any

import ncnn  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
import numpy as np

from conformance import layout
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported

WEIGHTS = ("gamma", "running_mean", "running_var", "beta")
"""What the file of weights has, in its order."""


def text(inputs: Inputs) -> str:
    """The file of parameters."""
    (channels,) = inputs.channel_shape
    layer = f"BatchNorm norm 1 1 x y 0={channels} 1={float(inputs.eps)!r}"
    return f"7767517\n2 2\nInput input 0 1 x\n{layer}\n"


def defaults() -> dict[str, object]:
    """The eps of a net that tells none: of a variance of 1, as far as float32 shows it."""
    net = ncnn.Net()
    net.load_param_mem("7767517\n2 2\nInput input 0 1 x\nBatchNorm norm 1 1 x y 0=1\n")
    net.load_model_mem(np.array([1, 0, 1, 0], np.float32).tobytes())
    y = float(np.array(_extracted(net, ncnn.Mat(np.ones(1, np.float32))))[0])
    return {"eps": y**-2 - 1, "takes_mask": False}


def run(inputs: Inputs) -> Actual:
    """Run the net on one sample after the other, the channels first."""
    net, x = _loaded(inputs), _images(inputs)
    if not len(x):
        raise Unsupported("the net takes one sample at a time, and there is none")
    y = np.stack([np.array(_extracted(net, ncnn.Mat(sample))) for sample in x])
    return {"y": layout.from_channels_first(y, inputs.channel_axes[0])}


def run_batch(inputs: Inputs) -> Actual:
    """Run the net once, on a Mat with an index of the batch."""
    found = _extracted(_loaded(inputs), ncnn.Mat(_images(inputs), batch_index=0))
    y = np.stack([np.array(found.batch(place)) for place in range(found.n)])
    return {"y": layout.from_channels_first(y, inputs.channel_axes[0])}


def _images(inputs: Inputs) -> Array:
    return np.array(layout.channels_first(inputs.x, inputs.channel_axes[0]), order="C")


def _loaded(inputs: Inputs) -> Any:
    net = ncnn.Net()
    net.load_param_mem(text(inputs))
    net.load_model_mem(b"".join(getattr(inputs, name).tobytes() for name in WEIGHTS))
    return net


def _extracted(net: Any, mat: Any) -> Any:
    """What comes out.

    The clone is what ncnn's own converter writes too: a Mat over memory of numpy ends the process
    where a layer works in place.
    """
    extractor = net.create_extractor()
    extractor.input("x", mat.clone())
    return extractor.extract("y")[1]
