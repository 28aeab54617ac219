"""What Keras's layer does where a call says nothing, read from the layer itself."""

from __future__ import annotations

import inspect

import keras  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types
import numpy as np


def defaults() -> dict[str, object]:
    """The defaults of ``keras.layers.BatchNormalization``."""
    layer = keras.layers.BatchNormalization()
    # The mean 1 moves a moving mean of 0 to the weight that it had.
    layer(np.ones((2, 1), np.float32), training=True)
    return {
        "eps": float(layer.epsilon),
        "momentum": float(layer.momentum),
        "new_weight": float(keras.ops.convert_to_numpy(layer.moving_mean.value)[0]),
        "takes_mask": "mask" in inspect.signature(layer.call).parameters,
    }
