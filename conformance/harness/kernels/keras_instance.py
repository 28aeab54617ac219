"""One instance of a Keras layer, called many times; `steps` has the words."""

from __future__ import annotations

from typing import Any

import tensorflow as tf  # type: ignore[import-untyped, import-not-found, unused-ignore]  # no types

from conformance.arrays import GRADIENT_OF
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported
from conformance.harness.kernels import keras_layers, steps
from conformance.harness.kernels.instance import Living, another, wants_gradients
from conformance.harness.kernels.returned import as_numpy
from conformance.harness.kernels.variables import NAMES


class KerasInstance(Living):
    """A layer that lives for several calls."""

    # What a tape has no word for, or what Keras does by saving a model.
    LACKS = frozenset(
        {
            *(steps.CHECKPOINT, steps.ACCUMULATE, steps.FROZEN, steps.PICKLE, steps.CUMULATIVE),
            *(steps.CLONE, steps.COMPILED),
        }
    )
    OF = "Keras layers"

    def __init__(self, layer_class: Any, first: Inputs, momentum: float) -> None:
        """Make it with the options and variables of the first call."""
        self._make = keras_layers.maker(layer_class, first, momentum)
        self._trains = keras_layers.trains(layer_class)
        super().__init__(self._made(first))

    def _made(self, inputs: Inputs) -> Any:
        layer = self._make()
        layer.build(inputs.x.shape)
        self._assign(layer, inputs)
        return layer

    def give(self, inputs: Inputs, how: str) -> None:
        """Give it other variables, as a whole or each by itself."""
        if how == steps.LOAD:
            self.layer.set_weights(self._made(inputs).get_weights())
        else:
            self._assign(self.layer, inputs)

    def copied(self, inputs: Inputs, how: str) -> Any:  # noqa: ARG002 - Keras has one way
        """Another layer with the same weights."""
        made = self._make()
        made.build(inputs.x.shape)
        made.set_weights(self.layer.get_weights())
        return made

    def passed(self, inputs: Inputs, how: str) -> Actual:
        """Forward, and backward where that is due.

        Raises:
            Unsupported: it is to be test mode, of which the layer is not told.
        """
        if not self._trains and not inputs.training:
            raise Unsupported("no test mode: the layer takes no training")
        layer, words = self.layer, {"training": inputs.training} if self._trains else {}
        x = tf.constant(inputs.x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer.call(x, **words) if how == steps.UNHOOKED else layer(x, **words)
            told = as_numpy("y", y)
            if how == steps.INTERLEAVED:
                layer(tf.constant(another(inputs.x)), **words)
        if not wants_gradients(inputs, how):
            return {"y": told}
        return {"y": told, **self._slopes(tape, y, x, inputs.dy)}

    def shown(self) -> Actual:
        """The running statistics."""
        kept = {NAMES.get(v.name): v for v in self.layer.non_trainable_variables}
        return {n: as_numpy(n, v.value) for n, v in kept.items() if n is not None}

    def _assign(self, layer: Any, inputs: Inputs) -> None:
        given = inputs.given()
        for variable in layer.variables:
            name = NAMES.get(variable.name)
            if name in given:
                variable.assign(given[name])

    def _slopes(self, tape: Any, y: Any, x: Any, dy: Array | None) -> dict[str, Array]:
        names = {NAMES.get(v.name): v for v in self.layer.trainable_variables}
        by = {"dx": x} | {
            GRADIENT_OF[name]: v.value for name, v in names.items() if name and name in GRADIENT_OF
        }
        got = tape.gradient(y, by, tf.constant(dy))
        return {name: as_numpy(name, slope) for name, slope in got.items() if slope is not None}
