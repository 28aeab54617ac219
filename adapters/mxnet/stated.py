"""What MXNet does where a call says nothing, as its operator and its layer tell it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import mxnet as mx  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
from mxnet import autograd, gluon  # type: ignore[import-not-found, unused-ignore]  # the same


def of_operator() -> dict[str, object]:
    """The defaults of ``mx.nd.BatchNorm``, which its documentation alone has: it is generated."""
    one, zero, kept = mx.nd.ones(1), mx.nd.zeros(1), mx.nd.zeros(1)
    _trained(lambda x: mx.nd.BatchNorm(x, one, zero, kept, mx.nd.ones(1)))
    return {
        "eps": _documented("eps"),
        "momentum": _documented("momentum"),
        "new_weight": float(kept.asscalar()),
        "takes_mask": "mask" in inspect.signature(mx.nd.BatchNorm).parameters,
    }


def of_layer() -> dict[str, object]:
    """The defaults of ``mx.gluon.nn.BatchNorm``."""
    layer = gluon.nn.BatchNorm(in_channels=1)
    layer.initialize()
    _trained(layer)
    told = inspect.signature(gluon.nn.BatchNorm.__init__).parameters
    return {
        "eps": told["epsilon"].default,
        "momentum": told["momentum"].default,
        "new_weight": float(layer.running_mean.data().asscalar()),
        "takes_mask": "mask" in inspect.signature(layer.forward).parameters,
    }


def _trained(call: Callable[[Any], Any]) -> None:
    """One step on a batch of mean 1, which moves a running mean of 0 to the weight that it had."""
    x = mx.nd.ones((2, 1))
    x.attach_grad()
    with autograd.record():
        y = call(x)
    y.backward()


def _documented(name: str) -> float | None:
    found = re.search(rf"^{name} : .*default=(\S+)$", mx.nd.BatchNorm.__doc__, re.MULTILINE)
    return float(f"{float(found[1]):.6g}") if found else None  # it is a float32 in words
