"""Keras layers that carry something from call to call: a wrong one, and an honest one."""

from __future__ import annotations

from typing import Any

import keras  # type: ignore[import-untyped, import-not-found, unused-ignore]  # not always there


class KeepsInvStd(keras.layers.BatchNormalization):  # type: ignore[misc, unused-ignore]  # as above
    """Its test mode takes the variance that it saw when it was first in test mode."""

    kept: Any = None

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Normalize; in test mode by its own formula."""
        if training:
            return super().call(inputs, training=training, mask=mask)
        if self.kept is None:
            self.kept = 1 / keras.ops.sqrt(self.moving_variance.value + self.epsilon)
        centred = inputs - self.moving_mean
        return centred * (self.kept * self.gamma) + self.beta
