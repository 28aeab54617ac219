"""One instance of a Keras layer, called many times; `steps` has the words."""

from __future__ import annotations

from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.arrays import GRADIENT_OF
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported
from conformance.harness.kernels import keras_layers, steps
from conformance.harness.kernels.returned import as_numpy

_ABSENT = (steps.CHECKPOINT, steps.ACCUMULATE, steps.FROZEN, steps.PICKLE, steps.CUMULATIVE)
"""What a tape has no word for, or what Keras does by saving a model."""


class KerasInstance:
    """A layer that lives for several calls."""

    def __init__(self, layer_class: Any, first: Inputs, momentum: float) -> None:
        """Make it with the options and variables of the first call."""
        self._make = keras_layers.maker(layer_class, first, momentum)
        self._layer = self._made(first)
        self._original = self._layer
        self._trains = keras_layers.trains(layer_class)

    def _made(self, inputs: Inputs) -> Any:
        layer = self._make()
        layer.build(inputs.x.shape)
        self._assign(layer, inputs)
        return layer

    def __call__(self, inputs: Inputs, how: str) -> Actual:
        """Take a step.

        Raises:
            Unsupported: there is no such step here.
        """
        if how in _ABSENT:
            raise Unsupported(f"no step {how} with Keras layers")
        self._prepare(inputs, how)
        layer = self._layer
        words = {"training": inputs.training} if self._trains else {}
        x = tf.constant(inputs.x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer.call(x, **words) if how == steps.UNHOOKED else layer(x, **words)
            told = as_numpy("y", y)
            if how == steps.INTERLEAVED:
                layer(-2 * tf.reverse(x, [0]), **words)
        found = {"y": told}
        if inputs.dy is not None and how not in (steps.FORWARD, steps.NO_GRAD):
            found |= self._slopes(tape, y, x, inputs.dy)
        return found if how == steps.INTERLEAVED else found | self._running()

    def _prepare(self, inputs: Inputs, how: str) -> None:
        if how == steps.LOAD:
            other = self._made(inputs)
            self._layer.set_weights(other.get_weights())
        elif how in (steps.ASSIGN, steps.REPLACE):
            self._assign(self._layer, inputs)
        elif how == steps.DEEPCOPY:
            self._original = self._layer
            made = self._make()
            made.build(inputs.x.shape)
            made.set_weights(self._layer.get_weights())
            self._layer = made
        elif how == steps.ORIGINAL:
            self._layer = self._original

    def _assign(self, layer: Any, inputs: Inputs) -> None:
        given = inputs.given()
        for variable in layer.variables:
            name = keras_layers.NAMES.get(variable.name)
            if name in given:
                variable.assign(given[name])

    def _slopes(self, tape: Any, y: Any, x: Any, dy: Array) -> dict[str, Array]:
        names = {keras_layers.NAMES.get(v.name): v for v in self._layer.trainable_variables}
        by = {"dx": x} | {
            GRADIENT_OF[name]: v.value for name, v in names.items() if name and name in GRADIENT_OF
        }
        got = tape.gradient(y, by, tf.constant(dy))
        return {name: as_numpy(name, slope) for name, slope in got.items() if slope is not None}

    def _running(self) -> dict[str, Array]:
        kept = {keras_layers.NAMES.get(v.name): v for v in self._layer.non_trainable_variables}
        return {n: as_numpy(n, v.value) for n, v in kept.items() if n is not None}
