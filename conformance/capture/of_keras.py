"""Keras over TensorFlow, run eagerly: the calls of layers, each under a tape of its own.

What comes back to y is told by an identity behind the layer; from it the layer's own tape gives the
gradients of that call by x, gamma and beta, by the functions that the model's training uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras  # type: ignore[import-untyped, import-not-found, unused-ignore]  # not always there
import numpy as np

from conformance.capture.choice import Choice
from conformance.capture.seen import Recorder, Seen, Setting
from conformance.case import Array, Dialect
from conformance.errors import InputError

_LAYER = keras.layers.BatchNormalization
_PARAMETERS = {"gamma": "gamma", "beta": "beta"}
_STATISTICS = {"running_mean": "moving_mean", "running_var": "moving_variance"}
_GRADIENTS = {"dx": "x", "dgamma": "gamma", "dbeta": "beta"}


def recorder(choice: Choice) -> Recorder:
    """An empty recorder in Keras's conventions."""
    about = f"keras {keras.__version__} over {keras.backend.backend()}"
    return Recorder(choice, Dialect(running_var="biased", momentum="old"), about)


@contextmanager
def watching(model: Any, recorder: Recorder) -> Iterator[Callable[[], None]]:
    """Watch the layers of a model.

    Args:
        model: A Keras layer or model.
        recorder: What takes their calls down.

    Yields:
        What is to be called at the end of a step.

    Raises:
        InputError: Keras computes by something else than TensorFlow.
        SelectionError: no layer is chosen.
    """
    if keras.backend.backend() != "tensorflow":
        raise InputError(
            f"Keras computes by {keras.backend.backend()}, its layers are captured over TensorFlow "
            "alone. Set KERAS_BACKEND=tensorflow, or capture the same layers in the framework."
        )
    layers = _layers(model)
    recorder.choice.require_some(layers)
    plain: dict[str, Any] = {}
    for name, layer in layers.items():
        recorder.names.setdefault(name)
        why = _why_not(layer)
        if why:
            recorder.leave_out(name, why)
        elif recorder.choice.takes_layer(name):
            plain[name] = layer
            layer.call = _watched(name, layer, recorder)
    try:
        yield lambda: None
    finally:
        for layer in plain.values():
            del layer.call  # the method of the class shows again


def _layers(model: Any) -> dict[str, Any]:
    """The batch normalizations of a model by name; of two of one name the later has a number."""
    found: dict[str, Any] = {}
    for layer in model._flatten_layers():  # noqa: SLF001 - `layers` shows no nested ones
        if isinstance(layer, _LAYER):
            name = layer.path or layer.name
            number = sum(known.partition("#")[0] == name for known in found)
            found[f"{name}#{number + 1}" if number else name] = layer
    return found


def _why_not(layer: Any) -> str:
    if type(layer).call is not _LAYER.call:
        return f"{type(layer).__name__} has a call of its own, which may do more than normalize"
    if getattr(layer, "synchronized", False):
        return "it has statistics of all replicas, of which one sees a part"
    if getattr(layer, "renorm", False):
        return "it renormalizes by its running statistics, which is another function"
    return ""


def _watched(name: str, layer: Any, recorder: Recorder) -> Callable[..., Any]:
    """The call of a layer, watched."""
    import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # noqa: PLC0415 - where it is the backend

    usual = layer.call

    def call(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        why = _why_not_now(inputs, mask)
        if why:
            recorder.leave_out(name, why)
        if why or not recorder.wants(name):
            return usual(inputs, training=training, mask=mask)
        one = recorder.open(name, inputs.shape, _setting(layer, training=bool(training)))
        if one is None:
            return usual(inputs, training=training, mask=mask)
        leaves = {"x": inputs, **_held(layer, _PARAMETERS)}
        _give(one, {**leaves, **_held(layer, _STATISTICS)})
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            for leaf in leaves.values():
                tape.watch(leaf)
            y = usual(inputs, training=training, mask=mask)
        one.got("y", _array(y))
        for output, value in _held(layer, _STATISTICS).items():
            one.got(output, _array(value))
        return _told(y, one, leaves, tape)

    return call


def _why_not_now(inputs: Any, mask: Any) -> str:
    if mask is not None:
        return "it is given a mask, with which it leaves values out"
    if not hasattr(inputs, "numpy"):
        return (
            "it runs in a compiled function, where values are not seen; "
            "compile the model with run_eagerly=True, or call it outside of tf.function"
        )
    return ""


def _held(layer: Any, names: dict[str, str]) -> dict[str, Any]:
    """Variables of a layer, as TensorFlow has them."""
    held = {name: getattr(layer, own, None) for name, own in names.items()}
    return {name: variable.value for name, variable in held.items() if variable is not None}


def _setting(layer: Any, *, training: bool) -> Setting:
    return Setting(
        eps=float(layer.epsilon),
        momentum=1.0 - float(layer.momentum),
        training=training and bool(layer.trainable),
        axis=int(layer.axis),
    )


def _give(one: Seen, values: dict[str, Any]) -> None:
    for name, value in values.items():
        one.give(name, _array(value))


def _told(y: Any, one: Seen, leaves: dict[str, Any], tape: Any) -> Any:
    """The same y, behind which the gradient that comes back is taken down."""
    import tensorflow as tf  # noqa: PLC0415 - where it is the backend

    def back(dy: Any) -> Any:
        if "dy" in one.given:
            one.notes.append("it was differentiated more than once; the first time is what is here")
            return dy
        one.give("dy", _array(dy))
        wanted = {output: leaves[leaf] for output, leaf in _GRADIENTS.items() if leaf in leaves}
        gradients = tape.gradient(y, wanted, output_gradients=dy)
        for output, gradient in gradients.items():
            if gradient is not None:
                one.got(output, _array(gradient))
        return dy

    @tf.custom_gradient  # type: ignore[untyped-decorator, unused-ignore]  # it has no types
    def same(value: Any) -> Any:
        return tf.identity(value), back

    return same(y)


def _array(value: Any) -> Array:
    return np.array(value.numpy())
