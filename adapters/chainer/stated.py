"""What Chainer does where a call says nothing, as its function and its link do it."""

from __future__ import annotations

import inspect
from typing import Any

import chainer  # type: ignore[import-not-found, unused-ignore]  # checked without Chainer too
import numpy as np
from chainer import functions as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - Chainer's name
from chainer import links as L  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - the same

ONES = np.ones((2, 1), np.float32)
"""A batch whose mean is 1: what it moves a running mean of 0 to is the weight that it had."""


def of_function() -> dict[str, object]:
    """The defaults of ``chainer.functions.batch_normalization``."""
    one, kept = np.ones(1, np.float32), np.zeros(1, np.float32)
    called = F.batch_normalization(ONES, one, 0 * one, running_mean=kept, running_var=one.copy())
    return _told(called.creator_node.eps, called.creator_node.decay, kept)


def of_link() -> dict[str, object]:
    """The defaults of ``chainer.links.BatchNormalization``."""
    layer = L.BatchNormalization(1)
    with chainer.using_config("train", True):  # noqa: FBT003 - Chainer's
        layer(ONES)
    told = inspect.signature(L.BatchNormalization.forward).parameters
    return _told(layer.eps, layer.decay, layer.avg_mean) | {"takes_mask": "mask" in told}


def _told(eps: Any, decay: Any, kept: Any) -> dict[str, object]:
    return {
        "eps": float(eps),
        "momentum": float(decay),
        "new_weight": float(kept[0]),
        "takes_mask": False,  # its documentation names what else it takes
    }
