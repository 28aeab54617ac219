"""What TensorFlow does where a call says nothing, read from its signatures and its layer."""

from __future__ import annotations

import inspect

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types


def of_function() -> dict[str, object]:
    """The defaults of ``tf.nn.batch_normalization``, which wants to be told."""
    told = inspect.signature(tf.nn.batch_normalization).parameters
    return {"eps": _default(told["variance_epsilon"]), "takes_mask": "mask" in told}


def of_operation() -> dict[str, object]:
    """The defaults of ``tf.raw_ops.FusedBatchNormV3``."""
    told = inspect.signature(tf.raw_ops.FusedBatchNormV3).parameters
    one, zero = tf.ones(1), tf.zeros(1)
    out = tf.raw_ops.FusedBatchNormV3(
        x=tf.ones((2, 1, 1, 1)), scale=one, offset=zero, mean=zero, variance=one
    )
    return {
        "eps": _default(told["epsilon"]),
        "momentum": _default(told["exponential_avg_factor"]),
        "new_weight": float(out.batch_mean[0]),
        "takes_mask": "mask" in told,
    }


def of_layer() -> dict[str, object]:
    """The defaults of ``tf.keras.layers.BatchNormalization``."""
    layer = tf.keras.layers.BatchNormalization()
    layer(tf.ones((2, 1)), training=True)  # the mean 1 moves a 0 to the weight that it had
    return {
        "eps": float(layer.epsilon),
        "momentum": float(layer.momentum),
        "new_weight": float(layer.moving_mean.value[0]),
        "takes_mask": "mask" in inspect.signature(layer.call).parameters,
    }


def _default(told: inspect.Parameter) -> float | None:
    return None if told.default is inspect.Parameter.empty else float(told.default)
